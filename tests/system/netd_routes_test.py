#!/usr/bin/env python3
"""sallyport-netd: route tables, NAT gateways, appliances and ways out, in a real kernel with packets that travel.

     the host                    the provider                    servers
    ┌─────────────────┐        ┌────────────────────┐        ┌──────────────┐
    │ netd   up0, .9  ├────────┤ 192.0.2.1          ├────────┤ 198.51.100.2 │
    └─────────────────┘        │ 203.0.113.0/24: us │        │        and 3 │
                               └────────────────────┘        └──────────────┘
"""

import errno
import os
import random
import secrets
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from echo import Echo, PORT, connected, says  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import netd  # noqa: E402

SERVER, OTHER = "198.51.100.2", "198.51.100.3"
FIRST, SECOND = "203.0.113.8", "203.0.113.9"
CRASHES = 12
VPC_BLOCK = "10.20.0.0/16"


def is_cut(made):
    made.settimeout(1)
    try:
        says(made, b"cut?")
        return False
    except OSError:
        return True


def source_of(peer, eni, echo, address=SERVER):
    """Who the server sees."""
    with connected(peer, eni, address) as made:
        assert says(made)
    return echo.seen[-1]


def error_of(peer, eni, address=SERVER, seconds=1, port=PORT):
    """How a connection fails."""
    with peer.open_one(eni) as made:
        made.settimeout(seconds)
        try:
            made.connect((address, port))
        except TimeoutError:
            return errno.ETIMEDOUT
        except OSError as error:
            return error.errno
    raise AssertionError(f"{address} was reached")


def is_unreachable(peer, eni, address=SERVER, **more):
    """The router says so; the kernel is told not to limit how often."""
    peer.namespace(eni.subnet.vpc).run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit")
    error = error_of(peer, eni, address, seconds=20, **more)
    if error != errno.EHOSTUNREACH:
        print(f"# instead of unreachable, {address} was: {errno.errorcode[error]}")
    return error == errno.EHOSTUNREACH


class World:
    """@to_host: the provider leads the public addresses to the host; else they are looked for on the wire."""

    def __init__(self, story, ground, name, to_host=False):
        self.host, self.provider = ground.namespace(f"{name}-host"), ground.namespace(f"{name}-provider")
        self.servers = ground.namespace(f"{name}-servers")
        ground.cable(self.host, "up0", "192.0.2.9/24", self.provider, "down0", "192.0.2.1/24")
        ground.cable(self.provider, "out0", "198.51.100.1/24", self.servers, "in0", f"{SERVER}/24")
        self.servers.ip("addr", "add", f"{OTHER}/24", "dev", "in0")
        self.servers.route("default", "via", "198.51.100.1")
        self.host.route("default", "via", "192.0.2.1")
        self.provider.forward()
        self.provider.route("203.0.113.0/24", *(("via", "192.0.2.9") if to_host else ("dev", "down0")))
        self.provider.count("leaks", "iifname down0 ip saddr { 10.0.0.0/8, 169.254.0.0/16 }")
        self.echo = story.enter(Echo(self.servers, SERVER))
        self.other = story.enter(Echo(self.servers, OTHER))

    def leaks(self):
        """Packets of private addresses that got out."""
        return self.provider.counted("leaks")


class Place:
    """A VPC with a private and a public subnet, each with a table of its own."""

    def __init__(self, uplink):
        more = {"uplink": "up0", "router": "192.0.2.1"} if uplink else {}
        self.vpc = netd.Vpc(VPC_BLOCK)
        self.inner, self.outer = netd.Table(self.vpc), netd.Table(self.vpc)
        self.private = netd.Subnet(self.vpc, "10.20.1.0/24", table=self.inner)
        self.public = netd.Subnet(self.vpc, "10.20.2.0/24", table=self.outer)
        self.nat = netd.Eni(self.public, "10.20.2.7", role=netd.NAT)
        self.eni = netd.Eni(self.private, "10.20.1.20")
        self.internet = netd.Internet(self.vpc, {self.nat.address: FIRST}, **more)
        self.inner.routes = {"0.0.0.0/0": self.nat.address}
        self.outer.routes = {"0.0.0.0/0": "internet"}

    def things(self):
        return [self.vpc, self.private, self.public, self.internet, self.inner, self.outer, self.nat, self.eni]


def indexes(one, things):
    """The kernel's numbers of all links: one that was made anew has another."""
    found = {}
    for thing in things:
        if isinstance(thing, (netd.Vpc, netd.Eni, netd.Internet)):
            for link in one.namespace(thing).ip_json("link"):
                found[thing.id, link["ifname"]] = link["ifindex"]
    return found


def table_of(router, table):
    """{(destination, "behind" or ""): kind or next hop}"""
    try:
        found = router.ip_json("route", "show", "table", table.number)
    except RuntimeError:
        return {}  # there is none
    return {(route["dst"], "behind" if route.get("metric") == 9999 else ""): route.get("gateway", route.get("type"))
            for route in found}


def rules_of(router):
    """{bridge: table}"""
    return {rule["iif"]: rule["table"] for rule in router.ip_json("rule") if rule["priority"] == 10000}


def host_routes(host, end):
    """What leads to the gateway's end on the host."""
    try:
        return sorted(route["dst"] for route in host.ip_json("route", "show", "dev", end))
    except RuntimeError:
        return []


# ---- the way out ----------------------------------------------------------------------------------------------------


def ways_out(story, one, world, place):
    router, gateway = one.namespace(place.vpc), one.namespace(place.internet)
    with story.case("the server sees the NAT gateway's public address"):
        assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("an administrator sees bridges that go by tables, with unreachable behind every route"):
        assert rules_of(router) == {place.private.bridge: place.inner.number, place.public.bridge: place.outer.number}
        assert table_of(router, place.inner) == {("default", ""): "10.20.2.7", ("default", "behind"): "unreachable",
                                                 (VPC_BLOCK, ""): "throw"}
        assert place.internet.way in router.addresses()
        assert f"{FIRST}/32" in gateway.addresses()["internet"]
    with story.case("who has no public address does not get out, and is counted"):
        bare = netd.Eni(place.public, "10.20.2.30")
        netd.make(one, bare)
        before = netd.refusals_in(gateway.run("nft", "list", "table", "inet", "sallyport"))
        assert error_of(one, bare, seconds=4) == errno.ETIMEDOUT  # a port of a bridge takes a second to open
        assert netd.refusals_in(gateway.run("nft", "list", "table", "inet", "sallyport")) > before
        one.ask("REMOVE", id=bare.id)
    with story.case("nothing comes in that was not asked for: neither the NAT gateway, the gateway nor the router answers"):
        for address in (FIRST, "10.20.2.7", "10.20.1.20"):
            world.provider.route("10.20.0.0/16", "dev", "down0")
            try:
                world.servers.connect(address, 22, seconds=1).close()
                raise AssertionError(f"{address} answers")
            except OSError as error:
                assert not isinstance(error, ConnectionRefusedError), f"{address} answers that nothing listens"
        world.provider.ip("route", "del", "10.20.0.0/16")
    with story.case("an interface of a user's with an address of its own is reached under it, as far as it lets in"):
        own = netd.Eni(place.public, "10.20.2.40")
        place.internet.mappings["10.20.2.40"] = SECOND
        netd.make(one, place.internet, own)
        assert source_of(one, own, world.echo) == SECOND
        inside = one.namespace(own)
        inside.run("nft", "add", "rule", "inet", "sallyport", "input", "tcp", "dport", str(PORT), "accept")
        with Echo(inside, "10.20.2.40") as echo, world.servers.connect(SECOND, PORT) as made:
            assert says(made) and echo.seen == [SERVER]
    with story.case("inside the VPC one reaches another by its public address, and is seen under its own"):
        with Echo(inside, "10.20.2.40") as echo, connected(one, place.eni, SECOND) as made:
            assert says(made) and echo.seen == [FIRST]
    with story.case("a time that ran out and a port that is closed are told through all translations"):
        assert error_of(one, place.eni, SERVER, port=9) == errno.ECONNREFUSED
        world.servers.run("nft", "-f", "-", text="table inet no {\n chain in {\n type filter hook input priority 0;\n"
                          " tcp dport 10 reject with icmp type admin-prohibited\n }\n}\n")
        assert is_unreachable(one, place.eni, SERVER, port=10)
    with story.case("an address that moves takes the door with it at once; what went by it stops"):
        with connected(one, own, SERVER) as old:
            assert says(old)
            place.internet.mappings = {place.nat.address: SECOND}
            netd.make(one, place.internet)
            assert source_of(one, place.eni, world.echo) == SECOND
            assert is_cut(old)
        assert error_of(one, own) == errno.ETIMEDOUT
    with story.case("also one that never waits: datagrams from the same port take the new address"):
        with world.servers.socket(kind=socket.SOCK_DGRAM) as there, one.open(place.eni, 0, 1)[0] as made:
            there.bind((SERVER, 4000))
            there.settimeout(3)
            for number, public in enumerate((SECOND, FIRST, SECOND, FIRST)):
                place.internet.mappings = {place.nat.address: public}
                netd.make(one, place.internet)
                made.sendto(b"x", (SERVER, 4000))
                seen = there.recvfrom(10)[1][0]
                assert seen == public, (number, seen)
        one.ask("REMOVE", id=own.id)
    with story.case("when the public address is taken away nothing gets out any more, old or new"):
        with connected(one, place.eni, SERVER) as made:
            place.internet.mappings = {}
            netd.make(one, place.internet)
            assert is_cut(made)
        assert error_of(one, place.eni) == errno.ETIMEDOUT
        place.internet.mappings = {place.nat.address: FIRST}
        netd.make(one, place.internet)
        assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("nothing of all that has left with a private address"):
        assert world.leaks() == 0


def nat(story, one, world, place):
    inside = one.namespace(place.nat)
    with story.case("a NAT gateway forwards what comes from its VPC, and sends nothing of its own"):
        assert inside.run("cat", "/proc/sys/net/ipv4/ip_forward").strip() == "1"
        try:
            inside.connect(SERVER, PORT, seconds=1).close()
            raise AssertionError("it got out")
        except OSError:
            pass
        stranger = netd.Eni(place.public, "10.20.2.31")
        netd.make(one, stranger)
        other = one.namespace(stranger)
        other.run("nft", "flush", "ruleset")
        other.ip("addr", "add", "172.16.9.9/32", "dev", "eth0")
        other.route(f"{SERVER}/32", "via", "10.20.2.7")
        before = netd.refusals_in(inside.run("nft", "list", "chain", "inet", "sallyport", "forward"))
        try:
            other.connect(SERVER, PORT, seconds=1, source="172.16.9.9").close()
            raise AssertionError("it got out")
        except OSError:
            pass
        assert netd.refusals_in(inside.run("nft", "list", "chain", "inet", "sallyport", "forward")) > before
        one.ask("REMOVE", id=stranger.id)
    with story.case("a NAT gateway without a public address leads to the administrator's networks, as one address"):
        router = one.namespace(place.vpc)
        office = story.enter(lan.Lan()).namespace("office")
        lan.Lan().cable(router, "byhand0", "172.30.5.1/24", office, "in0", "172.30.5.2/24")
        office.allow_only("10.20.2.8", PORT)
        office.route(VPC_BLOCK, "via", "172.30.5.1")
        echo = story.enter(Echo(office, "172.30.5.2"))
        inner_nat = netd.Eni(place.public, "10.20.2.8", role=netd.NAT)
        place.inner.routes["172.30.0.0/16"] = inner_nat.address
        netd.make(one, inner_nat, place.inner)
        # in the NAT gateway's subnet no route of the table matches: the administrator's own ones lead on
        place.outer.routes = {"198.51.100.0/24": "internet"}
        netd.make(one, place.outer)
        assert source_of(one, place.eni, echo, "172.30.5.2") == "10.20.2.8"
        place.outer.routes = {"0.0.0.0/0": "internet", "172.30.5.0/24": "blackhole"}
        netd.make(one, place.outer)
        assert error_of(one, place.eni, "172.30.5.2") == errno.ETIMEDOUT
        place.outer.routes = {"0.0.0.0/0": "internet"}
        del place.inner.routes["172.30.0.0/16"]
        netd.make(one, place.outer, place.inner)
        one.ask("REMOVE", id=inner_nat.id)


def tables(story, one, world, place):
    router = one.namespace(place.vpc)
    with story.case("a blackhole swallows, and longer prefixes win"):
        place.inner.routes[f"{OTHER}/32"] = "blackhole"
        netd.make(one, place.inner)
        assert error_of(one, place.eni, OTHER) == errno.ETIMEDOUT
        assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("a route that goes leaves nothing behind, and connections on others live on"):
        with connected(one, place.eni, SERVER) as made:
            del place.inner.routes[f"{OTHER}/32"]
            netd.make(one, place.inner)
            assert set(table_of(router, place.inner)) == {("default", ""), ("default", "behind"), (VPC_BLOCK, "")}
            assert source_of(one, place.eni, world.other, OTHER) == FIRST
            assert says(made)
    with story.case("a table that nobody has told leads nowhere, not even to the next subnet"):
        untold = netd.Table(place.vpc)
        place.private.table = untold
        netd.make(one, place.private)
        assert is_unreachable(one, place.eni)
        assert is_unreachable(one, place.eni, "10.20.2.7")
        assert table_of(router, untold) == {("default", "behind"): "unreachable"}
        netd.make(one, untold)  # empty: local, and what the administrator has set
        assert table_of(router, untold) == {(VPC_BLOCK, ""): "throw"}
        place.private.table = place.inner
        netd.make(one, place.private)
        one.ask("REMOVE", id=untold.id)
        assert table_of(router, untold) == {} and source_of(one, place.eni, world.echo) == FIRST
    with story.case("a route that cannot be made leads nowhere, is told, and keeps no other from being made"):
        place.inner.routes.update({"198.51.100.3/32": "10.20.77.7", "192.0.2.0/24": "blackhole"})
        told = netd.refused("NOT_FOUND", "198.51.100.3/32", netd.make, one, place.inner)
        assert "10.20.77.7" in told and place.inner.id in told, told
        assert is_unreachable(one, place.eni, OTHER)  # and not by the default route
        assert table_of(router, place.inner)["192.0.2.0/24", ""] == "blackhole"
        assert source_of(one, place.eni, world.echo) == FIRST
        place.inner.routes["198.51.100.3/32"] = "10.20.2.1"  # the router's own address
        netd.refused("INVALID", "10.20.2.1", netd.make, one, place.inner)
        assert is_unreachable(one, place.eni, OTHER)
        del place.inner.routes["198.51.100.3/32"], place.inner.routes["192.0.2.0/24"]
        netd.make(one, place.inner)
    with story.case("when an interface is gone, what was led by it goes nowhere, whatever else could carry it"):
        router.route("198.51.100.0/24", "via", "10.20.1.20")  # a way that nobody shall take
        router.ip("link", "set", place.internet.way, "down")
        assert error_of(one, place.eni) in (errno.EHOSTUNREACH, errno.ETIMEDOUT)
        assert table_of(router, place.outer) == {("default", "behind"): "unreachable", (VPC_BLOCK, ""): "throw"}
        router.ip("link", "del", place.public.bridge)
        assert table_of(router, place.inner) == {("default", "behind"): "unreachable", (VPC_BLOCK, ""): "throw"}
        assert is_unreachable(one, place.eni)
        router.ip("route", "del", "198.51.100.0/24")
    with story.case("links that are made anew have their routes again, untold"):
        netd.make(one, place.public, place.nat)
        assert table_of(router, place.inner)["default", ""] == "10.20.2.7"
        router.ip("link", "del", place.internet.way)
        netd.make(one, place.internet)
        assert ("default", "") in table_of(router, place.outer)
        assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("the VPC's own block goes by the bridges, unless a longer prefix says otherwise"):
        neighbour = netd.Eni(place.public, "10.20.2.50")
        netd.make(one, neighbour)
        inside = one.namespace(neighbour)
        inside.run("nft", "flush", "ruleset")
        with Echo(inside, "10.20.2.50") as echo:
            assert source_of(one, place.eni, echo, "10.20.2.50") == "10.20.1.20"
            place.inner.routes["10.20.2.48/28"] = "blackhole"
            netd.make(one, place.inner)
            assert error_of(one, place.eni, "10.20.2.50") == errno.ETIMEDOUT
            place.inner.routes.pop("10.20.2.48/28")
            place.inner.routes[VPC_BLOCK] = "blackhole"
            netd.make(one, place.inner)
            assert error_of(one, place.eni, "10.20.2.50") == errno.ETIMEDOUT
            place.inner.routes.pop(VPC_BLOCK)
            netd.make(one, place.inner)
            assert source_of(one, place.eni, echo, "10.20.2.50") == "10.20.1.20"
        one.ask("REMOVE", id=neighbour.id)
    with story.case("a table that goes while a subnet still goes by it leads nowhere"):
        one.ask("REMOVE", id=place.outer.id)
        assert table_of(router, place.outer) == {("default", "behind"): "unreachable"}
        assert error_of(one, place.eni) in (errno.EHOSTUNREACH, errno.ETIMEDOUT)
        netd.make(one, place.outer)
        assert source_of(one, place.eni, world.echo) == FIRST


def appliances(story, one, world, place):
    router = one.namespace(place.vpc)
    only = [netd.Rule(protocol=6, from_port=PORT, to_port=PORT)]
    inspected = netd.Table(place.vpc, {"0.0.0.0/0": place.nat.address})
    between = netd.Subnet(place.vpc, "10.20.3.0/24", table=inspected)
    appliance = netd.Eni(between, "10.20.3.5", only, role=netd.APPLIANCE)
    netd.make(one, inspected, between, appliance)
    inside = one.namespace(appliance)
    inside.count("through", f"tcp dport {PORT}")
    with story.case("what a route leads to an appliance goes through it, and then by the appliance's subnet's table"):
        place.inner.routes = {"0.0.0.0/0": appliance.address}
        netd.make(one, place.inner)
        assert source_of(one, place.eni, world.echo) == FIRST
        assert inside.counted("through") > 0
    with story.case("its security groups hold for what goes through"):
        before = netd.refusals_in(inside.run("nft", "list", "chain", "inet", "sallyport", "forward"))
        assert error_of(one, place.eni, SERVER, port=9) == errno.ETIMEDOUT
        assert netd.refusals_in(inside.run("nft", "list", "chain", "inet", "sallyport", "forward")) > before
    with story.case("it forwards nothing while its addresses are checked, and again when they are not"):
        with connected(one, place.eni, SERVER) as made:
            appliance.role = netd.GATEWAY
            netd.make(one, appliance)
            assert error_of(one, place.eni) == errno.ETIMEDOUT
            assert inside.run("cat", "/proc/sys/net/ipv4/ip_forward").strip() == "0"
            appliance.role = netd.APPLIANCE
            netd.make(one, appliance)
            assert says(made)
    with story.case("it may stand behind the NAT gateway too: what passes the router twice is translated all the same"):
        place.inner.routes = {"0.0.0.0/0": place.nat.address}
        place.outer.routes = {"0.0.0.0/0": appliance.address}
        inspected.routes = {"0.0.0.0/0": "internet"}
        netd.make(one, place.inner, place.outer, inspected)
        before = inside.counted("through")
        assert source_of(one, place.eni, world.echo) == FIRST
        assert inside.counted("through") > before
        place.outer.routes = {"0.0.0.0/0": "internet"}
        netd.make(one, place.outer)
    with story.case("one that is gone leads nowhere"):
        place.inner.routes = {"0.0.0.0/0": appliance.address}
        netd.make(one, place.inner)
        one.ask("REMOVE", id=appliance.id)
        assert is_unreachable(one, place.eni)
        one.ask("REMOVE", id=between.id)  # its bridge goes, and the route stays a wall
        assert table_of(router, place.inner) == {("default", "behind"): "unreachable", (VPC_BLOCK, ""): "throw"}
        assert between.bridge not in rules_of(router)
        one.ask("REMOVE", id=inspected.id)
        assert table_of(router, inspected) == {}
    place.inner.routes = {"0.0.0.0/0": place.nat.address}
    netd.make(one, place.inner)


# ---- again and again ------------------------------------------------------------------------------------------------


def differences(story, folder, one, world, place, **how):
    with story.case("said again it is left alone, and a connection through all of it lives on"):
        with connected(one, place.eni, SERVER) as made:
            assert says(made)
            before = indexes(one, place.things())
            netd.say_all(one, *place.things())
            assert indexes(one, place.things()) == before
            assert says(made)
    with story.case("it lives on through kill -9, and while others come and go"):
        with connected(one, place.eni, SERVER) as made:
            first = one.working()
            os.kill(first, signal.SIGKILL)
            one.hello()
            assert one.working() != first
            assert says(made)
            netd.say_all(one, *place.things())
            assert indexes(one, place.things()) == before
            extra = netd.Subnet(place.vpc, "10.20.9.0/24")
            place.internet.mappings["10.20.9.9"] = SECOND
            place.outer.routes["100.64.0.0/10"] = "blackhole"
            netd.make(one, extra, netd.Eni(extra, "10.20.9.9"), place.internet, place.outer)
            assert says(made)
            del place.internet.mappings["10.20.9.9"], place.outer.routes["100.64.0.0/10"]
            netd.say_all(one, *place.things())
            assert says(made)
            assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("what somebody broke by hand is mended"):
        router, gateway = one.namespace(place.vpc), one.namespace(place.internet)
        router.ip("route", "flush", "table", place.inner.number)
        router.ip("rule", "flush")
        router.ip("rule", "add", "lookup", "main", "priority", "32766")
        gateway.run("nft", "flush", "ruleset")
        gateway.ip("addr", "flush", "dev", "internet")
        gateway.ip("link", "set", "internet", "down")
        one.namespace(place.nat).run("nft", "flush", "ruleset")
        netd.say_all(one, *place.things())
        assert source_of(one, place.eni, world.echo) == FIRST
        router.ip("link", "del", place.internet.way)
        for _ in range(5):  # the kernel takes its interfaces away later
            lan.remove(gateway.name)
            netd.say_all(one, *place.things())
        assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("an administrator's rules and tables stay"):
        router.ip("rule", "add", "from", "192.0.2.77", "lookup", "77", "priority", "777")
        router.ip("route", "add", "blackhole", "192.0.2.78", "table", "77")
        one.control.close()
        one.process.wait()
        one = story.enter(netd.Netd(folder, owner=one.owner, **how))
        one.hello()
        leftover = netd.Table(place.vpc)
        router.ip("route", "add", "blackhole", "192.0.2.79", "table", leftover.number)
        netd.say_all(one, *place.things())
        assert "192.0.2.78" in router.ip("route", "show", "table", "77") and "777:" in router.ip("rule")
        assert table_of(router, leftover) == {}  # one of ours that nobody names
        assert source_of(one, place.eni, world.echo) == FIRST
    return one


def crashes(story, folder, world, uplink, **how):
    place = Place(uplink)
    things = place.things()
    with story.case(f"{CRASHES} kills -9 in the middle leave nothing that the next cannot mend, and no leak"):
        owner = secrets.token_hex(4)
        source = random.Random(21)
        for crash in range(CRASHES):
            with netd.Netd(folder, owner, **how) as one:
                one.hello()
                one.send("OWNER", owner=owner)
                one.send("BEGIN")
                named = things if crash % 2 == 0 else things[:2]
                orders = [order for thing in named for order in thing.orders()]
                for kind, values in orders:
                    one.send(kind, **values)
                one.send("END")
                for _ in range(source.randrange(2, len(orders) + 3)):
                    answer = one.receive()
                    assert answer.kind == "DONE", answer
                time.sleep(source.random() / 50)  # somewhere inside the next one
                one.kill()
                one.clean = lambda: None  # what is left is for the next one
        with netd.Netd(folder, owner, **how) as one:
            one.hello()
            netd.say_all(one, *things)
            assert source_of(one, place.eni, world.echo) == FIRST
            netd.say_all(one)
            assert one.namespaces() == []
            assert place.internet.host_end not in world.host.ip("link")
        assert world.leaks() == 0


def goes(story, one, world, place):
    with story.case("nothing is left in the router when only the VPC is wanted, and nothing anywhere in the end"):
        router = one.namespace(place.vpc)
        place.vpc.main.routes = {}
        netd.say_all(one, place.vpc)
        assert one.namespaces() == [router.name]
        links = {link["ifname"] for link in router.ip_json("link")} - {"lo", "byhand0"}
        assert links == set() and rules_of(router) == {}
        assert table_of(router, place.inner) == {} and table_of(router, place.outer) == {}
        netd.say_all(one)
        assert one.namespaces() == []
        assert {link["ifname"] for link in world.host.ip_json("link")} == {"lo", "up0"}


def by_uplink(story, folder, ground):
    world = World(story, ground, "wire")
    how = {"prefix": world.host.prefix}
    one = story.enter(netd.Netd(folder, **how))
    one.begin()
    place = Place(uplink=True)
    with story.case("a way out by a real interface: a host of its own there, which has the public addresses"):
        netd.make(one, *place.things())
        link = next(link for link in one.namespace(place.internet).ip_json("link") if link["ifname"] == "internet")
        assert link["linkinfo"]["info_kind"] == "macvlan"
        assert world.host.addresses()["up0"] == ["192.0.2.9/24"]
        assert {link["ifname"] for link in world.host.ip_json("link")} == {"lo", "up0"}
    ways_out(story, one, world, place)
    nat(story, one, world, place)
    tables(story, one, world, place)
    appliances(story, one, world, place)
    with story.case("a public address that comes to another gateway is announced to the neighbours"):
        twin = Place(uplink=True)
        twin.internet.mappings = {}
        netd.make(one, *twin.things())
        assert source_of(one, place.eni, world.echo) == FIRST  # the provider knows who has it
        place.internet.mappings, twin.internet.mappings = {}, {twin.nat.address: FIRST}
        netd.make(one, place.internet, twin.internet)
        assert source_of(one, twin.eni, world.echo) == FIRST
        twin.internet.mappings, place.internet.mappings = {}, {place.nat.address: FIRST}
        netd.make(one, twin.internet, place.internet)
        assert source_of(one, place.eni, world.echo) == FIRST
        one.ask("REMOVE", id=twin.vpc.id)
        assert not one.namespace(twin.internet).path.exists()
    with story.case("the router's own address on the wire is used beside the public ones"):
        place.internet.own = "192.0.2.50/24"
        netd.make(one, place.internet)
        assert sorted(one.namespace(place.internet).addresses()["internet"]) == ["192.0.2.50/24", f"{FIRST}/32"]
        assert source_of(one, place.eni, world.echo) == FIRST
        place.internet.own = "/0"
        netd.make(one, place.internet)
    with story.case("an uplink that is not there is named; the routes by it lead nowhere"):
        lost = Place(uplink=True)
        lost.internet.uplink = "nowhere0"
        netd.make(one, *lost.things()[:3])
        told = netd.refused("NOT_FOUND", "this host has none of that name", netd.make, one, lost.internet)
        assert lost.internet.id in told
        netd.refused("NOT_FOUND", "0.0.0.0/0", netd.make, one, lost.outer)
        netd.make(one, lost.inner, lost.nat, lost.eni)
        assert error_of(one, lost.eni) in (errno.EHOSTUNREACH, errno.ETIMEDOUT)
        one.ask("REMOVE", id=lost.vpc.id)
    with story.case("without the switch a way out to this host is refused, with the two ways to have one"):
        inner = Place(uplink=False)
        netd.make(one, *inner.things()[:3])
        told = netd.refused("UNSUPPORTED", "--internet", netd.make, one, inner.internet)
        assert "uplink" in told
        one.ask("REMOVE", id=inner.vpc.id)
    one = differences(story, folder, one, world, place, **how)
    crashes(story, folder, world, True, **how)
    goes(story, one, world, place)


def by_host(story, folder, ground):
    world = World(story, ground, "host", to_host=True)
    how = {"prefix": world.host.prefix, "switches": ["--internet"]}
    one = story.enter(netd.Netd(folder, **how))
    one.begin()
    place = Place(uplink=False)
    with story.case("a way out to this host: it forwards, and has a route to each public address"):
        netd.make(one, *place.things())
        assert host_routes(world.host, place.internet.host_end) == [FIRST]
        assert world.host.run("cat", "/proc/sys/net/ipv4/ip_forward").strip() == "1"
        links = {link["ifname"]: link for link in world.host.ip_json("link")}
        assert set(links) == {"lo", "up0", place.internet.host_end}
        assert place.internet.id in links[place.internet.host_end]["ifalias"]
    ways_out(story, one, world, place)
    with story.case("it works also where the host looks strictly at source addresses"):
        world.host.run("sh", "-c", "for f in all default up0; do echo 1 > /proc/sys/net/ipv4/conf/$f/rp_filter; done; "
                       f"echo 1 > /proc/sys/net/ipv4/conf/{place.internet.host_end}/rp_filter")
        world.host.ip("neigh", "flush", "all")
        one.namespace(place.internet).ip("neigh", "flush", "all")
        assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("routes on the host come and go with the addresses"):
        place.internet.mappings["10.20.2.60"] = SECOND
        netd.make(one, place.internet)
        assert host_routes(world.host, place.internet.host_end) == [FIRST, SECOND]
        del place.internet.mappings["10.20.2.60"]
        netd.make(one, place.internet)
        assert host_routes(world.host, place.internet.host_end) == [FIRST]
    with story.case("an address that is the host's own, or led elsewhere by somebody, is left out and told; others work"):
        world.host.ip("addr", "add", f"{SECOND}/32", "dev", "up0")
        place.internet.mappings["10.20.2.60"] = SECOND
        told = netd.refused("CONFLICT", SECOND, netd.make, one, place.internet)
        assert "this host's own" in told
        world.host.ip("addr", "del", f"{SECOND}/32", "dev", "up0")
        world.host.route(f"{SECOND}/32", "via", "192.0.2.1")
        netd.refused("CONFLICT", "has a route", netd.make, one, place.internet)
        assert "192.0.2.1" in world.host.ip("route", "get", SECOND)
        assert source_of(one, place.eni, world.echo) == FIRST
        world.host.ip("route", "del", f"{SECOND}/32")
        del place.internet.mappings["10.20.2.60"]
        netd.make(one, place.internet)
    with story.case("two VPCs lead to the host side by side, also with the same blocks"):
        twin = Place(uplink=False)
        twin.internet.mappings = {twin.nat.address: SECOND}
        netd.make(one, *twin.things())
        assert source_of(one, twin.eni, world.echo) == SECOND
        assert source_of(one, place.eni, world.echo) == FIRST
        with story.case("an address that goes from one to the other is led there, said in either order"):
            place.internet.mappings, twin.internet.mappings = {}, {twin.nat.address: FIRST}
            netd.make(one, twin.internet, place.internet)
            assert source_of(one, twin.eni, world.echo) == FIRST
            place.internet.mappings, twin.internet.mappings = {place.nat.address: FIRST}, {}
            netd.make(one, twin.internet, place.internet)
            assert source_of(one, place.eni, world.echo) == FIRST
        one.ask("REMOVE", id=twin.internet.id)
        assert twin.internet.host_end not in world.host.ip("link")
        one.ask("REMOVE", id=twin.vpc.id)
    with story.case("a way out goes from the host to an uplink and back"):
        place.internet.uplink, place.internet.router = "up0", "192.0.2.1"
        netd.make(one, place.internet)
        assert place.internet.host_end not in world.host.ip("link")
        world.provider.route("203.0.113.0/24", "dev", "down0")
        assert source_of(one, place.eni, world.echo) == FIRST
        place.internet.uplink, place.internet.router = "", None
        netd.make(one, place.internet)
        world.provider.route("203.0.113.0/24", "via", "192.0.2.9")
        assert source_of(one, place.eni, world.echo) == FIRST
    one = differences(story, folder, one, world, place, **how)
    with story.case("started again without the switch, what it must not make any more goes"):
        one.control.close()
        one.process.wait()
        with netd.Netd(folder, owner=one.owner, prefix=world.host.prefix) as other:
            other.hello()
            other.own()
            netd.refused("UNSUPPORTED", "--internet", netd.make, other, place.vpc, place.internet)
            assert not other.namespace(place.internet).path.exists()
            assert place.internet.host_end not in world.host.ip("link")
            other.clean = lambda: None
        one = story.enter(netd.Netd(folder, owner=one.owner, **how))
        one.hello()
        netd.say_all(one, *place.things())
        assert source_of(one, place.eni, world.echo) == FIRST
    with story.case("an end on the host whose gateway somebody has removed by hand goes"):
        keeper = one.namespace(place.internet).socket()
        lan.remove(one.namespace(place.internet).name)
        assert place.internet.host_end in world.host.ip("link")
        netd.say_all(one, *[thing for thing in place.things() if thing is not place.internet and thing is not place.outer])
        assert place.internet.host_end not in world.host.ip("link")
        keeper.close()
        netd.say_all(one, *place.things())
        assert source_of(one, place.eni, world.echo) == FIRST
    crashes(story, folder, world, False, **how)
    goes(story, one, world, place)


def ordinary_user(story, folder):
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    with netd.Netd(folder, prefix=prefix, switches=["--internet"]) as one:
        hello = one.receive()
        if hello.kind == "FAILED":
            with story.case("in a user namespace no way leads out"):
                raise harness.Skip(hello.text)
            return
        one.own()
        place = Place(uplink=False)
        with story.case("in a user namespace no way leads out, and the reason is told"):
            netd.make(one, place.vpc, place.private, place.public)
            told = netd.refused("UNSUPPORTED", "user namespace", netd.make, one, place.internet)
            assert "uid 65534" in told
            netd.refused("NOT_FOUND", "0.0.0.0/0", netd.make, one, place.outer)
            netd.make(one, place.inner, place.nat, place.eni)
            assert error_of(one, place.eni) in (errno.EHOSTUNREACH, errno.ETIMEDOUT)


def activated(story, folder, ground):
    host = ground.namespace("systemd")
    with story.case("the switch is told to the one that systemd starts, too"):
        for switches in ((), ("--internet",)):
            with netd.Activated(folder, "root", *switches, prefix=host.prefix) as program:
                peer = program.connect()
                peer.hello()
                peer.own()
                place = Place(uplink=False)
                if switches:
                    netd.make(peer, place.vpc, place.internet)
                else:
                    netd.refused("UNSUPPORTED", "--internet", netd.make, peer, place.vpc, place.internet)
                netd.say_all(peer)


def main():
    with harness.Story() as story:
        ground = story.enter(lan.Lan())
        by_uplink(story, story.folder, ground)
        by_host(story, story.folder, ground)
        ordinary_user(story, story.folder)
        activated(story, story.folder, ground)


if __name__ == "__main__":
    main()
