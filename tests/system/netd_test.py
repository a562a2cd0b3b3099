#!/usr/bin/env python3
"""sallyport-netd: what it makes in the kernel, and what neither a crash nor a liar can make of it."""

import contextlib
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from echo import Echo, PORT, connected, says  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import netd  # noqa: E402

FORBIDDEN = 2323
CRASHES = 12


class Private:
    """A VPC with a subnet, and behind its router, hung there by an administrator, a network with a server."""

    def __init__(self, story, peer, ground, cidr="10.20.0.0/16", subnet="10.20.1.0/24", behind="172.30.5"):
        self.vpc = netd.Vpc(cidr)
        self.subnet = netd.Subnet(self.vpc, subnet)
        self.things = [self.vpc, self.subnet]
        netd.make(peer, *self.things)
        self.router = peer.namespace(self.vpc)
        self.partner = ground.namespace(f"partner-{secrets.token_hex(2)}")
        ground.cable(self.router, "byhand0", f"{behind}.1/24", self.partner, "in0", f"{behind}.2/24")
        self.partner.route(cidr, "via", f"{behind}.1")
        self.address = f"{behind}.2"
        self.echo = story.enter(Echo(self.partner, self.address))

    def eni(self, peer, host, rules=(netd.Rule(),), **more):
        made = netd.Eni(self.subnet, f"{self.subnet.cidr.rpartition('.')[0]}.{host}", rules, **more)
        netd.make(peer, made)
        self.things.append(made)
        return made


def assert_held_back(peer, eni, address, port=PORT):
    """A drop on the way out shows as a time-out, or as the kernel's refusal to send."""
    with peer.open_one(eni) as made:
        made.settimeout(1)
        try:
            made.connect((address, port))
        except (TimeoutError, PermissionError):
            return
        raise AssertionError("it was let out")


def only(port):
    return [netd.Rule(protocol=6, from_port=port, to_port=port)]


# ---- what it makes --------------------------------------------------------------------------------------------------


def networks(story, folder, ground):
    one = story.enter(netd.Netd(folder))
    with story.case("HELLO comes unasked; real interfaces can be used by root"):
        hello = one.hello()
        assert hello.has_uplinks and hello.text == "", hello
    with story.case("nothing is done before the owner is known"):
        netd.refused("CONFLICT", "owner", one.ask, "BEGIN")
        one.own()
    with story.case("the working process has two privileges and can get no others"):
        with open(f"/proc/{one.working()}/status", encoding="ascii") as status:
            rights = dict(line.rstrip("\n").split(":\t", 1) for line in status)
        assert {rights[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0000000000201000"}, rights
        assert rights["NoNewPrivs"] == "1"

    place = Private(story, one, ground)
    eni = place.eni(one, 17)
    inside = one.namespace(eni)
    with story.case("an administrator sees a namespace per VPC and interface, with the things in it"):
        assert one.namespaces() == sorted([place.router.name, inside.name])
        bridge = next(link for link in place.router.ip_json("addr") if link.get("ifname") == place.subnet.bridge)
        assert bridge["ifalias"] == place.subnet.id and bridge["operstate"] == "UP"
        assert bridge["addr_info"][0]["local"] == "10.20.1.1" and bridge["addr_info"][0]["prefixlen"] == 24
        assert inside.addresses() == {"eth0": ["10.20.1.17/24"]}
        assert inside.interface_with("10.20.1.17") == "eth0"
        assert next(link for link in inside.ip_json("link") if link["ifname"] == "eth0")["address"] == eni.mac
        routes = inside.ip_json("route", "show", "default")
        assert [(route["gateway"], route["dev"]) for route in routes] == [("10.20.1.1", "eth0")]
        assert "policy drop" in inside.run("nft", "list", "chain", "inet", "sallyport", "output")
    with story.case("a socket of the interface reaches a server through the router, from the interface's address"):
        with connected(one, eni, place.address) as made:
            assert says(made, b"hello") and made.getsockname()[0] == "10.20.1.17"
        assert place.echo.seen == ["10.20.1.17"]
    with story.case("TCP and UDP sockets come together, TCP first"):
        sockets = one.open(eni, streams=2, datagrams=3)
        assert [made.type for made in sockets] == [socket.SOCK_STREAM] * 2 + [socket.SOCK_DGRAM] * 3
        assert {made.getsockname()[0] for made in sockets} == {"10.20.1.17"}
        for made in sockets:
            made.close()
    with story.case("20 interfaces take well under a second"):
        enis = [netd.Eni(place.subnet, f"10.20.1.{host}") for host in range(100, 120)]
        started = time.monotonic()
        netd.make(one, *enis)
        took = time.monotonic() - started
        print(f"# {took * 1000:.0f} ms")
        assert took < (2 if harness.sanitized() else 1)
        for made in enis:
            one.ask("REMOVE", id=made.id)
    return one, place, eni


def rules(story, one, place):
    partner = place.partner
    partner.run("nft", "-f", "-", text="table inet watch {\n counter got { }\n counter six { }\n chain early {\n"
                " type filter hook prerouting priority -400; policy accept;\n"
                f" meta l4proto {{ tcp, udp }} th dport {FORBIDDEN} counter name got\n"
                " meta nfproto ipv6 meta l4proto != ipv6-icmp counter name six\n }\n}\n")

    eni = place.eni(one, 20, only(PORT))
    with story.case("what the rules do not name never arrives"):
        with connected(one, eni, place.address) as made:
            assert says(made, b"named")
        assert_held_back(one, eni, place.address, FORBIDDEN)
        with one.open(eni, 0, 1)[0] as datagram, contextlib.suppress(PermissionError):
            datagram.sendto(b"x", (place.address, FORBIDDEN))
        assert partner.counted("got") == 0
        inside = one.namespace(eni)
        assert netd.refusals_in(inside.run("nft", "list", "table", "inet", "sallyport")) >= 2

    with story.case("IPv6 is off, and turned on by hand it still leaves for nobody"):
        inside = one.namespace(eni)
        assert "inet6" not in inside.ip("addr", "show", "dev", "eth0")
        for namespace in (inside, partner, place.router):
            namespace.run("sh", "-c", "for f in all default; do echo 0 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done")
        place.router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; "
                         f"echo 0 > /proc/sys/net/ipv6/conf/{place.subnet.bridge}/disable_ipv6")
        for namespace, device, address in ((inside, "eth0", "fd00:1::2/64"), (place.router, place.subnet.bridge, "fd00:1::1/64"),
                                           (place.router, "byhand0", "fd00:2::1/64"), (partner, "in0", "fd00:2::2/64")):
            namespace.run("sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{device}/disable_ipv6")
            namespace.ip("addr", "add", address, "dev", device, "nodad")
        inside.ip("-6", "route", "add", "default", "via", "fd00:1::1")
        partner.ip("-6", "route", "add", "default", "via", "fd00:2::1")
        # the way works, so that zero means something: from the router packets arrive
        with contextlib.suppress(OSError):
            place.router.connect("fd00:2::2", FORBIDDEN, source="fd00:1::1")
        assert partner.counted("six") > 0
        before = partner.counted("six")
        made = inside.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        with made:
            try:
                made.sendto(b"x", ("fd00:2::2", PORT))
                raise AssertionError("the kernel did not refuse it")
            except PermissionError:
                pass
        with contextlib.suppress(OSError):
            inside.connect("fd00:2::2", PORT, seconds=1.5).close()
        assert partner.counted("six") == before

    with story.case("name servers may be asked, whatever the rules say"):
        asking = place.eni(one, 21, [], servers=[(place.address, PORT)])
        with connected(one, asking, place.address) as made:
            assert says(made, b"name?")

    with story.case("a rule that goes stops new connections, and none that runs"):
        changing = place.eni(one, 22, only(PORT))
        with connected(one, changing, place.address) as made:
            assert says(made, b"before")
            changing.rules = []
            netd.make(one, changing)
            assert says(made, b"after")
            assert_held_back(one, changing, place.address)
            changing.rules = only(PORT)
            netd.make(one, changing)
            assert says(made, b"and on")
        with connected(one, changing, place.address) as made:
            assert says(made, b"again")

    with story.case("while rules change 60 times nothing forbidden leaves and nothing allowed is held back"):
        busy = place.eni(one, 23, only(PORT))
        before = partner.counted("got")
        allowed = [netd.Rule(protocol=17, from_port=4444, to_port=4444)]
        busy.rules = allowed
        netd.make(one, busy)
        stop, held, sent = threading.Event(), [], [0, 0]

        def knock(made):
            while not stop.is_set():
                sent[0] += 1
                try:
                    made.sendto(b"x", (place.address, FORBIDDEN))
                except PermissionError:
                    sent[1] += 1
                # each from a port of its own, so that none counts as an established connection
                with one_of(busy) as fresh:
                    try:
                        fresh.sendto(b"x", (place.address, 4444))
                    except PermissionError as error:
                        held.append(error)

        def one_of(eni):
            return one.namespace(eni).socket(kind=socket.SOCK_DGRAM)
        with one_of(busy) as made:
            thread = threading.Thread(target=knock, args=(made,))
            thread.start()
            for number in range(60):
                busy.rules = allowed + [netd.Rule("192.0.2.0/24", 6, port, port) for port in range(number)]
                netd.make(one, busy)
            stop.set()
            thread.join()
        assert sent[0] > 50 and sent[0] == sent[1], sent
        assert partner.counted("got") == before and not held, held

    with story.case("as many rules as an interface may have are in force in a moment"):
        full = [netd.Rule(f"10.{number // 250}.{number % 250}.0/25", 6, 22, 22) for number in range(4095)]
        many = place.eni(one, 24, full + only(PORT))
        with connected(one, many, place.address) as made:
            assert says(made, b"last")
        many.rules = [netd.Rule(f"10.{number // 250}.{number % 250}.0/25", 6, number, number + 9) for number in range(4096)]
        netd.make(one, many)
        assert_held_back(one, many, place.address)

    with story.case("every form of a rule is one that this kernel takes"):
        forms = [netd.Rule(block, protocol, low, high) for block in ("0.0.0.0/0", "128.0.0.0/1", "10.1.2.3/32")
                 for protocol, low, high in ((6, 0, 65535), (6, 0, 0), (17, 65535, 65535), (17, 1, 2), (1, None, None),
                                             (1, 3, None), (1, 3, 4), (1, 255, 255), (0, None, None), (47, None, None),
                                             (58, None, None), (255, None, None))]
        place.eni(one, 25, forms)
        place.eni(one, 26, [netd.Rule("10.0.0.0/8"), netd.Rule("10.0.0.0/9"), netd.Rule("10.128.0.0/9"), netd.Rule()])


# ---- by difference --------------------------------------------------------------------------------------------------


def indexes(one, place):
    """What the kernel numbers anew when it is made anew."""
    found = {}
    for thing in place.things:
        if isinstance(thing, netd.Subnet):
            continue
        for link in one.namespace(thing).ip_json("link"):
            found[thing.id, link["ifname"]] = link["ifindex"]
    return found


def differences(story, folder, one, place, ground):
    eni = place.eni(one, 30, only(PORT))
    with story.case("after kill -9 of the working process another says HELLO; namespaces and connections live on"):
        with connected(one, eni, place.address) as made:
            before = indexes(one, place)
            first = one.working()
            os.kill(first, signal.SIGKILL)
            one.hello()
            assert one.working() != first
            netd.say_all(one, *place.things)
            assert indexes(one, place) == before
            assert says(made, b"still there")
            with connected(one, eni, place.address) as other:
                assert says(other, b"and new ones")

    with story.case("what was asked of a process that died is not answered by the next"):
        os.kill(one.working(), signal.SIGSTOP)
        stopped = one.working()
        for _ in range(5):
            one.send("REMOVE", id=eni.id)
        os.kill(stopped, signal.SIGKILL)
        one.hello()
        netd.say_all(one, *place.things)
        assert one.namespace(eni).path.exists()

    with story.case("said again it is the same again, and what an administrator hung there stays"):
        place.router.ip("link", "add", "wg-like", "type", "bridge")
        place.router.ip("route", "add", "192.0.2.0/24", "via", place.address)
        before = indexes(one, place)
        netd.say_all(one, *place.things)
        assert indexes(one, place) == before
        assert "192.0.2.0/24" in place.router.ip("route")

    with story.case("what somebody broke by hand is mended"):
        inside = one.namespace(eni)
        inside.ip("addr", "flush", "dev", "eth0")
        inside.ip("addr", "add", "192.0.2.9/24", "dev", "eth0")
        inside.run("nft", "flush", "ruleset")
        place.router.ip("link", "set", eni.port, "down")
        place.router.ip("link", "set", eni.port, "nomaster")
        netd.make(one, eni)
        assert inside.addresses() == {"eth0": ["10.20.1.30/24"]}
        with connected(one, eni, place.address) as made:
            assert says(made, b"mended")
        inside.ip("link", "del", "eth0")
        inside.ip("link", "add", "eth0", "type", "bridge")
        netd.make(one, eni)
        with connected(one, eni, place.address) as made:
            assert says(made, b"replaced")
        lan.remove(inside.name)
        netd.make(one, eni)
        with connected(one, eni, place.address) as made:
            assert says(made, b"remade")

    with story.case("half-made things are completed: a name without a namespace, a namespace without an interface"):
        half = netd.Eni(place.subnet, "10.20.1.31")
        one.namespace(half).path.touch()
        bare = netd.Eni(place.subnet, "10.20.1.32")
        lan.run("ip", "netns", "add", one.namespace(bare).name)
        netd.make(one, half, bare)
        place.things += [half, bare]
        for made_of in (half, bare):
            with connected(one, made_of, place.address) as made:
                assert says(made, b"whole")

    with story.case("the next netd removes at END what is not named, and only that"):
        orphan = netd.Eni(place.subnet, "10.20.1.33")
        spare = netd.Subnet(place.vpc, "10.20.9.0/24")
        other_vpc = netd.Vpc("10.99.0.0/16")
        netd.make(one, orphan, spare, other_vpc)
        one.namespace(netd.Eni(place.subnet, "10.20.1.34")).path.touch()
        by_hand = ground.namespace("byhand")
        with netd.Netd(folder) as stranger:  # another owner's
            stranger.begin()
            theirs = netd.Vpc()
            netd.make(stranger, theirs)
            one.control.close()
            one.process.wait()
            assert one.namespace(orphan).path.exists()  # what was made stays
            one = story.enter(netd.Netd(folder, owner=one.owner))
            one.hello()
            before = indexes(one, place)
            netd.say_all(one, *place.things)
            after = indexes(one, place)
            assert after == {key: before[key] for key in after}
            wanted = [thing for thing in place.things if not isinstance(thing, netd.Subnet)]
            assert one.namespaces() == sorted(one.namespace(thing).name for thing in wanted)
            names = {link["ifname"] for link in place.router.ip_json("link")}
            assert spare.bridge not in names and orphan.port not in names and {"wg-like", "byhand0"} <= names
            assert stranger.namespace(theirs).path.exists() and by_hand.path.exists()

    with story.case("an address goes from an interface that nobody names to its heir, before END"):
        # the old one is there, unnamed, when a netd begins that is told of the new one
        heir = netd.Eni(place.subnet, eni.address, only(PORT))
        with connected(one, eni, place.address) as made:
            assert says(made, b"old")
            one.ask("BEGIN")
            netd.make(one, *[thing for thing in place.things if thing is not eni], heir)
            with connected(one, heir, place.address) as other:
                assert says(other, b"new")
            one.ask("END")
            assert not one.namespace(eni).path.exists()
        place.things = [thing for thing in place.things if thing is not eni] + [heir]

    with story.case("REMOVE frees an address at once, also while a connection holds the namespace"):
        holder = place.eni(one, 40)
        with connected(one, holder, place.address) as made:
            one.ask("REMOVE", id=holder.id)
            assert holder.port not in place.router.ip("link")
            made.settimeout(1)
            made.send(b"x")
            with contextlib.suppress(TimeoutError):
                assert made.recv(1) == b""
                raise AssertionError("it still has a way out")
        one.ask("REMOVE", id=holder.id)  # gone already: fine
        place.things.remove(holder)
        place.eni(one, 40)
    return one


def twins(story, one, ground):
    """Two VPCs with the same block, and behind both the same address."""
    left = Private(story, one, ground, "10.77.0.0/16", "10.77.1.0/24", "172.31.9")
    right = Private(story, one, ground, "10.77.0.0/16", "10.77.1.0/24", "172.31.9")
    here, there = left.eni(one, 9), right.eni(one, 9)
    with story.case("two VPCs with the same blocks and the same server address never mix"):
        with connected(one, here, left.address) as one_way, connected(one, there, right.address) as other_way:
            assert says(one_way, b"left") and says(other_way, b"right")
            assert left.echo.seen == ["10.77.1.9"] and right.echo.seen == ["10.77.1.9"]
        right.echo.__exit__()
        with connected(one, here, left.address) as made:
            assert says(made, b"left only")
        with one.open_one(there) as made:
            try:
                made.connect((right.address, PORT))
                raise AssertionError("somebody answered")
            except ConnectionRefusedError:
                pass
    with story.case("REMOVE of a VPC takes all that stands on it, and leaves the others"):
        one.ask("REMOVE", id=right.vpc.id)
        assert not one.namespace(right.vpc).path.exists() and not one.namespace(there).path.exists()
        with connected(one, here, left.address) as made:
            assert says(made, b"left still")
        one.ask("REMOVE", id=left.subnet.id)
        assert not one.namespace(here).path.exists() and left.subnet.bridge not in left.router.ip("link")
        one.ask("REMOVE", id=left.vpc.id)


# ---- crashes --------------------------------------------------------------------------------------------------------


def crashes(story, folder):
    vpc = netd.Vpc()
    subnets = [netd.Subnet(vpc, f"10.20.{number}.0/24") for number in (1, 2)]
    enis = [netd.Eni(subnets[number % 2], f"10.20.{number % 2 + 1}.{10 + number}") for number in range(6)]
    everything = [vpc, *subnets, *enis]

    with story.case(f"{CRASHES} kills -9 in the middle of making and removing leave nothing that the next cannot mend"):
        owner = secrets.token_hex(4)
        source = random.Random(20)
        for crash in range(CRASHES):
            with netd.Netd(folder, owner) as one:
                one.hello()
                one.send("OWNER", owner=owner)
                one.send("BEGIN")
                named = everything if crash % 2 == 0 else everything[:3]
                for kind, values in (order for thing in named for order in thing.orders()):
                    one.send(kind, **values)
                one.send("END")
                for _ in range(source.randrange(2, len(named) + 3)):
                    answer = one.receive()
                    assert answer.kind == "DONE", answer
                time.sleep(source.random() / 100)  # somewhere inside the next one
                one.kill()
                one.clean = lambda: None  # what is left is for the next one
        with netd.Netd(folder, owner) as one:
            one.hello()
            netd.say_all(one, *everything)
            for eni in enis:
                with one.open_one(eni) as made:
                    made.settimeout(3)
                    try:
                        made.connect((eni.subnet.router, 9))
                    except ConnectionRefusedError:  # the router answers: the whole way is there
                        pass
            netd.say_all(one)
            assert one.namespaces() == []
        assert not os.path.exists(f"/run/sallyport-netd-{owner}.lock")

    with story.case("a netd whose daemon is gone keeps the next from its owner until it has ended"):
        with netd.Netd(folder) as old:
            old.begin()
            os.kill(old.working(), signal.SIGSTOP)
            stopped = old.working()
            with netd.Netd(folder, old.owner) as new:
                new.hello()
                request = new.send("OWNER", owner=old.owner)
                new.control.settimeout(0.3)
                try:
                    new.receive()
                    raise AssertionError("two of them work for one owner")
                except TimeoutError:
                    pass
                new.control.settimeout(harness.PATIENCE_SECONDS)
                old.control.close()
                os.kill(stopped, signal.SIGCONT)
                new.answer_to(request)


# ---- uplinks --------------------------------------------------------------------------------------------------------


def uplinks(story, folder, ground):
    host, wire, away = ground.namespace("host"), ground.namespace("wire"), ground.namespace("away")
    ground.cable(host, "up0", None, wire, "down0", "192.168.50.254/24")
    ground.cable(wire, "out0", "203.0.113.1/24", away, "in0", "203.0.113.2/24")
    wire.forward()
    away.route("default", "via", "203.0.113.1")
    host.ip("link", "add", "br0", "type", "bridge")
    ground.cable(host, "port0", None, wire, "port1", None)
    host.ip("link", "set", "port0", "master", "br0")
    echo = story.enter(Echo(away, "203.0.113.2"))
    one = story.enter(netd.Netd(folder, prefix=host.prefix))
    one.begin()
    vpc = netd.Vpc("192.168.0.0/16")
    subnet = netd.Subnet(vpc, "192.168.50.0/24", uplink="up0", router="192.168.50.254")
    eni = netd.Eni(subnet, "192.168.50.77", only(PORT))

    with story.case("an interface hangs on a real one, with an address of that network and the router of the tag"):
        netd.make(one, vpc, subnet, eni)
        with connected(one, eni, "203.0.113.2") as made:
            assert says(made, b"by wire")
        assert echo.seen == ["192.168.50.77"]
        link = next(link for link in one.namespace(eni).ip_json("link") if link["ifname"] == "eth0")
        assert link["linkinfo"]["info_kind"] == "macvlan" and link["address"] == eni.mac
        assert len(one.namespace(vpc).ip_json("link")) == 1, "the router has no part in it"
    with story.case("the host itself has no address there and no part in it"):
        assert host.addresses().get("up0", []) == []
    with story.case("said again it is left alone"):
        with connected(one, eni, "203.0.113.2") as made:
            netd.say_all(one, vpc, subnet, eni)
            assert says(made, b"on and on")
    with story.case("a subnet goes from its uplink to a bridge and back"):
        subnet.uplink, subnet.router = "", "192.168.50.1"
        netd.make(one, subnet, eni)
        assert subnet.bridge in one.namespace(vpc).ip("link")
        subnet.uplink, subnet.router = "up0", "192.168.50.254"
        netd.make(one, subnet, eni)
        assert subnet.bridge not in one.namespace(vpc).ip("link")
        with connected(one, eni, "203.0.113.2") as made:
            assert says(made, b"back")
    with story.case("an uplink that cannot be used is named, with the reason"):
        for name, code, words in (("nowhere0", "NOT_FOUND", 'this host has none of that name'),
                                  ("port0", "CONFLICT", "a bridge or bond"), ("lo", "UNSUPPORTED", "no Ethernet")):
            bad = netd.Subnet(vpc, "192.168.60.0/24", uplink=name)
            told = netd.refused(code, words, netd.make, one, bad)
            assert f'"{name}"' in told and bad.id in told, told
            one.ask("REMOVE", id=bad.id)
    with story.case("an uplink that goes takes its connections with it, and is named when it is missing"):
        with connected(one, eni, "203.0.113.2") as made:
            host.ip("link", "del", "up0")
            made.settimeout(1)
            try:
                made.sendall(b"x")
                made.recv(1)
                raise AssertionError("it found another way")
            except OSError:
                pass
        netd.refused("NOT_FOUND", '"up0"', netd.make, one, eni)
        netd.refused("UNREACHABLE", "192.168.50.77", one.open_one, eni)


# ---- others who start it, and who talk to it ------------------------------------------------------------------------


def ordinary_user(story, folder):
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    with netd.Netd(folder, prefix=prefix) as one:
        hello = one.receive()
        if hello.kind == "FAILED":
            with story.case("an ordinary user has networks in a user namespace"):
                assert "user namespace" in hello.text
                raise harness.Skip(hello.text)
            return
        with story.case("an ordinary user has networks in a user namespace, without uplinks, and is told so"):
            assert not hello.has_uplinks and "uid 65534" in hello.text, hello
            one.own()
        vpc, twin = netd.Vpc(), netd.Vpc()
        subnet = netd.Subnet(vpc, "10.20.1.0/24")
        netd.make(one, vpc, subnet)
        eni, other = netd.Eni(subnet, "10.20.1.5", only(PORT)), netd.Eni(subnet, "10.20.1.6", only(PORT))
        with story.case("its sockets work, and its rules hold"):
            netd.make(one, eni, other)
            listener, caller, stopped = one.open(other)[0], one.open(eni)[0], one.open(eni)[0]
            with listener, caller, stopped:
                # nobody calls in: what another interface sends is dropped
                listener.listen()
                caller.settimeout(1)
                try:
                    caller.connect(("10.20.1.6", listener.getsockname()[1]))
                    raise AssertionError("an interface was called from outside")
                except (TimeoutError, PermissionError):
                    pass
                try:
                    stopped.connect(("10.20.1.1", PORT))
                    raise AssertionError("somebody listens on the router")
                except ConnectionRefusedError:
                    pass
        with story.case("the host sees none of it"):
            assert one.namespaces() == []
        with story.case("a process that dies is followed by one that finds all of it"):
            with one.open_one(eni):
                os.kill(one.working(), signal.SIGKILL)
                one.hello()
                netd.say_all(one, vpc, subnet, eni, other)
        with story.case("an uplink is refused with the reason"):
            bad = netd.Subnet(vpc, "10.20.2.0/24", uplink="eth0")
            netd.refused("UNSUPPORTED", "ordinary user (uid 65534)", netd.make, one, bad)
        one.ask("BEGIN")
        netd.make(one, twin)
        one.ask("END")
        working = one.working()
    with story.case("nothing of it outlives its daemon"):
        harness.wait_until(lambda: not harness.is_alive(working), "the working process to end")
        assert one.namespaces() == []


def liars(story, folder):
    with netd.Netd(folder) as one:
        one.begin()
        vpc = netd.Vpc()
        subnet = netd.Subnet(vpc, "10.20.1.0/24")
        eni = netd.Eni(subnet, "10.20.1.5")
        netd.make(one, vpc, subnet, eni)
        working = one.working()
        before = harness.count_descriptors(working)

        with story.case("a message that makes no sense is refused, and the next one is served"):
            (name, values), = eni.orders()
            good = netd.encode(name, request=77, **values)
            source = random.Random(3)
            cases = [bytes([kind]) + good[1:] for kind in (0, 13, 64, 65, 66, 67, 255)]
            cases += [good[:length] for length in range(1, len(good), 7)] + [good + b"\0"]
            for _ in range(300):
                spoilt = bytearray(good)
                for _ in range(source.randrange(1, 4)):
                    spoilt[source.randrange(5, len(spoilt))] = source.randrange(256)
                cases.append(bytes(spoilt))
            refusals = 0
            for wire in cases:
                one.control.send(wire)
                answer = one.receive()
                assert answer.kind in ("DONE", "FAILED")
                refusals += answer.kind == "FAILED"
            assert refusals > len(cases) // 2, refusals
            netd.say_all(one, vpc, subnet, eni)
        with story.case("descriptors that nobody asked for are refused and closed"):
            read, write = os.pipe()
            for count in (1, 16, 40):
                socket.send_fds(one.control, [netd.encode("BEGIN", request=5)], [read] * count)
                answer = one.receive()
                assert answer.kind == "FAILED" and "descriptors" in answer.text, answer
            os.close(read)
            os.close(write)
            assert harness.count_descriptors(working) == before
        with story.case("a message that is too long is refused"):
            one.control.send(b"\1" * 70000)
            assert one.receive().kind == "FAILED"
        with story.case("what is not ours cannot be named"):
            for bad in ("../../etc/passwd", "byhand", "vpc-", "vpc-0123456789abcdef0/..", "sg-0123456789abcdef0"):
                netd.refused("INVALID", "no id of ours", one.ask, "REMOVE", id=bad)
            netd.refused("NOT_FOUND", "was not named", one.ask, "OPEN", id="eni-0123456789abcdef0", streams=1)
            netd.refused("NOT_FOUND", "was not named", one.ask, "OPEN", id=vpc.id, streams=1)
            netd.refused("CONFLICT", one.owner, one.ask, "OWNER", owner="00000000")
        with story.case("an address or a block that is taken is refused, and says by whom"):
            netd.refused("CONFLICT", eni.id, netd.make, one, netd.Eni(subnet, eni.address))
            netd.refused("CONFLICT", subnet.id, netd.make, one, netd.Subnet(vpc, "10.20.1.128/25"))
        with story.case("through all of it the same process has served, and has kept no descriptor"):
            assert one.working() == working
            assert harness.count_descriptors(working) == before


def activated(story, folder):
    probe = "import socket,sys; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); " \
            "sys.stdout.write(str(len(s.recv(65536))))"
    with netd.Activated(folder, "root") as program:
        with story.case("with systemd's socket the service's user is served, and after it the next"):
            for _ in range(2):
                peer = program.connect()
                assert peer.hello().has_uplinks
                peer.own()
                vpc = netd.Vpc()
                netd.make(peer, vpc)
                assert peer.namespace(vpc).path.exists()
                peer.control.close()
        with story.case("who is not the service's user is sent away without a word"):
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", sys.executable, "-c",
                                   probe, str(program.path)], capture_output=True, text=True, timeout=30, check=False)
            assert done.stdout == "0", done
            assert "uid 65534" in program.log_text()
            peer = program.connect()
            peer.hello()
            peer.control.close()
    with story.case("root is nobody special: only the service's user is served"):
        with netd.Activated(folder, "nobody") as program:
            peer = program.connect()
            assert peer.receive() is None
    with story.case("started wrongly it says what it needs"):
        for words, code, sentence in (((), 2, "usage"), (("--supervise", "2"), 2, "descriptor"), (("--supervise", "0"), 2, "descriptor"),
                                      (("--user", "nobody"), 2, "systemd"),
                                      (("--user", "nobody", "--extranet"), 2, "usage"), (("--internet",), 2, "usage"),
                                      (("--user", "nobody", "--internet", "--internet"), 2, "usage"),
                                      (("--user", "nobody", "--internet"), 2, "systemd"), (("--user", "no-such-user"), 1, "no such user")):
            done = subprocess.run([netd.PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                                  check=False)
            assert done.returncode == code and sentence in done.stderr, done


def main():
    with harness.Story() as story:
        ground = story.enter(lan.Lan())
        folder = story.folder
        one, place, _ = networks(story, folder, ground)
        rules(story, one, place)
        one = differences(story, folder, one, place, ground)
        twins(story, one, ground)
        crashes(story, folder)
        uplinks(story, folder, ground)
        ordinary_user(story, folder)
        liars(story, folder)
        activated(story, folder)
        with story.case("what was made goes when nobody wants it, without a trace"):
            netd.say_all(one)
            assert one.namespaces() == []


if __name__ == "__main__":
    main()
