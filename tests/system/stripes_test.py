#!/usr/bin/env python3
"""One large file over several channels of a connection, where its delay makes that worth while, and over all
connections that its connector may have. What arrives is right, whatever the server allows and whatever breaks."""

import contextlib
import os
import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZE = 96 * MIB
DELAY_MS = 20  # each way
PATIENCE = 120
SETTINGS = {"transfer.attempts": "6", "transfer.handshake_timeout": "20s", "transfer.idle_timeout": "5s",
            "transfer.retry_delay": "100ms"}


class Crowd:
    """The most sftp-servers that @server ran at a time, looked at all the time."""

    def __init__(self, server):
        self.server, self.most, self.ended = server, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.ended.wait(0.02):
            with contextlib.suppress(OSError):
                self.most = max(self.most, len(self.server.sftp_servers()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class Run:
    """One file to or from @server, by way of a proxy."""

    def __init__(self, server, way, connections, delay_ms=0):
        self.server, self.way, self.connections = server, way, connections
        self.proxy = harness.Proxy(server.port, delay_ms)
        self.name = f"{way}-{connections}.bin"
        for folder in ("in", "out"):
            (server.home / folder).mkdir(exist_ok=True)
        self.source, self.target = ((bucket, server.home / "in") if way == "up" else
                                    (server.home / "out", arrivals))

    def __enter__(self):
        self.proxy.__enter__()
        self.partner = flows.partner_of(daemon, self.server, url=f"sftp://127.0.0.1:{self.proxy.port}",
                                        connections=self.connections)
        self.digest = flows.write_random(self.source / self.name, SIZE)
        self.logins = len(self.server.logins())
        return self

    def __exit__(self, *_):
        self.proxy.finish()
        for folder in (self.source, self.target):
            (folder / self.name).unlink(missing_ok=True)

    def start(self):
        if self.way == "up":
            return self.partner.send(f"/files/{self.name}", to=self.server.home / "in")
        return self.partner.retrieve(self.server.home / "out" / self.name, to="/files/arrived")

    def finish(self, transfer):
        self.partner.wait_completed(transfer, PATIENCE)
        assert flows.sha256_of(self.target / self.name) == self.digest, "the bytes differ"
        assert flows.parts_in(self.server.home, bucket) == []

    def new_logins(self):
        return len(self.server.logins()) - self.logins


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    bucket = daemon.bucket("files")
    arrivals = bucket / "arrived"
    arrivals.mkdir()
    usual = story.enter(sshd.Sshd(story.folder / "usual"))
    strict = story.enter(sshd.Sshd(story.folder / "strict", options=("MaxSessions 1",)))

    for way in ("up", "down"):
        with story.case(f"a large file goes over all connections that its connector may have, {way}"):
            with Run(usual, way, connections=3, delay_ms=DELAY_MS) as run:
                run.finish(run.start())
                harness.wait_until(lambda: run.new_logins() == 3, "three logins", PATIENCE)

    with story.case("a large file goes up over several channels of one connection when the line is long"):
        with Run(usual, "up", connections=1, delay_ms=DELAY_MS) as run, Crowd(usual) as crowd:
            run.finish(run.start())
            assert run.new_logins() == 1 and 2 <= crowd.most <= 8, (run.new_logins(), crowd.most)

    with story.case("a server that allows one session a connection gets no more"):
        with Run(strict, "up", connections=1, delay_ms=DELAY_MS) as run, Crowd(strict) as crowd:
            run.finish(run.start())
            assert run.new_logins() == 1 and crowd.most == 1, (run.new_logins(), crowd.most)

    for way in ("up", "down"):
        with story.case(f"the death of one session in the middle costs an attempt at most, {way}"):
            with Run(usual, way, connections=3, delay_ms=DELAY_MS) as run:
                held = run.proxy.hold(way, 60 * MIB)
                transfer = run.start()
                held()
                os.kill(usual.sftp_servers()[-1], signal.SIGKILL)
                run.proxy.tell("heal")
                run.finish(transfer)

    with story.case("the death of all sessions in the middle costs an attempt at most"):
        with Run(usual, "up", connections=3, delay_ms=DELAY_MS) as run:
            held = run.proxy.hold("up", 60 * MIB)
            transfer = run.start()
            held()
            usual.signal_sessions(signal.SIGKILL)
            run.proxy.tell("heal")
            run.finish(transfer)

    with story.case("a file that is cancelled while others help leaves nothing behind"):
        with Run(usual, "up", connections=3, delay_ms=DELAY_MS) as run:
            held = run.proxy.hold("up", 60 * MIB)
            transfer = run.start()
            held()
            run.partner.call("DeleteConnector", ConnectorId=run.partner.id)
            run.proxy.tell("heal")
            harness.wait_until(lambda: flows.parts_in(usual.home, bucket) == [], "the part to be removed", PATIENCE)
