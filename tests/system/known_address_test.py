#!/usr/bin/env python3
"""A server on the internet lets in one public address. The connector whose NAT gateway has exactly that one gets in, no
other does, and who moves the address moves the door. The network is made with the unmodified `aws`.

    gateway's subnet ── NAT gateway's subnet ── internet gateway (203.0.113.9) ── the provider ── sshd
"""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from cli import aws, needs, refusal  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import internet  # noqa: E402
from internet import fails, tries, works  # noqa: E402
import vpcs  # noqa: E402

KNOWN, OTHER = "203.0.113.9", "203.0.113.10"
# A connection through a NAT gateway that is gone hears nothing any more.
SETTINGS = {**internet.SETTINGS, "transfer.idle_timeout": "4s"}
BANK, CLUB = "198.51.100.22", "198.51.100.23"


class World(internet.Ground):
    """Whatever the parts of the story hand on."""

    def __init__(self, story):
        super().__init__(story, SETTINGS)
        self.bank = self.net.server(story, "bank", BANK, only=KNOWN)
        self.club = self.net.server(story, "club", CLUB, options=(f"AllowUsers *@{KNOWN}",))
        self.vpc = self.allocation = self.nat = self.partner = self.member = None
        self.subnets = {}

    def ec2(self, *words):
        return aws(self.daemon, "ec2", *words)

    def wait_available(self, nat):
        def settled():
            found = self.ec2("describe-nat-gateways", "--nat-gateway-ids", nat)["NatGateways"][0]
            return found if found["State"] != "pending" else None
        found = harness.wait_until(settled, "the NAT gateway to settle")
        assert found["State"] == "available", found
        return found


def adopt(daemon, vpc_id, owned):
    """A VPC that the CLI made, as the other stories have it."""
    vpc = vpcs.Vpc.__new__(vpcs.Vpc)
    vpc.daemon, vpc.id, vpc.owned, vpc.world = daemon, vpc_id, owned, ()
    return vpc


def addresses(story, world):
    with story.case("the pool of the configuration is a public IPv4 pool, and allocate-address takes exactly one of it"):
        pool = world.ec2("describe-public-ipv4-pools")["PublicIpv4Pools"][0]
        ranges = pool["PoolAddressRanges"][0]
        assert (ranges["FirstAddress"], ranges["LastAddress"]) == ("203.0.113.8", "203.0.113.15"), pool
        made = world.ec2("allocate-address", "--domain", "vpc", "--address", KNOWN)
        assert made["PublicIp"] == KNOWN and made["PublicIpv4Pool"] == pool["PoolId"], made
        world.allocation = made["AllocationId"]
        assert world.ec2("describe-public-ipv4-pools")["PublicIpv4Pools"][0]["TotalAvailableAddressCount"] == 7

    with story.case("an address that is taken, and one that is not ours, are refused"):
        said = refusal(world.daemon, "ec2", "allocate-address", "--domain", "vpc", "--address", KNOWN)
        assert KNOWN in said, said
        said = refusal(world.daemon, "ec2", "allocate-address", "--domain", "vpc", "--address", "203.0.113.77")
        assert "203.0.113.77" in said and "egress.address_pools" in said, said


def build(story, world):
    """The network of Amazon's own guide: a public subnet with the NAT gateway, a private one with the interfaces."""
    ec2 = world.ec2
    with story.case("a VPC with an uplink, an internet gateway, and a subnet whose route leads there"):
        tags = ",".join(f"{{Key={key},Value={value}}}" for key, value in internet.UPLINK.items())
        vpc = ec2("create-vpc", "--cidr-block", "10.60.0.0/16", "--tag-specifications",
                  f"ResourceType=vpc,Tags=[{tags}]")["Vpc"]["VpcId"]
        world.vpc = adopt(world.daemon, vpc, world.owned)
        for name, cidr in (("inside", "10.60.1.0/24"), ("public", "10.60.2.0/24"), ("lost", "10.60.3.0/24")):
            world.subnets[name] = ec2("create-subnet", "--vpc-id", vpc, "--cidr-block", cidr)["Subnet"]["SubnetId"]
        igw = ec2("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
        ec2("attach-internet-gateway", "--internet-gateway-id", igw, "--vpc-id", vpc)
        table = ec2("create-route-table", "--vpc-id", vpc)["RouteTable"]["RouteTableId"]
        ec2("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--gateway-id", igw)
        ec2("associate-route-table", "--route-table-id", table, "--subnet-id", world.subnets["public"])

    with story.case("a NAT gateway with exactly that address becomes available and shows it"):
        world.nat = ec2("create-nat-gateway", "--subnet-id", world.subnets["public"],
                        "--allocation-id", world.allocation)["NatGateway"]["NatGatewayId"]
        shown = world.wait_available(world.nat)["NatGatewayAddresses"][0]
        assert shown["PublicIp"] == KNOWN and vpcs.same_subnet(shown["PrivateIp"], "10.60.2.0/24"), shown
        found = ec2("describe-addresses", "--allocation-ids", world.allocation)["Addresses"][0]
        assert found["NetworkInterfaceId"] == shown["NetworkInterfaceId"], found
        entry = ec2("describe-network-interfaces", "--network-interface-ids",
                    shown["NetworkInterfaceId"])["NetworkInterfaces"][0]
        assert entry["InterfaceType"] == "natGateway" and entry["Association"]["PublicIp"] == KNOWN, entry
        table = ec2("create-route-table", "--vpc-id", world.vpc.id)["RouteTable"]["RouteTableId"]
        ec2("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0",
            "--nat-gateway-id", world.nat)
        ec2("associate-route-table", "--route-table-id", table, "--subnet-id", world.subnets["inside"])
        world.owned.learn(world.vpc.id)


def get_in(story, world):
    daemon = world.daemon
    gateway = world.vpc.gateway([world.subnets["inside"]])
    world.partner = internet.partner_through(daemon, world.vpc, gateway, world.bank)
    world.member = internet.partner_through(daemon, world.vpc, gateway, world.club)
    for partner in (world.partner, world.member):
        assert partner.describe()["Status"] == "ACTIVE", partner.describe()

    with story.case("test-connection gets in at the door that is open for this address alone, and sshd logs the address"):
        test = aws(daemon, "transfer", "test-connection", "--connector-id", world.partner.id)
        assert test["Status"] == "OK" and test["StatusMessage"] == "Connection succeeded", test
        assert world.bank.logins() == [KNOWN], world.bank.logins()

    with story.case("so it does where it is sshd that looks at the address"):
        works(world.member, world.club, KNOWN)

    with story.case("start-file-transfer sends a file there and fetches it back; no other address was seen"):
        digest = flows.write_random(daemon.bucket("files") / "a.bin", 8_000_000)
        (world.bank.home / "in").mkdir()
        world.partner.wait_completed(world.partner.send("/files/a.bin", to="in"))
        world.partner.wait_completed(world.partner.retrieve("in/a.bin", to="/files/back"))
        assert flows.sha256_of(daemon.bucket("files") / "back" / "a.bin") == digest
        assert set(world.bank.logins()) == {KNOWN}, world.bank.logins()

    with story.case("the trace tells the way: table, route, NAT gateway, internet gateway, public address"):
        way = internet.way_of(world.partner)
        for word in ("0.0.0.0/0", "rtb-", world.nat, "igw-", KNOWN, world.allocation):
            assert word in way, way


def stay_out(story, world):
    """Everybody else."""
    vpc, daemon = world.vpc, world.daemon
    beside, public = vpc.subnet("10.60.4.0/24"), vpc.subnet("10.60.5.0/24")
    internet.RouteTable(vpc, public).route("0.0.0.0/0", GatewayId=_igw(vpc))
    nat = internet.NatGateway(vpc, public, internet.allocate(daemon, OTHER))
    internet.RouteTable(vpc, beside).route("0.0.0.0/0", NatGatewayId=nat.id)
    gateway = vpc.gateway([beside])

    with story.case("with another address the door stays shut: it knocks, and the answer names server and NAT gateway"):
        stranger = internet.partner_through(daemon, vpc, gateway, world.bank)
        before = tries(world.bank)
        fails(stranger, "connect", BANK, nat.id, OTHER)
        assert tries(world.bank) > before, "nothing arrived: something else was in the way"
        assert set(world.bank.logins()) == {KNOWN}

    with story.case("where sshd looks at the address, it refuses the login"):
        guest = internet.partner_through(daemon, vpc, gateway, world.club)
        fails(guest, "authenticate")
        assert f"from {OTHER}" in world.club.log_text() and set(world.club.logins()) == {KNOWN}

    with story.case("without a route nothing leaves at all, and the answer says that the server cannot be reached"):
        gateway = vpc.gateway([world.subnets["lost"]])
        lost = internet.partner_through(daemon, vpc, gateway, world.bank)
        before = tries(world.bank)
        fails(lost, "connect", BANK, "unreachable")
        assert tries(world.bank) == before

    with story.case("by the public address nobody comes in: neither to the NAT gateway, nor to the VPC's router"):
        for port in (22, 80, 33000):
            for address in (KNOWN, OTHER):
                try:
                    world.club.namespace.connect(address, port, seconds=0.3).close()
                except OSError:
                    continue
                raise AssertionError(f"{address} port {port} can be reached from the internet")


def _igw(vpc):
    found = vpc.ec2("DescribeInternetGateways", Filter=[{"Name": "attachment.vpc-id", "Value": [vpc.id]}])
    return found["internetGatewaySet"][0]["internetGatewayId"]


def move(story, world):
    """The address goes from one NAT gateway to another, in another subnet, then in another VPC."""
    vpc, daemon = world.vpc, world.daemon

    with story.case("release-address is refused while the NAT gateway has it"):
        said = refusal(daemon, "ec2", "release-address", "--allocation-id", world.allocation)
        assert "InvalidIPAddress.InUse" in said, said

    with story.case("a transfer that runs ends with its NAT gateway, and the sentence names it; it gets past by no other way"):
        flows.write_random(daemon.bucket("files") / "long.bin", 50_000_000)
        harness.wait_until(lambda: not world.bank.sftp_servers(), "the tests' sessions to end")
        transfer = world.partner.send("/files/long.bin", to="in")
        harness.wait_until(world.bank.sftp_servers, "the session to begin")
        world.bank.signal_sessions(signal.SIGSTOP, world.bank.sftp_servers())
        before = tries(world.bank)
        vpc.ec2("DeleteNatGateway", NatGatewayId=world.nat)  # `aws` takes longer to start than a silent server is given
        world.bank.signal_sessions(signal.SIGCONT)
        said = world.partner.wait_failed(transfer, ("CONNECTION_ERROR", "TIMEOUT_ERROR"))
        assert world.nat in said and "was deleted" in said, said
        assert tries(world.bank) == before
        assert not (world.bank.home / "in" / "long.bin").exists()
        again = internet.NatGateway(vpc, world.subnets["public"], world.allocation)
        for table in vpc.ec2("DescribeRouteTables", Filter=[{"Name": "route.nat-gateway-id", "Value": [world.nat]}])[
                "routeTableSet"]:
            internet.RouteTable(vpc, table=table["routeTableId"]).replace("0.0.0.0/0", NatGatewayId=again.id)
        world.nat = again.id
        works(world.partner, world.bank, KNOWN)

    with story.case("delete-nat-gateway shuts the door at once: the route is a blackhole, and test-connection says so"):
        before = tries(world.bank)
        world.ec2("delete-nat-gateway", "--nat-gateway-id", world.nat)
        test = aws(daemon, "transfer", "test-connection", "--connector-id", world.partner.id)
        assert test["Status"] == "ERROR", test
        for word in (world.nat, "0.0.0.0/0"):
            assert word in test["StatusMessage"], test
        assert fails(world.partner, "route", world.nat, "rtb-") in test["StatusMessage"]
        tables = world.ec2("describe-route-tables", "--filters", f"Name=route.nat-gateway-id,Values={world.nat}")
        states = [route["State"] for table in tables["RouteTables"] for route in table["Routes"]
                  if route.get("NatGatewayId") == world.nat]
        assert states == ["blackhole"], tables
        assert tries(world.bank) == before
        assert "AssociationId" not in world.ec2("describe-addresses", "--allocation-ids", world.allocation)["Addresses"][0]

    with story.case("the same allocation at a new NAT gateway in another subnet opens it there"):
        subnet, inside = vpc.subnet("10.60.6.0/24"), vpc.subnet("10.60.7.0/24")
        internet.RouteTable(vpc, subnet).route("0.0.0.0/0", GatewayId=_igw(vpc))
        second = internet.NatGateway(vpc, subnet, world.allocation)
        internet.RouteTable(vpc, inside).route("0.0.0.0/0", NatGatewayId=second.id)
        partner = internet.partner_through(daemon, vpc, vpc.gateway([inside]), world.bank)
        works(partner, world.bank, KNOWN)

    with story.case("in another VPC, with the same block of addresses, it opens there, and the first VPC is out"):
        twin = vpcs.Vpc(daemon, "10.60.0.0/16", world.owned, internet.UPLINK)
        subnet, inside = twin.subnet("10.60.6.0/24"), twin.subnet("10.60.7.0/24")
        public = internet.RouteTable(twin, subnet)
        public.route("0.0.0.0/0", GatewayId=internet.attach(twin))
        spare = internet.NatGateway(twin, subnet, internet.allocate(daemon))
        private = internet.RouteTable(twin, inside)
        private.route("0.0.0.0/0", NatGatewayId=spare.id)
        there = internet.partner_through(daemon, twin, twin.gateway([inside]), world.bank)
        fails(there, "connect", BANK, spare.id)  # the twin's way is known to the provider before the address comes
        second.delete()
        third = internet.NatGateway(twin, subnet, world.allocation)
        private.replace("0.0.0.0/0", NatGatewayId=third.id)
        works(there, world.bank, KNOWN)
        fails(partner, "route", second.id)

    with story.case("and back again, as soon as it is asked for"):
        third.delete()
        back = internet.NatGateway(vpc, world.subnets["public"], world.allocation)
        for table in vpc.ec2("DescribeRouteTables", Filter=[{"Name": "route.nat-gateway-id", "Value": [world.nat]}])[
                "routeTableSet"]:
            internet.RouteTable(vpc, table=table["routeTableId"]).replace("0.0.0.0/0", NatGatewayId=back.id)
        works(world.partner, world.bank, KNOWN)
        works(world.member, world.club, KNOWN)
        fails(there, "route", third.id)

    with story.case("in all that time no packet with a private address came to the provider"):
        assert world.net.leaks() == 0, world.net.leaks()


def need_pools(story, network):
    with story.case("without egress.address_pools there is nothing to allocate, and the answer names the setting"):
        net = internet.Internet(story, network, "bare")
        daemon = story.enter(harness.Daemon(story.folder / "bare", vpcs.SETTINGS, namespace=net.home))
        said = refusal(daemon, "ec2", "allocate-address", "--domain", "vpc")
        assert "egress.address_pools" in said, said
        assert not aws(daemon, "ec2", "describe-public-ipv4-pools")["PublicIpv4Pools"]


with harness.Story() as story:
    needs()
    world = World(story)
    addresses(story, world)
    build(story, world)
    get_in(story, world)
    stay_out(story, world)
    move(story, world)
    need_pools(story, world.network)
