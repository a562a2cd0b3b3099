#!/usr/bin/env python3
"""Routes, NAT gateways and public addresses are what the store says, whatever dies in the meantime, and nothing is left
of what was deleted."""

import contextlib
import json
import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import internet  # noqa: E402
from internet import EVERYWHERE, fails, tries, works  # noqa: E402
import lan  # noqa: E402
from lan import netds  # noqa: E402
import vpcs  # noqa: E402

BANK = "198.51.100.22"
FIRST, SECOND = "203.0.113.9", "203.0.113.10"
ROUNDS, VPCS = 6, 20
SETTINGS = {**internet.SETTINGS, "egress.address_pools": "ours=203.0.113.8/29,203.0.113.32/27", "network.internet": "true"}
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", time.time_ns() % 1_000_000))


class Place:
    """Gateway, appliance, two NAT gateways, and the bank out there."""

    def __init__(self, story, daemon, net, owned):
        self.daemon, self.net = daemon, net
        self.vpc = vpcs.Vpc(daemon, "10.64.0.0/16", owned, internet.UPLINK)
        self.inside, self.wall, self.public = (self.vpc.subnet(f"10.64.{number}.0/24") for number in (1, 5, 2))
        self.public_table, self.wall_table = (internet.RouteTable(self.vpc, subnet) for subnet in (self.public, self.wall))
        self.public_table.route(EVERYWHERE, GatewayId=internet.attach(self.vpc))
        self.nats = [internet.NatGateway(self.vpc, self.public, internet.allocate(daemon, address))
                     for address in (FIRST, SECOND)]
        self.appliance = internet.Appliance(self.vpc, self.wall)
        self.appliance.watch()
        self.wall_table.route(EVERYWHERE, NatGatewayId=self.nats[0].id)
        self.table = internet.RouteTable(self.vpc, self.inside)
        self.table.route(EVERYWHERE, NetworkInterfaceId=self.appliance.id)
        self.gateway = self.vpc.gateway([self.inside])
        self.bank = net.server(story, "bank", BANK)
        self.partner = internet.partner_through(daemon, self.vpc, self.gateway, self.bank)

    def door(self):
        return lan.interface_of(next(iter(self.vpc.interfaces([self.inside]).values())))

    def works(self, address=FIRST):
        seen = internet.watched(self.appliance.namespace())["to"][0]
        works(self.partner, self.bank, address)
        assert internet.watched(self.appliance.namespace())["to"][0] > seen, "it went past the appliance"


def inodes(names):
    return {name: os.stat(lan.FOLDER / name).st_ino for name in names}


def survive(story, daemon, place, owned):
    with story.case("kill -9 of netd while a transfer runs through appliance and NAT gateway: it goes on, in its connection"):
        place.works()
        digest = flows.write_random(daemon.bucket("files") / "large.bin", 60_000_000)
        logins = len(place.bank.logins())
        transfer = place.partner.send("/files/large.bin", to=place.bank.home)
        harness.wait_until(place.bank.sftp_servers, "the session to begin")
        place.bank.signal_sessions(signal.SIGSTOP, place.bank.sftp_servers())
        worker = netds(daemon)[-1]
        os.kill(worker, signal.SIGKILL)
        harness.wait_until(lambda: netds(daemon) and netds(daemon)[-1] != worker, "another netd")
        place.wall_table.route("100.64.0.0/10", NatGatewayId=place.nats[1].id)  # the new one works
        assert place.door().connect(BANK, 22)
        place.bank.signal_sessions(signal.SIGCONT)
        place.partner.wait_completed(transfer)
        assert flows.sha256_of(place.bank.home / "large.bin") == digest
        assert len(place.bank.logins()) == logins + 1, "the file needed more than one connection"
        place.works()

    with story.case("kill -9 of all of netd: the daemon starts it again, and nothing was made anew"):
        before = inodes(owned.names())
        for pid in netds(daemon):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        place.works()
        assert inodes(before) == before

    with story.case("a stop and a start of the daemon: a connection through the NAT gateway lives, nothing was made anew"):
        before, kernel = inodes(owned.names()), kernel_of(owned)
        lasting = place.door().connect(BANK, 22)
        daemon.stop()
        assert lasting.recv(8) == b"SSH-2.0-"
        daemon.start()
        place.works()
        assert inodes(before) == before and kernel_of(owned) == kernel, (kernel, kernel_of(owned))
        lasting.sendall(b"SSH-2.0-lives\r\n")
        assert lasting.recv(2000)
        lasting.close()

    with story.case("kill -9 of the daemon: what was made stays, and the next start finds it"):
        left = netds(daemon)
        daemon.kill()
        harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in left), "netd to leave")
        daemon.start()
        place.works()

    with story.case("a NAT gateway that was deleted while netd stood still is gone after the next start, and its address is dead"):
        place.wall_table.replace(EVERYWHERE, NatGatewayId=place.nats[1].id)
        place.works(SECOND)
        stopped = netds(daemon)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        place.nats[1].delete()
        daemon.kill()
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.start()
        fails(place.partner, "route", place.nats[1].id)
        harness.wait_until(lambda: not lan.names(f"-{place.nats[1].interface}"), "its namespace to go")
        harness.wait_until(lambda: f"{SECOND}/32" not in str(place.vpc.router().addresses()), "its address to go")
        place.nats[1] = internet.NatGateway(place.vpc, place.public, allocation_of(daemon, SECOND))
        place.wall_table.replace(EVERYWHERE, NatGatewayId=place.nats[0].id)
        place.works(FIRST)


def kernel_of(owned):
    """Routes, rules and tables of all that netd made, by namespace."""
    found = {}
    for name in owned.names():
        space = lan.Namespace(name)
        links = sorted((link["ifname"], link.get("address")) for link in space.ip_json("link"))
        found[name] = (space.ip("rule"), sorted(space.ip("route", "show", "table", "all").splitlines()), links)
    return found


def allocation_of(daemon, address):
    found = daemon.client.call("ec2", "DescribeAddresses", {"PublicIp": [address]})
    return found["addressesSet"][0]["allocationId"]


def churn(daemon, place, count, rng):
    """Replaces a route again and again; a daemon that dies on the way is what we are here for. The last answer."""
    client, last = daemon.new_client(), None
    with contextlib.suppress(OSError, aws.AwsError):
        for _ in range(count):
            nat = rng.choice(place.nats)
            client.call("ec2", "ReplaceRoute", {"RouteTableId": place.wall_table.id, "DestinationCidrBlock": EVERYWHERE,
                                                "NatGatewayId": nat.id})
            last = nat
    client.close()
    return last


def struck(story, daemon, place):
    rng = random.Random(SEED)
    with story.case(f"{ROUNDS} times kill -9 of netd or the daemon while routes change (seed {SEED}): the kernel has the store's"):
        for number in range(ROUNDS):
            maker = threading.Thread(target=churn, args=(daemon, place, rng.randrange(20, 60), random.Random(rng.random())))
            maker.start()
            time.sleep(rng.uniform(0.0, 0.3))  # not a wait: the moment of the blow
            if number % 2 == 0:
                with contextlib.suppress(IndexError, ProcessLookupError):
                    os.kill(netds(daemon)[-1], signal.SIGKILL)
                maker.join()
            else:
                daemon.kill()
                maker.join()
                daemon.start()
            chosen = place.wall_table.shown()[EVERYWHERE][0]
            place.works(FIRST if chosen == place.nats[0].id else SECOND)
        place.wall_table.replace(EVERYWHERE, NatGatewayId=place.nats[0].id)
        place.works()


def reboot(story, daemon, place, owned):
    with story.case("after a reboot, when every namespace is gone, a start makes all of it again"):
        daemon.stop()
        for name in owned.names():
            lan.remove(name)
        daemon.start()
        place.vpc.wait_gateway(place.gateway)
        harness.wait_until(place.appliance.is_made, "the appliance's namespace")
        place.appliance.watch()
        place.works()

    with story.case("routes, rules and packet filters that were taken away by hand are back after the next start"):
        router = place.vpc.router()
        router.run("nft", "flush", "ruleset")
        for line in router.ip("rule").splitlines():
            if "iif" in line:
                router.ip("rule", "del", "pref", line.partition(":")[0])
        before = tries(place.bank), place.net.leaks()
        with contextlib.suppress(OSError):
            place.door().connect(BANK, 22, seconds=1).close()
        daemon.stop()
        daemon.start()
        place.works()
        assert place.net.leaks() == before[1], "packets with private addresses came to the provider"


def many(story, daemon, net, owned, place):
    """@VPCS customers of one host, half by its uplink, half by the host's own forwarding."""
    before = things(net.home)
    spaces = set(owned.names())
    made, pool = [], [f"203.0.113.{32 + number}" for number in range(VPCS)]
    for address in pool[1::2]:
        net.router.route(f"{address}/32", "via", internet.HOME)

    with story.case(f"{VPCS} VPCs with the same block, each with a NAT gateway and an address of its own, never mix"):
        for number, address in enumerate(pool):
            vpc = vpcs.Vpc(daemon, "10.65.0.0/16", owned, internet.UPLINK if number % 2 == 0 else None)
            inside, public = vpc.subnet("10.65.1.0/24"), vpc.subnet("10.65.2.0/24")
            leads = internet.attach(vpc)
            tables = [internet.RouteTable(vpc, public), internet.RouteTable(vpc, inside)]
            tables[0].route(EVERYWHERE, GatewayId=leads)
            allocation = internet.allocate(daemon, address)
            nat = internet.NatGateway(vpc, public, allocation)
            tables[1].route(EVERYWHERE, NatGatewayId=nat.id)
            partner = internet.partner_through(daemon, vpc, vpc.gateway([inside]), place.bank)
            made.append((vpc, leads, tables, allocation, nat, partner, address))
        for *_, partner, address in made:
            works(partner, place.bank, address)

    with story.case("when they are deleted, nothing is left: no namespace, no link, no route, no rule, no table on the host"):
        for vpc, leads, tables, allocation, nat, partner, _ in made:
            delete(vpc, leads, tables, allocation, nat, partner)
        harness.wait_until(lambda: set(owned.names()) == spaces, "the namespaces to go")
        harness.wait_until(lambda: things(net.home) == before, "links, routes and rules of the host to go")
        place.works()
        assert not [entry for entry in place.vpc.ec2("DescribeNetworkInterfaces")["networkInterfaceSet"]
                    if entry["vpcId"] != place.vpc.id]

    with story.case("no packet with a private address came to the provider"):
        assert net.leaks() == 0, net.leaks()


def delete(vpc, leads, tables, allocation, nat, partner):
    partner.call("DeleteConnector", ConnectorId=partner.id)
    vpc.lattice("DELETE", f"/resourceconfigurations/{partner.arn.rpartition('/')[2]}")
    for item in vpc.lattice("GET", "/resourcegateways")["items"]:
        if item["vpcIdentifier"] == vpc.id:
            vpc.lattice("DELETE", f"/resourcegateways/{item['id']}")
            vpc.wait_no_gateway(item["id"])
    nat.delete()
    vpc.ec2("ReleaseAddress", AllocationId=allocation)
    for table in tables:
        for association in table.associations.values():
            vpc.ec2("DisassociateRouteTable", AssociationId=association)
        vpc.ec2("DeleteRouteTable", RouteTableId=table.id)
    vpc.ec2("DetachInternetGateway", InternetGatewayId=leads, VpcId=vpc.id)
    vpc.ec2("DeleteInternetGateway", InternetGatewayId=leads)
    for subnet in vpc.ec2("DescribeSubnets", Filter=[{"Name": "vpc-id", "Value": [vpc.id]}])["subnetSet"]:
        vpc.ec2("DeleteSubnet", SubnetId=subnet["subnetId"])
    vpc.ec2("DeleteVpc", VpcId=vpc.id)


def things(home):
    """Where a host could have something left of it."""
    links = sorted(link["ifname"] for link in home.ip_json("link"))
    rules = json.loads(home.run("nft", "-j", "list", "ruleset"))["nftables"]
    tables = sorted(str(entry["table"]["name"]) for entry in rules if "table" in entry)
    return links, sorted(home.ip("route", "show", "table", "all").splitlines()), home.ip("rule"), tables


with harness.Story() as story:
    ground = internet.Ground(story, SETTINGS)
    daemon, net, owned = ground.daemon, ground.net, ground.owned
    place = Place(story, daemon, net, owned)
    survive(story, daemon, place, owned)
    struck(story, daemon, place)
    reboot(story, daemon, place, owned)
    many(story, daemon, net, owned, place)
