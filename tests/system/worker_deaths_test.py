#!/usr/bin/env python3
"""Workers that die or hang: a file that kills its worker three times FAILS alone, a worker that was stopped is noticed,
and neither is felt by anybody else."""

import os
import pathlib
import signal
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
MATES = 6
RATE = 4 * MIB  # bytes per second: slow enough to be caught under way
DEATHS = 3
BEATS_SECONDS = 18  # the daemon misses a worker after so long: 9 beats of 2 s


def row_of(path):
    """(id, attempt, state) of the file with that path."""
    with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as store:
        return store.execute("SELECT id, attempt, state FROM files WHERE path = ?", (path,)).fetchone()


def under_way(path):
    """The number of the file's attempt, once its worker has begun to write the part."""
    def begun():
        ident, attempt, state = row_of(path)
        return attempt if state == 1 and (inbox / f".sp-{ident}-{attempt}.part").exists() else None
    return harness.wait_until(begun, f"{path} to be under way", 60, every=0.01)


def worker_of(partner):
    """The process that holds the connector's lock file."""
    lock = str(daemon.state / "run" / f"{partner.id}.lock")
    for pid in daemon.workers():
        if lock in harness.descriptors(pid):
            return pid
    return None


def slow_partner(proxy, **options):
    return flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}", **options)


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {"transfer.worker_idle": "60s", **kind.settings("files")}))
    bucket, inbox = kind.open(daemon, "files"), server.home / "in"
    inbox.mkdir()
    proxy = story.enter(harness.Proxy(server.port, rate=RATE))
    flows.write_random(bucket / "bad.bin", 16 * MIB)
    for number in range(MATES):
        flows.write_random(bucket / f"mate-{number}.bin", MIB)

    def neighbour_sends(count):
        names = [f"/files/mate-{number % MATES}.bin" for number in range(count)]
        neighbour.wait_completed(neighbour.send(*names, to=server.home))

    with story.case("a file that kills its worker three times FAILS alone"):
        neighbour = flows.partner_of(daemon, server)
        neighbour_sends(1)
        others = worker_of(neighbour)
        partner = slow_partner(proxy, connections=3)
        bad = partner.send("/files/bad.bin", to=inbox)
        mates = partner.send(*(f"/files/mate-{number}.bin" for number in range(MATES)), to=inbox)
        attempt = 0
        for _ in range(DEATHS):
            now = under_way("/files/bad.bin")
            assert now > attempt, f"attempt {now} after {attempt}"
            attempt = now
            os.kill(worker_of(partner), signal.SIGKILL)
            harness.wait_until(lambda: row_of("/files/bad.bin")[2] != 1, "its death to be noticed")
            neighbour_sends(2)
        partner.wait_failed(bad, "INTERNAL_ERROR", "/files/bad.bin", "worker processes ended on it again and again")
        partner.wait_completed(mates)
        for number in range(MATES):
            name = f"mate-{number}.bin"
            assert flows.sha256_of(inbox / name) == flows.sha256_of(bucket / name)
        assert worker_of(neighbour) == others, "the neighbour's worker did not live through it"
        assert not (inbox / "bad.bin").exists()

    with story.case("a worker that was stopped is noticed, and its file goes on with another one"):
        partner.send("/files/bad.bin", to=inbox)  # the same file, in good company
        with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as store:
            ident = store.execute("SELECT id FROM files ORDER BY position DESC LIMIT 1").fetchone()[0]
        harness.wait_until(lambda: list(inbox.glob(f".sp-{ident}-1.part")), "it to be under way", every=0.01)
        stopped = worker_of(partner)
        os.kill(stopped, signal.SIGSTOP)
        before = time.monotonic()
        harness.wait_until(lambda: not harness.is_alive(stopped), "the stopped worker to be ended")
        took = time.monotonic() - before
        print(f"# noticed after {took:.1f} s")
        assert took < BEATS_SECONDS + 10, took
        # it is killed first, and told of then
        harness.wait_until(lambda: "the worker process said nothing any more" in daemon.log_text(), "the log to say why")
        neighbour_sends(2)
        harness.wait_until(lambda: (inbox / "bad.bin").exists(), "the file to arrive", 60)
        assert flows.sha256_of(inbox / "bad.bin") == flows.sha256_of(bucket / "bad.bin")
        assert worker_of(neighbour) == others

    if not buckets.at_storage():  # what passes between daemon and workers is the same wherever the bucket is
        with story.case("a daemon that was stopped for as long does not take its workers for dead"):
            proxy.tell(f"rate {MIB}")
            transfer = partner.send("/files/bad.bin", to=inbox)
            harness.wait_until(lambda: worker_of(partner) and list(inbox.glob(".sp-*.part")), "it to be under way", every=0.01)
            mine = worker_of(partner)
            daemon.process.send_signal(signal.SIGSTOP)
            time.sleep(BEATS_SECONDS + 2)  # what is shown is that nothing happens after so long
            daemon.process.send_signal(signal.SIGCONT)
            partner.wait_completed(transfer, 90)
            assert worker_of(partner) == mine and worker_of(neighbour) == others
