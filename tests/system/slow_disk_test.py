#!/usr/bin/env python3
"""StartFileTransfer on a disk that takes its time: requests that wait for a commit hold no thread, and share it."""

import contextlib
import pathlib
import signal
import sqlite3
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

REQUESTS = 8


@contextlib.contextmanager
def locked(daemon):
    """Nobody else writes to the store: to its writer that is a disk which does not answer."""
    other = sqlite3.connect(daemon.state / "store.db", isolation_level=None)
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


class Asking:
    """StartFileTransfer, each on a thread and a connection of its own."""

    def __init__(self, daemon, partner, count):
        self.daemon, self.partner, self.answers = daemon, partner, []
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def _ask(self, number):
        client = self.daemon.new_client()
        try:
            self.answers.append(client.call("transfer", "StartFileTransfer", {
                "ConnectorId": self.partner.id, "SendFilePaths": [f"/files/{number}"], "RemoteDirectoryPath": "in"}))
        except aws.AwsError as error:
            self.answers.append(error)
        finally:
            client.close()

    def wait(self):
        for thread in self.threads:
            thread.join(harness.PATIENCE_SECONDS)
        return self.answers


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"http.operation_threads": "1"}))
    bucket = daemon.bucket("files")
    (server.home / "in").mkdir()
    for name in range(REQUESTS):
        (bucket / str(name)).write_text(f"file {name}", encoding="ascii")
    partner = flows.partner_of(daemon, server)

    with story.case("requests that wait for the disk hold no thread: the only one answers others meanwhile"):
        with locked(daemon):
            asking = Asking(daemon, partner, REQUESTS)
            for _ in range(3):
                assert partner.describe()["ConnectorId"] == partner.id
            assert not asking.answers, asking.answers
        answers = asking.wait()
        assert len(answers) == REQUESTS and not any(isinstance(answer, Exception) for answer in answers), answers
        for answer in answers:
            partner.wait_completed(answer["TransferId"])

    with story.case("SIGTERM while requests wait for the disk: they are answered in time, and the daemon ends in order"):
        with locked(daemon):
            asking = Asking(daemon, partner, REQUESTS)
            assert partner.describe()["ConnectorId"] == partner.id
            daemon.process.send_signal(signal.SIGTERM)
            answers = asking.wait()
            assert len(answers) == REQUESTS, answers
            assert all("stopping" in str(answer) for answer in answers), answers
            assert daemon.process.poll() is None, "it ended before its store did"
        assert daemon.process.wait(harness.PATIENCE_SECONDS) == 0, daemon.log_text()[-2000:]
        daemon.client.close()
        daemon.start()
        assert partner.describe()["ConnectorId"] == partner.id
