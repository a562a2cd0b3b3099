#!/usr/bin/env python3
"""Which way a connection goes is what the route tables say at that moment: the longest prefix, the subnet's own table
before the main one, and nowhere at all where the way that was wished for is gone."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import internet  # noqa: E402
from internet import EVERYWHERE, fails, refused, tries, works  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402
import vpcs  # noqa: E402

LOW, HIGH = "198.51.100.22", "198.51.100.200"  # of the two halves of 198.51.100.0/24
HALF = "198.51.100.128/25"
FIRST, SECOND = "203.0.113.9", "203.0.113.10"
OFFICE = "172.20.5.0/24"
CHANGES = 20


class World(internet.Ground):
    """A VPC with two ways to the internet, and a subnet that may take either."""

    def __init__(self, story):
        super().__init__(story)
        self.low, self.high = (self.net.server(story, name, address) for name, address in (("low", LOW), ("high", HIGH)))
        self.vpc = self.new_vpc("10.62.0.0/16")
        self.public, self.inside = self.vpc.subnet("10.62.2.0/24"), self.vpc.subnet("10.62.1.0/24")
        self.internet = internet.attach(self.vpc)
        self.public_table = internet.RouteTable(self.vpc, self.public)
        self.public_table.route(EVERYWHERE, GatewayId=self.internet)
        self.first, self.second = (self.new_nat(address) for address in (FIRST, SECOND))
        self.gateway = self.vpc.gateway([self.inside])
        self.to_low, self.to_high = (internet.partner_through(self.daemon, self.vpc, self.gateway, server)
                                     for server in (self.low, self.high))
        self.door = lan.interface_of(next(iter(self.vpc.interfaces([self.inside]).values())))

    def new_nat(self, address=None):
        return internet.NatGateway(self.vpc, self.public, internet.allocate(self.daemon, address))

    def knocks(self, server):
        """Whether a connection gets there from the gateway's interface when nobody but the kernel is asked."""
        try:
            self.door.connect(server.address, server.port, seconds=1).close()
        except OSError:
            return False
        return True


def choose(story, world):
    """The main table, a table of the subnet's own, prefixes."""
    main = internet.main_table(world.vpc)
    with story.case("a subnet without a table of its own goes by the main one"):
        main.route(EVERYWHERE, NatGatewayId=world.second.id)
        works(world.to_low, world.low, SECOND)

    with story.case("with a table of its own by that one, at once"):
        own = internet.RouteTable(world.vpc)
        own.route(EVERYWHERE, NatGatewayId=world.first.id)
        association = own.associate(world.inside)
        works(world.to_low, world.low, FIRST)

    with story.case("the longest prefix wins, and the others go on as before"):
        own.route(HALF, NatGatewayId=world.second.id)
        works(world.to_high, world.high, SECOND)
        works(world.to_low, world.low, FIRST)
        own.route(f"{HIGH}/32", NatGatewayId=world.first.id)
        works(world.to_high, world.high, FIRST)
        own.unroute(f"{HIGH}/32")
        works(world.to_high, world.high, SECOND)
        own.unroute(HALF)
        works(world.to_high, world.high, FIRST)

    with story.case("the trace names the route that was taken, and its table"):
        way = internet.way_of(world.to_high)
        for word in (own.id, EVERYWHERE, world.first.id, world.public_table.id, world.internet, FIRST):
            assert word in way, way
        assert main.id not in way and world.second.id not in way, way

    with story.case("replace-route-table-association changes it at once, disassociate-route-table leads back to the main one"):
        other = internet.RouteTable(world.vpc)
        other.route(EVERYWHERE, NatGatewayId=world.second.id)
        association = world.vpc.ec2("ReplaceRouteTableAssociation", AssociationId=association,
                                    RouteTableId=other.id)["newAssociationId"]
        works(world.to_low, world.low, SECOND)
        main.replace(EVERYWHERE, NatGatewayId=world.first.id)
        works(world.to_low, world.low, SECOND)
        world.vpc.ec2("DisassociateRouteTable", AssociationId=association)
        works(world.to_low, world.low, FIRST)

    with story.case(f"{CHANGES} times replace-route: each new connection goes by what was answered last"):
        association = own.associate(world.inside)
        for number in range(CHANGES):
            nat, address = ((world.first, FIRST), (world.second, SECOND))[number % 2]
            own.replace(EVERYWHERE, NatGatewayId=nat.id)
            works(world.to_low, world.low, address)
    return main, own, association


def keep_running(story, world, own):
    with story.case("while other routes come and go, a transfer goes on with the connection that it has"):
        digest = flows.write_random(world.daemon.bucket("files") / "large.bin", 40_000_000)
        logins = len(world.low.logins())
        transfer = world.to_low.send("/files/large.bin", to=world.low.home)
        harness.wait_until(world.low.sftp_servers, "the session to begin")
        world.low.signal_sessions(signal.SIGSTOP, world.low.sftp_servers())
        for number in range(10):
            own.route(f"100.64.{number}.0/24", NatGatewayId=world.first.id)
        works(world.to_high, world.high)  # they are in the kernel now
        for number in range(10):
            own.unroute(f"100.64.{number}.0/24")
        works(world.to_high, world.high)
        world.low.signal_sessions(signal.SIGCONT)
        world.to_low.wait_completed(transfer)
        assert flows.sha256_of(world.low.home / "large.bin") == digest
        assert len(world.low.logins()) == logins + 1, "the file needed more than one connection"


def lead_nowhere(story, world, own):
    """A connection leaves through the door that was chosen or not at all: never past what was wished for."""
    own.replace(EVERYWHERE, NatGatewayId=world.first.id)
    gone = world.new_nat()
    own.route(HALF, NatGatewayId=gone.id)
    works(world.to_high, world.high)
    gone.delete()

    with story.case("the route to a NAT gateway that was deleted is a blackhole, in describe-route-tables and in the trace"):
        assert own.shown() == {"10.62.0.0/16": ("local", "active"), EVERYWHERE: (world.first.id, "active"),
                               HALF: (gone.id, "blackhole")}, own.shown()
        said = fails(world.to_high, "route", gone.id, HALF, own.id)
        (world.daemon.bucket("files") / "a").write_bytes(b"x")
        assert said in world.to_high.wait_failed(world.to_high.send("/files/a", to="."),
                                                 ("CONNECTION_ERROR", "TIMEOUT_ERROR"))

    with story.case("a blackhole is not passed by: no shorter prefix takes what it swallows, also when only the kernel is asked"):
        before = tries(world.high)
        assert not world.knocks(world.high) and tries(world.high) == before
        works(world.to_low, world.low, FIRST)
        assert world.knocks(world.low)

    with story.case("nor does a route that the administrator made by hand"):
        router = world.vpc.router()
        router.route(f"{HIGH}/32", "via", internet.PROVIDER, "dev", _way_out(router), "onlink")
        assert not world.knocks(world.high) and tries(world.high) == before
        router.ip("route", "del", f"{HIGH}/32")

    with story.case("without it the shorter one is the way again"):
        own.unroute(HALF)
        works(world.to_high, world.high, FIRST)

    with story.case("a gateway's interface with no NAT gateway in between has no public address: the answer says so, nothing leaves"):
        own.replace(EVERYWHERE, GatewayId=world.internet)
        before = tries(world.low)
        fails(world.to_low, "route", world.internet, own.id)
        assert not world.knocks(world.low) and tries(world.low) == before
        own.replace(EVERYWHERE, NatGatewayId=world.first.id)
        works(world.to_low, world.low, FIRST)

    with story.case("a NAT gateway whose own subnet leads back to it is a circle, and said to be one"):
        world.public_table.replace(EVERYWHERE, NatGatewayId=world.first.id)
        before = tries(world.low)
        fails(world.to_low, "route", world.first.id)
        assert not world.knocks(world.low) and tries(world.low) == before
        world.public_table.replace(EVERYWHERE, GatewayId=world.internet)
        works(world.to_low, world.low, FIRST)

    with story.case("a NAT gateway whose subnet leads nowhere: nothing leaves, and the answer names how far it came"):
        world.public_table.unroute(EVERYWHERE)
        before = tries(world.low)
        trace = world.to_low.trace()
        assert trace["Status"] == "ERROR" and world.first.id in trace["StatusMessage"], trace
        assert not world.knocks(world.low) and tries(world.low) == before
        world.public_table.route(EVERYWHERE, GatewayId=world.internet)
        works(world.to_low, world.low, FIRST)


def _way_out(router):
    return next(name for name in router.addresses() if name.startswith("ig-"))


def by_hand(story, world):
    """A private NAT gateway in front of a network that the administrator joined with the VPC's router by hand."""
    vpc, network = world.vpc, world.network
    office = network.namespace("office")
    network.cable(vpc.router(), "office0", "192.0.2.129/30", office, "eth0", "192.0.2.130/30")
    office.ip("addr", "add", "172.20.5.22/24", "dev", "lo")
    vpc.router().route(OFFICE, "via", "192.0.2.130")
    office.route("default", "via", "192.0.2.129")
    server = world.story.enter(sshd.Sshd(world.story.folder / "office", namespace=office, address="172.20.5.22", port=22))
    middle, inside = vpc.subnet("10.62.20.0/24"), vpc.subnet("10.62.21.0/24")
    table = internet.RouteTable(vpc, inside)  # without the main one's way to the internet, as the next one is
    internet.RouteTable(vpc, middle)
    partner = vpcs.partner_through(world.daemon, vpc, vpc.gateway([inside]), server)
    partner.settled()

    with story.case("where no table has a route, the router's own, made by hand, are the way: the office sees the interface"):
        works(partner, server)
        assert vpcs.same_subnet(server.logins()[-1], "10.62.21.0/24"), server.logins()

    with story.case("behind a private NAT gateway the office sees one address, and may let in that one alone"):
        nat = internet.NatGateway(vpc, middle)
        assert "allocationId" not in nat.found["natGatewayAddressSet"][0], nat.found
        office.allow_only(nat.address, 22)
        fails(partner, "connect", "172.20.5.22")
        table.route(OFFICE, NatGatewayId=nat.id)
        works(partner, server, nat.address)
        way = internet.way_of(partner)
        assert nat.id in way and nat.address in way, way

    with story.case("when it goes, the hand-made route is not taken instead"):
        office.run("nft", "delete", "table", "inet", "door")
        nat.delete()
        logins = len(server.logins())
        fails(partner, "route", nat.id, OFFICE)
        assert len(server.logins()) == logins


def refuse(story, world):
    """What cannot be, in sentences."""
    vpc, daemon = world.vpc, world.daemon
    with story.case("a VPC of the host's own interfaces has no routes of its own: four calls are refused with the reason"):
        own = vpcs.Vpc(daemon, "127.77.0.0/16", None, {"sallyport:network": "host"})
        subnet = own.subnet("127.77.1.0/24")
        free = vpc.ec2("CreateInternetGateway")["internetGateway"]["internetGatewayId"]
        for call in (lambda: own.ec2("AttachInternetGateway", InternetGatewayId=free, VpcId=own.id),
                     lambda: internet.main_table(own).route(EVERYWHERE, GatewayId=free),
                     lambda: internet.NatGateway(own, subnet),
                     lambda: internet.Appliance(own, subnet)):
            assert own.id in refused("UnsupportedOperation", "host", call=call)
        vpc.ec2("DeleteInternetGateway", InternetGatewayId=free)

    with story.case("in a subnet with an uplink the real router decides: NAT gateways, route targets and routes are refused"):
        street = vpc.subnet("10.62.30.0/24", {"sallyport:uplink": internet.WAN})
        words = ("UnsupportedOperation", street, "sallyport:uplink")
        refused(*words, call=lambda: internet.NatGateway(vpc, street))
        table = internet.RouteTable(vpc, street)
        refused(*words, call=lambda: table.route(EVERYWHERE, NatGatewayId=world.first.id))
        refused(*words, call=lambda: world.public_table.associate(street))
        target = internet.Appliance(vpc, street, external=True)
        refused(*words, call=lambda: internet.RouteTable(vpc).route(EVERYWHERE, NetworkInterfaceId=target.id))

    with story.case("a table for what comes in at a gateway is refused, and so is a gateway of another VPC"):
        refused("UnsupportedOperation", call=lambda: vpc.ec2(
            "AssociateRouteTable", RouteTableId=table.id, GatewayId=world.internet))
        other = vpcs.Vpc(daemon, "10.62.0.0/16", world.owned)
        refused("InvalidParameterValue", world.internet,
                call=lambda: internet.main_table(other).route(EVERYWHERE, GatewayId=world.internet))

    with story.case("what is in use stays: a table with subnets, the internet gateway of public addresses"):
        refused("DependencyViolation", world.public_table.id,
                call=lambda: vpc.ec2("DeleteRouteTable", RouteTableId=world.public_table.id))
        refused("DependencyViolation", vpc.id, call=lambda: vpc.ec2(
            "DetachInternetGateway", InternetGatewayId=world.internet, VpcId=vpc.id))


with harness.Story() as story:
    world = World(story)
    world.story = story
    main, own, association = choose(story, world)
    keep_running(story, world, own)
    lead_nowhere(story, world, own)
    by_hand(story, world)
    refuse(story, world)
    with story.case("in all that time no packet with a private address came to the provider"):
        assert world.net.leaks() == 0, world.net.leaks()
