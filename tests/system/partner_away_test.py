#!/usr/bin/env python3
"""A partner that is away costs nothing, and one that refuses us is not hammered: files wait as QUEUED, few knock, and all
of them go on when it lets us in."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

FILES = 200
IN_ONE_CALL = 10
SETTINGS = {
    "transfer.attempts": "3",
    "transfer.probe_delay": "500ms",
    "transfer.probe_delay_max": "4s",
    "transfer.worker_idle": "60s",
}


def status(partner):
    return daemon.client.rest("sallyport", "GET", f"/v1/connectors/{partner.id}")


def breaker(partner):
    return status(partner)["Breaker"]


class Crowd:
    """FILES small files to one partner, each in the folder @name."""

    def __init__(self, partner, name):
        self.partner, self.target = partner, server.home / name
        self.target.mkdir()
        self.transfers = [partner.send(*paths(first), to=self.target) for first in range(0, FILES, IN_ONE_CALL)]

    def count(self):
        """{state: number}"""
        found = {}
        for transfer in self.transfers:
            for result in self.partner.results(transfer):
                found[result["StatusCode"]] = found.get(result["StatusCode"], 0) + 1
        return found

    def wait_settled(self):
        """One has failed and all others wait; returns the sentence of the one."""
        harness.wait_until(lambda: self.count() == {"FAILED": 1, "QUEUED": FILES - 1}, f"one to fail: {self.count()}")
        return next(result for transfer in self.transfers for result in self.partner.results(transfer)
                    if result["StatusCode"] == "FAILED")

    def wait_completed(self):
        harness.wait_until(lambda: self.count() == {"FAILED": 1, "COMPLETED": FILES - 1}, "all others to complete", 60,
                           every=0.2)
        assert len(list(self.target.iterdir())) == FILES - 1


def paths(first):
    return [f"/files/{number}.txt" for number in range(first, first + IN_ONE_CALL)]


def connections():
    return server.log_text().count("Connection from ")


def assert_nothing_runs(others=()):
    """No worker but those of @others, and no descriptor for any file that waits."""
    harness.wait_until(lambda: set(daemon.workers()) <= set(others), "the worker to leave")
    leads = harness.descriptors(daemon.process.pid)
    assert not [path for path in leads if "/buckets/files/" in path], leads


def secret_of(password):
    return {"Username": user.name, "Password": password}


def put_secret(partner, value):
    partner.call_secrets("PutSecretValue", SecretId=partner.secret, SecretString=harness.json.dumps(value))


with harness.Story() as story:
    user = story.enter(sshd.ThrowAwayUser())
    server = story.enter(sshd.Sshd(story.folder / "partner", user=user))
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    bucket = daemon.bucket("files")
    for number in range(FILES):
        (bucket / f"{number}.txt").write_text(f"file {number}\n", encoding="ascii")

    with story.case("a wrong password with 200 files in the queue: few knock, one FAILS, the others wait"):
        wrong = flows.partner_of(daemon, server, secret=secret_of("wrong"), connections=5)
        before = connections()
        crowd = Crowd(wrong, "refused")
        harness.give(crowd.target, user)
        failed = crowd.wait_settled()
        assert failed["FailureCode"] == "CONNECTION_ERROR" and "password" in failed["FailureMessage"], failed
        knocks = connections() - before
        print(f"# sshd saw {knocks} connections")
        assert knocks <= 2, f"sshd saw {knocks} connections"
        told = status(wrong)
        assert told["PendingFiles"] == FILES - 1, told
        assert told["Breaker"]["State"] == "OPEN" and told["Breaker"]["Step"] == "authenticate", told
        assert "password" in told["Breaker"]["Reason"] and told["Breaker"]["Since"] < told["Breaker"]["NextProbe"], told
        assert_nothing_runs()

    with story.case("a daemon that starts anew does not knock again"):
        before = connections()
        daemon.kill()
        daemon.start()
        assert breaker(wrong)["State"] == "OPEN", breaker(wrong)
        # A file of another partner goes its whole way meanwhile, so the daemon has had the time.
        other = flows.partner_of(daemon, server, secret=secret_of(user.password))
        other.wait_completed(other.send("/files/0.txt", to=server.home))
        assert connections() == before + 1, "somebody else knocked"
        assert crowd.count() == {"FAILED": 1, "QUEUED": FILES - 1}, crowd.count()

    with story.case("another wrong password costs one knock and no file"):
        before = connections()
        since = breaker(wrong)["Since"]
        put_secret(wrong, secret_of("wrong as well"))
        harness.wait_until(lambda: connections() > before and breaker(wrong)["State"] == "OPEN", "one knock")
        assert crowd.count() == {"FAILED": 1, "QUEUED": FILES - 1}, crowd.count()
        assert connections() == before + 1 and breaker(wrong)["Since"] == since, breaker(wrong)

    with story.case("with the right password all others go out"):
        put_secret(wrong, secret_of(user.password))
        crowd.wait_completed()
        assert breaker(wrong) == {"State": "CLOSED"}, breaker(wrong)
        assert f"{wrong.id}: there is a connection again" in daemon.log_text()

    with story.case("a dead port with 200 files in the queue: they wait, and one at a time looks after it, ever less often"):
        others = daemon.workers()
        with harness.Proxy(server.port) as proxy:
            dead = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}",
                                    secret=secret_of(user.password))
        crowd = Crowd(dead, "dead")
        harness.give(crowd.target, user)
        failed = crowd.wait_settled()
        assert failed["FailureCode"] == "CONNECTION_ERROR" and "refused" in failed["FailureMessage"], failed
        harness.wait_until(lambda: daemon.log_text().count(f"{dead.id}: no connection since") >= 4, "some probes")
        # the one that looks after it is IN_PROGRESS for as long as that takes
        harness.wait_until(lambda: crowd.count() == {"FAILED": 1, "QUEUED": FILES - 1}, "all others to wait")
        tried = [line for line in daemon.log_text().splitlines() if f"{dead.id}: no connection since" in line]
        waits = [int(line.split("tries again in ")[1].split()[0]) for line in tried]
        assert waits[0] <= 1 and max(waits) >= 2, waits
        assert "refused" in breaker(dead)["Reason"], breaker(dead)
        assert_nothing_runs(others)

    with story.case("a test of the connector asks whatever is known, and one that succeeds wakes the files"):
        assert dead.test()["Status"] == "ERROR"
        with harness.Proxy(server.port) as proxy:
            dead.call("UpdateConnector", ConnectorId=dead.id, Url=f"sftp://127.0.0.1:{proxy.port}")
            assert dead.test()["Status"] == "OK"
            crowd.wait_completed()

    with story.case("who waits for longer than files may wait FAILS, and is told since when and why"):
        daemon.stop()
        daemon.settings["transfer.queue_wait_max"] = "3s"
        daemon.start()
        late = flows.partner_of(daemon, server, secret=secret_of("wrong"))
        message = late.wait_failed(late.send("/files/0.txt", to="in"), "CONNECTION_ERROR", "password")
        message = late.wait_failed(late.send("/files/1.txt", to="in"), "TIMEOUT_ERROR", "Transfer request timeout",
                                   "no connection since 20", "password")
        print(f"# {message}")
