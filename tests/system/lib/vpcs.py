"""VPCs as the stories make them through the API, and machines that stand in them."""

import ipaddress
import itertools

import flows
import harness
import lan
import sshd

_numbers = itertools.count(1)

# Of a daemon that makes networks, where no private address is reached but through them.
SETTINGS = {"network.provider": "auto", "egress.allow_private_targets": "false"}


def tags(kind, pairs):
    """{"sallyport:dns": "10.0.0.2"} as a member of a create call."""
    if not pairs:
        return {}
    return {"TagSpecification": [{"ResourceType": kind, "Tag": [{"Key": key, "Value": value}
                                                                for key, value in pairs.items()]}]}


def allow(cidr, port, protocol="tcp", to=None):
    ranges = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": to or port, **ranges}


class Vpc:
    """Made at once. @owned: the lan.Owned that shall remove what it leaves behind; None with the host provider."""

    def __init__(self, daemon, cidr, owned=None, pairs=None, **more):
        self.daemon = daemon
        self.id = self.ec2("CreateVpc", CidrBlock=cidr, **tags("vpc", pairs), **more)["vpc"]["vpcId"]
        self.owned, self.world = owned, ()  # the world that netd lives in: as in lan.Namespace

    @classmethod
    def known(cls, daemon, made, owned=None):
        """One that somebody else made."""
        vpc = cls.__new__(cls)
        vpc.daemon, vpc.id, vpc.owned, vpc.world = daemon, made, owned, ()
        return vpc

    def ec2(self, action, **arguments):
        return self.daemon.client.call("ec2", action, arguments)

    def lattice(self, method, path, body=None):
        return self.daemon.client.rest("vpc-lattice", method, path, body)

    def subnet(self, cidr, pairs=None, **more):
        made = self.ec2("CreateSubnet", VpcId=self.id, CidrBlock=cidr, **tags("subnet", pairs), **more)
        return made["subnet"]["subnetId"]

    def group(self, *egress):
        """A security group that lets out what allow() says, and nothing else."""
        group = self.ec2("CreateSecurityGroup", VpcId=self.id, GroupName=f"group-{next(_numbers)}",
                         GroupDescription="of a story")["groupId"]
        made = self.ec2("DescribeSecurityGroups", GroupId=[group])["securityGroupInfo"][0]["ipPermissionsEgress"][0]
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        if made.get("ipv6Ranges"):
            everything[0]["Ipv6Ranges"] = [{"CidrIpv6": "::/0"}]
        self.ec2("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=everything)
        if egress:
            self.ec2("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=list(egress))
        return group

    def gateway(self, subnets, groups=(), **more):
        """A resource gateway that is ACTIVE."""
        made = self.lattice("POST", "/resourcegateways", {
            "name": f"gateway-{next(_numbers)}", "vpcIdentifier": self.id, "subnetIds": list(subnets),
            "securityGroupIds": list(groups), **more})
        self.wait_gateway(made["id"])
        return made["id"]

    def wait_gateway(self, gateway, wanted="ACTIVE"):
        def settled():
            found = self.lattice("GET", f"/resourcegateways/{gateway}")
            return found if not found["status"].endswith("_IN_PROGRESS") else None
        found = harness.wait_until(settled, "the gateway to be made")
        assert found["status"] == wanted, found
        if self.owned is not None and lan.names(f"-{self.id}"):
            self.owned.learn(self.id)
        return found

    def wait_no_gateway(self, gateway):
        def gone():
            return all(item["id"] != gateway for item in self.lattice("GET", "/resourcegateways").get("items", []))
        harness.wait_until(gone, "the gateway to be gone")

    def configuration(self, gateway, target, ports="22", family="IPV4"):
        """The ARN of a resource configuration that leads to an address or a name. @family: of the name."""
        try:
            definition = {"ipResource": {"ipAddress": str(ipaddress.ip_address(target))}}
        except ValueError:
            definition = {"dnsResource": {"domainName": target, "ipAddressType": family}}
        return self.lattice("POST", "/resourceconfigurations", {
            "name": f"target-{next(_numbers)}", "type": "SINGLE", "portRanges": [str(ports)],
            "resourceGatewayIdentifier": gateway, "resourceConfigurationDefinition": definition})["arn"]

    def interfaces(self, subnets=()):
        """{address: id} of the network interfaces in this VPC."""
        filters = [{"Name": "vpc-id", "Value": [self.id]}]
        if subnets:
            filters.append({"Name": "subnet-id", "Value": list(subnets)})
        found = self.ec2("DescribeNetworkInterfaces", Filter=filters)["networkInterfaceSet"] or []
        return {entry["privateIpAddress"]: entry["networkInterfaceId"] for entry in found}

    def interfaces6(self, subnets):
        """{IPv6 address: id} of the network interfaces in these subnets that have one."""
        found = self.ec2("DescribeNetworkInterfaces", Filter=[{"Name": "subnet-id", "Value": list(subnets)}])
        return {entry["ipv6AddressesSet"][0]["ipv6Address"]: entry["networkInterfaceId"]
                for entry in found["networkInterfaceSet"] or [] if entry.get("ipv6AddressesSet")}

    def router(self):
        return lan.router_of(self.id, self.world)

    def machine(self, network, name, address):
        """A namespace of @network (a lan.Lan) that is a machine in one of the subnets, at @address ("10.0.9.22/24")."""
        made = network.namespace(name)
        first = str(ipaddress.ip_interface(address).network.network_address + 1)
        router = self.router()
        bridge = harness.wait_until(lambda: _bridge_with(router, first), f"the bridge with {first}")
        network.plug(router, bridge, made, "eth0", address, router=first)
        return made


def speak_six(machine, address, router=None, device="eth0"):
    """Gives a machine an address of IPv6 at once ("fd00::22/64"), and who leads it on."""
    machine.ip("addr", "add", address, "dev", device, "nodad")
    if router:
        machine.ip("-6", "route", "add", "default", "via", router)


def _bridge_with(router, address):
    try:
        return router.interface_with(address)
    except RuntimeError:
        return None


def private_server(story, vpc, network, name, address, port=22, **options):
    """An sshd on a machine of its own in a subnet."""
    machine = vpc.machine(network, name, address)
    return story.enter(sshd.Sshd(story.folder / name, namespace=machine, address=address.partition("/")[0], port=port,
                                 **options))


def partner_through(daemon, vpc, gateway, server, ports=None, target=None, family="IPV4", **options):
    """A connector to @server through @gateway. @target: its name, where it is not its address that is told."""
    arn = vpc.configuration(gateway, target or server.address, ports or server.port, family)
    partner = flows.partner_of(daemon, server, egress=(arn, server.port), **options)
    partner.arn = arn
    return partner


def same_subnet(address, *cidrs):
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(cidr) for cidr in cidrs)
