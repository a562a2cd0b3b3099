#!/usr/bin/env python3
"""kill -9 of worker and daemon at each request to storage, before it gets there, when its answer is on its way, and with it
arriving when all is over: every file is whole in the end, nobody sees half an object, and no upload is left that a daemon could know of."""

import contextlib
import os
import pathlib
import signal
import sqlite3
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
import storage_proxy as bad  # noqa: E402
import storage  # noqa: E402

MIB = 1 << 20
SMALL, LARGE = 1000, 20 * MIB  # one PUT; three parts
PATIENCE = 60
SETTINGS = {"transfer.attempts": "6", "transfer.retry_delay": "50ms", "transfer.leftover_age": "1s"}
BEFORE, AFTER, LATE = "before it gets there", "when its answer is on its way", "and it gets there when all is over"
WORKER, DAEMON = "worker", "daemon"

REQUESTS = [  # what, way, size, which, who makes it
    ("the look at a source", "up", LARGE, bad.is_look, DAEMON),
    ("a range of a source", "up", LARGE, bad.is_range, WORKER),
    ("the beginning of an upload", "down", LARGE, bad.is_beginning, DAEMON),
    ("a part", "down", LARGE, bad.is_part, WORKER),
    ("the list of parts", "down", LARGE, bad.is_list_of_parts, DAEMON),
    ("a completion", "down", LARGE, bad.is_completion, DAEMON),
    ("the look after a completion", "down", LARGE, bad.is_look, DAEMON),
    ("the PUT of a small object", "down", SMALL, bad.is_whole_put, WORKER),
    ("the look after that", "down", SMALL, bad.is_look, DAEMON),
]
MAY_BE_LATE = (bad.is_part, bad.is_completion)  # what changes something, and belongs to an upload that may be over


class Gate:
    """Holds one request, and then, as @when says, lets it be lost, lets its answer be lost, or lets it arrive."""

    def __init__(self, when):
        self.when, self.held, self.opened, self.done = when, threading.Event(), threading.Event(), threading.Event()

    def __call__(self, exchange):
        try:
            if self.when == AFTER:
                exchange.forward(send=lambda data: None)
            if self.when == LATE:
                exchange.take_body()
            self.held.set()
            self.opened.wait()
            if self.when != LATE:
                raise bad.Reset
            exchange.forward()
        finally:
            self.done.set()

    def open(self):
        self.opened.set()
        assert self.done.wait(PATIENCE), "the request did not end"


def kill_worker():
    for pid in daemon.workers():
        os.kill(pid, signal.SIGKILL)


def kill_daemon():
    daemon.kill()
    daemon.start()


def uploads_noted():
    with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM storage_uploads").fetchone()[0]


def one_round(way, size, which, when, strike):
    name = f"{way}-{len(sizes)}.bin"
    source, target = (bucket, inbox) if way == "up" else (outbox, bucket)
    sizes[name] = size
    digest = flows.write_random(source / name, size)
    gate = Gate(when)
    proxy.fault(which, gate)
    transfer = partner.send(f"/files/{name}", to=inbox) if way == "up" else partner.retrieve(outbox / name, to="/files")
    assert gate.held.wait(PATIENCE), f"nothing was asked: {partner.results(transfer)}"
    strike()
    if when != LATE:
        gate.open()
    partner.wait_completed(transfer, PATIENCE)
    if when == LATE:
        gate.open()
    if which is bad.is_beginning and when == AFTER:
        unheard.add(name)
    assert flows.sha256_of(target / name) == digest, "the bytes differ"


with harness.Story() as story:
    kind = buckets.Storage(story.enter(storage.Radosgw(story.folder / "ceph")))
    settings = kind.settings("files")
    proxy = story.enter(bad.Proxy(kind.gateway.port))
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **settings, "bucket.files.endpoint": proxy.endpoint}))
    bucket, inbox, outbox = kind.open(daemon, "files"), server.home / "in", server.home / "out"
    sizes, unheard = {}, set()
    inbox.mkdir()
    outbox.mkdir()
    partner = flows.partner_of(daemon, server)
    watch = story.enter(buckets.Watch(inbox, bucket))

    for what, way, size, which, whose in REQUESTS:
        for victim, strike in ((WORKER, kill_worker), (DAEMON, kill_daemon)):
            with story.case(f"kill -9 of the {victim} at {what}: one whole file in the end"):
                for when in (BEFORE, AFTER):
                    one_round(way, size, which, when, strike)
            if which in MAY_BE_LATE and victim == whose:
                with story.case(f"kill -9 of the {victim} at {what}, {LATE}: one whole file in the end"):
                    one_round(way, size, which, LATE, strike)

    with story.case("what an attempt that died began late goes with its file"):
        flows.write_random(outbox / "late.bin", LARGE)
        gate, again = Gate(LATE), Gate(BEFORE)
        proxy.fault(bad.is_beginning, gate)
        transfer = partner.retrieve(outbox / "late.bin", to="/files")
        assert gate.held.wait(PATIENCE)
        proxy.fault(bad.is_completion, again)
        kill_worker()
        assert again.held.wait(PATIENCE), "the second attempt did not come to its end"
        gate.open()
        harness.wait_until(lambda: uploads_noted() == 2, "the first attempt's upload to be noted")
        assert bucket.left().count("late.bin") == 2
        again.open()
        partner.wait_completed(transfer, PATIENCE)
        assert "late.bin" not in bucket.left()

    with story.case("nobody ever saw half an object or half a file, and the only uploads left are those of whose beginning nobody heard"):
        watch.finish()
        assert watch.faults(sizes) == [], watch.faults(sizes)
        assert set(bucket.left()) <= unheard, bucket.left()
