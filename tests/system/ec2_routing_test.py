#!/usr/bin/env python3
"""Route tables, routes, internet gateways and NAT gateways: what the calls do, show and refuse, with the unmodified
`aws` and with requests that no tool would send. What becomes of the packets is told by other stories."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import cli  # noqa: E402
import ec2 as calls  # noqa: E402
import harness  # noqa: E402
import vpcs  # noqa: E402
from ec2 import NOWHERE  # noqa: E402

CIDR = "10.61.0.0/16"
ID = re.compile(r"(rtb|rtbassoc|igw|nat|eni|eipalloc|eipassoc)-[0-9a-f]{17}")
LOCAL = {"destinationCidrBlock": CIDR, "gatewayId": "local", "state": "active", "origin": "CreateRouteTable"}
UPLINK = {"sallyport:uplink": calls.UPLINK, "sallyport:router": "192.0.2.1"}


class Place:
    """A VPC with a subnet and an interface in it that routes may lead to."""

    def __init__(self, home, ec2, cidr=CIDR, pairs=UPLINK):
        self.ec2, self.vpc = ec2, home.vpc(ec2.daemon, cidr, pairs)
        self.id = self.vpc.id
        self.network = cidr.rpartition(".0.0/")[0]
        self.subnet = self.vpc.subnet(f"{self.network}.1.0/24")

    def table(self, **more):
        return self.ec2("CreateRouteTable", VpcId=self.id, **more)["routeTable"]["routeTableId"]

    def interface(self, subnet=None, **more):
        return self.ec2("CreateNetworkInterface", SubnetId=subnet or self.subnet, **more)["networkInterface"][
            "networkInterfaceId"]

    def main(self):
        return self.ec2.one("DescribeRouteTables", "routeTableSet", Filter=[
            {"Name": "vpc-id", "Value": [self.id]}, {"Name": "association.main", "Value": ["true"]}])

    def internet(self):
        gateway = self.ec2("CreateInternetGateway")["internetGateway"]["internetGatewayId"]
        self.ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=self.id)
        return gateway


def show_table(ec2, table):
    return ec2.one("DescribeRouteTables", "routeTableSet", RouteTableId=[table])


def state_of(ec2, table, destination):
    return next(route["state"] for route in show_table(ec2, table)["routeSet"]
                if route["destinationCidrBlock"] == destination)


# ---- route tables ---------------------------------------------------------------------------------------------------


def tables(story, ec2, place, other):
    with story.case("`aws ec2` makes a route table with tags, which leads to the VPC alone"):
        made = ec2.cli("create-route-table", "--vpc-id", place.id, "--tag-specifications",
                       "ResourceType=route-table,Tags=[{Key=Name,Value=private}]")
        table = made["RouteTable"]["RouteTableId"]
        assert ID.fullmatch(table) and made["ClientToken"], made
        assert made["RouteTable"]["VpcId"] == place.id and made["RouteTable"]["OwnerId"] == ec2.account, made
        assert made["RouteTable"]["Tags"] == [{"Key": "Name", "Value": "private"}], made
        assert made["RouteTable"]["Associations"] == [] and made["RouteTable"]["PropagatingVgws"] == [], made
        assert made["RouteTable"]["Routes"] == [{"DestinationCidrBlock": CIDR, "GatewayId": "local", "State": "active",
                                                 "Origin": "CreateRouteTable"}], made
        shown = ec2.cli("describe-route-tables", "--route-table-ids", table)["RouteTables"][0]
        assert shown == made["RouteTable"], shown

    with story.case("the same request with its token makes one table; the token with another request is refused"):
        first = ec2("CreateRouteTable", VpcId=place.id, ClientToken="once")
        again = ec2("CreateRouteTable", VpcId=place.id, ClientToken="once")
        assert first["routeTable"] == again["routeTable"] and again["clientToken"] == "once", again
        ec2.refused("IdempotentParameterMismatch", "CreateRouteTable", "once", VpcId=other.id, ClientToken="once")
        ec2.refused("InvalidParameterValue", "CreateRouteTable", "64", VpcId=place.id, ClientToken="x" * 65)
        ec2("DeleteRouteTable", RouteTableId=first["routeTable"]["routeTableId"])

    with story.case("a dry run makes nothing and deletes nothing"):
        before = ec2.where("DescribeRouteTables", "routeTableSet", "routeTableId")
        ec2.dry("CreateRouteTable", VpcId=place.id)
        ec2.dry("DeleteRouteTable", RouteTableId=table)
        ec2.cli_refused("DryRunOperation", "would have succeeded", "create-route-table", "--vpc-id", place.id, "--dry-run")
        assert ec2.where("DescribeRouteTables", "routeTableSet", "routeTableId") == before

    with story.case("a subnet has the main table until it is associated with another one"):
        main = place.main()
        assert [entry["main"] for entry in main["associationSet"]] == ["true"], main
        made = ec2.cli("associate-route-table", "--route-table-id", table, "--subnet-id", place.subnet)
        association = made["AssociationId"]
        assert ID.fullmatch(association) and made["AssociationState"] == {"State": "associated"}, made
        assert show_table(ec2, table)["associationSet"] == [{
            "routeTableAssociationId": association, "routeTableId": table, "main": "false",
            "associationState": {"state": "associated"}, "subnetId": place.subnet}]
        ec2.refused("Resource.AlreadyAssociated", "AssociateRouteTable", place.subnet, RouteTableId=main["routeTableId"],
                    SubnetId=place.subnet)

    with story.case("tables are found by what they are associated with"):
        def found(**filters):
            return ec2.where("DescribeRouteTables", "routeTableSet", "routeTableId", **filters)

        for filters in ({"association__subnet_id": place.subnet}, {"route_table_id": table}, {"tag:Name": "priv*"},
                        {"association__route_table_association_id": association},
                        {"association__main": "false", "vpc_id": place.id}, {"tag_key": "Name"},
                        {"association__route_table_id": table}):
            assert found(**filters) == [table], filters
        assert found(association__main="true", vpc_id=[place.id, other.id]) == sorted(
            [place.main()["routeTableId"], other.main()["routeTableId"]])
        assert found(owner_id="1234") == [] and found(association__gateway_id="igw-1") == []
        ec2.refused("InvalidParameterValue", "DescribeRouteTables", "The filter 'color' is invalid",
                    Filter=[{"Name": "color", "Value": ["red"]}])

    with story.case("a table in use stays, and so does the main one"):
        ec2.cli_refused("DependencyViolation", f"The routeTable '{table}' has dependencies and cannot be deleted.",
                        "delete-route-table", "--route-table-id", table)
        ec2.refused("DependencyViolation", "DeleteRouteTable", "dependencies", RouteTableId=main["routeTableId"])
        ec2.refused("DependencyViolation", "DeleteVpc", "dependencies", VpcId=place.id)

    with story.case("an association moves to another table under a new id"):
        second = place.table()
        made = ec2.cli("replace-route-table-association", "--association-id", association, "--route-table-id", second)
        assert made["NewAssociationId"] != association and made["AssociationState"]["State"] == "associated", made
        assert show_table(ec2, table)["associationSet"] in ("", [], None)
        ec2.refused("InvalidAssociationID.NotFound", "DisassociateRouteTable", association, AssociationId=association)
        association = made["NewAssociationId"]
        ec2.refused("InvalidParameterValue", "ReplaceRouteTableAssociation", "different networks",
                    AssociationId=association, RouteTableId=other.main()["routeTableId"])

    with story.case("another table becomes the main one, and the former can go"):
        main = place.main()
        main_association = main["associationSet"][0]["routeTableAssociationId"]
        ec2.refused("InvalidParameterValue", "DisassociateRouteTable", "main", AssociationId=main_association)
        made = ec2("ReplaceRouteTableAssociation", AssociationId=main_association, RouteTableId=table)
        assert place.main()["routeTableId"] == table
        assert place.main()["associationSet"][0]["routeTableAssociationId"] == made["newAssociationId"]
        ec2("DeleteRouteTable", RouteTableId=main["routeTableId"])
        ec2("DisassociateRouteTable", AssociationId=association)
        ec2("DeleteRouteTable", RouteTableId=second)
        ec2.refused("InvalidRouteTableID.NotFound", "DescribeRouteTables", f"The routeTable ID '{second}' does not exist",
                    RouteTableId=[second])

    with story.case("what makes no association is refused"):
        ec2.refused("InvalidParameterValue", "AssociateRouteTable", "different networks", RouteTableId=table,
                    SubnetId=other.subnet)
        ec2.refused("UnsupportedOperation", "AssociateRouteTable", "GatewayId", RouteTableId=table,
                    GatewayId=f"igw-{NOWHERE}")
        ec2.refused("MissingParameter", "AssociateRouteTable", "SubnetId", RouteTableId=table)
        ec2.refused("MissingParameter", "AssociateRouteTable", "RouteTableId", SubnetId=place.subnet)
        ec2.refused("InvalidSubnetID.NotFound", "AssociateRouteTable", NOWHERE, RouteTableId=table,
                    SubnetId=f"subnet-{NOWHERE}")
        ec2.refused("InvalidRouteTableID.NotFound", "AssociateRouteTable", NOWHERE, RouteTableId=f"rtb-{NOWHERE}",
                    SubnetId=place.subnet)
        ec2.refused("InvalidRouteTableId.Malformed", "AssociateRouteTable", "rtb-x", RouteTableId="rtb-x",
                    SubnetId=place.subnet)
        ec2.refused("InvalidAssociationID.NotFound", "ReplaceRouteTableAssociation", NOWHERE, RouteTableId=table,
                    AssociationId=f"rtbassoc-{NOWHERE}")

    with story.case("a subnet takes its association along when it goes, and tables are told in pages"):
        subnet = place.vpc.subnet(f"{place.network}.50.0/24")
        more = [place.table() for _ in range(5)]
        ec2("AssociateRouteTable", RouteTableId=more[0], SubnetId=subnet)
        ec2("DeleteSubnet", SubnetId=subnet)
        page = ec2("DescribeRouteTables", MaxResults="5")
        rest = ec2("DescribeRouteTables", MaxResults="100", NextToken=page["nextToken"])
        ids = [entry["routeTableId"] for entry in page["routeTableSet"] + rest["routeTableSet"]]
        assert len(page["routeTableSet"]) == 5 and set(more) <= set(ids) and len(set(ids)) == len(ids), ids
        ec2.refused("InvalidParameterValue", "DescribeRouteTables", "between 5 and 100", MaxResults="101")
        for entry in more:
            ec2("DeleteRouteTable", RouteTableId=entry)


# ---- internet gateways ----------------------------------------------------------------------------------------------


def internet(story, ec2, place, other):
    def find(gateway):
        return ec2.one("DescribeInternetGateways", "internetGatewaySet", InternetGatewayId=[gateway])

    with story.case("`aws ec2` makes an internet gateway and attaches it"):
        made = ec2.cli("create-internet-gateway", "--tag-specifications",
                       "ResourceType=internet-gateway,Tags=[{Key=Name,Value=out}]")["InternetGateway"]
        gateway = made["InternetGatewayId"]
        assert ID.fullmatch(gateway) and made["Attachments"] == [] and made["OwnerId"] == ec2.account, made
        ec2.dry("AttachInternetGateway", InternetGatewayId=gateway, VpcId=place.id)
        assert not find(gateway)["attachmentSet"]
        assert ec2.cli("attach-internet-gateway", "--internet-gateway-id", gateway, "--vpc-id", place.id) == {}
        assert find(gateway)["attachmentSet"] == [{"vpcId": place.id, "state": "available"}]
        for filters in ({"attachment__vpc_id": place.id}, {"attachment__state": "available"}, {"tag:Name": "out"},
                        {"internet_gateway_id": gateway}):
            assert ec2.where("DescribeInternetGateways", "internetGatewaySet", "internetGatewayId", **filters) == [gateway]

    with story.case("a gateway is attached to one VPC, and a VPC has one gateway"):
        second = ec2("CreateInternetGateway")["internetGateway"]["internetGatewayId"]
        ec2.refused("Resource.AlreadyAssociated", "AttachInternetGateway", place.id, InternetGatewayId=gateway,
                    VpcId=other.id)
        ec2.refused("InvalidParameterValue", "AttachInternetGateway", "already has an internet gateway attached",
                    InternetGatewayId=second, VpcId=place.id)
        ec2.refused("Gateway.NotAttached", "DetachInternetGateway", other.id, InternetGatewayId=gateway, VpcId=other.id)
        ec2.refused("Gateway.NotAttached", "DetachInternetGateway", second, InternetGatewayId=second, VpcId=place.id)
        ec2.refused("DependencyViolation", "DeleteInternetGateway", place.id, InternetGatewayId=gateway)
        ec2.refused("InvalidInternetGatewayID.NotFound", "DeleteInternetGateway", NOWHERE,
                    InternetGatewayId=f"igw-{NOWHERE}")
        ec2.refused("InvalidVpcID.NotFound", "AttachInternetGateway", NOWHERE, InternetGatewayId=second,
                    VpcId=f"vpc-{NOWHERE}")
        ec2.cli("delete-internet-gateway", "--internet-gateway-id", second)
        ec2.refused("InvalidInternetGatewayID.NotFound", "DescribeInternetGateways", second, InternetGatewayId=[second])
    return gateway


# ---- routes ---------------------------------------------------------------------------------------------------------


def routes(story, ec2, place, other, gateway):
    table, appliance = place.table(), place.interface()

    with story.case("`aws ec2` makes a route of each kind, and shows it active"):
        assert ec2.cli("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--gateway-id",
                       gateway) == {"Return": True}
        ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock="172.20.3.4/16", NetworkInterfaceId=appliance)
        shown = ec2.cli("describe-route-tables", "--route-table-ids", table)["RouteTables"][0]["Routes"]
        assert shown[1:] == [
            {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, "Origin": "CreateRoute", "State": "active"},
            {"DestinationCidrBlock": "172.20.0.0/16", "NetworkInterfaceId": appliance, "Origin": "CreateRoute",
             "State": "active"}], shown
        for filters in ({"route__gateway_id": gateway}, {"route__destination_cidr_block": "172.20.0.0/16"},
                        {"route__origin": "CreateRoute"}):
            assert ec2.where("DescribeRouteTables", "routeTableSet", "routeTableId", **filters) == [table], filters

    with story.case("a route is replaced and deleted"):
        ec2.cli("replace-route", "--route-table-id", table, "--destination-cidr-block", "172.20.0.0/16", "--gateway-id",
                gateway)
        assert show_table(ec2, table)["routeSet"][2]["gatewayId"] == gateway
        ec2("ReplaceRoute", RouteTableId=table, DestinationCidrBlock="172.20.0.0/16", NetworkInterfaceId=appliance)
        ec2.cli("delete-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0")
        assert [route["destinationCidrBlock"] for route in show_table(ec2, table)["routeSet"]] == [CIDR, "172.20.0.0/16"]

    with story.case("a route that is there, one that is not, and the local one are told apart"):
        ec2.refused("RouteAlreadyExists", "CreateRoute", "172.20.0.0/16", RouteTableId=table,
                    DestinationCidrBlock="172.20.0.0/16", GatewayId=gateway)
        ec2.refused("InvalidParameterValue", "ReplaceRoute", "There is no route defined for '0.0.0.0/0'",
                    RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.refused("InvalidRoute.NotFound", "DeleteRoute", "0.0.0.0/0", RouteTableId=table,
                    DestinationCidrBlock="0.0.0.0/0")
        for action, more in (("CreateRoute", {"GatewayId": gateway}), ("ReplaceRoute", {"GatewayId": gateway}),
                             ("DeleteRoute", {})):
            ec2.refused("InvalidParameterValue", action, "local route", RouteTableId=table, DestinationCidrBlock=CIDR,
                        **more)

    with story.case("destinations that no route can have are refused"):
        for destination in ("nonsense", "10.0.0.0", "fd00::/64", "10.0.0.0/33", "127.0.0.0/8", "169.254.168.0/24",
                            "224.0.0.0/4", "255.255.255.255/32"):
            ec2.refused("InvalidParameterValue", "CreateRoute", destination, RouteTableId=table,
                        DestinationCidrBlock=destination, GatewayId=gateway)
        ec2.refused("MissingParameter", "CreateRoute", "DestinationCidrBlock", RouteTableId=table, GatewayId=gateway)
        ec2.refused("UnsupportedOperation", "CreateRoute", "DestinationCidrBlock", RouteTableId=table, GatewayId=gateway,
                    DestinationPrefixListId=f"pl-{NOWHERE}")
        ec2.refused("InvalidParameterValue", "CreateRoute", "no IPv6 range", RouteTableId=table, GatewayId=gateway,
                    DestinationIpv6CidrBlock="::/0")
        ec2.refused("InvalidParameterCombination", "CreateRoute", "one of", RouteTableId=table, GatewayId=gateway,
                    DestinationIpv6CidrBlock="::/0", DestinationCidrBlock="0.0.0.0/0")

    with story.case("inside the VPC a route leads a whole subnet through an appliance, and nothing to the internet"):
        inside = f"{place.network}.1.0/24"
        ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock=inside, NetworkInterfaceId=appliance)
        ec2("DeleteRoute", RouteTableId=table, DestinationCidrBlock=inside)
        ec2.refused("InvalidParameterValue", "CreateRoute", "whole CIDR", RouteTableId=table,
                    DestinationCidrBlock=f"{place.network}.1.0/25", NetworkInterfaceId=appliance)
        ec2.refused("InvalidParameterValue", "CreateRoute", "not on the internet", RouteTableId=table,
                    DestinationCidrBlock=inside, GatewayId=gateway)

    with story.case("targets that are none are refused"):
        where = {"RouteTableId": table, "DestinationCidrBlock": "192.0.2.0/24"}
        strange = other.interface()
        ec2.refused("MissingParameter", "CreateRoute", "GatewayId", **where)
        ec2.refused("InvalidParameterCombination", "CreateRoute", "NetworkInterfaceId", **where, GatewayId=gateway,
                    NetworkInterfaceId=appliance)
        for code, name, value in (
                ("InvalidInternetGatewayID.NotFound", "GatewayId", f"igw-{NOWHERE}"),
                ("InvalidNatGatewayID.NotFound", "NatGatewayId", f"nat-{NOWHERE}"),
                ("InvalidNetworkInterfaceID.NotFound", "NetworkInterfaceId", f"eni-{NOWHERE}"),
                ("InvalidParameterValue", "GatewayId", f"vgw-{NOWHERE}"), ("InvalidParameterValue", "GatewayId", "local"),
                ("InvalidParameterValue", "NetworkInterfaceId", strange)):
            ec2.refused(code, "CreateRoute", value, **where, **{name: value})
            ec2.refused(code, "ReplaceRoute", value, **where, **{name: value})
        for name in ("TransitGatewayId", "VpcPeeringConnectionId", "VpcEndpointId", "InstanceId", "CoreNetworkArn",
                     "EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId", "OdbNetworkArn"):
            ec2.refused("UnsupportedOperation", "CreateRoute", name, **where, **{name: f"x-{NOWHERE}"})
        ec2.refused("UnsupportedOperation", "ReplaceRoute", "LocalTarget", **where, LocalTarget="true")
        ec2("DeleteNetworkInterface", NetworkInterfaceId=strange)

    with story.case("the interface of a resource gateway is no target: nothing goes through it"):
        door = place.vpc.gateway([place.subnet])
        found = ec2.where("DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId", vpc_id=place.id,
                          requester_managed="true")
        ec2.refused("InvalidParameterValue", "CreateRoute", "forwards nothing", **where, NetworkInterfaceId=found[0])
        place.vpc.lattice("DELETE", f"/resourcegateways/{door}")
        place.vpc.wait_no_gateway(door)

    with story.case("a dry run changes no route"):
        before = show_table(ec2, table)
        ec2.dry("CreateRoute", **where, NetworkInterfaceId=appliance)
        ec2.dry("ReplaceRoute", RouteTableId=table, DestinationCidrBlock="172.20.0.0/16", GatewayId=gateway)
        ec2.dry("DeleteRoute", RouteTableId=table, DestinationCidrBlock="172.20.0.0/16")
        assert show_table(ec2, table) == before

    with story.case("what a route led to may go: the route stays, and is a blackhole"):
        ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2("DeleteNetworkInterface", NetworkInterfaceId=appliance)
        assert state_of(ec2, table, "172.20.0.0/16") == "blackhole"
        ec2("DetachInternetGateway", InternetGatewayId=gateway, VpcId=place.id)
        assert state_of(ec2, table, "0.0.0.0/0") == "blackhole"
        ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=other.id)
        assert state_of(ec2, table, "0.0.0.0/0") == "blackhole"
        ec2.refused("InvalidParameterValue", "ReplaceRoute", "different networks", RouteTableId=table,
                    DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2("DetachInternetGateway", InternetGatewayId=gateway, VpcId=other.id)
        assert ec2.where("DescribeRouteTables", "routeTableSet", "routeTableId", route__state="blackhole") == [table]
        ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=place.id)
        assert state_of(ec2, table, "0.0.0.0/0") == "active"
    ec2("DeleteRouteTable", RouteTableId=table)


# ---- NAT gateways ---------------------------------------------------------------------------------------------------


def wait_nat(ec2, gateway, wanted):
    def settled():
        found = ec2.one("DescribeNatGateways", "natGatewaySet", NatGatewayId=[gateway])
        return found if found["state"] != "pending" else None
    found = harness.wait_until(settled, f"{gateway} to settle")
    assert found["state"] == wanted, found
    return found


def nat(story, ec2, place, gateway):
    address = ec2("AllocateAddress", Domain="vpc")
    table = place.table()

    with story.case("`aws ec2` makes a public NAT gateway with an Elastic IP address, and waits for it"):
        made = ec2.cli("create-nat-gateway", "--subnet-id", place.subnet, "--allocation-id", address["allocationId"],
                       "--tag-specifications", "ResourceType=natgateway,Tags=[{Key=Name,Value=known}]")
        known = made["NatGateway"]["NatGatewayId"]
        assert ID.fullmatch(known) and made["ClientToken"], made
        assert made["NatGateway"]["State"] == "pending" and made["NatGateway"]["ConnectivityType"] == "public", made
        ec2.cli("wait", "nat-gateway-available", "--nat-gateway-ids", known)
        found = ec2.cli("describe-nat-gateways", "--nat-gateway-ids", known)["NatGateways"][0]
        assert (found["State"], found["VpcId"], found["SubnetId"]) == ("available", place.id, place.subnet), found
        assert found["Tags"] == [{"Key": "Name", "Value": "known"}] and found["AvailabilityMode"] == "zonal", found
        shown, = found["NatGatewayAddresses"]
        assert shown["AllocationId"] == address["allocationId"] and shown["PublicIp"] == address["publicIp"], shown
        assert shown["Status"] == "succeeded" and shown["IsPrimary"] and ID.fullmatch(shown["AssociationId"]), shown
        assert shown["PrivateIp"].startswith(f"{place.network}.1."), shown

    with story.case("its network interface is the gateway's: it is shown, and nobody else may change it"):
        door = ec2.cli("describe-network-interfaces", "--network-interface-ids", shown["NetworkInterfaceId"])[
            "NetworkInterfaces"][0]
        assert door["Description"] == f"Interface for NAT Gateway {known}", door
        assert (door["InterfaceType"], door["RequesterManaged"], door["Status"]) == ("natGateway", True, "in-use"), door
        assert door["SourceDestCheck"] is False and door["Groups"] == [], door
        assert door["Association"]["PublicIp"] == address["publicIp"], door
        ec2.refused("OperationNotPermitted", "DeleteNetworkInterface", known, NetworkInterfaceId=door["NetworkInterfaceId"])
        ec2.refused("OperationNotPermitted", "ModifyNetworkInterfaceAttribute", known, SourceDestCheck={"Value": "true"},
                    NetworkInterfaceId=door["NetworkInterfaceId"])
        ec2.refused("InvalidParameterValue", "CreateRoute", "NatGatewayId", RouteTableId=table,
                    DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=door["NetworkInterfaceId"])
        ec2.refused("DependencyViolation", "DeleteSubnet", place.subnet, SubnetId=place.subnet)

    with story.case("its Elastic IP address is the gateway's until it is deleted"):
        ec2.refused("OperationNotPermitted", "DisassociateAddress", known, AssociationId=shown["AssociationId"])
        ec2.refused("InvalidIPAddress.InUse", "ReleaseAddress", address["publicIp"],
                    AllocationId=address["allocationId"])
        ec2.refused("DependencyViolation", "DetachInternetGateway", "has some mapped public address(es)",
                    InternetGatewayId=gateway, VpcId=place.id)
        own = place.interface()
        ec2.refused("Resource.AlreadyAssociated", "AssociateAddress", "NAT gateway", AllocationId=address["allocationId"],
                    NetworkInterfaceId=own)
        ec2.refused("OperationNotPermitted", "AssociateAddress", known, AllocationId=address["allocationId"],
                    NetworkInterfaceId=door["NetworkInterfaceId"])
        ec2("DeleteNetworkInterface", NetworkInterfaceId=own)

    with story.case("NAT gateways are found by state, subnet, VPC and tag"):
        def search(**filters):
            return ec2.where("DescribeNatGateways", "natGatewaySet", "natGatewayId", **filters)

        for filters in ({"state": "available"}, {"subnet_id": place.subnet}, {"vpc_id": place.id}, {"tag:Name": "known"},
                        {"nat_gateway_id": known}, {"state": ["pending", "available"]}):
            assert search(**filters) == [known], filters
        assert search(state="failed") == []
        ec2.refused("NatGatewayNotFound", "DescribeNatGateways", NOWHERE, NatGatewayId=[f"nat-{NOWHERE}"])
        ec2.refused("NatGatewayMalformed", "DeleteNatGateway", "nat-x", NatGatewayId="nat-x")

    with story.case("a private NAT gateway has no public address, and may choose its private one"):
        made = ec2("CreateNatGateway", SubnetId=place.subnet, ConnectivityType="private", ClientToken="private",
                   PrivateIpAddress=f"{place.network}.1.77")["natGateway"]
        private = wait_nat(ec2, made["natGatewayId"], "available")
        assert private["connectivityType"] == "private", private
        assert private["natGatewayAddressSet"][0]["privateIp"] == f"{place.network}.1.77", private
        assert "publicIp" not in private["natGatewayAddressSet"][0], private
        again = ec2("CreateNatGateway", SubnetId=place.subnet, ConnectivityType="private", ClientToken="private",
                    PrivateIpAddress=f"{place.network}.1.77")["natGateway"]
        assert again["natGatewayId"] == private["natGatewayId"], again
        ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock="172.21.0.0/16", NatGatewayId=private["natGatewayId"])
        assert state_of(ec2, table, "172.21.0.0/16") == "active"

    with story.case("what makes no NAT gateway is refused"):
        good = {"SubnetId": place.subnet, "AllocationId": address["allocationId"]}
        private_one = {"SubnetId": place.subnet, "ConnectivityType": "private"}
        for code, words, arguments in (
                ("MissingParameter", "SubnetId", {"AllocationId": address["allocationId"]}),
                ("MissingParameter", "AllocationId", {"SubnetId": place.subnet}),
                ("InvalidSubnetID.NotFound", NOWHERE, {**good, "SubnetId": f"subnet-{NOWHERE}"}),
                ("InvalidAllocationID.NotFound", NOWHERE, {**good, "AllocationId": f"eipalloc-{NOWHERE}"}),
                ("InvalidAllocationID.Malformed", "nonsense", {**good, "AllocationId": "nonsense"}),
                ("InvalidParameterValue", "friendly", {**good, "ConnectivityType": "friendly"}),
                ("InvalidParameterCombination", "AllocationId", {**good, "ConnectivityType": "private"}),
                ("UnsupportedOperation", "regional", {**good, "AvailabilityMode": "regional"}),
                ("UnsupportedOperation", "VpcId", {**good, "VpcId": place.id}),
                ("UnsupportedOperation", "SecondaryAllocationId", {**good, "SecondaryAllocationId": ["eipalloc-1"]}),
                ("InvalidIPAddress.InUse", "already in use", {**private_one, "PrivateIpAddress": f"{place.network}.1.77"}),
                ("InvalidParameterValue", "reserved", {**private_one, "PrivateIpAddress": f"{place.network}.1.1"}),
                ("InvalidParameterValue", "range", {**private_one, "PrivateIpAddress": f"{place.network}.2.9"}),
                ("IdempotentParameterMismatch", "private", {**private_one, "ClientToken": "private"})):
            ec2.refused(code, "CreateNatGateway", words, **arguments)
        ec2.dry("CreateNatGateway", **private_one)

    with story.case("what EC2 finds out later makes a gateway that failed, with its reason"):
        taken = ec2("CreateNatGateway", SubnetId=place.subnet, AllocationId=address["allocationId"])["natGateway"]
        taken = wait_nat(ec2, taken["natGatewayId"], "failed")
        assert taken["failureCode"] == "Resource.AlreadyAssociated" and taken["failureMessage"], taken
        ec2.refused("InvalidNatGatewayID.NotFound", "CreateRoute", "failed", RouteTableId=table,
                    DestinationCidrBlock="172.22.0.0/16", NatGatewayId=taken["natGatewayId"])
        ec2("DeleteNatGateway", NatGatewayId=taken["natGatewayId"])
        found = ec2.one("DescribeNatGateways", "natGatewaySet", NatGatewayId=[known])
        assert found["state"] == "available" and found["natGatewayAddressSet"][0]["publicIp"], found

    with story.case("a deleted NAT gateway is told of for a while; its address is free, its routes are blackholes"):
        ec2.dry("DeleteNatGateway", NatGatewayId=private["natGatewayId"])
        ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=known)
        assert ec2.cli("delete-nat-gateway", "--nat-gateway-id", known) == {"NatGatewayId": known}
        ec2.cli("wait", "nat-gateway-deleted", "--nat-gateway-ids", known)
        found = ec2.one("DescribeNatGateways", "natGatewaySet", NatGatewayId=[known])
        assert found["state"] == "deleted" and found["deleteTime"] and ec2.tags(known) == {"Name": "known"}, found
        assert state_of(ec2, table, "0.0.0.0/0") == "blackhole"
        free = ec2.one("DescribeAddresses", "addressesSet", AllocationId=[address["allocationId"]])
        assert "associationId" not in free, free
        assert ec2("DeleteNatGateway", NatGatewayId=known)["natGatewayId"] == known
        ec2.refused("InvalidNatGatewayID.NotFound", "ReplaceRoute", "deleted", RouteTableId=table,
                    DestinationCidrBlock="0.0.0.0/0", NatGatewayId=known)
        ec2.refused("InvalidNetworkInterfaceID.NotFound", "DescribeNetworkInterfaces", door["NetworkInterfaceId"],
                    NetworkInterfaceId=[door["NetworkInterfaceId"]])

    with story.case("without an internet gateway a public NAT gateway fails, and a private one does not"):
        ec2("DetachInternetGateway", InternetGatewayId=gateway, VpcId=place.id)
        made = ec2("CreateNatGateway", SubnetId=place.subnet, AllocationId=address["allocationId"])["natGateway"]
        failed = wait_nat(ec2, made["natGatewayId"], "failed")
        assert failed["failureCode"] == "Gateway.NotAttached", failed
        ec2("DeleteNatGateway", NatGatewayId=failed["natGatewayId"])
        assert wait_nat(ec2, private["natGatewayId"], "available")
        ec2("DeleteNatGateway", NatGatewayId=private["natGatewayId"])
        ec2("ReleaseAddress", AllocationId=address["allocationId"])
        ec2("DeleteRouteTable", RouteTableId=table)


def full(story, ec2, place):
    with story.case("in a subnet that is full a NAT gateway fails, and a network interface is refused"):
        small = place.vpc.subnet(f"{place.network}.60.0/28")
        made = [place.interface(small) for _ in range(11)]
        assert len(set(made)) == 11
        ec2.refused("InsufficientFreeAddressesInSubnet", "CreateNetworkInterface", "all 11 usable", SubnetId=small)
        failed = wait_nat(ec2, ec2("CreateNatGateway", SubnetId=small, ConnectivityType="private")["natGateway"][
            "natGatewayId"], "failed")
        assert failed["failureCode"] == "InsufficientFreeAddressesInSubnet", failed
        for interface in made:
            ec2("DeleteNetworkInterface", NetworkInterfaceId=interface)
        ec2("DeleteSubnet", SubnetId=small)


# ---- where none of this works ---------------------------------------------------------------------------------------


def uplinks(story, home, ec2):
    place = Place(home, ec2, "10.63.0.0/16")
    real = place.vpc.subnet("10.63.9.0/24", {"sallyport:uplink": calls.UPLINK})
    real_interface = place.interface(real)

    with story.case("in a subnet with an uplink the real router decides: no routes, no NAT gateway, no Elastic IP address"):
        table, empty = place.table(), place.table()
        own = place.interface()
        ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock="172.20.0.0/16", NetworkInterfaceId=own)
        ec2.refused("UnsupportedOperation", "AssociateRouteTable", "sallyport:uplink", RouteTableId=table, SubnetId=real)
        made = ec2("AssociateRouteTable", RouteTableId=empty, SubnetId=real)
        ec2.refused("UnsupportedOperation", "CreateRoute", real, RouteTableId=empty,
                    DestinationCidrBlock="172.20.0.0/16", NetworkInterfaceId=own)
        ec2.refused("UnsupportedOperation", "ReplaceRouteTableAssociation", real, RouteTableId=table,
                    AssociationId=made["associationId"])
        ec2.refused("UnsupportedOperation", "CreateRoute", "cannot have what routes lead to", RouteTableId=table,
                    DestinationCidrBlock="172.21.0.0/16", NetworkInterfaceId=real_interface)
        ec2.refused("UnsupportedOperation", "CreateNatGateway", "cannot have a NAT gateway", SubnetId=real,
                    ConnectivityType="private")
        place.internet()
        address = ec2("AllocateAddress")["allocationId"]
        ec2.refused("UnsupportedOperation", "AssociateAddress", "Elastic IP", AllocationId=address,
                    NetworkInterfaceId=real_interface)

    with story.case("a NAT gateway that comes to stand in such a subnet fails, says why, and leaves its address when it goes"):
        nat_subnet = place.vpc.subnet("10.63.7.0/24")
        made = wait_nat(ec2, ec2("CreateNatGateway", SubnetId=nat_subnet, AllocationId=address)["natGateway"][
            "natGatewayId"], "available")
        ec2("CreateTags", ResourceId=[nat_subnet], Tag=[{"Key": "sallyport:uplink", "Value": calls.UPLINK}])
        failed = harness.wait_until(lambda: next(iter(ec2("DescribeNatGateways", Filter=[
            {"Name": "state", "Value": ["failed"]}, {"Name": "nat-gateway-id", "Value": [made["natGatewayId"]]}])[
                "natGatewaySet"] or []), None), "the NAT gateway to fail")
        assert "sallyport:uplink" in failed["failureMessage"] and failed["failureCode"], failed
        ec2("DeleteNatGateway", NatGatewayId=made["natGatewayId"])
        assert ec2.where("DescribeNetworkInterfaces", "networkInterfaceSet", "status", subnet_id=nat_subnet) == []
        assert not ec2.tags(failed["natGatewayAddressSet"][0]["networkInterfaceId"])
        ec2("ReleaseAddress", AllocationId=address)


def way_out(story, home, ec2):
    with story.case("an internet gateway that would lead nowhere is refused, and the sentence names both ways out"):
        nowhere = Place(home, ec2, "10.64.0.0/16", None)
        gateway = ec2("CreateInternetGateway")["internetGateway"]["internetGatewayId"]
        said = ec2.refused("UnsupportedOperation", "AttachInternetGateway", "sallyport:uplink",
                           InternetGatewayId=gateway, VpcId=nowhere.id)
        assert "network.internet" in said, said
        ec2("CreateTags", ResourceId=[nowhere.id], Tag=[{"Key": "sallyport:uplink", "Value": calls.UPLINK}])
        ec2.refused("UnsupportedOperation", "AttachInternetGateway", "sallyport:router", InternetGatewayId=gateway,
                    VpcId=nowhere.id)
        ec2("CreateTags", ResourceId=[nowhere.id], Tag=[{"Key": "sallyport:router", "Value": "192.0.2.1"}])
        ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=nowhere.id)

    with story.case("with network.internet the way out is this host, and needs no tag"):
        wide = calls.Ec2(home.daemon("wide", network_internet="yes"))
        place = Place(home, wide, "10.64.0.0/16", None)
        attached = place.internet()
        assert wide.where("DescribeInternetGateways", "internetGatewaySet", "internetGatewayId",
                          attachment__vpc_id=place.id) == [attached]
        wide.refused("InsufficientAddressCapacity", "AllocateAddress", "egress.address_pools")

    with story.case("the tags that say where a VPC's internet is are looked at when they are set"):
        place = Place(home, ec2, "10.65.0.0/16", {**UPLINK, "sallyport:address": "192.0.2.2/30"})
        for key, value in (("sallyport:uplink", "a/b"), ("sallyport:router", "10.65.0.1"),
                           ("sallyport:router", "router"), ("sallyport:address", "192.0.2.2"),
                           ("sallyport:address", "10.65.3.4/24")):
            ec2.refused("InvalidParameterValue", "CreateTags", key, ResourceId=[place.id],
                        Tag=[{"Key": key, "Value": value}])
        assert ec2.tags(place.id) == {**UPLINK, "sallyport:address": "192.0.2.2/30"}

    with story.case("a network of this host refuses what it cannot do, and says why"):
        host = ec2("CreateVpc", CidrBlock="127.66.0.0/16", **vpcs.tags("vpc", {"sallyport:network": "host"}))["vpc"][
            "vpcId"]
        subnet = ec2("CreateSubnet", VpcId=host, CidrBlock="127.66.1.0/24")["subnet"]["subnetId"]
        table = ec2("CreateRouteTable", VpcId=host)["routeTable"]["routeTableId"]
        gateway = ec2("CreateInternetGateway")["internetGateway"]["internetGatewayId"]
        route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
        for action, arguments in (("AttachInternetGateway", {"InternetGatewayId": gateway, "VpcId": host}),
                                  ("CreateRoute", route), ("ReplaceRoute", route),
                                  ("CreateNatGateway", {"SubnetId": subnet, "ConnectivityType": "private"}),
                                  ("CreateNetworkInterface", {"SubnetId": subnet})):
            ec2.refused("UnsupportedOperation", action, "host's own interfaces", **arguments)
        ec2.refused("InvalidParameterValue", "CreateTags", "network of host", ResourceId=[host],
                    Tag=[{"Key": "sallyport:uplink", "Value": "eth0"}])


def tags(story, ec2, place, gateway):
    with story.case("tags go onto tables and gateways, and go with them"):
        table = place.table()
        ec2.cli("create-tags", "--resources", table, gateway, "--tags", "Key=team,Value=partners")
        found = {entry["resourceType"] for entry in ec2("DescribeTags", Filter=[{"Name": "key", "Value": ["team"]}])[
            "tagSet"]}
        assert found == {"route-table", "internet-gateway"}, found
        ec2("DeleteTags", ResourceId=[gateway], Tag=[{"Key": "team"}])
        ec2("DeleteRouteTable", RouteTableId=table)
        assert not ec2("DescribeTags", Filter=[{"Name": "key", "Value": ["team"]}])["tagSet"]
        ec2.refused("InvalidParameterValue", "CreateRouteTable", "route-table", VpcId=place.id, TagSpecification=[
            {"ResourceType": "vpc", "Tag": [{"Key": "a", "Value": "b"}]}])
        ec2.refused("InvalidInternetGatewayID.NotFound", "CreateTags", NOWHERE, ResourceId=[f"igw-{NOWHERE}"],
                    Tag=[{"Key": "a", "Value": "b"}])


with harness.Story() as story:
    cli.needs()
    home = calls.Home(story)
    daemon = home.daemon(egress_address_pools=calls.pools())
    ec2 = calls.Ec2(daemon)
    place, other = Place(home, ec2), Place(home, ec2, "10.62.0.0/16")
    tables(story, ec2, place, other)
    attached = internet(story, ec2, place, other)
    tags(story, ec2, place, attached)
    routes(story, ec2, place, other, attached)
    nat(story, ec2, place, attached)
    full(story, ec2, place)
    uplinks(story, home, ec2)
    way_out(story, home, ec2)

    with story.case("all of it is there again after kill -9"):
        def everything():
            return {action: ec2(action)[members] for action, members in (
                ("DescribeRouteTables", "routeTableSet"), ("DescribeInternetGateways", "internetGatewaySet"),
                ("DescribeNatGateways", "natGatewaySet"), ("DescribeNetworkInterfaces", "networkInterfaceSet"))}
        before = everything()
        daemon.kill()
        daemon.start()
        assert everything() == before
