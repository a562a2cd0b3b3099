"""How many StartFileTransfer calls are answered in a second, each after its commit is on disk, and how many share one."""

import contextlib
import os
import pathlib
import tempfile
import time

import flows
import harness
import ours
import sshd

CLIENTS = 32
SLOW_MS = 5
COUNTS = {0: 4000, SLOW_MS: 2000}  # requests, by what a sync takes longer
RATE_MIN, SHARED_MIN = 2000, 8  # what we want to reach


def _requests(daemon, count):
    """To a port where nobody listens: what is measured is how work is taken on, not how it is done."""
    partner = flows.Partner(daemon, f"sftp://127.0.0.1:{sshd.free_port()}", {"Username": "nobody", "Password": "x"})
    return [ours.wire(daemon.client, "StartFileTransfer",
                      {"ConnectorId": partner.id, "SendFilePaths": [f"/bench/{number}"]}) for number in range(count)]


@contextlib.contextmanager
def _slow_syncs(delay_ms, counter):
    """What is started in here syncs slowly and counts it."""
    more = {"LD_PRELOAD": str(harness.BUILD / "bench" / "libslow_sync.so"), "SLOW_SYNC_MS": str(delay_ms),
            "SLOW_SYNC_COUNT": str(counter)}
    os.environ.update(more)
    try:
        yield
    finally:
        for name in more:
            del os.environ[name]


def _run(delay_ms):
    """(requests a second, requests a commit)"""
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as folder:
        state, counter = pathlib.Path(folder, "state"), pathlib.Path(folder, "syncs")
        # The first failure rests the connector, so that its files are no work of the store's meanwhile.
        daemon = harness.Daemon(state, {"log.level": "error", "transfer.retry_delay": "1h", "transfer.retry_delay_max": "1h"})
        with _slow_syncs(delay_ms, counter):
            daemon.start()
        try:
            daemon.bucket("bench")
            requests = _requests(daemon, COUNTS[delay_ms])
            host, _, port = daemon.env["AWS_ENDPOINT_URL"].partition("//")[2].rpartition(":")
            before, started = counter.stat().st_size, time.monotonic()
            ours.ask_all((host, int(port)), requests, CLIENTS)
            seconds, commits = time.monotonic() - started, counter.stat().st_size - before
        finally:
            daemon.stop()
    return len(requests) / seconds, len(requests) / commits


def text(figures):
    """A sentence for the report."""
    rate, shared = figures["0"]["rate"], figures[str(SLOW_MS)]["shared"]
    return (f"{CLIENTS} clients ask for {rate:,.0f} transfers a second (≥ {RATE_MIN:,}), each answered after its commit is on "
            f"disk. Where a sync takes {SLOW_MS} ms longer, {shared:.1f} of them share a commit (≥ {SHARED_MIN}).")


def measure(tell):
    """As results["calls"] is kept."""
    figures = {}
    for delay_ms in COUNTS:
        rate, shared = _run(delay_ms)
        tell(f"calls, +{delay_ms} ms a sync: {rate:.0f} a second, {shared:.1f} a commit")
        figures[str(delay_ms)] = {"rate": rate, "shared": shared}
    return figures
