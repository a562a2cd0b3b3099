#!/usr/bin/env python3
"""EC2's calls about IPv6: ranges of VPCs and subnets, addresses of interfaces, routes and groups; what they show and
refuse, with the unmodified `aws` and with requests that no tool would send. What becomes of the packets is told elsewhere."""

import ipaddress
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import cli  # noqa: E402
import ec2 as calls  # noqa: E402
import harness  # noqa: E402
import vpcs  # noqa: E402

CIDR, CIDR6 = "10.65.0.0/16", "fd65:1:2:3400::/56"
SUBNET, SUBNET6 = "10.65.1.0/24", "fd65:1:2:3401::/64"


def vpc_ranges(story, ec2):
    with story.case("AmazonProvidedIpv6CidrBlock draws a /56 of unique local addresses, each time another"):
        shown = [ec2.cli("create-vpc", "--cidr-block", CIDR, "--amazon-provided-ipv6-cidr-block")["Vpc"] for _ in range(2)]
        blocks = [vpc["Ipv6CidrBlockAssociationSet"][0] for vpc in shown]
        for block in blocks:
            network = ipaddress.ip_network(block["Ipv6CidrBlock"])
            assert network.prefixlen == 56 and network.subnet_of(ipaddress.ip_network("fd00::/8")), block
            assert block["Ipv6Pool"] == "Amazon" and block["Ipv6CidrBlockState"] == {"State": "associated"}, block
        assert blocks[0]["Ipv6CidrBlock"] != blocks[1]["Ipv6CidrBlock"]
        again = ec2.cli("describe-vpcs", "--filters",
                        f"Name=ipv6-cidr-block-association.ipv6-cidr-block,Values={blocks[0]['Ipv6CidrBlock']}")["Vpcs"]
        assert again == [shown[0]], again
        for vpc in shown:
            ec2("DeleteVpc", VpcId=vpc["VpcId"])
    with story.case("Ipv6CidrBlock is what a user brings, in the form that is kept"):
        made = ec2.made("CreateVpc", "vpc", CidrBlock=CIDR, Ipv6CidrBlock="FD65:1:2:3400:0:0:0:0/56",
                        **vpcs.tags("vpc", {"sallyport:uplink": calls.UPLINK, "sallyport:router": "192.0.2.1"}))
        block, = made["ipv6CidrBlockAssociationSet"]
        assert block["ipv6CidrBlock"] == CIDR6 and not block.get("ipv6Pool"), made
    with story.case("ranges of IPv6 that no VPC can have are refused"):
        for block, code in (("fd00::/43", "InvalidVpc.Range"), ("fd00::/57", "InvalidVpc.Range"), ("fd00::/64", "InvalidVpc.Range"),
                            ("fe80::/56", "InvalidVpc.Range"), ("ff00::/56", "InvalidVpc.Range"), ("::/0", "InvalidVpc.Range"),
                            ("nonsense", "InvalidParameterValue"), ("10.0.0.0/16", "InvalidParameterValue"),
                            ("::ffff:10.0.0.0/112", "InvalidParameterValue")):
            ec2.refused(code, "CreateVpc", block, CidrBlock=CIDR, Ipv6CidrBlock=block)
        ec2.refused("InvalidParameterCombination", "CreateVpc", "together", CidrBlock=CIDR, Ipv6CidrBlock=CIDR6,
                    AmazonProvidedIpv6CidrBlock="true")
        for name in ("Ipv6Pool", "Ipv6IpamPoolId"):
            ec2.refused("UnsupportedOperation", "CreateVpc", name, CidrBlock=CIDR, **{name: "x"})
        ec2.refused("UnsupportedOperation", "CreateVpc", "no IPv6 range", CidrBlock=CIDR, Ipv6CidrBlock=CIDR6,
                    **vpcs.tags("vpc", {"sallyport:network": "host"}))
    return made["vpcId"]


def subnets(story, ec2, vpc):
    with story.case("a subnet has a /64 of its VPC's"):
        made = ec2.cli("create-subnet", "--vpc-id", vpc, "--cidr-block", SUBNET, "--ipv6-cidr-block", SUBNET6)["Subnet"]
        block, = made["Ipv6CidrBlockAssociationSet"]
        assert block["Ipv6CidrBlock"] == SUBNET6 and block["AssociationId"].startswith("subnet-cidr-assoc-"), made
        assert made["Ipv6Native"] is False and made["AssignIpv6AddressOnCreation"] is False, made
        assert ec2.where("DescribeSubnets", "subnetSet", "subnetId",
                         **{"ipv6_cidr_block_association__ipv6_cidr_block": SUBNET6}) == [made["SubnetId"]]
    with story.case("ranges that no subnet can have are refused"):
        for block, code, words in (("fd65:1:2:3402::/65", "InvalidSubnet.Range", "/64"), ("fd65:1:2:3400::/56", "InvalidSubnet.Range", "/64"),
                                   ("fd99::/64", "InvalidSubnet.Range", CIDR6), (SUBNET6, "InvalidSubnet.Conflict", made["SubnetId"]),
                                   ("nonsense", "InvalidParameterValue", "nonsense"), ("10.65.2.0/24", "InvalidParameterValue", "10.65.2.0")):
            ec2.refused(code, "CreateSubnet", words, VpcId=vpc, CidrBlock="10.65.2.0/24", Ipv6CidrBlock=block)
        plain = ec2.made("CreateVpc", "vpc", CidrBlock=CIDR)["vpcId"]
        ec2.refused("InvalidSubnet.Range", "CreateSubnet", "has no IPv6 range", VpcId=plain, CidrBlock=SUBNET, Ipv6CidrBlock=SUBNET6)
        ec2("DeleteVpc", VpcId=plain)
        ec2.refused("UnsupportedOperation", "CreateSubnet", "Ipv6Native", VpcId=vpc, Ipv6Native="true", Ipv6CidrBlock="fd65:1:2:3402::/64",
                    CidrBlock="10.65.2.0/24")
    return made["SubnetId"]


def interfaces(story, ec2, subnet):
    def addresses(made):
        return [entry["ipv6Address"] for entry in made["ipv6AddressesSet"] or []]

    with story.case("an interface has an IPv6 address when it is asked for, or when its subnet gives one to all"):
        plain = ec2.made("CreateNetworkInterface", "networkInterface", SubnetId=subnet)
        counted = ec2.made("CreateNetworkInterface", "networkInterface", SubnetId=subnet, Ipv6AddressCount="1")
        named = ec2.made("CreateNetworkInterface", "networkInterface", SubnetId=subnet, Ipv6Addresses=[{"Ipv6Address": "FD65:1:2:3401::AB"}])
        ec2("ModifySubnetAttribute", SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": "true"})
        given = ec2.made("CreateNetworkInterface", "networkInterface", SubnetId=subnet)
        without = ec2.made("CreateNetworkInterface", "networkInterface", SubnetId=subnet, Ipv6AddressCount="0")
        assert addresses(plain) == addresses(without) == [], (plain, without)
        assert addresses(named) == ["fd65:1:2:3401::ab"], named
        for made in (counted, given):
            address, = addresses(made)
            assert vpcs.same_subnet(address, SUBNET6), made
        assert ec2.where("DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId",
                         **{"ipv6_addresses__ipv6_address": "fd65:1:2:3401::ab"}) == [named["networkInterfaceId"]]
    with story.case("addresses that it cannot have are refused"):
        for code, words, arguments in (
                ("InvalidIPAddress.InUse", "fd65:1:2:3401::ab", {"Ipv6Addresses": [{"Ipv6Address": "fd65:1:2:3401::ab"}]}),
                ("InvalidParameterValue", "address range", {"Ipv6Addresses": [{"Ipv6Address": "fd65:1:2:3402::ab"}]}),
                ("InvalidParameterValue", "reserved", {"Ipv6Addresses": [{"Ipv6Address": "fd65:1:2:3401::1"}]}),
                ("InvalidParameterValue", "nonsense", {"Ipv6Addresses": [{"Ipv6Address": "nonsense"}]}),
                ("InvalidParameterValue", "10.65.1.9", {"Ipv6Addresses": [{"Ipv6Address": "10.65.1.9"}]}),
                ("MissingParameter", "Ipv6Addresses.1", {"Ipv6Addresses": [{"IsPrimaryIpv6": "false"}]}),
                ("UnsupportedOperation", "Ipv6Addresses.2", {"Ipv6Addresses": [{"Ipv6Address": "fd65:1:2:3401::a"},
                                                                               {"Ipv6Address": "fd65:1:2:3401::b"}]}),
                ("UnsupportedOperation", "Ipv6AddressCount", {"Ipv6AddressCount": "2"}),
                ("UnsupportedOperation", "Ipv6PrefixCount", {"Ipv6PrefixCount": "1"}),
                ("InvalidParameterCombination", "Ipv6AddressCount", {"Ipv6AddressCount": "1", "Ipv6Addresses": [
                    {"Ipv6Address": "fd65:1:2:3401::a"}]})):
            ec2.refused(code, "CreateNetworkInterface", words, SubnetId=subnet, **arguments)
    for made in (plain, counted, given, without):
        ec2("DeleteNetworkInterface", NetworkInterfaceId=made["networkInterfaceId"])
    return named["networkInterfaceId"]


def routes(story, ec2, vpc, subnet, eni):
    table = ec2.cli("create-route-table", "--vpc-id", vpc)["RouteTable"]
    table_id = table["RouteTableId"]

    def shown():
        found = ec2.cli("describe-route-tables", "--route-table-ids", table_id)["RouteTables"][0]["Routes"]
        return {route["DestinationIpv6CidrBlock"]: route.get("NetworkInterfaceId", route.get("GatewayId"))
                for route in found if "DestinationIpv6CidrBlock" in route}

    with story.case("the VPC's range of IPv6 is in every table, and a route leads through an interface"):
        assert shown() == {CIDR6: "local"}, table
        ec2.cli("create-route", "--route-table-id", table_id, "--destination-ipv6-cidr-block", "FD99::/16", "--network-interface-id", eni)
        assert shown() == {CIDR6: "local", "fd99::/16": eni}
        ec2("ReplaceRoute", RouteTableId=table_id, DestinationIpv6CidrBlock="fd99::/16", NetworkInterfaceId=eni)
        ec2.refused("RouteAlreadyExists", "CreateRoute", "fd99::/16", RouteTableId=table_id, DestinationIpv6CidrBlock="fd99::/16",
                    NetworkInterfaceId=eni)
        assert ec2.where("DescribeRouteTables", "routeTableSet", "routeTableId",
                         **{"route__destination_ipv6_cidr_block": "fd99::/16"}) == [table_id]
        ec2("DeleteRoute", RouteTableId=table_id, DestinationIpv6CidrBlock="fd99::/16")
        assert shown() == {CIDR6: "local"}
        ec2.refused("InvalidRoute.NotFound", "DeleteRoute", "destination-ipv6-cidr-block fd99::/16", RouteTableId=table_id,
                    DestinationIpv6CidrBlock="fd99::/16")
    with story.case("what translates addresses, and what has none of IPv6, is no target of such a route"):
        gateway = ec2.made("CreateInternetGateway", "internetGateway")["internetGatewayId"]
        ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
        plain = ec2.made("CreateNetworkInterface", "networkInterface", SubnetId=subnet, Ipv6AddressCount="0")["networkInterfaceId"]
        where = {"RouteTableId": table_id, "DestinationIpv6CidrBlock": "::/0"}
        ec2.refused("UnsupportedOperation", "CreateRoute", "IPv6 goes through a NetworkInterfaceId only", GatewayId=gateway, **where)
        ec2.refused("UnsupportedOperation", "CreateRoute", "EgressOnlyInternetGatewayId", EgressOnlyInternetGatewayId="eigw-1", **where)
        ec2.refused("InvalidParameterValue", "CreateRoute", "no IPv6 address", NetworkInterfaceId=plain, **where)
        ec2("DetachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
        ec2("DeleteInternetGateway", InternetGatewayId=gateway)
        ec2("DeleteNetworkInterface", NetworkInterfaceId=plain)
    with story.case("destinations that no route can have are refused"):
        for destination in ("nonsense", "fd00::", "::/129", "10.0.0.0/8", "fe80::/64", "ff02::/16", "::1/128"):
            ec2.refused("InvalidParameterValue", "CreateRoute", destination, RouteTableId=table_id, DestinationIpv6CidrBlock=destination,
                        NetworkInterfaceId=eni)
        ec2.refused("InvalidParameterValue", "CreateRoute", "local route", RouteTableId=table_id, DestinationIpv6CidrBlock=CIDR6,
                    NetworkInterfaceId=eni)
        ec2.refused("InvalidParameterValue", "CreateRoute", "whole CIDR", RouteTableId=table_id,
                    DestinationIpv6CidrBlock="fd65:1:2:3401::/80", NetworkInterfaceId=eni)
    ec2("DeleteRouteTable", RouteTableId=table_id)


def groups(story, ec2, vpc):
    with story.case("a new group of a VPC with IPv6 lets out both families, and one without it only IPv4"):
        for where, wide in ((vpc, [{"cidrIpv6": "::/0"}]), (None, [])):
            other = where or ec2.made("CreateVpc", "vpc", CidrBlock=CIDR)["vpcId"]
            made = ec2("CreateSecurityGroup", VpcId=other, GroupName="six", GroupDescription="six")["groupId"]
            for filters in ({"GroupId": [made]}, {"Filter": [{"Name": "vpc-id", "Value": [other]}, {"Name": "group-name", "Value": ["default"]}]}):
                permission, = ec2.one("DescribeSecurityGroups", "securityGroupInfo", **filters)["ipPermissionsEgress"]
                assert permission["ipRanges"] == [{"cidrIp": "0.0.0.0/0"}] and (permission["ipv6Ranges"] or []) == wide, permission
            ec2("DeleteSecurityGroup", GroupId=made)
            if where is None:
                ec2("DeleteVpc", VpcId=other)


with harness.Story() as story:
    cli.needs()
    home = calls.Home(story)
    daemon = home.daemon()
    ec2 = calls.Ec2(daemon)
    vpc = vpc_ranges(story, ec2)
    home.learn(vpc)
    subnet = subnets(story, ec2, vpc)
    eni = interfaces(story, ec2, subnet)
    routes(story, ec2, vpc, subnet, eni)
    groups(story, ec2, vpc)
    with story.case("all of it is there again after kill -9"):
        def everything():
            return {action: ec2(action)[members] for action, members in (
                ("DescribeVpcs", "vpcSet"), ("DescribeSubnets", "subnetSet"), ("DescribeNetworkInterfaces", "networkInterfaceSet"))}
        before = everything()
        daemon.kill()
        daemon.start()
        assert everything() == before
