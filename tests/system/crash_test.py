#!/usr/bin/env python3
"""kill -9 of worker and daemon, a stopped server with a rename queued, and a silent cut, in the middle of uploads and
downloads: nobody ever sees a short file or a write under a final name, and every file ends COMPLETED and whole.

SALLYPORT_TEST_LARGE=1 does it with 1 GiB ten times each; SALLYPORT_TEST_SEED repeats the moments of an earlier run.
"""

import os
import pathlib
import random
import signal
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZE, TIMES, PATIENCE = (1024 * MIB, 10, 600) if harness.LARGE else (48 * MIB, 2, 90)
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", random.randrange(1 << 32)))
DELAY_MS = 60  # each way, where a rename has to be caught on its way
SETTINGS = {
    "transfer.attempts": "10",
    "transfer.handshake_timeout": "5s",
    "transfer.idle_timeout": "2s",
}


class Run:
    """One file on its way, through a proxy of its own, watched at both ends."""

    def __init__(self, way, number, delay_ms=0):
        self.way, self.name = way, f"{way}-{number}.bin"
        self.source, self.target = (bucket, inbox) if way == "up" else (outbox, arrivals)
        self.delay_ms = delay_ms

    def __enter__(self):
        self.proxy = harness.Proxy(server.port, self.delay_ms).__enter__()
        self.partner = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{self.proxy.port}")
        self.digest = flows.write_random(self.source / self.name, SIZE)
        self.watch = harness.Watch(self.target).__enter__()
        return self

    def __exit__(self, *_):
        self.proxy.finish()
        self.watch.finish()
        for folder in (self.source, self.target):
            (folder / self.name).unlink(missing_ok=True)

    def start(self):
        if self.way == "up":
            return self.partner.send(f"/files/{self.name}", to=inbox)
        return self.partner.retrieve(outbox / self.name, to="/files/arrived")

    def hold_in_the_middle(self):
        """Lets the network stop after a random share of the bytes; returns what waits for it."""
        return self.proxy.hold(self.way, int(SIZE * chance.uniform(0.02, 0.98)))

    def check(self, transfer):
        """The end that every run must have."""
        self.partner.wait_completed(transfer, PATIENCE)
        assert (self.target / self.name).stat().st_size == SIZE
        assert flows.sha256_of(self.target / self.name) == self.digest, "the bytes differ"

    def check_after_all(self):
        """Once nothing that was held back can come any more."""
        self.watch.finish()
        faults = self.watch.faults({self.name: SIZE})
        assert faults == [], faults
        assert any(kind == "MOVED_TO" and name == self.name for kind, _, _, name in self.watch.events())
        left = flows.parts_in(server.home, bucket)
        assert left == [], left
        assert flows.sha256_of(self.target / self.name) == self.digest, "the bytes differ in the end"


def kill_worker(run):
    held = run.hold_in_the_middle()
    transfer = run.start()
    held()
    victims = daemon.workers()
    assert victims, "there is no worker to kill"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    run.proxy.tell("heal")
    run.check(transfer)


def kill_daemon(run):
    held = run.hold_in_the_middle()
    transfer = run.start()
    held()
    daemon.kill()
    run.proxy.tell("heal")
    daemon.start()
    run.check(transfer)


def cut_silently(run):
    held = run.hold_in_the_middle()
    transfer = run.start()
    held()  # nobody is told: the worker has to notice by itself
    run.check(transfer)
    run.proxy.tell("heal")  # what was on its way arrives late, like after a long break


def stop_server(run):
    held = run.hold_in_the_middle()
    transfer = run.start()
    held()
    stopped = server.sessions()
    server.signal_sessions(signal.SIGSTOP, stopped)
    run.proxy.tell("heal")
    run.check(transfer)
    server.signal_sessions(signal.SIGCONT, stopped)


def permitted():
    """Whether the store says that a permit to rename was given (FILE_PUBLISHING). The API has no word for it."""
    with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as store:
        return store.execute("SELECT count(*) FROM files WHERE state = 2").fetchone()[0] > 0


def catch_rename(run):
    """Stops the server's sessions while the rename is on its way; returns what was stopped."""
    transfer = run.start()
    harness.wait_until(permitted, "the permit to rename", PATIENCE, every=0.001)
    stopped = server.sessions()
    server.signal_sessions(signal.SIGSTOP, stopped)
    assert not (run.target / run.name).exists(), "the rename was not caught: it had happened already"
    return transfer, stopped


def stop_server_with_rename_queued(run):
    transfer, stopped = catch_rename(run)
    run.check(transfer)
    server.signal_sessions(signal.SIGCONT, stopped)  # the old session now does what was queued


def kill_daemon_with_rename_queued(run):
    transfer, stopped = catch_rename(run)
    daemon.kill()
    daemon.start()
    run.check(transfer)
    server.signal_sessions(signal.SIGCONT, stopped)


SCENES = [  # sentence, what is done, which ways, delay
    ("kill -9 of the worker", kill_worker, ("up", "down"), 0),
    ("kill -9 of the daemon", kill_daemon, ("up", "down"), 0),
    ("a silent cut", cut_silently, ("up", "down"), 0),
    ("SIGSTOP and SIGCONT of the server", stop_server, ("up", "down"), 0),
    ("SIGSTOP and SIGCONT of the server with a rename queued", stop_server_with_rename_queued, ("up",), DELAY_MS),
    ("kill -9 of the daemon with a rename queued at a stopped server", kill_daemon_with_rename_queued, ("up",), DELAY_MS),
]

with harness.Story() as story:
    print(f"# SALLYPORT_TEST_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    bucket, inbox, outbox = daemon.bucket("files"), server.home / "in", server.home / "out"
    arrivals = bucket / "arrived"
    for folder in (inbox, outbox, arrivals):
        folder.mkdir()
    for sentence, scene, ways, delay_ms in SCENES:
        for way in ways:
            for number in range(1, TIMES + 1):
                with story.case(f"{sentence}, {way} {number} of {TIMES}: one whole file in the end, and nothing else"):
                    with Run(way, number, delay_ms) as run:
                        scene(run)
                        harness.wait_until(lambda: run.proxy.passed()[2] <= 1, "late connections to end")
                        run.check_after_all()
