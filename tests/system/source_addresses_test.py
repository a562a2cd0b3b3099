#!/usr/bin/env python3
"""Service-managed egress: connections leave from the addresses that the settings name, in turn, and from no other."""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import cli  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402

ADDRESSES = ("127.0.0.71", "127.0.0.72", "127.0.0.73")
KEPT, LOST, SERVER = "203.0.113.8", "203.0.113.9", "203.0.113.20"


def in_turn(story):
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"egress.source_addresses": ", ".join(ADDRESSES)}))
    (daemon.bucket("files") / "small").write_bytes(b"small")

    with story.case("describe-connector shows the addresses, and the server sees each of them in its turn"):
        partner = flows.partner_of(daemon, server)
        assert partner.describe()["ServiceManagedEgressIpAddresses"] == list(ADDRESSES), partner.describe()
        for _ in range(5):
            assert partner.test()["Status"] == "OK", partner.test()
        partner.wait_completed(partner.send("/files/small", to=server.home))
        assert server.logins() == [*ADDRESSES, *ADDRESSES], server.logins()
        if shutil.which("aws"):
            shown = cli.aws(daemon, "transfer", "describe-connector", "--connector-id", partner.id)["Connector"]
            assert shown["ServiceManagedEgressIpAddresses"] == list(ADDRESSES), shown

    with story.case("a start with an address that this host does not have is refused, naming it and what there is"):
        for settings, words in (("127.0.0.71, 203.0.113.7", ("203.0.113.7", "no address of this host", "127.0.0.1")),
                                ("2001:db8::7", ("2001:db8::7", "no address of this host")),
                                (", ".join(f"127.0.1.{i}" for i in range(1, 18)), ("more than 16",))):
            refused = harness.Daemon(story.folder / "refused", {"egress.source_addresses": settings})
            try:
                refused.start()
            except RuntimeError as error:
                for word in words:
                    assert word in str(error), error
            else:
                refused.stop()
                raise AssertionError(f"the daemon has started with {settings}")


def lost(story):
    """In a namespace that plays the host: there an address can be taken away."""
    network = story.enter(lan.Lan())
    host = network.namespace("host")
    for address in (KEPT, LOST, SERVER):
        host.ip("addr", "add", f"{address}/32", "dev", "lo")
    server = story.enter(sshd.Sshd(story.folder / "inside", namespace=host, address=SERVER, port=22))
    daemon = story.enter(harness.Daemon(story.folder / "lost", {"egress.source_addresses": f"{KEPT},{LOST}"},
                                        namespace=host))
    partner = flows.partner_of(daemon, server)

    with story.case("an address that the host has lost is named, and no connection leaves from another one instead"):
        assert [partner.test()["Status"] for _ in range(2)] == ["OK", "OK"]
        assert server.logins() == [KEPT, LOST], server.logins()
        host.ip("addr", "del", f"{LOST}/32", "dev", "lo")
        answers = [partner.test() for _ in range(4)]
        assert [answer["Status"] for answer in answers] == ["OK", "ERROR"] * 2, answers
        for answer in answers[1::2]:
            for word in (f"could not leave from {LOST}", "Cannot assign requested address", KEPT):
                assert word in answer["StatusMessage"], answer
        assert server.logins() == [KEPT, LOST, KEPT, KEPT], server.logins()
        assert partner.describe()["ServiceManagedEgressIpAddresses"] == [KEPT, LOST]

    with story.case("once it is back, connections leave from it again without a word"):
        host.ip("addr", "add", f"{LOST}/32", "dev", "lo")
        assert [partner.test()["Status"] for _ in range(2)] == ["OK", "OK"]
        assert server.logins()[-2:] == [KEPT, LOST], server.logins()


with harness.Story() as story:
    in_turn(story)
    lost(story)
