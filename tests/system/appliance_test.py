#!/usr/bin/env python3
"""Routes lead through an appliance, a network interface whose namespace its owner fills: it sees every byte of a
connection, and when it does not forward, nothing gets past it.

    gateway's subnet ── appliance's subnet ── server's subnet
"""

import os
import pathlib
import re
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from cli import aws, needs  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import internet  # noqa: E402
from internet import EVERYWHERE, fails, refused, tries, verdict, watched, works  # noqa: E402
import lan  # noqa: E402
import vpcs  # noqa: E402

BLOCK = "10.61.0.0/16"
INSIDE, WALL, SERVERS = "10.61.1.0/24", "10.61.5.0/24", "10.61.9.0/24"
SERVER = "10.61.9.22"
SIZE = 100 << 20
FAILURES = ("CONNECTION_ERROR", "TIMEOUT_ERROR")
# A warm connection through an appliance that drops is given up after that, and the next attempt opens another.
SETTINGS = {**internet.SETTINGS, "transfer.idle_timeout": "4s"}


def timeless(sentence):
    """Without how long it took: what is left for a connection once its name was found differs."""
    return re.sub(r"within [0-9.]+ s", "within … s", sentence)


class World(internet.Ground):
    """One VPC: a gateway, an appliance in a subnet of its own, a server; both ways lead through the appliance."""

    def __init__(self, story):
        super().__init__(story, SETTINGS)
        self.vpc = self.new_vpc(BLOCK)
        self.inside, self.wall, self.servers = (self.vpc.subnet(cidr) for cidr in (INSIDE, WALL, SERVERS))
        self.gateway = self.vpc.gateway([self.inside])
        self.server = vpcs.private_server(story, self.vpc, self.network, "server", f"{SERVER}/24")
        self.server.namespace.count("tries", "iifname eth0 tcp dport 22 tcp flags & (syn | ack) == syn")
        self.partner = vpcs.partner_through(self.daemon, self.vpc, self.gateway, self.server)
        self.appliance = self.there = self.back = None
        (self.daemon.bucket("files") / "a").write_bytes(b"x")

    def falls(self, partner, server, step, *words):
        """Test and transfer fail with the same sentence, and not one connection comes to the server's door. The files of a
        connector whose partner could not be reached wait, so another one by the same way sends this one."""
        other = flows.partner_of(self.daemon, server, egress=(partner.arn, server.port))
        other.settled()
        before = tries(server)
        transfer = other.send("/files/a", to=".")  # both wait for the same answer, so they do it side by side
        said = fails(partner, step, *words)
        message = other.wait_failed(transfer, FAILURES)
        assert timeless(message) == timeless(f'could not send "/files/a": {said}'), (message, said)
        assert tries(server) == before, "somebody got past"
        return said


def join(story, world):
    vpc, daemon = world.vpc, world.daemon
    world.partner.settled()
    works(world.partner, world.server)  # straight

    with story.case("create-network-interface and modify-network-interface-attribute --no-source-dest-check make an appliance"):
        made = aws(daemon, "ec2", "create-network-interface", "--subnet-id", world.wall,
                   "--private-ip-address", "10.61.5.5")["NetworkInterface"]
        assert made["PrivateIpAddress"] == "10.61.5.5" and made["SourceDestCheck"] is True, made
        aws(daemon, "ec2", "modify-network-interface-attribute", "--network-interface-id",
            made["NetworkInterfaceId"], "--no-source-dest-check")
        world.appliance = appliance = internet.Appliance.__new__(internet.Appliance)
        appliance.vpc, appliance.id, appliance.address = vpc, made["NetworkInterfaceId"], made["PrivateIpAddress"]
        harness.wait_until(appliance.is_made, "its namespace to forward")

    with story.case("routes of both subnets, each to the other's block, lead through it"):
        appliance.watch()
        world.there, world.back = internet.RouteTable(vpc, world.inside), internet.RouteTable(vpc, world.servers)
        world.there.route(SERVERS, NetworkInterfaceId=appliance.id)
        world.back.route(INSIDE, NetworkInterfaceId=appliance.id)
        works(world.partner, world.server)
        assert world.server.logins()[-1] in vpc.interfaces([world.inside]), world.server.logins()
        seen = watched(appliance.namespace())
        assert seen["to"][0] > 5 and seen["back"][0] > 5, seen
        way = internet.way_of(world.partner)
        for word in (world.there.id, SERVERS, appliance.id, appliance.address):
            assert word in way, way


def count(story, world):
    """100 MiB there and 100 MiB back."""
    space, machine = world.appliance.namespace(), world.server.namespace
    machine.run("nft", "-f", "-", text="table ip inspect {\n counter to { }\n counter back { }\n"
                " chain in {\n type filter hook input priority -10;\n tcp dport 22 counter name to\n }\n"
                " chain out {\n type filter hook output priority 300;\n tcp sport 22 counter name back\n }\n}\n")
    digest = flows.write_random(world.daemon.bucket("files") / "large.bin", SIZE)

    def grown(call, *arguments, **named):
        before = [watched(place) for place in (space, machine)]
        world.partner.wait_completed(call(*arguments, **named), 300)
        after = [watched(place) for place in (space, machine)]
        return [{way: new[way][1] - old[way][1] for way in new} for old, new in zip(before, after)]

    with story.case("it counts every byte of 100 MiB that are sent, and of what is answered"):
        passed, arrived = grown(world.partner.send, "/files/large.bin", to=world.server.home)
        assert flows.sha256_of(world.server.home / "large.bin") == digest
        assert passed["to"] >= SIZE and passed["back"] > 0, passed
        assert passed["to"] >= arrived["to"] and passed["back"] >= arrived["back"] * 0.99, (passed, arrived)

    with story.case("and of 100 MiB that are fetched"):
        passed, arrived = grown(world.partner.retrieve, world.server.home / "large.bin", to="/files/back")
        assert flows.sha256_of(world.daemon.bucket("files") / "back" / "large.bin") == digest
        assert passed["back"] >= SIZE and passed["to"] > 0, passed
        assert passed["to"] >= arrived["to"] * 0.99, (passed, arrived)


def stand_in_the_way(story, world):
    """Whatever keeps it from forwarding: nothing bypasses it, and the sentence names it."""
    appliance, space = world.appliance, world.appliance.namespace()
    names = (SERVER, appliance.id, appliance.address)

    with story.case("it drops: no answer in time, and the sentence names the appliance"):
        with verdict(space, "tcp dport 22 drop"):
            world.falls(world.partner, world.server, "connect", *names)
        works(world.partner, world.server)

    with story.case("it queues packets for a program that does not run: the same"):
        if not internet.can_queue(space):
            raise harness.Skip("this kernel has no queues for packets (nfnetlink_queue)")
        with verdict(space, "tcp dport 22 queue num 7"):
            world.falls(world.partner, world.server, "connect", *names)
        works(world.partner, world.server)

    with story.case("it rejects: the refusal is its own, and the sentence says who stands in between"):
        with verdict(space, "tcp dport 22 reject with icmp type admin-prohibited"):
            world.falls(world.partner, world.server, "connect", SERVER)
        works(world.partner, world.server)

    with story.case("it stops forwarding: the same"):
        internet.forwards(space, False)
        world.falls(world.partner, world.server, "connect", *names)

    with story.case("what its owner stopped stays stopped, also for another sallyport-netd"):
        old = lan.netds(world.daemon)
        os.kill(old[-1], signal.SIGKILL)
        harness.wait_until(lambda: set(lan.netds(world.daemon)) - set(old), "another netd")
        for _ in range(2):
            world.falls(world.partner, world.server, "connect", *names)
        internet.forwards(space, True)
        works(world.partner, world.server)

    with story.case("a transfer that runs comes to a halt when it drops, and fails with a sentence; it takes no other way"):
        flows.write_random(world.daemon.bucket("files") / "long.bin", SIZE)
        with verdict(space, "tcp dport 22 ct state new drop"):
            pass  # the rule is one that nft takes
        harness.wait_until(lambda: not world.server.sftp_servers(), "the tests' sessions to end")
        transfer = world.partner.send("/files/long.bin", to=world.server.home)
        harness.wait_until(world.server.sftp_servers, "the session to begin")
        world.server.signal_sessions(signal.SIGSTOP, world.server.sftp_servers())
        before = tries(world.server)
        with verdict(space, "tcp dport 22 drop"):
            world.server.signal_sessions(signal.SIGCONT)
            said = world.partner.wait_failed(transfer, FAILURES, seconds=120)
            assert tries(world.server) == before, "somebody got past"
        for word in names:
            assert word in said, said
        # The attempt that it cut off said so as well; the last one came no further than the door.
        cut = next(line for line in world.daemon.log_text().splitlines() if "/files/long.bin\" is tried again" in line)
        assert f"{SERVER}:22 behind the appliance {appliance.id} ({appliance.address})" in cut, cut
        works(world.partner, world.server)

    with story.case("with the source and destination check back on it forwards nothing, and the sentence says why"):
        appliance.check_addresses(True)
        world.falls(world.partner, world.server, "route", appliance.id, "check")
        appliance.check_addresses(False)
        harness.wait_until(appliance.is_made, "it to forward again")
        works(world.partner, world.server)

    with story.case("its security groups hold for what it forwards"):
        group = world.vpc.group(vpcs.allow(f"{SERVER}/32", 2222))
        default = [entry["groupId"] for entry in world.vpc.ec2(
            "DescribeNetworkInterfaces", NetworkInterfaceId=[appliance.id])["networkInterfaceSet"][0]["groupSet"]]
        world.vpc.ec2("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=appliance.id, SecurityGroupId=[group])
        before = tries(world.server)
        assert world.partner.test()["Status"] == "ERROR"
        assert tries(world.server) == before
        world.vpc.ec2("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=appliance.id, SecurityGroupId=default)
        works(world.partner, world.server)

    with story.case("what its owner put into its namespace is still there after all that"):
        assert watched(space)["to"][0] > 0

    with story.case("its namespace is removed by hand: nothing leaves past it, and it is made again, empty"):
        router = world.vpc.router()
        links = router.links()
        lan.remove(space.name)
        # Its name goes at once, and for a while what has none any more forwards as before.
        harness.wait_until(lambda: not links <= router.links(), "its link to go")
        before = tries(world.server)
        answer = world.partner.trace()
        if answer["Status"] == "ERROR":
            assert tries(world.server) == before
        harness.wait_until(lambda: world.partner.test()["Status"] == "OK", "the appliance to be there again", 60)
        appliance.watch()
        works(world.partner, world.server)
        assert watched(appliance.namespace())["to"][0] > 0


def replace(story, world):
    with story.case("replace-route leads through another appliance at once, and the first sees no more"):
        second = internet.Appliance(world.vpc, world.wall)
        second.watch()
        for table, block in ((world.there, SERVERS), (world.back, INSIDE)):
            table.replace(block, NetworkInterfaceId=second.id)
        before = watched(world.appliance.namespace())
        works(world.partner, world.server)
        assert watched(second.namespace())["to"][0] > 0
        assert watched(world.appliance.namespace()) == before

    with story.case("it is deleted: the route is a blackhole, test and transfer name it, nothing gets past"):
        name = second.namespace().name
        second.delete()
        world.falls(world.partner, world.server, "route", second.id, SERVERS, world.there.id)
        assert world.there.shown()[SERVERS] == (second.id, "blackhole"), world.there.shown()
        harness.wait_until(lambda: name not in lan.names(), "its namespace to go")
        for table, block in ((world.there, SERVERS), (world.back, INSIDE)):
            table.replace(block, NetworkInterfaceId=world.appliance.id)
        works(world.partner, world.server)

    with story.case("two appliances, one behind the other, each see all of it"):
        outer = world.vpc.subnet("10.61.6.0/24")
        third = internet.Appliance(world.vpc, outer)
        third.watch()
        table = internet.RouteTable(world.vpc, world.wall)
        table.route(SERVERS, NetworkInterfaceId=third.id)
        before = watched(world.appliance.namespace())["to"][0]
        works(world.partner, world.server)
        assert watched(third.namespace())["to"][0] > 0 and watched(world.appliance.namespace())["to"][0] > before
        way = internet.way_of(world.partner)
        assert way.index(world.appliance.id) < way.index(third.id), way
        internet.forwards(third.namespace(), False)
        world.falls(world.partner, world.server, "connect", SERVER, world.appliance.id, third.id)
        table.unroute(SERVERS)
        third.delete()
        works(world.partner, world.server)

    with story.case("an appliance whose own subnet leads back to it is a circle, and said to be one"):
        table.route(SERVERS, NetworkInterfaceId=world.appliance.id)
        world.falls(world.partner, world.server, "route", world.appliance.id)
        table.unroute(SERVERS)
        works(world.partner, world.server)


def abroad(story, world):
    """An appliance in front of a NAT gateway: inspected, then out with the known address."""
    vpc = world.vpc
    public, inside = vpc.subnet("10.61.2.0/24"), vpc.subnet("10.61.3.0/24")
    bank = world.net.server(story, "bank", "198.51.100.22", only="203.0.113.9")
    public_table = internet.RouteTable(vpc, public)
    public_table.route(EVERYWHERE, GatewayId=internet.attach(vpc))
    nat = internet.NatGateway(vpc, public, internet.allocate(world.daemon, "203.0.113.9"))
    wall_table = next(internet.RouteTable(vpc, table=entry["routeTableId"]) for entry in vpc.ec2(
        "DescribeRouteTables", Filter=[{"Name": "association.subnet-id", "Value": [world.wall]}])["routeTableSet"])
    wall_table.route(EVERYWHERE, NatGatewayId=nat.id)
    internet.RouteTable(vpc, inside).route(EVERYWHERE, NetworkInterfaceId=world.appliance.id)
    public_table.route("10.61.3.0/24", NetworkInterfaceId=world.appliance.id)
    partner = internet.partner_through(world.daemon, vpc, vpc.gateway([inside]), bank)
    space = world.appliance.namespace()

    with story.case("through the appliance, then the NAT gateway: the bank sees the known address, the appliance both ways"):
        before = watched(space)
        works(partner, bank, "203.0.113.9")
        after = watched(space)
        assert all(after[way][0] > before[way][0] for way in ("to", "back")), (before, after)
        way = internet.way_of(partner)
        assert way.index(world.appliance.id) < way.index(nat.id) < way.index("203.0.113.9"), way

    with story.case("it drops: nothing comes to the bank, and the sentence names appliance and NAT gateway"):
        with verdict(space, "tcp dport 22 drop"):
            world.falls(partner, bank, "connect", "198.51.100.22", world.appliance.id, nat.id)
        works(partner, bank, "203.0.113.9")

    with story.case("an appliance may have a public address of its own, and be the NAT itself"):
        allocation = internet.allocate(world.daemon, "203.0.113.11")
        masked = internet.Appliance(vpc, public)
        vpc.ec2("AssociateAddress", AllocationId=allocation, NetworkInterfaceId=masked.id)
        masked.namespace().run("nft", "-f", "-", text="table ip own {\n chain out {\n type nat hook postrouting priority 100;"
                               f"\n ip saddr {INSIDE} snat to {masked.address}\n }}\n}}\n")
        open_to_it = world.net.server(story, "open", "198.51.100.23", only="203.0.113.11")
        world.there.route(EVERYWHERE, NetworkInterfaceId=masked.id)
        third = internet.partner_through(world.daemon, vpc, world.gateway, open_to_it)
        works(third, open_to_it, "203.0.113.11")
        world.there.unroute(EVERYWHERE)

    with story.case("no packet with a private address came to the provider"):
        assert world.net.leaks() == 0, world.net.leaks()


def external(story, world):
    """A machine that is there already: the API only has its address."""
    vpc = world.vpc
    vpc_names = set(lan.names())
    machine = vpc.machine(world.network, "firewall", "10.61.5.77/24")
    machine.forward()
    internet.watch(machine)

    with story.case("an external appliance is a machine that is there already: nothing is made, and routes lead through it"):
        made = internet.Appliance(vpc, world.wall, address="10.61.5.77", external=True)
        for table, block in ((world.there, SERVERS), (world.back, INSIDE)):
            table.replace(block, NetworkInterfaceId=made.id)
        works(world.partner, world.server)
        seen = watched(machine)
        assert seen["to"][0] > 0 and seen["back"][0] > 0, seen
        assert not [name for name in set(lan.names()) - vpc_names if made.id in name]
        assert made.id in internet.way_of(world.partner)

    with story.case("it is switched off: nothing gets past, and the sentence names it"):
        internet.forwards(machine, False)
        world.falls(world.partner, world.server, "connect", SERVER, made.id, "10.61.5.77")
        internet.forwards(machine, True)
        works(world.partner, world.server)

    with story.case("it is gone: nothing gets past, and the sentence says that there is no way, however long that takes to find out"):
        world.daemon.stop()
        world.daemon.settings["egress.connect_timeout"] = "60s"  # what is told here is what the network says
        world.daemon.start()
        works(world.partner, world.server)
        machine.ip("link", "set", "eth0", "down")
        with vpc.router().knows_who_is_gone():
            world.falls(world.partner, world.server, "connect", SERVER, "No route to host")
        machine.ip("link", "set", "eth0", "up")
        machine.route("default", "via", "10.61.5.1")
        works(world.partner, world.server)

    with story.case("an appliance is not deleted by accident: a security group, a subnet, a VPC that it uses stay"):
        refused("DependencyViolation", call=lambda: vpc.ec2("DeleteSubnet", SubnetId=world.wall))


with harness.Story() as story:
    needs()
    world = World(story)
    join(story, world)
    count(story, world)
    stand_in_the_way(story, world)
    replace(story, world)
    abroad(story, world)
    external(story, world)
