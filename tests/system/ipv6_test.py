#!/usr/bin/env python3
"""IPv6 inside private networks: files by DUALSTACK and IPV6 gateways, to a server in a subnet and to one behind a router
of the partner's, and what must not be.

    gateway's subnet ── VPC's router ── subnet ── sshd (both families)
                                     └─ subnet ── the partner's router ── sshd (IPv6 only)
"""

import json
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402
import vpcs  # noqa: E402

CIDR, CIDR6 = "10.46.0.0/16", "fd46:1:2:3400::/56"
HOME, HOME6 = "10.46.1.0/24", "fd46:1:2:3401::/64"
AWAY, AWAY6 = "10.46.9.0/24", "fd46:1:2:3409::/64"
SERVER, SERVER6 = "10.46.9.22", "fd46:1:2:3409::22"
EDGE, EDGE6, EDGE_ROUTER = "10.46.8.0/24", "fd46:1:2:3408::/64", "fd46:1:2:3408::99"
OFFICE, OFFICE_SERVER = "fd99:8::/48", "fd99:8::22"
PORT, ZONE = 22, "six.example"


def steps(partner):
    """{step: what it says} of a test, and the one that failed."""
    found = partner.trace()["Steps"]
    failed = [step["Step"] for step in found if step["Status"] != "OK"]
    return {step["Step"]: step for step in found}, failed[0] if failed else None


def refused(call, *words):
    try:
        call()
    except aws.AwsError as error:
        assert error.code == "ValidationException", error
        for word in words:
            assert word in str(error), error
        return
    raise AssertionError(f"was not refused for {words}")


class World:
    def __init__(self, story):
        self.network, owned = story.enter(lan.Lan()), story.enter(lan.Owned())
        self.daemon = story.enter(harness.Daemon(story.folder / "state", {**vpcs.SETTINGS, "egress.connect_timeout": "3s",
                                                                       "transfer.attempts": "2"}))
        self.vpc = vpcs.Vpc(self.daemon, CIDR, owned, Ipv6CidrBlock=CIDR6)
        self.home, self.away, self.edge = (self.vpc.subnet(cidr, Ipv6CidrBlock=cidr6) for cidr, cidr6 in (
            (HOME, HOME6), (AWAY, AWAY6), (EDGE, EDGE6)))
        self.plain = self.vpc.subnet("10.46.2.0/24")
        self.group = self.vpc.group(vpcs.allow(CIDR, PORT), vpcs.allow(CIDR6, PORT), vpcs.allow(OFFICE, PORT))
        self.dual = self.vpc.gateway([self.home], [self.group], ipAddressType="DUALSTACK", resourceConfigDnsResolution="IN_VPC")
        self.addresses = self.vpc.interfaces([self.home]), self.vpc.interfaces6([self.home])
        self.machine = self.vpc.machine(self.network, "server", f"{SERVER}/24")
        vpcs.speak_six(self.machine, f"{SERVER6}/64", "fd46:1:2:3409::1")
        self.server = story.enter(sshd.Sshd(story.folder / "server", namespace=self.machine, address=SERVER6, port=PORT,
                                            options=[f"ListenAddress {SERVER}"]))
        self.bucket = self.daemon.bucket("six")

    def moves(self, partner, server, name):
        """A file there and back; where the server saw it come from."""
        digest = flows.write_random(self.bucket / f"{name}.bin", 2_000_000)
        partner.wait_completed(partner.send(f"/six/{name}.bin", to=server.home))
        assert flows.sha256_of(server.home / f"{name}.bin") == digest
        partner.wait_completed(partner.retrieve(server.home / f"{name}.bin", to="/six/back"))
        assert flows.sha256_of(self.bucket / "back" / f"{name}.bin") == digest
        return server.logins()[-1]

    def through(self, gateway, server, **more):
        partner = vpcs.partner_through(self.daemon, self.vpc, gateway, server, **more)
        partner.settled()
        return partner


def dual_stack(story, world):
    v4, v6 = world.addresses
    with story.case("a DUALSTACK gateway's interfaces have an address of each family of their subnet"):
        assert list(v4.values()) == list(v6.values()) and vpcs.same_subnet(next(iter(v6)), HOME6), (v4, v6)
        shown = world.vpc.lattice("GET", f"/resourcegateways/{world.dual}")
        assert shown["ipAddressType"] == "DUALSTACK", shown
    with story.case("a file goes to an sshd by IPv6 and comes back: it saw the interface's IPv6 address"):
        world.by_six = world.through(world.dual, world.server)
        assert world.moves(world.by_six, world.server, "dual") in v6, world.server.logins()
    with story.case("the path says so: interface, group, route"):
        found, failed = steps(world.by_six)
        assert failed is None, found
        assert next(iter(v6)) in found["interface"]["Message"] and CIDR6 in found["security-groups"]["Message"], found
        assert f"{CIDR6} (local)" in found["route"]["Message"], found
    with story.case("the flow log has both ends of it"):
        def ended():
            answer = world.daemon.client.rest("sallyport", "GET", f"/v1/flows?ConnectorId={world.by_six.id}")
            return [flow for flow in answer["Flows"] if flow["Target"] == f"[{SERVER6}]:{PORT}"]
        record = harness.wait_until(ended, "the flow")[0]
        assert json.dumps(record).count(next(iter(v6))) >= 1, record
    with story.case("the same gateway goes by IPv4 to an IPv4 address"):
        partner = world.through(world.dual, world.server, target=SERVER)
        assert world.moves(partner, world.server, "four") in v4, world.server.logins()


def only_six(story, world):
    world.six = world.vpc.gateway([world.away], [world.group], ipAddressType="IPV6")
    with story.case("an IPV6 gateway goes by IPv6"):
        partner = world.through(world.six, world.server)
        assert world.moves(partner, world.server, "six") in world.vpc.interfaces6([world.away]), world.server.logins()
    with story.case("an IPV6 gateway to an IPv4 address, and an IPV4 one to an IPv6 address, are refused in Amazon's words"):
        refused(lambda: world.vpc.configuration(world.six, SERVER), world.six, "IP address type IPV6, which is supported only if",
                "the resource also has an IPv6 address")
        four = world.vpc.gateway([world.home], [world.group])
        refused(lambda: world.vpc.configuration(four, SERVER6), four, "IP address type IPV4, which is supported only if",
                "the resource also has an IPv4 address")
        refused(lambda: world.vpc.configuration(four, f"files.{ZONE}", family="IPV6"), "IPV4, which is supported only if")
    with story.case("a subnet without IPv6 is no place for such a gateway"):
        for kind in ("IPV6", "DUALSTACK"):
            refused(lambda: world.vpc.gateway([world.home, world.plain], [world.group], ipAddressType=kind), kind, world.plain,
                    "IPv6 address ranges")
    with story.case("an address of the internet's is refused"):
        refused(lambda: world.vpc.configuration(world.dual, "2001:db8::22"), "IP address 2001:db8::22 is not in allowed ranges.")


def groups(story, world):
    world.machine.count("tries", f"meta nfproto ipv6 tcp dport {PORT} tcp flags & (syn | ack) == syn")
    with story.case("a group that allows only IPv4 is told at its step, and nothing arrives"):
        world.vpc.ec2("RevokeSecurityGroupEgress", GroupId=world.group, IpPermissions=[vpcs.allow(CIDR6, PORT)])
        before = world.machine.counted("tries")
        found, failed = steps(world.by_six)
        assert failed == "security-groups" and world.group in found[failed]["Message"] and SERVER6 in found[failed]["Message"], found
        assert world.machine.counted("tries") == before
    with story.case("in the kernel it holds too"):
        door = lan.interface_of(next(iter(world.addresses[1].values())))
        try:
            door.connect(SERVER6, PORT, seconds=1).close()
        except (TimeoutError, PermissionError):
            pass
        else:
            raise AssertionError("it was let out")
        assert world.machine.counted("tries") == before
    with story.case("allowed again it goes again"):
        world.vpc.ec2("AuthorizeSecurityGroupEgress", GroupId=world.group, IpPermissions=[vpcs.allow(f"{SERVER6}/128", PORT)])
        assert world.by_six.test()["Status"] == "OK", world.by_six.test()


def names(story, world):
    """A name server in the VPC, reached by IPv6, which knows both kinds of addresses."""
    log = story.folder / "names.log"
    vpcs.speak_six(world.machine, "fd46:1:2:3409::53/64")
    process = subprocess.Popen([
        *world.machine.prefix, "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=",
        "--user=root", "--listen-address=fd46:1:2:3409::53", "--bind-interfaces", f"--local=/{ZONE}/",
        f"--host-record=both.{ZONE},{SERVER},{SERVER6}", f"--host-record=six.{ZONE},{SERVER6}",
        f"--host-record=four.{ZONE},{SERVER}", "--log-queries", f"--log-facility={log}"], stdin=subprocess.DEVNULL)
    try:
        harness.wait_until(lambda: log.exists() and "started" in log.read_text(encoding="utf-8"), "dnsmasq")
        world.vpc.ec2("CreateTags", ResourceId=[world.vpc.id], Tag=[{"Key": "sallyport:dns", "Value": "[fd46:1:2:3409::53]:53"}])
        v4, v6 = world.addresses
        with story.case("a name is asked inside the VPC by IPv6, and the family that the configuration names is taken"):
            for name, family, expected in (("both", "IPV6", v6), ("both", "IPV4", v4), ("six", "IPV6", v6), ("four", "IPV4", v4),
                                           ("both", "DUALSTACK", v6)):
                partner = world.through(world.dual, world.server, target=f"{name}.{ZONE}", family=family)
                assert partner.test()["Status"] == "OK", partner.trace()
                assert world.server.logins()[-1] in expected, (name, family, world.server.logins()[-1])
        with story.case("of both families the one that a group lets out is taken"):
            partner = world.through(world.dual, world.server, target=f"both.{ZONE}", family="DUALSTACK")
            world.vpc.ec2("RevokeSecurityGroupEgress", GroupId=world.group, IpPermissions=[vpcs.allow(f"{SERVER6}/128", PORT)])
            assert partner.test()["Status"] == "OK", partner.trace()
            assert world.server.logins()[-1] in v4, world.server.logins()
            world.vpc.ec2("AuthorizeSecurityGroupEgress", GroupId=world.group, IpPermissions=[vpcs.allow(f"{SERVER6}/128", PORT)])
    finally:
        harness.end(process)


def on_premises(story, world):
    """The partner's router stands in a subnet: the API only has its address, and a route leads to it."""
    router, office = world.vpc.machine(world.network, "office-router", "10.46.8.99/24"), world.network.namespace("office")
    vpcs.speak_six(router, f"{EDGE_ROUTER}/64", "fd46:1:2:3408::1")
    world.network.cable(router, "inside", None, office, "eth0", None)
    vpcs.speak_six(router, "fd99:8::1/64", device="inside")
    vpcs.speak_six(office, f"{OFFICE_SERVER}/64", "fd99:8::1")
    router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
    server = story.enter(sshd.Sshd(story.folder / "office", namespace=office, address=OFFICE_SERVER, port=PORT))
    office.count("tries", f"tcp dport {PORT}")
    made = world.vpc.ec2("CreateNetworkInterface", SubnetId=world.edge, PrivateIpAddress="10.46.8.99",
                         Ipv6Addresses=[{"Ipv6Address": EDGE_ROUTER}], **vpcs.tags("network-interface", {"sallyport:external": "yes"}))
    eni = made["networkInterface"]["networkInterfaceId"]
    table = world.vpc.ec2("DescribeRouteTables", Filter=[{"Name": "vpc-id", "Value": [world.vpc.id]}])["routeTableSet"][0]["routeTableId"]
    partner = world.through(world.dual, server)

    with story.case("without a route the server behind the partner's router is not reached"):
        before, test = office.counted("tries"), partner.test()
        assert test["Status"] == "ERROR" and OFFICE_SERVER in test["StatusMessage"], test
        assert office.counted("tries") == before
    with story.case("a route of IPv6 to the partner's router leads there, from the interface's IPv6 address"):
        world.vpc.ec2("CreateRoute", RouteTableId=table, DestinationIpv6CidrBlock=OFFICE, NetworkInterfaceId=eni)
        assert world.moves(partner, server, "office") in world.addresses[1], server.logins()
        found, failed = steps(partner)
        assert failed is None and OFFICE in found["route"]["Message"] and EDGE_ROUTER in found["route"]["Message"], found
    with story.case("by the IPV6 gateway too"):
        other = world.through(world.six, server)
        assert world.moves(other, server, "office-six") in world.vpc.interfaces6([world.away]), server.logins()
    with story.case("the partner's router stops forwarding: the sentence names it"):
        router.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding")
        test = partner.test()
        assert test["Status"] == "ERROR" and eni in test["StatusMessage"] and EDGE_ROUTER in test["StatusMessage"], test
        router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
        assert partner.test()["Status"] == "OK", partner.test()
    world.office = partner


def kernel_of(world):
    found = []
    for namespace in (world.vpc.router(), *(lan.interface_of(eni) for eni in world.addresses[1].values())):
        found.append([(link["ifindex"], link["ifname"]) for link in namespace.ip_json("link")])
        for family in ("-4", "-6"):
            found += [namespace.ip(family, "addr", "show"), namespace.ip(family, "route", "show", "table", "all"),
                      namespace.ip(family, "rule", "show")]
    return found


def restarts(story, world):
    door = lan.interface_of(next(iter(world.addresses[1].values())))
    lasting = door.connect(SERVER6, PORT)
    assert lasting.recv(100).startswith(b"SSH-2.0-")
    before = kernel_of(world)
    with story.case("sallyport-netd is killed and begins again: what is there and the same is not touched"):
        os.kill(lan.netds(world.daemon)[-1], signal.SIGKILL)
        assert world.office.test()["Status"] == "OK", world.office.test()
        assert kernel_of(world) == before
    with story.case("so it is when all of Sallyport is restarted, and a connection that was there lives on"):
        world.daemon.stop()
        world.daemon.start()
        assert world.office.test()["Status"] == "OK", world.office.test()
        assert world.by_six.test()["Status"] == "OK", world.by_six.test()
        assert kernel_of(world) == before
        lasting.sendall(b"SSH-2.0-lives\r\n")
        assert lasting.recv(2000), "the connection was cut"
        lasting.close()


with harness.Story() as story:
    world = World(story)
    for part in (dual_stack, only_six, groups, names, on_premises, restarts):
        part(story, world)
