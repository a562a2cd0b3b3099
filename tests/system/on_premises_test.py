#!/usr/bin/env python3
"""A server behind somebody else's router, which lets in nobody but one dedicated subnet; and a host with two ways out,
which must never take the other one.

    gateway's subnet ── VPC's router ── cable or tunnel ── the partner's router ── sshd
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402
import vpcs  # noqa: E402

VPC, DEDICATED, OTHER = "10.42.0.0/16", "10.42.7.0/24", "10.42.8.0/24"
OFFICE, OFFICE_ROUTER, OFFICE_SERVER = "172.20.5.0/24", "172.20.5.1/24", "172.20.5.22/24"
PORT = 22
SETTINGS = {**vpcs.SETTINGS, "egress.connect_timeout": "2s", "transfer.attempts": "2"}


def address_of(text):
    return text.partition("/")[0]


class Office:
    """The partner's side: a router, a server behind it that lets in one subnet, and counters at its door."""

    def __init__(self, story, network, name, dedicated):
        self.router, self.machine = network.namespace(f"{name}-router"), network.namespace(f"{name}-server")
        network.cable(self.router, "inside", OFFICE_ROUTER, self.machine, "eth0", OFFICE_SERVER)
        self.router.forward()
        self.machine.route("default", "via", address_of(OFFICE_ROUTER))
        self.machine.allow_only(dedicated, PORT)
        self.machine.count("tries", f"tcp dport {PORT}")
        self.server = story.enter(sshd.Sshd(story.folder / name, address=address_of(OFFICE_SERVER), port=PORT,
                                            namespace=self.machine))


def routed(story, daemon, network, owned):
    """The administrator joins the VPC's router namespace with the partner's: by a cable, then by a tunnel."""
    vpc = vpcs.Vpc(daemon, VPC, owned)
    dedicated, other = vpc.subnet(DEDICATED), vpc.subnet(OTHER)
    inside, outside = vpc.gateway([dedicated]), vpc.gateway([other])
    for name, join in (("cable", network.cable), ("tunnel", network.tunnel)):
        office = Office(story, network, name, DEDICATED)
        router = vpc.router()
        near, far = ("192.0.2.1", "192.0.2.2") if join == network.tunnel else ("192.0.2.1/30", "192.0.2.2/30")
        link = join(router, f"{name}0", near, office.router, f"{name}0", far)
        router.route(OFFICE, "via", "192.0.2.2")
        office.router.route(VPC, "via", "192.0.2.1")
        partner = vpcs.partner_through(daemon, vpc, inside, office.server)
        partner.settled()

        with story.case(f"a server behind the partner's router ({name}) is reached from the dedicated subnet"):
            assert partner.test()["Status"] == "OK", partner.test()
            assert office.server.logins()[-1] in vpc.interfaces([dedicated]), office.server.logins()
            digest = flows.write_random(daemon.bucket(name) / "file.bin", 3_000_000)
            partner.wait_completed(partner.send(f"/{name}/file.bin", to=office.server.home))
            assert flows.sha256_of(office.server.home / "file.bin") == digest
            assert link is None or link.carried > 1000, link.carried

        with story.case(f"from a subnet that the partner does not know ({name}) it is not: its firewall counts the tries"):
            stranger = vpcs.partner_through(daemon, vpc, outside, office.server)
            stranger.settled()
            before, logins = office.machine.counted("tries"), len(office.server.logins())
            test = stranger.test()
            assert test["Status"] == "ERROR" and address_of(OFFICE_SERVER) in test["StatusMessage"], test
            assert office.machine.counted("tries") > before, "nothing arrived: something else was in the way"
            assert len(office.server.logins()) == logins

        with story.case(f"without the route to the partner ({name}) nothing leaves another way: the answer says so"):
            router.ip("route", "del", OFFICE)
            before = office.machine.counted("tries")
            test = partner.test()
            assert test["Status"] == "ERROR" and "unreachable" in test["StatusMessage"], test
            assert office.machine.counted("tries") == before
        router.ip("link", "del", f"{name}0")


def uplinks(story, network, owned):
    """
    A host whose real interface is in the street that leads to the office: the subnet's interfaces hang on it, and the
    tag names the router that they send by.
    """
    host = network.namespace("uplink-host")
    office = Office(story, network, "street", "10.43.7.0/24")
    network.cable(host, "street0", "10.43.7.2/24", office.router, "street0", "10.43.7.200/24")
    daemon = story.enter(harness.Daemon(story.folder / "uplink-state", SETTINGS, namespace=host))
    vpc = vpcs.Vpc(daemon, "10.43.0.0/16", owned)
    subnet = vpc.subnet("10.43.7.0/24", {"sallyport:uplink": "street0", "sallyport:router": "10.43.7.200"})
    gateway = vpc.gateway([subnet])
    partner = vpcs.partner_through(daemon, vpc, gateway, office.server)
    partner.settled()

    with story.case("by sallyport:uplink and sallyport:router the interface stands in the street and takes that router"):
        address, eni = next(iter(vpc.interfaces([subnet]).items()))
        routes = lan.interface_of(eni).ip("route", "show", "default")
        assert "via 10.43.7.200 " in routes, routes
        assert partner.test()["Status"] == "OK", partner.test()
        assert office.server.logins()[-1] == address, office.server.logins()

    with story.case("the host itself is not let in: the door is the subnet's, not the machine's"):
        office.machine.run("nft", "delete table inet door")
        office.machine.allow_only(address, PORT)
        assert partner.test()["Status"] == "OK", partner.test()
        host.route(OFFICE, "via", "10.43.7.200")
        try:
            host.connect(address_of(OFFICE_SERVER), PORT, seconds=1).close()
        except OSError:
            pass
        else:
            raise AssertionError("the partner's firewall lets everybody in, so this story shows nothing")

    with story.case("after a change of the tag sallyport:router the next hop is the new one"):
        network.cable(host, "spare0", None, office.router, "spare0", None)
        office.router.ip("addr", "add", "10.43.7.201/24", "dev", "street0")
        vpc.ec2("CreateTags", ResourceId=[subnet], Tag=[{"Key": "sallyport:router", "Value": "10.43.7.201"}])
        harness.wait_until(lambda: "via 10.43.7.201 " in lan.interface_of(eni).ip("route", "show", "default"),
                           "the default route to change")
        assert partner.test()["Status"] == "OK", partner.test()


def two_ways_out(story, network):
    """
    Through the door that was chosen or not at all.

    The host has two uplinks, and its routing table leads to the server by the first; both would carry packets.
    The gateway's subnet is that of the second.

        host ── first0 (192.0.2.1)    ── junction ── server
             └─ second0 (198.51.100.1) ──┘
    """
    host, junction, machine = (network.namespace(name) for name in ("host", "junction", "server"))
    network.cable(host, "first0", "10.44.1.2/24", junction, "first0", "10.44.1.1/24")
    network.cable(host, "second0", "10.44.2.2/24", junction, "second0", "10.44.2.1/24")
    network.cable(junction, "inside", OFFICE_ROUTER, machine, "eth0", OFFICE_SERVER)
    junction.forward()
    machine.route("default", "via", address_of(OFFICE_ROUTER))
    host.route("default", "via", "10.44.1.1", "metric", "10")
    host.route("default", "via", "10.44.2.1", "metric", "20")
    for name in ("first", "second"):  # the first packets of connections: late ones of an old one do not count
        junction.count(name, f"iifname {name}0 tcp dport {PORT} tcp flags & (syn | ack) == syn")
    server = story.enter(sshd.Sshd(story.folder / "two-ways", namespace=machine, address=address_of(OFFICE_SERVER),
                                   port=PORT))
    daemon = story.enter(harness.Daemon(story.folder / "two-state", SETTINGS, namespace=host))
    vpc = vpcs.Vpc(daemon, "10.44.0.0/16", None, {"sallyport:network": "host"})
    subnet = vpc.subnet("10.44.2.0/24")
    gateway = vpc.gateway([subnet])
    partner = vpcs.partner_through(daemon, vpc, gateway, server)
    partner.settled()

    with story.case("on a host with two uplinks the routing table alone would take the first"):
        host.connect(server.address, PORT, source="10.44.2.2").close()
        assert junction.counted("first") > 0 and junction.counted("second") == 0

    with story.case("the connection leaves by the interface that has the gateway's address"):
        before = junction.counted("first")
        assert partner.test()["Status"] == "OK", partner.test()
        assert server.logins()[-1] == "10.44.2.2" == next(iter(vpc.interfaces())), server.logins()
        assert junction.counted("second") > 0 and junction.counted("first") == before

    with story.case("with that interface's way gone it fails, and not one packet takes the other"):
        host.ip("route", "del", "default", "via", "10.44.2.1")
        before, logins = junction.counted("first"), len(server.logins())
        test = partner.test()
        assert test["Status"] == "ERROR", test
        assert junction.counted("first") == before and len(server.logins()) == logins, test
        host.route("default", "via", "10.44.2.1", "metric", "20")
        assert partner.test()["Status"] == "OK", partner.test()

    with story.case("with the interface down it fails, and not one packet takes the other; a transfer says the same"):
        host.ip("link", "set", "second0", "down")
        before, logins = junction.counted("first"), len(server.logins())
        sentence = partner.trace()["Steps"][-1]["Message"]
        (daemon.bucket("files") / "a").write_bytes(b"x")
        message = partner.wait_failed(partner.send("/files/a", to="."), ("CONNECTION_ERROR", "TIMEOUT_ERROR"))
        assert message == f'could not send "/files/a": {sentence}', (message, sentence)
        assert junction.counted("first") == before and len(server.logins()) == logins

    with story.case("with the address gone from the host it fails and names it, and not one packet leaves"):
        host.ip("link", "set", "second0", "up")
        host.ip("addr", "flush", "dev", "second0")
        before = junction.counted("first"), junction.counted("second")
        test = partner.test()
        assert test["Status"] == "ERROR" and "10.44.2.2" in test["StatusMessage"], test
        assert (junction.counted("first"), junction.counted("second")) == before


with harness.Story() as story:
    network = story.enter(lan.Lan())
    owned = story.enter(lan.Owned())
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    routed(story, daemon, network, owned)
    uplinks(story, network, owned)
    two_ways_out(story, network)
