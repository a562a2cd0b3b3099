"""A directory of 200,000 entries on a long line, listed by OpenSSH's sftp and by us: from StartDirectoryListing until the
object is COMPLETED. The entries lie in memory."""

import json
import os
import time

import clients
import flows
import harness
import machine
import ours
import rows

ENTRIES = 200_000
DELAY_MS = 50
TIMES = 3  # of ours; sftp takes minutes and is asked once
FASTER_MIN = 20  # what we want to reach
WORKER_MIB_MAX = 64
COMMANDS = ("ls -1", "ls -l")
ROW = rows.Row("listing", "a directory", ENTRIES, 0, 1, DELAY_MS, TIMES, {})


def name_of(number):
    return f"purchase-order-{number:06d}-of-2026.csv"


def _make(folder):
    folder.mkdir()
    for number in range(ENTRIES):
        os.close(os.open(folder / name_of(number), os.O_CREAT | os.O_WRONLY, 0o644))


def _ours(place, partner, folder):
    """Seconds of one listing, which is checked."""
    started = time.monotonic()
    answer = partner.call("StartDirectoryListing", ConnectorId=partner.id, RemoteDirectoryPath=str(folder),
                          OutputDirectoryPath="/bench/lists", MaxItems=ENTRIES)
    path = place.bucket / "lists" / answer["OutputFileName"]
    harness.wait_until(path.exists, "the listing", 600, every=ours.POLL_SECONDS)
    harness.wait_until(lambda: _state(place.daemon, partner, answer["ListingId"]) == "COMPLETED", "its end", 60)
    seconds = time.monotonic() - started
    found = json.loads(path.read_text(encoding="utf-8"))
    if len(found["files"]) != ENTRIES or found["truncated"]:
        raise SystemExit(f"a listing has {len(found['files'])} of {ENTRIES} entries")
    return seconds, path.stat().st_size


def _state(daemon, partner, listing):
    transfer = daemon.client.rest("sallyport", "GET", f"/v1/connectors/{partner.id}/transfers/{listing}")
    return transfer["Files"][0]["StatusCode"]


def _theirs(place, command, folder):
    sftp = clients.Sftp(place)
    started = time.monotonic()
    sftp.batch(ROW, [f"{command} {folder}"])
    return time.monotonic() - started


def measure(place, tell):
    """As results["listing"] is kept. @place: a ground.Ground."""
    folder = place.server.home / "listed"
    _make(folder)
    partner = flows.partner_of(place.daemon, place.server, url=f"sftp://127.0.0.1:{place.port(DELAY_MS)}")
    with machine.Peak(place.daemon) as peak:
        runs = [_ours(place, partner, folder) for _ in range(TIMES)]
    seconds = sorted(took for took, _ in runs)[TIMES // 2]
    figures = {"seconds": seconds, "bytes": runs[0][1], "worker_kib": peak.kib["worker"],
               "daemon_kib": peak.kib["daemon"],
               "sftp": {command: _theirs(place, command, folder) for command in COMMANDS}}
    tell(f"listing: {seconds:.2f} s, worker {peak.kib['worker'] / 1024:.1f} MiB; sftp " +
         ", ".join(f"{command}: {took:.1f} s" for command, took in figures["sftp"].items()))
    return figures


def text(figures):
    """A sentence for the report."""
    theirs = " and ".join(f"{took:.0f} s of `sftp`'s `{command}` ({took / figures['seconds']:.0f}×)"
                          for command, took in figures["sftp"].items())
    return (f"A directory of {ENTRIES:,} entries, {DELAY_MS} ms away, is a COMPLETED object after {figures['seconds']:.1f} s, "
            f"beside {theirs}; ≥ {FASTER_MIN}×. Peak Pss of the worker meanwhile: {figures['worker_kib'] / 1024:.1f} MiB "
            f"(≤ {WORKER_MIB_MAX}).")
