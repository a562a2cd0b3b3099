#!/usr/bin/env python3
"""sallyport-netd and IPv6: interfaces, routes and rules of both families beside each other, and what neither a second
telling nor a kill -9 touches."""

import contextlib
import os
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from echo import Echo, PORT, says  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import netd  # noqa: E402

FORBIDDEN = 2323
SERVER, GUARD, BEHIND = "fd00:20:0:1::50", "fd00:20:0:2::9", "fd77:1::7"


def v6(protocol=6, from_port=PORT, to_port=PORT, to="::/0"):
    return netd.Rule(to=to, protocol=protocol, from_port=from_port, to_port=to_port)


@contextlib.contextmanager
def connected6(peer, eni, address, port=PORT):
    made = peer.open(eni, streams=0, streams6=1)[0]
    with made:
        made.connect((address, port))
        yield made


def assert_no_way(peer, eni, address, port=PORT, errors=(TimeoutError, PermissionError)):
    with peer.open(eni, streams=0, streams6=1)[0] as made:
        made.settimeout(1)
        try:
            made.connect((address, port))
        except OSError as error:
            assert isinstance(error, errors), error
            return
        raise AssertionError("there was a way")


def plug6(ground, place, bridge, name, address, router):
    """A machine of the administrator's on a bridge, with an address of IPv6."""
    machine = ground.namespace(name)
    ground.plug(place.router, bridge, machine, "in0", None)
    machine.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/in0/accept_dad")
    machine.ip("addr", "add", f"{address}/64", "dev", "in0", "nodad")
    machine.ip("-6", "route", "add", "default", "via", router)
    return machine


class Place:
    """Three subnets with both families, a server in the second, and in the third a router to a network of its own."""

    def __init__(self, story, one, ground):
        self.vpc = netd.Vpc("10.20.0.0/16", cidr6="fd00:20::/56")
        self.table = netd.Table(self.vpc)
        self.home = netd.Subnet(self.vpc, "10.20.1.0/24", cidr6="fd00:20::/64", table=self.table)
        self.far = netd.Subnet(self.vpc, "10.20.2.0/24", cidr6="fd00:20:0:1::/64")
        self.guards = netd.Subnet(self.vpc, "10.20.3.0/24", cidr6="fd00:20:0:2::/64")
        self.plain = netd.Subnet(self.vpc, "10.20.4.0/24")
        self.eni = netd.Eni(self.home, "10.20.1.17", [v6(), netd.Rule(to="10.0.0.0/8", protocol=6, from_port=PORT, to_port=PORT)],
                            address6="fd00:20::17")
        netd.make(one, *self.things())
        self.router = one.namespace(self.vpc)
        self.server = plug6(ground, self, self.far.bridge, "server", SERVER, "fd00:20:0:1::1")
        self.guard = plug6(ground, self, self.guards.bridge, "guard", GUARD, "fd00:20:0:2::1")
        self.behind = ground.namespace("behind")
        ground.cable(self.guard, "out0", None, self.behind, "in0", None)
        for namespace, device, address in ((self.guard, "out0", "fd77:1::1/64"), (self.behind, "in0", f"{BEHIND}/64")):
            namespace.ip("addr", "add", address, "dev", device, "nodad")
        self.behind.ip("-6", "route", "add", "default", "via", "fd77:1::1")
        self.guard.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
        self.echo = story.enter(Echo(self.server, SERVER))
        self.echo_behind = story.enter(Echo(self.behind, BEHIND))

    def things(self):
        return [self.vpc, self.home, self.far, self.guards, self.plain, self.table, self.eni]

    def state(self, one):
        """All that the kernel has of it, but for counters and what changes by itself."""
        found = []
        for namespace in (self.router, one.namespace(self.eni)):
            found.append([(link["ifindex"], link["ifname"]) for link in namespace.ip_json("link")])
            for family in ("-4", "-6"):
                found.append(namespace.ip(family, "addr", "show").replace("valid_lft forever", ""))
                found.append(namespace.ip(family, "route", "show", "table", "all"))
                found.append(namespace.ip(family, "rule", "show"))
        return found


def interfaces(story, one, place):
    inside = one.namespace(place.eni)
    with story.case("an interface has an address of each family at once, and its router's as the next hop"):
        assert inside.addresses() == {"eth0": ["10.20.1.17/24"]}
        text = inside.ip("-6", "addr", "show", "dev", "eth0", "scope", "global")
        assert "inet6 fd00:20::17/64" in text and "tentative" not in text, text
        assert "fd00:20::1 " in inside.ip("-6", "route", "show", "default")
        bridge = place.router.ip("-6", "addr", "show", "dev", place.home.bridge)
        assert "inet6 fd00:20::1/64" in bridge and "tentative" not in bridge, bridge
        assert "inet6" not in place.router.ip("addr", "show", "dev", place.plain.bridge)
    with story.case("sockets of each family come in their order, bound to their own address"):
        sockets = one.open(place.eni, streams=1, datagrams=1, streams6=2, datagrams6=1)
        assert [made.family for made in sockets] == [socket.AF_INET] * 2 + [socket.AF_INET6] * 3
        assert [made.type for made in sockets] == [socket.SOCK_STREAM, socket.SOCK_DGRAM] + [socket.SOCK_STREAM] * 2 + [
            socket.SOCK_DGRAM]
        assert [made.getsockname()[0] for made in sockets] == ["10.20.1.17"] * 2 + ["fd00:20::17"] * 3
        for made in sockets:
            made.close()
    with story.case("a socket reaches a server in another subnet through the router, from the interface's address"):
        with connected6(one, place.eni, SERVER) as made:
            assert says(made, b"hello")
        assert place.echo.seen == ["fd00:20::17"]
    with story.case("an interface without an address of IPv6 has no socket of it"):
        lone = netd.Eni(place.home, "10.20.1.18")
        netd.make(one, lone)
        netd.refused("INVALID", "no address of IPv6", one.open, lone, streams=1, streams6=1)
        assert len(one.open(lone)) == 1
        one.ask("REMOVE", id=lone.id)
    with story.case("blocks and addresses of IPv6 that do not fit are refused"):
        for bad in (netd.Subnet(place.vpc, "10.20.9.0/24", cidr6="fd00:99::/64"),
                    netd.Subnet(place.vpc, "10.20.9.0/24", cidr6="fd00:20::/64"),
                    netd.Eni(place.home, "10.20.1.19", address6="fd00:20:0:1::19"),
                    netd.Eni(place.home, "10.20.1.19", address6="fd00:20::1"),
                    netd.Eni(place.home, "10.20.1.19", address6="fd00:20::17"),
                    netd.Eni(place.plain, "10.20.4.19", address6="fd00:20::19")):
            try:
                netd.make(one, bad)
            except netd.Refused as error:
                assert error.code in ("INVALID", "CONFLICT"), error
            else:
                raise AssertionError(f"{vars(bad)} was made")


def rules(story, one, place):
    place.server.count("got", f"meta nfproto ipv6 tcp dport {FORBIDDEN}")
    with story.case("what the rules do not name never arrives by IPv6 either"):
        assert_no_way(one, place.eni, SERVER, FORBIDDEN)
        assert place.server.counted("got") == 0
    with story.case("rules of one family let nothing of the other leave"):
        other = netd.Eni(place.home, "10.20.1.30", [netd.Rule()], address6="fd00:20::30")
        netd.make(one, other)
        assert_no_way(one, other, SERVER)
        other.rules = [v6(protocol=None, from_port=None, to_port=None, to=f"{SERVER}/128")]
        netd.make(one, other)
        with connected6(one, other, SERVER) as made:
            assert says(made, b"now")
        one.ask("REMOVE", id=other.id)
    with story.case("name servers of IPv6 may be asked, whatever the rules say"):
        asking = netd.Eni(place.home, "10.20.1.31", [], servers=[(SERVER, PORT)], address6="fd00:20::31")
        netd.make(one, asking)
        with connected6(one, asking, SERVER) as made:
            assert says(made, b"name?")
        one.ask("REMOVE", id=asking.id)


def routes(story, one, place):
    table = place.table
    with story.case("where no route leads nothing goes, and a route of IPv6 leads to a network behind a machine"):
        assert_no_way(one, place.eni, BEHIND, errors=(OSError,))
        table.routes = {"fd77:1::/48": GUARD}
        netd.make(one, table)
        with connected6(one, place.eni, BEHIND) as made:
            assert says(made, b"behind")
        assert place.echo_behind.seen == ["fd00:20::17"]
    with story.case("a blackhole, and a route that cannot be made, lead nowhere"):
        table.routes = {"fd77:1::/48": "blackhole", "0.0.0.0/0": "blackhole"}
        netd.make(one, table)
        assert_no_way(one, place.eni, BEHIND, errors=(OSError,))
        table.routes = {"fd77:1::/48": "fd00:99::1"}
        netd.refused("NOT_FOUND", "fd00:99::1", netd.make, one, table)
        assert_no_way(one, place.eni, BEHIND, errors=(OSError,))
        assert "unreachable fd77:1::/48" in place.router.ip("-6", "route", "show", "table", table.number)
    with story.case("inside of the VPC's own block no wider route counts"):
        table.routes = {"fd77:1::/48": GUARD, "::/0": "blackhole"}
        netd.make(one, table)
        with connected6(one, place.eni, SERVER) as made:
            assert says(made, b"local")
        with connected6(one, place.eni, BEHIND) as made:
            assert says(made, b"behind")


def appliances(story, one, place):
    """eni ──► its subnet's table ──► appliance ──► the appliance's subnet's table ──► guard ──► behind"""
    inspected = netd.Table(place.vpc, {"fd77:1::/48": GUARD})
    aside = netd.Subnet(place.vpc, "10.20.5.0/24", cidr6="fd00:20:0:5::/64", table=inspected)
    appliance = netd.Eni(aside, "10.20.5.9", [v6()], role=netd.APPLIANCE, address6="fd00:20:0:5::9")
    netd.make(one, aside, inspected, appliance)
    inside = one.namespace(appliance)
    with story.case("an appliance forwards IPv6 by its rules, until its owner stops it"):
        place.table.routes = {"fd77:1::/48": appliance.address6}
        netd.make(one, place.table)
        inside.count("through", "meta nfproto ipv6 ip6 daddr fd77:1::7")
        with connected6(one, place.eni, BEHIND) as made:
            assert says(made, b"inspected")
        assert inside.counted("through") > 0
        appliance.rules = [v6(to_port=PORT + 1, from_port=PORT + 1)]
        netd.make(one, appliance)
        assert_no_way(one, place.eni, BEHIND)
        appliance.rules = [v6()]
        inside.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding")
        netd.make(one, appliance)
        assert_no_way(one, place.eni, BEHIND, errors=(OSError,))
    place.table.routes = {"fd77:1::/48": GUARD, "::/0": "blackhole"}
    netd.make(one, place.table)
    for thing in (appliance, aside, inspected):
        one.ask("REMOVE", id=thing.id)
    with story.case("an interface that nobody named makes room for another one with its IPv6 address"):
        old = netd.Eni(place.home, "10.20.1.40", address6="fd00:20::40")
        new = netd.Eni(place.home, "10.20.1.41", [v6()], address6="fd00:20::40")
        netd.make(one, old)
        netd.say_all(one, *place.things(), new)
        with connected6(one, new, SERVER) as made:
            assert says(made, b"mine")
        one.ask("REMOVE", id=new.id)


def restarts(story, one, place):
    with connected6(one, place.eni, BEHIND) as made:
        before = place.state(one)
        with story.case("said again it is left alone, and a connection through all of it lives on"):
            netd.say_all(one, *place.things())
            assert place.state(one) == before
            assert says(made, b"the same")
        with story.case("it lives on through kill -9 of who made it"):
            os.kill(one.working(), signal.SIGKILL)
            one.hello()
            netd.say_all(one, *place.things())
            assert place.state(one) == before
            assert says(made, b"still")
    with story.case("routes and rules of IPv6 go with what they stand on"):
        netd.say_all(one, netd_only(place.vpc))
        for what in ("route show table all", "rule show"):
            left = place.router.ip("-6", *what.split())
            assert place.table.number not in left and "sn-" not in left, left
        netd.say_all(one)
        assert one.namespaces() == []


def netd_only(vpc):
    class Alone:
        @staticmethod
        def orders():
            return vpc.orders()[:1]
    return Alone


def main():
    with harness.Story() as story:
        ground = story.enter(lan.Lan())
        if not os.path.exists("/proc/sys/net/ipv6"):
            raise harness.Skip("needs a kernel with IPv6")
        one = story.enter(netd.Netd(story.folder))
        one.begin()
        place = Place(story, one, ground)
        for part in (interfaces, rules, routes, appliances, restarts):
            part(story, one, place)


if __name__ == "__main__":
    main()
