#!/usr/bin/env python3
"""One large file over several channels of a connection, where its delay makes that worth while, and over all
connections that its connector may have. What arrives is right, whatever the server allows and whatever breaks."""

import contextlib
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import runs  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZE = 96 * MIB
DELAY_MS = 20  # each way
SLOW = 12 * MIB  # bytes a second: so that who is called for a download comes in time
PATIENCE = 120
SETTINGS = {"transfer.attempts": "6", "transfer.handshake_timeout": "20s", "transfer.idle_timeout": "5s",
            "transfer.retry_delay": "100ms"}


class Crowd(harness.Looker):
    """The most sftp-servers that @server ran at a time."""

    def __init__(self, server):
        super().__init__()
        self.server, self.most = server, 0

    def look(self):
        with contextlib.suppress(OSError):
            self.most = max(self.most, len(self.server.sftp_servers()))


class Run(runs.Run):
    def __init__(self, server, way, connections, rate=0):
        super().__init__(places, server, way, f"{way}-{connections}.bin", SIZE, DELAY_MS, rate, connections=connections)
        self.logins = len(server.logins())

    def finish(self):
        self.arrives(PATIENCE)
        self.leaves_nothing()

    def new_logins(self):
        return len(self.server.logins()) - self.logins


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    places = runs.Places(daemon)
    usual = story.enter(sshd.Sshd(story.folder / "usual"))
    strict = story.enter(sshd.Sshd(story.folder / "strict", options=("MaxSessions 1",)))

    for way in ("up", "down"):
        with story.case(f"a large file goes over all connections that its connector may have, {way}"):
            with Run(usual, way, connections=3, rate=SLOW) as run:
                run.start()
                run.finish()
                harness.wait_until(lambda: run.new_logins() == 3, "three logins", PATIENCE)

    with story.case("a large file goes up over several channels of one connection when the line is long"):
        with Run(usual, "up", connections=1) as run, Crowd(usual) as crowd:
            run.start()
            run.finish()
            assert run.new_logins() == 1 and 2 <= crowd.most <= 8, (run.new_logins(), crowd.most)

    with story.case("a server that allows one session a connection gets no more"):
        with Run(strict, "up", connections=1) as run, Crowd(strict) as crowd:
            run.start()
            run.finish()
            assert run.new_logins() == 1 and crowd.most == 1, (run.new_logins(), crowd.most)

    for way in ("up", "down"):
        with story.case(f"the death of one session in the middle costs an attempt at most, {way}"):
            with Run(usual, way, connections=3) as run:
                run.stop_behind(60 * MIB)
                os.kill(usual.sftp_servers()[-1], signal.SIGKILL)
                run.go_on()
                run.finish()

    with story.case("the death of all sessions in the middle costs an attempt at most"):
        with Run(usual, "up", connections=3) as run:
            run.stop_behind(60 * MIB)
            usual.signal_sessions(signal.SIGKILL)
            run.go_on()
            run.finish()

    with story.case("a file that is cancelled while others help leaves nothing behind"):
        with Run(usual, "up", connections=3) as run:
            run.stop_behind(60 * MIB)
            run.partner.call("DeleteConnector", ConnectorId=run.partner.id)
            run.go_on()
            harness.wait_until(lambda: flows.parts_in(usual.home, places.bucket) == [], "the part to be removed", PATIENCE)
