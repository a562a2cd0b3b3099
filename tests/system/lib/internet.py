"""A simulated internet, and what leads to it through a VPC: route tables, NAT gateways, Elastic IPs, appliances.

       home: daemon and netd            the provider's router              servers
      ┌──────────────────────┐        ┌───────────────────────┐      ┌────────────────┐
      │ wan0  192.0.2.9/24   ├────────┤ 192.0.2.1/24          ├──────┤ 198.51.100.22  │
      └──────────────────────┘        │ 203.0.113.0/24: to us │      └────────────────┘
                                      └───────────────────────┘
The router counts what no provider lets through: packets from private addresses. A public server is reached by its name:
198-51-100-22.net.example, as the name server out there tells. Needs root.
"""

import contextlib
import json
import subprocess

import aws
import harness
import lan
import sshd
import vpcs

PROVIDER, HOME = "192.0.2.1", "192.0.2.9"
WAN = "wan0"
POOL = "203.0.113.0/24"  # the owner's public addresses, as the world knows them
SERVERS, SERVERS_ROUTER, NAMES = "198.51.100.0/24", "198.51.100.1", "198.51.100.53"
ZONE = "net.example"
PRIVATE = "{ 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16 }"
EVERYWHERE = "0.0.0.0/0"

# Of a VPC whose internet gateway leads to the provider by the real interface.
UPLINK = {"sallyport:uplink": WAN, "sallyport:router": PROVIDER}
# Of a daemon that owns a part of the pool.
SETTINGS = {**vpcs.SETTINGS, "egress.address_pools": "ours=203.0.113.8/29", "egress.connect_timeout": "2s",
            "transfer.attempts": "2", "transfer.worker_idle": "2s", "egress.dns_servers": NAMES}


def name_of(address):
    return f"{address.replace('.', '-')}.{ZONE}"


class Internet:
    """@to_host: the provider leads the pool to the host's address; else its addresses are looked for on the wire."""

    def __init__(self, story, network, name="internet", to_host=False):
        self.network, self.name, self.servers = network, name, 0
        self.router, self.home = network.namespace(name), network.namespace(f"{name}-home")
        network.cable(self.home, WAN, f"{HOME}/24", self.router, "street0", f"{PROVIDER}/24")
        self.home.route("default", "via", PROVIDER)
        self.router.forward()
        self.router.route(POOL, *(("via", HOME) if to_host else ("dev", "street0")))
        for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"):
            self.router.ip("route", "add", "blackhole", block)
        self.router.count("leaks", f"iifname street0 ip saddr {PRIVATE}")
        self.names = self.machine("names", NAMES)
        story.enter(Names(self.names, story.folder / f"{name}-names.log"))

    def leaks(self):
        """Packets that came with a private source address."""
        return self.router.counted("leaks")

    def machine(self, name, address):
        """A namespace somewhere out there; counts the connections that are tried to its port 22."""
        self.servers += 1
        made = self.network.namespace(f"{self.name}-{name}")
        port = f"server{self.servers}"
        self.network.cable(self.router, port, f"{SERVERS_ROUTER}/32", made, "eth0", f"{address}/24")
        self.router.route(f"{address}/32", "dev", port)
        made.route("default", "via", SERVERS_ROUTER)
        made.count("tries", "iifname eth0 tcp dport 22 tcp flags & (syn | ack) == syn")
        return made

    def server(self, story, name, address, only=None, **options):
        """An sshd out there. @only: the one address that its firewall lets in."""
        machine = self.machine(name, address)
        if only:
            machine.allow_only(only, 22)
        return story.enter(sshd.Sshd(story.folder / f"{self.name}-{name}", namespace=machine, address=address, port=22,
                                     **options))


class Ground:
    """What a story about ways out stands on: that internet, and a daemon whose home leads there."""

    def __init__(self, story, settings=None):
        self.story = story
        self.network, self.owned = story.enter(lan.Lan()), story.enter(lan.Owned())
        self.net = Internet(story, self.network)
        self.daemon = story.enter(harness.Daemon(story.folder / "state", settings or SETTINGS, namespace=self.net.home))

    def new_vpc(self, cidr):
        """One whose internet gateway leads to the provider."""
        return vpcs.Vpc(self.daemon, cidr, self.owned, UPLINK)


class Names:
    """dnsmasq, which knows a name for each address out there."""

    def __init__(self, machine, log):
        self.machine, self.log, self.process = machine, log, None

    def __enter__(self):
        self.process = subprocess.Popen([
            *self.machine.prefix, "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
            "--pid-file=", "--user=root", f"--listen-address={NAMES}", "--bind-interfaces", f"--local=/{ZONE}/",
            f"--synth-domain={ZONE},{SERVERS}", "--log-queries", f"--log-facility={self.log}"], stdin=subprocess.DEVNULL)
        harness.wait_until(lambda: self.log.exists() and "started" in self.log.read_text(encoding="utf-8"), "dnsmasq")
        return self

    def __exit__(self, *_):
        harness.end(self.process)


def partner_through(daemon, vpc, gateway, server):
    """A connector to a server out there, by its name, settled."""
    partner = vpcs.partner_through(daemon, vpc, gateway, server, target=name_of(server.address))
    partner.settled()
    return partner


def tries(server):
    """Connections that arrived at a server's door, whether it opened or not."""
    return server.namespace.counted("tries")


# ---- what is made through the API -----------------------------------------------------------------------------------


class RouteTable:
    """@id: one that is there already; None: a new one."""

    def __init__(self, vpc, *subnets, table=None):
        self.vpc = vpc
        self.id = table or vpc.ec2("CreateRouteTable", VpcId=vpc.id)["routeTable"]["routeTableId"]
        self.associations = {subnet: self.associate(subnet) for subnet in subnets}

    def associate(self, subnet):
        return self.vpc.ec2("AssociateRouteTable", RouteTableId=self.id, SubnetId=subnet)["associationId"]

    def route(self, destination, **target):
        """@target: NatGatewayId=…, GatewayId=…, NetworkInterfaceId=…"""
        self.vpc.ec2("CreateRoute", RouteTableId=self.id, DestinationCidrBlock=destination, **target)

    def replace(self, destination, **target):
        self.vpc.ec2("ReplaceRoute", RouteTableId=self.id, DestinationCidrBlock=destination, **target)

    def unroute(self, destination):
        self.vpc.ec2("DeleteRoute", RouteTableId=self.id, DestinationCidrBlock=destination)

    def shown(self):
        """{destination: (target, state)}"""
        found = self.vpc.ec2("DescribeRouteTables", RouteTableId=[self.id])["routeTableSet"][0]["routeSet"]
        names = ("gatewayId", "natGatewayId", "networkInterfaceId")
        return {route["destinationCidrBlock"]: (next(route[name] for name in names if name in route), route["state"])
                for route in found}


def main_table(vpc):
    found = vpc.ec2("DescribeRouteTables", Filter=[{"Name": "vpc-id", "Value": [vpc.id]},
                                                   {"Name": "association.main", "Value": ["true"]}])
    return RouteTable(vpc, table=found["routeTableSet"][0]["routeTableId"])


def attach(vpc):
    """An internet gateway of the VPC's own."""
    made = vpc.ec2("CreateInternetGateway")["internetGateway"]["internetGatewayId"]
    vpc.ec2("AttachInternetGateway", InternetGatewayId=made, VpcId=vpc.id)
    return made


def allocate(daemon, address=None):
    """The allocation of an Elastic IP: that address, or any."""
    return daemon.client.call("ec2", "AllocateAddress", {"Domain": "vpc", **({"Address": address} if address else {})})[
        "allocationId"]


class NatGateway:
    """@allocation None: a private one. It is available, unless @wanted says otherwise."""

    def __init__(self, vpc, subnet, allocation=None, wanted="available", **more):
        self.vpc = vpc
        kind = {"AllocationId": allocation} if allocation else {"ConnectivityType": "private"}
        self.id = vpc.ec2("CreateNatGateway", SubnetId=subnet, **kind, **more)["natGateway"]["natGatewayId"]
        self.found = self.wait(wanted)
        address = self.found["natGatewayAddressSet"][0]
        self.address, self.interface = address.get("privateIp"), address.get("networkInterfaceId")
        if vpc.owned is not None and lan.names(f"-{vpc.id}"):
            vpc.owned.learn(vpc.id)

    def describe(self):
        return self.vpc.ec2("DescribeNatGateways", NatGatewayId=[self.id])["natGatewaySet"][0]

    def wait(self, wanted):
        def settled():
            found = self.describe()
            return found if found["state"] not in ("pending", "deleting") else None
        found = harness.wait_until(settled, f"the NAT gateway {self.id} to settle")
        assert found["state"] == wanted, found
        return found

    def wait_for(self, state):
        harness.wait_until(lambda: self.describe()["state"] == state, f"the NAT gateway {self.id} to be {state}")

    def delete(self):
        """Without a wait: what is answered holds at once."""
        self.vpc.ec2("DeleteNatGateway", NatGatewayId=self.id)

    def namespace(self):
        return lan.interface_of(self.interface)


class Appliance:
    """
    A network interface of the user's that forwards what is not its own, and the namespace that netd makes for it.

    @external  a machine that is there already has @address: nothing is made
    """

    def __init__(self, vpc, subnet, groups=(), address=None, external=False):
        self.vpc = vpc
        more = {"PrivateIpAddress": address} if address else {}
        if groups:
            more["SecurityGroupId"] = list(groups)
        made = vpc.ec2("CreateNetworkInterface", SubnetId=subnet, Description="an appliance", **more,
                       **vpcs.tags("network-interface", {"sallyport:external": "yes"} if external else {}))
        self.id, self.address = (made["networkInterface"][name] for name in ("networkInterfaceId", "privateIpAddress"))
        self.check_addresses(False)
        if not external:
            harness.wait_until(self.is_made, f"the namespace of {self.id} to forward")
            vpc.owned.learn(vpc.id)

    def check_addresses(self, wanted):
        self.vpc.ec2("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=self.id, SourceDestCheck={"Value": wanted})

    def namespace(self):
        return lan.interface_of(self.id)

    def is_made(self):
        try:
            return forwards(self.namespace()) and self.namespace().interface_with(self.address)
        except RuntimeError:
            return False

    def watch(self):
        """Counts, in a table of the user's own, what goes through, by its way."""
        watch(self.namespace())

    def delete(self):
        self.vpc.ec2("DeleteNetworkInterface", NetworkInterfaceId=self.id)


# ---- what an appliance's owner does in its namespace ----------------------------------------------------------------

FORWARD = "type filter hook forward priority -10; policy accept;"


def forwards(namespace, value=None):
    """Whether it does; sets it."""
    if value is not None:
        namespace.run("sh", "-c", f"echo {int(value)} > /proc/sys/net/ipv4/ip_forward")
    return namespace.run("cat", "/proc/sys/net/ipv4/ip_forward").strip() == "1"


def watch(namespace):
    namespace.run("nft", "-f", "-", text="table ip inspect {\n counter to { }\n counter back { }\n"
                  f" chain through {{ {FORWARD}\n"
                  "  tcp dport 22 counter name to\n  tcp sport 22 counter name back\n }\n}\n")


def watched(namespace):
    """{"to": (packets, bytes), "back": …}"""
    found = json.loads(namespace.run("nft", "-j", "list", "counters", "table", "ip", "inspect"))["nftables"]
    return {entry["counter"]["name"]: (entry["counter"]["packets"], entry["counter"]["bytes"])
            for entry in found if "counter" in entry}


def can_queue(namespace):
    """Whether the kernel hands packets to programs."""
    try:
        namespace.run("nft", "-c", "-f", "-", text=f"table ip verdict {{\n chain through {{ {FORWARD}\n  queue num 7\n }}\n}}\n")
    except RuntimeError:
        return False
    return True


@contextlib.contextmanager
def verdict(namespace, rule):
    """A rule of the owner's own while it lasts: "drop", "queue num 7" …"""
    namespace.run("nft", "-f", "-", text=f"table ip verdict {{\n chain through {{ {FORWARD}\n  {rule}\n }}\n}}\n")
    try:
        yield
    finally:
        namespace.run("nft", "delete", "table", "ip", "verdict")


# ---- what the stories ask -------------------------------------------------------------------------------------------


def refused(code, *words, call):
    """Performs it: it has to be refused with this code, in a sentence that holds these words."""
    try:
        answer = call()
    except aws.AwsError as error:
        assert error.code == code, f"{error.code}: {error.message}"
        for word in words:
            assert word in error.message, f"the sentence does not say {word!r}: {error.message!r}"
        return error.message
    raise AssertionError(f"was not refused: {answer}")


def fails(partner, step, *words):
    """A test of the connector: it fails at @step, and all that is said is one sentence that holds @words."""
    trace = partner.trace()
    assert trace["Status"] == "ERROR", trace
    last = trace["Steps"][-1]
    assert (last["Step"], last["Status"]) == (step, "FAILED"), trace
    assert all(entry["Status"] == "OK" for entry in trace["Steps"][:-1]), trace
    for word in words:
        assert word in last["Message"], f"the sentence does not say {word!r}: {last['Message']!r}"
    return last["Message"]


def way_of(partner):
    """What a test that succeeds says of the route that was taken."""
    trace = partner.trace()
    assert trace["Status"] == "OK", trace
    return next(entry["Message"] for entry in trace["Steps"] if entry["Step"] == "route")


def works(partner, server, source=None):
    """A test succeeds; @source: the address that the server saw."""
    test = partner.test()
    assert test["Status"] == "OK", test
    assert source is None or server.logins()[-1] == source, (source, server.logins()[-3:])
