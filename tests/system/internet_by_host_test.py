#!/usr/bin/env python3
"""Without an uplink of its own a VPC's internet gateway leads to this host, which forwards, when it was told to; the
provider sends the public addresses to the host."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import harness  # noqa: E402
import internet  # noqa: E402
from internet import EVERYWHERE, fails, refused, tries, works  # noqa: E402
import lan  # noqa: E402
import vpcs  # noqa: E402

BLOCK, INSIDE, PUBLIC = "10.63.0.0/16", "10.63.1.0/24", "10.63.2.0/24"
BANK = "198.51.100.22"
HOSTS_OWN = "203.0.113.15"
SWITCH = "network.internet"


class Customer:
    """A VPC whose NAT gateway has one public address."""

    def __init__(self, daemon, owned, allocation, server):
        self.vpc = vpcs.Vpc(daemon, BLOCK, owned)
        self.inside, self.public = self.vpc.subnet(INSIDE), self.vpc.subnet(PUBLIC)
        self.internet = internet.attach(self.vpc)
        self.public_table = internet.RouteTable(self.vpc, self.public)
        self.public_table.route(EVERYWHERE, GatewayId=self.internet)
        self.nat = internet.NatGateway(self.vpc, self.public, allocation)
        self.private_table = internet.RouteTable(self.vpc, self.inside)
        self.private_table.route(EVERYWHERE, NatGatewayId=self.nat.id)
        self.gateway = self.vpc.gateway([self.inside])
        self.partner = internet.partner_through(daemon, self.vpc, self.gateway, server)

    def delete(self):
        vpc = self.vpc
        self.partner.call("DeleteConnector", ConnectorId=self.partner.id)
        vpc.lattice("DELETE", f"/resourceconfigurations/{self.partner.arn.rpartition('/')[2]}")
        vpc.lattice("DELETE", f"/resourcegateways/{self.gateway}")
        vpc.wait_no_gateway(self.gateway)
        self.nat.delete()
        for table in (self.public_table, self.private_table):
            for association in table.associations.values():
                vpc.ec2("DisassociateRouteTable", AssociationId=association)
            vpc.ec2("DeleteRouteTable", RouteTableId=table.id)
        vpc.ec2("DetachInternetGateway", InternetGatewayId=self.internet, VpcId=vpc.id)
        vpc.ec2("DeleteInternetGateway", InternetGatewayId=self.internet)
        for subnet in (self.inside, self.public):
            vpc.ec2("DeleteSubnet", SubnetId=subnet)
        vpc.ec2("DeleteVpc", VpcId=vpc.id)


def links(namespace):
    return {link["ifname"] for link in namespace.ip_json("link")}


def off(story, network):
    net = internet.Internet(story, network, "off")
    owned = story.enter(lan.Owned())
    daemon = story.enter(harness.Daemon(story.folder / "off", internet.SETTINGS, namespace=net.home))
    with story.case("unless it was told to, the host leads nobody to the internet: the answer names both ways out"):
        vpc = vpcs.Vpc(daemon, BLOCK, owned)
        harness.wait_until(lambda: lan.names(f"-{vpc.id}"), "the VPC's namespace")
        owned.learn(vpc.id)
        refused("UnsupportedOperation", SWITCH, "sallyport:uplink", call=lambda: internet.attach(vpc))
        assert net.home.run("cat", "/proc/sys/net/ipv4/ip_forward").strip() == "0"


def on(story, net, daemon, owned):
    bank = net.server(story, "bank", BANK)
    before = links(net.home)
    first = Customer(daemon, owned, internet.allocate(daemon, "203.0.113.9"), bank)

    with story.case("a connector gets out by the host, and the server sees the NAT gateway's public address"):
        works(first.partner, bank, "203.0.113.9")
        way = internet.way_of(first.partner)
        for word in (first.nat.id, first.internet, "203.0.113.9"):
            assert word in way, way

    with story.case("the host has one veth for it, and one route for the address"):
        new = links(net.home) - before
        assert len(new) == 1 and new.pop().startswith("sh-"), links(net.home)
        assert "203.0.113.9 " in net.home.ip("route"), net.home.ip("route")

    with story.case("two VPCs with the same block, each with an address of its own, at once"):
        second = Customer(daemon, owned, internet.allocate(daemon, "203.0.113.10"), bank)
        for customer, address in ((first, "203.0.113.9"), (second, "203.0.113.10"), (first, "203.0.113.9")):
            works(customer.partner, bank, address)

    with story.case("the address moves from one VPC to the other, and the door with it"):
        first.nat.delete()
        moved = internet.NatGateway(second.vpc, second.public, first.nat.found["natGatewayAddressSet"][0]["allocationId"])
        second.private_table.replace(EVERYWHERE, NatGatewayId=moved.id)
        works(second.partner, bank, "203.0.113.9")
        count = tries(bank)
        fails(first.partner, "route", first.nat.id)
        assert tries(bank) == count
        second.nat.delete()
        second.nat = moved

    with story.case("a NAT gateway with an address that the host itself has fails, and says so; those beside it work on"):
        net.home.ip("addr", "add", f"{HOSTS_OWN}/32", "dev", internet.WAN)
        allocation = internet.allocate(daemon, HOSTS_OWN)
        stolen = internet.NatGateway(second.vpc, second.public, allocation, "failed")
        assert HOSTS_OWN in stolen.found["failureMessage"], stolen.found
        works(second.partner, bank, "203.0.113.9")
        stolen.delete()
        daemon.client.call("ec2", "ReleaseAddress", {"AllocationId": allocation})

    with story.case("when the host gets one that is in use, nothing leaves as that address, until the host is rid of it"):
        net.home.ip("addr", "add", "203.0.113.9/32", "dev", internet.WAN)
        second.nat.wait_for("failed")
        count = tries(bank)
        fails(second.partner, "route", second.nat.id, "203.0.113.9")
        assert tries(bank) == count
        net.home.ip("addr", "del", "203.0.113.9/32", "dev", internet.WAN)
        second.nat.wait_for("available")
        works(second.partner, bank, "203.0.113.9")

    with story.case("the administrator's own firewall on the host holds for what is forwarded"):
        net.home.run("nft", "-f", "-", text="table inet own {\n chain through {\n type filter hook forward priority 0;"
                     " policy accept;\n ip daddr 198.51.100.22 drop\n }\n}\n")
        fails(second.partner, "connect", BANK, second.nat.id)
        net.home.run("nft", "delete", "table", "inet", "own")
        works(second.partner, bank, "203.0.113.9")

    with story.case("no packet with a private address came to the provider"):
        assert net.leaks() == 0, net.leaks()

    with story.case("when all is deleted, the host has neither veths nor routes of it, and no namespace is left"):
        first.delete()
        second.delete()
        harness.wait_until(lambda: not owned.names(), f"no namespace to be left of {owned.names()}")
        harness.wait_until(lambda: links(net.home) == before, "the veths to go")
        assert "203.0.113." not in net.home.ip("route").replace(f"{HOSTS_OWN} ", ""), net.home.ip("route")


with harness.Story() as story:
    network = story.enter(lan.Lan())
    owned = story.enter(lan.Owned())
    off(story, network)
    net = internet.Internet(story, network, to_host=True)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**internet.SETTINGS, SWITCH: "true"}, namespace=net.home))
    on(story, net, daemon, owned)
