#!/usr/bin/env python3
"""Many hands make, move and delete what routes are made of, all at once, while sallyport-netd is killed: nobody gets an
internal error, connections go on, and in the end the kernel has what the store says."""

import contextlib
import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import harness  # noqa: E402
import internet  # noqa: E402
from internet import EVERYWHERE, works  # noqa: E402
import lan  # noqa: E402

BANK, KNOWN = "198.51.100.22", "203.0.113.8"
HANDS, SECONDS, KILL_EVERY = 4, 12, 3
BLOCKS = (EVERYWHERE, "198.51.100.0/24", "192.0.2.0/24")
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", time.time_ns() % 1_000_000))
SETTINGS = {**internet.SETTINGS, "egress.connect_timeout": "15s"}


class Place(internet.Ground):
    """One way out that is left alone, and subnets where everybody does what they like."""

    def __init__(self, story):
        super().__init__(story, SETTINGS)
        self.bank = self.net.server(story, "bank", BANK)
        self.vpc = self.new_vpc("10.66.0.0/16")
        self.inside, self.public, *self.wild = (self.vpc.subnet(f"10.66.{number}.0/24") for number in (1, 2, 3, 4))
        self.public_table = internet.RouteTable(self.vpc, self.public)
        self.public_table.route(EVERYWHERE, GatewayId=internet.attach(self.vpc))
        self.table = internet.RouteTable(self.vpc, self.inside)
        self.nat = internet.NatGateway(self.vpc, self.public, internet.allocate(self.daemon, KNOWN))
        self.table.route(EVERYWHERE, NatGatewayId=self.nat.id)
        self.partner = internet.partner_through(self.daemon, self.vpc, self.vpc.gateway([self.inside]), self.bank)
        self.allocations = [internet.allocate(self.daemon) for _ in range(3)]


class Hand:
    """Somebody with a client and whims of their own."""

    def __init__(self, place, seed):
        self.place, self.dice, self.client = place, random.Random(seed), place.daemon.new_client()
        self.broken = []

    def call(self, action, **arguments):
        return self.client.call("ec2", action, arguments)

    def any_nat(self):
        found = self.call("DescribeNatGateways")["natGatewaySet"]
        return self.dice.choice([item["natGatewayId"] for item in found if item["natGatewayId"] != self.place.nat.id])

    def any_interface(self):
        found = self.call("DescribeNetworkInterfaces", Filter=[{"Name": "subnet-id", "Value": self.place.wild}])
        return self.dice.choice([item["networkInterfaceId"] for item in found["networkInterfaceSet"]
                                 if item["interfaceType"] == "interface"])

    def any_table(self):
        found = self.call("DescribeRouteTables", Filter=[{"Name": "vpc-id", "Value": [self.place.vpc.id]}])["routeTableSet"]
        kept = (self.place.table.id, self.place.public_table.id)
        return self.dice.choice([item for item in found if item["routeTableId"] not in kept])

    def make_nat(self):
        self.call("CreateNatGateway", SubnetId=self.dice.choice([self.place.public, *self.place.wild]),
                  AllocationId=self.dice.choice(self.place.allocations))

    def delete_nat(self):
        self.call("DeleteNatGateway", NatGatewayId=self.any_nat())

    def make_table(self):
        made = self.call("CreateRouteTable", VpcId=self.place.vpc.id)["routeTable"]["routeTableId"]
        self.call("AssociateRouteTable", RouteTableId=made, SubnetId=self.dice.choice(self.place.wild))

    def free_table(self):
        association = self.dice.choice(self.any_table()["associationSet"] or [{}])
        self.call("DisassociateRouteTable", AssociationId=association.get("routeTableAssociationId", "rtbassoc-00000001"))

    def delete_table(self):
        self.call("DeleteRouteTable", RouteTableId=self.any_table()["routeTableId"])

    def route(self):
        target = {"NatGatewayId": self.any_nat()} if self.dice.random() < 0.5 else {"NetworkInterfaceId": self.any_interface()}
        self.call(self.dice.choice(("CreateRoute", "ReplaceRoute")), RouteTableId=self.any_table()["routeTableId"],
                  DestinationCidrBlock=self.dice.choice(BLOCKS), **target)

    def unroute(self):
        self.call("DeleteRoute", RouteTableId=self.any_table()["routeTableId"],
                  DestinationCidrBlock=self.dice.choice(BLOCKS))

    def make_interface(self):
        self.call("CreateNetworkInterface", SubnetId=self.dice.choice(self.place.wild))

    def turn_check(self):
        self.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=self.any_interface(),
                  SourceDestCheck={"Value": self.dice.choice((True, False))})

    def associate(self):
        self.call("AssociateAddress", AllocationId=self.dice.choice(self.place.allocations),
                  NetworkInterfaceId=self.any_interface())

    def delete_interface(self):
        self.call("DeleteNetworkInterface", NetworkInterfaceId=self.any_interface())

    WHIMS = (make_nat, delete_nat, delete_nat, make_table, free_table, delete_table, route, route, unroute, make_interface,
             turn_check, associate, delete_interface, delete_interface)

    def work(self, until):
        while time.monotonic() < until:
            try:
                self.dice.choice(self.WHIMS)(self)
            except IndexError:
                continue  # there was nothing to choose from
            except aws.AwsError as error:
                if error.status >= 500:
                    self.broken.append(str(error))


def work(place, hands, kill):
    """What the tests said in the meantime."""
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=hand.work, args=(until,)) for hand in hands]
    for thread in threads:
        thread.start()
    answers, next_kill = [], time.monotonic() + KILL_EVERY
    while time.monotonic() < until:
        answers.append(place.partner.test())
        if kill and time.monotonic() > next_kill:
            next_kill += KILL_EVERY
            with contextlib.suppress(IndexError, ProcessLookupError):
                os.kill(lan.netds(place.daemon)[-1], signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert not [hand.broken for hand in hands if hand.broken], [hand.broken for hand in hands]
    return answers


def agree(place):
    """As many namespaces as interfaces, each address at one of them, the known one at its own."""
    place.owned.learn(place.vpc.id)

    def differences():
        wanted = {item["networkInterfaceId"] for item in place.vpc.ec2("DescribeNetworkInterfaces")["networkInterfaceSet"]}
        return wanted ^ {f"eni-{name.rpartition('-eni-')[2]}" for name in place.owned.names() if "-eni-" in name}

    harness.wait_until(lambda: not differences(), "the kernel to have what the store says", 60)
    found = place.vpc.ec2("DescribeAddresses")["addressesSet"]
    holders = [item["networkInterfaceId"] for item in found if item.get("networkInterfaceId")]
    assert len(holders) == len(set(holders)), found
    works(place.partner, place.bank, KNOWN)


with harness.Story() as story:
    place = Place(story)
    hands = [Hand(place, SEED + number) for number in range(HANDS)]
    with story.case(f"{HANDS} pairs of hands at once (seed {SEED}): a connector in the same VPC goes on, as the same address"):
        answers = work(place, hands, kill=False)
        assert answers and all(answer["Status"] == "OK" for answer in answers), answers
        assert set(place.bank.logins()) == {KNOWN}, set(place.bank.logins())

    with story.case("then the kernel has what the store says"):
        agree(place)

    with story.case("the same while netd is killed again and again"):
        work(place, hands, kill=True)
        agree(place)
        assert set(place.bank.logins()) == {KNOWN}, set(place.bank.logins())
