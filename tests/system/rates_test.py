#!/usr/bin/env python3
"""What is asked for too often is refused with ThrottlingException, and AWS's own tools wait and ask again."""

import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

BURST = 5


def throttled(function, *words):
    try:
        function()
    except aws.AwsError as error:
        assert error.code == "ThrottlingException" and error.status in (400, 429), error  # 429: the native calls
        for word in words:
            assert word in error.message, error
        return int(error.response.json()["RetryAfterSeconds"])  # a string, as the model has it
    return None


def until_throttled(function, *words):
    """How often it was done before it was refused once."""
    for count in range(1000):
        wait = throttled(function, *words)
        if wait is not None:
            assert wait >= 1, wait
            return count
    raise AssertionError("was never refused")


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"quota.test_rate": "1"}))
    (daemon.bucket("out") / "a").write_bytes(b"a")
    partner, other = flows.partner_of(daemon, server), flows.partner_of(daemon, server)

    with story.case("a connector is tested five times at once, and then once a second; another one has its own"):
        nobody = "c-00000000000000000"

        def missing():
            try:
                partner.call("TestConnection", ConnectorId=nobody)
            except aws.AwsError as error:
                if error.code != "ResourceNotFoundException":
                    raise

        assert until_throttled(missing, nobody, "quota.test_rate") >= BURST
        assert partner.test()["Status"] == other.test()["Status"] == "OK"

    with story.case("the native test counts with the others"):
        clients = [daemon.new_client() for _ in range(4 * BURST)]  # all at once: one after the other may take its time
        path = f"/v1/connectors/{partner.id}/test"
        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            waits = list(pool.map(lambda client: throttled(lambda: client.rest("sallyport", "POST", path), partner.id,
                                                           "quota.test_rate"), clients))
        refused = [wait for wait in waits if wait is not None]
        assert refused and min(refused) >= 1, waits

    with story.case("the CLI waits, and is answered"):
        cli.needs()
        assert cli.aws(daemon, "transfer", "test-connection", "--connector-id", partner.id)["Status"] == "OK"

    with story.case("by default as much is started as one likes"):
        for _ in range(20):
            partner.wait_completed(partner.send("/out/a", to=server.home))

    with story.case("quota.start_rate limits what is started, and what was refused does not exist"):
        failed = [partner.send("/out/none", to=server.home) for _ in range(4 * BURST)]
        for transfer in failed:
            partner.wait(transfer)
        daemon.stop()
        daemon.settings["quota.start_rate"] = "1"
        daemon.start()
        begun = []
        count = until_throttled(lambda: begun.append(partner.send("/out/a", to=server.home)), partner.id, "quota.start_rate")
        assert count >= BURST and len(begun) == count, count
        for transfer in begun:
            partner.wait_completed(transfer)

    with story.case("what is tried again counts as well, and what was refused can be tried later"):
        def retry():
            daemon.client.rest("sallyport", "POST", f"/v1/transfers/{failed[-1]}/retry")
            failed.pop()

        before = len(failed)
        until_throttled(retry, partner.id, "quota.start_rate")
        assert failed, before
        harness.wait_until(lambda: throttled(retry) is None, "the next one to be let", every=0.2)
