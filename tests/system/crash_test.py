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
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import runs  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZE, TIMES, PATIENCE = (1024 * MIB, 10, 600) if harness.LARGE else (48 * MIB, 1 if buckets.at_storage() else 2, 90)
SMALL = 4 * MIB  # where it is about the rename alone
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", random.randrange(1 << 32)))
DELAY_MS = 60  # each way, where a rename has to be caught on its way
SETTINGS = {
    "transfer.attempts": "10",
    "transfer.handshake_timeout": "5s",
    "transfer.idle_timeout": "2s",
}


class Run(runs.Run):
    """One file that is watched at the end where it arrives."""

    def __init__(self, way, number, size, delay_ms):
        super().__init__(places, server, way, f"{way}-{number}.bin", size, delay_ms)

    def __enter__(self):
        super().__enter__()
        self.watch = buckets.Watch(self.target).__enter__()
        return self

    def __exit__(self, *error):
        self.watch.__exit__(*error)
        super().__exit__(*error)

    def stop_in_the_middle(self):
        """The network stops behind a random share of the bytes."""
        share = chance.uniform(0.02, 0.98)
        if self.way == "down" and buckets.at_storage():
            # Of an upload that is begun in the very moment of a kill -9 no daemon can know (doc/storage.md).
            share = chance.choice((chance.uniform(0.02, 0.1), chance.uniform(0.25, 0.98)))
        self.stop_behind(int(self.size * share))
        if self.way == "down" and buckets.at_storage() and share > 0.25:
            harness.wait_until(lambda: store("SELECT count(*) FROM storage_uploads"), "the upload to be noted", PATIENCE)

    def check(self):
        """The end that every run must have."""
        self.arrives(PATIENCE)

    def check_after_all(self):
        """Once nothing that was held back can come any more."""
        self.watch.finish()
        faults = self.watch.faults({self.name: self.size})
        assert faults == [], faults
        assert any(kind == "MOVED_TO" and name == self.name for kind, _, _, name in self.watch.events())
        self.leaves_nothing()
        assert flows.sha256_of(self.target / self.name) == self.digest, "the bytes differ in the end"


def kill_worker(run):
    run.stop_in_the_middle()
    daemon.kill_workers()
    run.go_on()
    run.check()


def kill_daemon(run):
    run.stop_in_the_middle()
    daemon.kill()
    run.go_on()
    daemon.start()
    run.check()


def cut_silently(run):
    run.stop_in_the_middle()  # nobody is told: the worker has to notice by itself
    run.check()
    run.go_on()  # what was on its way arrives late, like after a long break


def stop_server(run):
    run.stop_in_the_middle()
    stopped = server.sessions()
    server.signal_sessions(signal.SIGSTOP, stopped)
    run.go_on()
    run.check()
    server.signal_sessions(signal.SIGCONT, stopped)


def store(sql):
    """The number that it answers."""
    with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as found:
        return found.execute(sql).fetchone()[0]


def permitted():
    """Whether the store says that a permit to rename was given (FILE_PUBLISHING). The API has no word for it."""
    return store("SELECT count(*) FROM files WHERE state = 2") > 0


def catch_rename(run):
    """Stops the server's sessions while the rename is on its way; returns what was stopped."""
    run.start()
    harness.wait_until(permitted, "the permit to rename", PATIENCE, every=0.001)
    stopped = server.sessions()
    server.signal_sessions(signal.SIGSTOP, stopped)
    assert not (run.target / run.name).exists(), "the rename was not caught: it had happened already"
    return stopped


def stop_server_with_rename_queued(run):
    stopped = catch_rename(run)
    run.check()
    server.signal_sessions(signal.SIGCONT, stopped)  # the old session now does what was queued


def kill_daemon_with_rename_queued(run):
    stopped = catch_rename(run)
    daemon.kill()
    daemon.start()
    run.check()
    server.signal_sessions(signal.SIGCONT, stopped)


SCENES = [  # sentence, what is done, which ways, size, delay
    ("kill -9 of the worker", kill_worker, ("up", "down"), SIZE, 0),
    ("kill -9 of the daemon", kill_daemon, ("up", "down"), SIZE, 0),
    ("a silent cut", cut_silently, ("up", "down"), SIZE, 0),
    ("SIGSTOP and SIGCONT of the server", stop_server, ("up", "down"), SIZE, 0),
    ("SIGSTOP and SIGCONT of the server with a rename queued", stop_server_with_rename_queued, ("up",), SMALL, DELAY_MS),
    ("kill -9 of the daemon with a rename queued at a stopped server", kill_daemon_with_rename_queued, ("up",), SMALL,
     DELAY_MS),
]

with harness.Story() as story:
    print(f"# SALLYPORT_TEST_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **kind.settings("files")}))
    places = runs.Places(daemon, kind)
    # A rename is the partner's alone, wherever the bucket is.
    scenes = [scene for scene in SCENES if scene[3] != SMALL] if buckets.at_storage() else SCENES
    for sentence, scene, ways, size, delay_ms in scenes:
        for way in ways:
            for number in range(1, TIMES + 1):
                with story.case(f"{sentence}, {way} {number} of {TIMES}: one whole file in the end, and nothing else"):
                    with Run(way, number, size, delay_ms) as run:
                        scene(run)
                        harness.wait_until(lambda: run.proxy.passed()[2] <= 1, "late connections to end")
                        run.check_after_all()
