#!/usr/bin/env python3
"""A security group holds in the kernel, whatever our programs think: sockets are opened in the network interface's
namespace by hand, and what gets out is counted at the far side."""

import errno
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import harness  # noqa: E402
import lan  # noqa: E402
import vpcs  # noqa: E402

CIDR, SERVER, FORBIDDEN = "10.45.0.0/16", "10.45.9.22", "10.45.9.23"
PORT, FORBIDDEN_PORT = 22, 2222
SIX_NETWORK = "fd45:9::"


def tries(door, address, port):
    """How a connection from the interface's namespace ends: an errno's name, or "connected"."""
    try:
        door.connect(address, port, seconds=1).close()
    except TimeoutError:
        return "dropped"
    except OSError as error:
        return errno.errorcode.get(error.errno, "dropped")
    return "connected"


def speak(door, family, address, port):
    """A datagram; what the kernel says to it at once."""
    made = door.socket(family, socket.SOCK_DGRAM)
    try:
        made.sendto(b"x", (address, port))
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    finally:
        made.close()
    return "sent"


def kernel(story, daemon, network, owned):
    vpc = vpcs.Vpc(daemon, CIDR, owned)
    chosen = vpc.subnet("10.45.1.0/24")
    vpc.subnet("10.45.9.0/24")
    group = vpc.group(vpcs.allow(f"{SERVER}/32", PORT))
    gateway = vpc.gateway([chosen], [group])
    server = vpcs.private_server(story, vpc, network, "server", f"{SERVER}/24", PORT)
    machine = server.namespace
    machine.ip("addr", "add", f"{FORBIDDEN}/24", "dev", "eth0")
    machine.count("allowed", f"ip daddr {SERVER} tcp dport {PORT}")
    machine.count("port", f"tcp dport {FORBIDDEN_PORT}")
    machine.count("address", f"ip daddr {FORBIDDEN}")
    machine.count("datagrams", "meta l4proto udp")
    eni = next(iter(vpc.interfaces([chosen]).values()))
    door = lan.interface_of(eni)
    router = vpc.router()

    with story.case("what the group allows gets out: the far side counts it"):
        assert tries(door, SERVER, PORT) == "connected"
        assert machine.counted("allowed") > 0

    with story.case("another port, another address, another protocol: nothing arrives, though nobody but the kernel looked"):
        for address, port in ((SERVER, FORBIDDEN_PORT), (FORBIDDEN, PORT), (FORBIDDEN, FORBIDDEN_PORT)):
            assert tries(door, address, port) in ("dropped", "EPERM"), (address, port)
        assert speak(door, socket.AF_INET, SERVER, PORT) in ("sent", "EPERM")
        assert [machine.counted(name) for name in ("port", "address", "datagrams")] == [0, 0, 0]

    with story.case("the same packets from the VPC's router do arrive: the counters can count"):
        assert tries(router, SERVER, FORBIDDEN_PORT) == "ECONNREFUSED"
        assert tries(router, FORBIDDEN, PORT) == "ECONNREFUSED"
        assert speak(router, socket.AF_INET, SERVER, 9) == "sent"
        harness.wait_until(lambda: all(machine.counted(name) > 0 for name in ("port", "address", "datagrams")), "the counters")

    with story.case("nothing comes in either: no connection to the interface, from nowhere"):
        address = next(iter(vpc.interfaces([chosen])))
        listener = door.socket()
        listener.bind((address, 9999))
        listener.listen()
        assert tries(router, address, 9999) == "dropped"
        assert tries(machine, address, 9999) == "dropped"
        listener.close()

    with story.case("IPv6 does not leave the interface, on the same cable and with addresses of one network"):
        ways_of_six(door, vpc, network)

    with story.case("a changed group holds in the kernel at once, and a connection that is there lives on"):
        lasting = door.connect(SERVER, PORT)
        assert lasting.recv(100).startswith(b"SSH-2.0-")
        vpc.ec2("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[vpcs.allow(f"{SERVER}/32", FORBIDDEN_PORT)])
        harness.wait_until(lambda: tries(door, SERVER, FORBIDDEN_PORT) == "ECONNREFUSED", "the port to be allowed")
        vpc.ec2("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[vpcs.allow(f"{SERVER}/32", PORT)])
        harness.wait_until(lambda: tries(door, SERVER, PORT) in ("dropped", "EPERM"), "the port to be forbidden")
        lasting.sendall(b"SSH-2.0-lives\r\n")
        assert lasting.recv(2000), "the connection was cut"
        lasting.close()

    with story.case("the daemon's own check says it before a packet leaves, with the group"):
        partner = vpcs.partner_through(daemon, vpc, gateway, server)
        partner.settled()
        before = machine.counted("allowed")
        test = partner.test()
        assert test["Status"] == "ERROR" and group in test["StatusMessage"], test
        assert machine.counted("allowed") == before

    with story.case("a rule that refers to a group leads to its members, and to nobody else"):
        references(vpc, chosen, door, group)


def ways_of_six(door, vpc, network):
    """The far side stands in the interface's own subnet, so that no router can be what stops the packets."""
    far = vpc.machine(network, "six", "10.45.1.3/24")
    far.count("six", "meta nfproto ipv6 meta l4proto { tcp, udp }")
    far.ip("addr", "add", f"{SIX_NETWORK}3/64", "dev", "eth0", "nodad")
    near = vpc.machine(network, "six-near", "10.45.1.2/24")
    near.ip("addr", "add", f"{SIX_NETWORK}2/64", "dev", "eth0", "nodad")
    switch = pathlib.Path("/proc/sys/net/ipv6/conf")
    assert door.run("cat", switch / "all" / "disable_ipv6").strip() == "1", "the interface speaks IPv6"
    for name in ("all", "eth0"):  # only the rules shall stand in the way
        door.run("sh", "-c", f"echo 0 > {switch / name / 'disable_ipv6'}")
    door.ip("addr", "add", f"{SIX_NETWORK}1/64", "dev", "eth0", "nodad")
    assert tries(door, f"{SIX_NETWORK}3", PORT) in ("dropped", "EPERM")
    assert speak(door, socket.AF_INET6, f"{SIX_NETWORK}3", PORT) in ("sent", "EPERM")
    assert far.counted("six") == 0
    assert tries(near, f"{SIX_NETWORK}3", PORT) == "ECONNREFUSED"
    assert far.counted("six") > 0  # the counter can count


def references(vpc, chosen, door, group):
    """Two more gateways: one has the group that the rule names, the other does not."""
    named = vpc.group()
    vpc.ec2("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 4000, "ToPort": 4010, "Groups": [{"GroupId": named}]}])
    before = set(vpc.interfaces([chosen]))
    vpc.gateway([chosen], [named])
    member = next(iter(set(vpc.interfaces([chosen])) - before))
    before.add(member)
    vpc.gateway([chosen], [vpc.group()])
    other = next(iter(set(vpc.interfaces([chosen])) - before))
    for address in (member, other):
        eni = lan.interface_of(vpc.interfaces([chosen])[address])
        eni.run("nft", "add table netdev seen; add counter netdev seen arrived;"
                "add chain netdev seen in { type filter hook ingress device eth0 priority 0; };"
                "add rule netdev seen in tcp dport 4000-4011 counter name arrived")
    harness.wait_until(lambda: tries(door, member, 4005) and arrived(vpc, chosen, member), "the member to be reached")
    before = arrived(vpc, chosen, member)
    tries(door, other, 4005)
    tries(door, member, 4011)
    assert arrived(vpc, chosen, other) == 0
    assert arrived(vpc, chosen, member) == before
    tries(vpc.router(), other, 4005)
    assert arrived(vpc, chosen, other) > 0  # the counter can count


def arrived(vpc, chosen, address):
    eni = lan.interface_of(vpc.interfaces([chosen])[address])
    return int(eni.run("nft", "list", "counter", "netdev", "seen", "arrived").split("packets ")[1].split()[0])


with harness.Story() as story:
    network = story.enter(lan.Lan())
    owned = story.enter(lan.Owned())
    daemon = story.enter(harness.Daemon(story.folder / "state", {**vpcs.SETTINGS, "egress.connect_timeout": "2s"}))
    kernel(story, daemon, network, owned)
