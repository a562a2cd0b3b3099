#!/usr/bin/env python3
"""EC2's VPCs and subnets, what comes with them, and tags: over HTTP, and with the real aws. Networks are the host's."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import harness  # noqa: E402

ON_HOST = {"Key": "sallyport:network", "Value": "host"}
ID = re.compile(r"(vpc|subnet|sg|sgr|rtb|rtbassoc|acl|aclassoc|dopt|vpc-cidr-assoc)-[0-9a-f]{17}")
ENTRIES = [(number, action, egress) for egress in ("true", "false")
           for number, action in (("100", "allow"), ("32767", "deny"))]


class Api:
    """EC2's operations with the names that are on the wire, and what they must refuse."""

    def __init__(self, daemon):
        self.daemon = daemon

    def __call__(self, operation, **arguments):
        answer = self.daemon.client.call("ec2", operation, arguments)
        del answer["requestId"]
        return answer

    def refused(self, code, *words, operation, status=400, **arguments):
        """The call fails with @code, and its sentence holds every one of @words."""
        try:
            answer = self(operation, **arguments)
        except aws.AwsError as error:
            assert (error.code, error.status) == (code, status), error
            for word in words:
                assert word in error.message, f"the sentence does not say {word!r}: {error}"
            return
        raise AssertionError(f"{operation} was not refused: {answer}")

    def vpc(self, cidr="127.77.0.0/16", tags=()):
        return self("CreateVpc", CidrBlock=cidr, TagSpecification=[
            {"ResourceType": "vpc", "Tag": [ON_HOST, *tags]}])["vpc"]

    def subnet(self, vpc, cidr, **more):
        return self("CreateSubnet", VpcId=vpc, CidrBlock=cidr, **more)["subnet"]

    def ids(self, operation, set_name, member, **arguments):
        return [item[member] for item in self(operation, **arguments)[set_name]]

    def tags(self, resource):
        found = self("DescribeTags", Filter=[{"Name": "resource-id", "Value": [resource]}])["tagSet"]
        return {tag["key"]: tag["value"] for tag in found}


def filters(**values):
    """vpc_id="vpc-…" is the filter vpc-id; a list has several values."""
    return [{"Name": name.replace("_", "-"), "Value": value if isinstance(value, list) else [value]}
            for name, value in values.items()]


def vpcs(story, call):
    vpc = call.vpc(tags=[{"Key": "Name", "Value": "first"}])
    vpc_id, mine = vpc["vpcId"], {"Filter": filters(vpc_id=vpc["vpcId"])}

    with story.case("a VPC is described as it was created"):
        assert vpc == call("DescribeVpcs", VpcId=[vpc_id])["vpcSet"][0]
        assert vpc["state"] == "available" and vpc["cidrBlock"] == "127.77.0.0/16", vpc
        assert vpc["isDefault"] == "false" and vpc["instanceTenancy"] == "default", vpc
        assert vpc["tagSet"] == [{"key": "Name", "value": "first"}, {"key": "sallyport:network", "value": "host"}], vpc
        block = vpc["cidrBlockAssociationSet"][0]
        assert block["cidrBlock"] == vpc["cidrBlock"] and block["cidrBlockState"] == {"state": "associated"}, block
        for text in (vpc_id, vpc["dhcpOptionsId"], block["associationId"]):
            assert ID.fullmatch(text), text

    with story.case("a VPC comes with a default group, a main route table, a network ACL and DHCP options"):
        group, = call("DescribeSecurityGroups", Filter=filters(vpc_id=vpc_id, group_name="default"))["securityGroupInfo"]
        assert [(rule["ipProtocol"], rule["ipRanges"]) for rule in group["ipPermissionsEgress"]] == \
            [("-1", [{"cidrIp": "0.0.0.0/0"}])], group
        assert [pair["groupId"] for rule in group["ipPermissions"] for pair in rule["groups"]] == [group["groupId"]]
        table, = call("DescribeRouteTables", Filter=[{"Name": "association.main", "Value": ["true"]},
                                                     {"Name": "vpc-id", "Value": [vpc_id]}])["routeTableSet"]
        assert table["routeSet"] == [{"destinationCidrBlock": "127.77.0.0/16", "gatewayId": "local", "state": "active",
                                      "origin": "CreateRouteTable"}], table
        assert table["associationSet"][0]["routeTableId"] == table["routeTableId"], table
        acl, = call("DescribeNetworkAcls", Filter=filters(vpc_id=vpc_id, default="true"))["networkAclSet"]
        assert [(entry["ruleNumber"], entry["ruleAction"], entry["egress"]) for entry in acl["entrySet"]] == ENTRIES
        options, = call("DescribeDhcpOptions", DhcpOptionsId=[vpc["dhcpOptionsId"]])["dhcpOptionsSet"]
        assert options["dhcpConfigurationSet"][0]["valueSet"] == [{"value": "AmazonProvidedDNS"}], options

    with story.case("a VPC's attributes are what they are on AWS, and change one by one"):
        def attribute(name):
            return call("DescribeVpcAttribute", VpcId=vpc_id, Attribute=name)[name]["value"]

        names = ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
        assert [attribute(name) for name in names] == ["true", "false", "false"]
        assert call("ModifyVpcAttribute", VpcId=vpc_id, EnableDnsHostnames={"Value": "true"}) == {"return": "true"}
        assert [attribute(name) for name in names] == ["true", "true", "false"]
        call.refused("InvalidParameterCombination", operation="ModifyVpcAttribute", VpcId=vpc_id,
                     EnableDnsSupport={"Value": "true"}, EnableDnsHostnames={"Value": "true"})
        call.refused("MissingParameter", operation="ModifyVpcAttribute", VpcId=vpc_id)
        call.refused("InvalidParameterValue", "nonsense", operation="DescribeVpcAttribute", VpcId=vpc_id,
                     Attribute="nonsense")

    with story.case("a range with host bits is taken without them"):
        other = call.vpc("127.88.3.4/16")
        assert other["cidrBlock"] == "127.88.0.0/16", other
        assert call("DeleteVpc", VpcId=other["vpcId"]) == {"return": "true"}

    with story.case("ranges that no VPC can have are refused"):
        for cidr, code in (("127.0.0.0/8", "InvalidVpc.Range"), ("127.77.0.0/29", "InvalidVpc.Range"),
                           ("0.0.0.0/16", "InvalidVpc.Range"), ("169.254.0.0/16", "InvalidVpc.Range"),
                           ("224.0.0.0/16", "InvalidVpc.Range"), ("10.0.0.0", "InvalidParameterValue"),
                           ("fd00::/56", "InvalidParameterValue"), ("10.0.0.256/24", "InvalidParameterValue")):
            call.refused(code, cidr, operation="CreateVpc", CidrBlock=cidr,
                         TagSpecification=[{"ResourceType": "vpc", "Tag": [ON_HOST]}])
        call.refused("MissingParameter", "CidrBlock", operation="CreateVpc")

    with story.case("what networks here cannot be is refused by its name"):
        for name, value in (("Ipv6Pool", "ipv6pool-ec2-1"), ("Ipv4IpamPoolId", "ipam-pool-1")):
            call.refused("UnsupportedOperation", name, operation="CreateVpc", CidrBlock="10.0.0.0/16", **{name: value})
        for name, value in (("AmazonProvidedIpv6CidrBlock", "true"), ("Ipv6CidrBlock", "fd00:1:2:3400::/56")):
            call.refused("UnsupportedOperation", "no IPv6 range", operation="CreateVpc", CidrBlock="10.0.0.0/16", **{name: value},
                         TagSpecification=[{"ResourceType": "vpc", "Tag": [ON_HOST]}])
        call.refused("InvalidParameterValue", "dedicated", operation="CreateVpc", CidrBlock="10.0.0.0/16",
                     InstanceTenancy="dedicated")
        call.refused("InvalidParameterValue", "vxlan", operation="CreateVpc", CidrBlock="10.0.0.0/16", TagSpecification=[
            {"ResourceType": "vpc", "Tag": [{"Key": "sallyport:network", "Value": "vxlan"}]}])

    with story.case("a VPC that is not there and an id that is none are told apart"):
        for operation, argument in (("DescribeVpcs", ["vpc-0123456789abcdef0"]), ("DeleteVpc", "vpc-0123456789abcdef0")):
            call.refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist",
                         operation=operation, VpcId=argument)
        for operation, argument in (("DescribeVpcs", ["vpc-xyz"]), ("DeleteVpc", "vpc-xyz")):
            call.refused("InvalidVpcId.Malformed", "vpc-xyz", operation=operation, VpcId=argument)
        call.refused("InvalidRouteTableID.NotFound", operation="DescribeRouteTables",
                     RouteTableId=["rtb-0123456789abcdef0"])
        call.refused("InvalidNetworkAclID.NotFound", operation="DescribeNetworkAcls",
                     NetworkAclId=["acl-0123456789abcdef0"])
        call.refused("InvalidVpcID.NotFound", operation="DescribeVpcs", VpcId=[vpc_id, "vpc-0123456789abcdef0"])

    with story.case("a VPC with a subnet in it stays; without it goes with all that came with it"):
        subnet = call.subnet(vpc_id, "127.77.0.0/24")["subnetId"]
        call.refused("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.",
                     operation="DeleteVpc", VpcId=vpc_id)
        assert len(call("DescribeVpcs", **mine)["vpcSet"]) == 1
        assert call.tags(vpc_id)["Name"] == "first"  # the refusal took nothing away
        table, = call.ids("DescribeRouteTables", "routeTableSet", "routeTableId", **mine)
        call("CreateTags", ResourceId=[table], Tag=[{"Key": "a", "Value": "b"}])
        call("DeleteSubnet", SubnetId=subnet)
        call("DeleteVpc", VpcId=vpc_id)
        for operation, found in (("DescribeVpcs", "vpcSet"), ("DescribeSecurityGroups", "securityGroupInfo"),
                                 ("DescribeRouteTables", "routeTableSet"), ("DescribeNetworkAcls", "networkAclSet")):
            assert not call(operation, **mine)[found], operation
        assert not call.tags(vpc_id) and not call.tags(table)


def subnets(story, call):
    vpc_id = call.vpc()["vpcId"]
    zones = call.ids("DescribeAvailabilityZones", "availabilityZoneInfo", "zoneName")
    region = call.daemon.env["AWS_REGION"]

    with story.case("availability zones are the region's, by name and by id"):
        assert len(zones) >= 3 and all(zone.startswith(region) for zone in zones), zones
        zone, = call("DescribeAvailabilityZones", ZoneName=[zones[1]])["availabilityZoneInfo"]
        assert zone["zoneId"].endswith("-az2") and zone["zoneState"] == "available", zone
        assert call.ids("DescribeAvailabilityZones", "availabilityZoneInfo", "zoneName", ZoneId=[zone["zoneId"]]) == \
            [zones[1]]
        assert call.ids("DescribeAvailabilityZones", "availabilityZoneInfo", "zoneName",
                        Filter=filters(zone_name=zones[2])) == [zones[2]]
        call.refused("InvalidParameterValue", "mars-1a", operation="DescribeAvailabilityZones", ZoneName=["mars-1a"])

    with story.case("subnets that name no zone are spread over different ones"):
        made = [call.subnet(vpc_id, f"127.77.{i}.0/24") for i in range(len(zones))]
        assert sorted(subnet["availabilityZone"] for subnet in made) == sorted(zones), made

    with story.case("a subnet is described as it was created"):
        first = made[0]
        assert first == call("DescribeSubnets", SubnetId=[first["subnetId"]])["subnetSet"][0]
        assert first["subnetArn"] == f"arn:aws:ec2:{region}:000000000000:subnet/{first['subnetId']}", first
        for name, value in (("state", "available"), ("vpcId", vpc_id), ("cidrBlock", "127.77.0.0/24"),
                            ("availableIpAddressCount", "256"), ("mapPublicIpOnLaunch", "false"),
                            ("defaultForAz", "false")):
            assert first[name] == value, (name, first)

    with story.case("a zone is chosen by name or by id, and one that is not there names those that are"):
        for cidr, asked in (("127.77.10.0/24", {"AvailabilityZone": zones[2]}),
                            ("127.77.11.0/24", {"AvailabilityZoneId": made[2]["availabilityZoneId"]})):
            assert call.subnet(vpc_id, cidr, **asked)["availabilityZone"] == zones[2]
        call.refused("InvalidParameterValue", "mars-1a", *zones, operation="CreateSubnet", VpcId=vpc_id,
                     CidrBlock="127.77.12.0/24", AvailabilityZone="mars-1a")
        call.refused("InvalidParameterCombination", operation="CreateSubnet", VpcId=vpc_id, CidrBlock="127.77.12.0/24",
                     AvailabilityZone=zones[2], AvailabilityZoneId=made[2]["availabilityZoneId"])

    with story.case("ranges that a subnet cannot have are refused"):
        for cidr, code, word in (("127.78.0.0/24", "InvalidSubnet.Range", "127.77.0.0/16"),
                                 ("127.77.20.0/29", "InvalidSubnet.Range", "/28"),
                                 ("127.77.0.128/25", "InvalidSubnet.Conflict", made[0]["subnetId"]),
                                 ("127.77.0.0/16", "InvalidSubnet.Conflict", "subnet-"),
                                 ("nonsense", "InvalidParameterValue", "nonsense")):
            call.refused(code, word, operation="CreateSubnet", VpcId=vpc_id, CidrBlock=cidr)
        call.refused("MissingParameter", "CidrBlock", operation="CreateSubnet", VpcId=vpc_id)
        call.refused("MissingParameter", "VpcId", operation="CreateSubnet", CidrBlock="127.77.20.0/24")
        call.refused("InvalidVpcID.NotFound", operation="CreateSubnet", VpcId="vpc-0123456789abcdef0",
                     CidrBlock="127.77.20.0/24")

    with story.case("on the host a subnet needs addresses of this machine, and the sentence names them"):
        far = call.vpc("198.18.0.0/16")["vpcId"]
        call.refused("InvalidSubnet.Range", "198.18.5.0/24", "127.0.0.1 (lo)", operation="CreateSubnet", VpcId=far,
                     CidrBlock="198.18.5.0/24")
        call("DeleteVpc", VpcId=far)

    with story.case("a subnet's attributes change one by one; what it cannot have stays away"):
        subnet = made[0]["subnetId"]
        call("ModifySubnetAttribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": "true"})
        assert call("DescribeSubnets", SubnetId=[subnet])["subnetSet"][0]["mapPublicIpOnLaunch"] == "true"
        call("ModifySubnetAttribute", SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="ip-name")
        call.refused("InvalidParameterValue", "IPv6", operation="ModifySubnetAttribute", SubnetId=subnet,
                     AssignIpv6AddressOnCreation={"Value": "true"})
        call.refused("UnsupportedOperation", "PrivateDnsHostnameTypeOnLaunch", operation="ModifySubnetAttribute",
                     SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
        call.refused("MissingParameter", operation="ModifySubnetAttribute", SubnetId=subnet)

    with story.case("the network ACL shows its subnets"):
        acl, = call("DescribeNetworkAcls", Filter=filters(vpc_id=vpc_id))["networkAclSet"]
        wanted = sorted(call.ids("DescribeSubnets", "subnetSet", "subnetId", Filter=filters(vpc_id=vpc_id)))
        assert sorted(entry["subnetId"] for entry in acl["associationSet"]) == wanted, acl
        assert call.ids("DescribeNetworkAcls", "networkAclSet", "networkAclId", Filter=[
            {"Name": "association.subnet-id", "Value": [wanted[0]]}]) == [acl["networkAclId"]]

    with story.case("a subnet counts its free addresses, and stays while a network interface is in it"):
        subnet = call.subnet(vpc_id, "127.77.30.0/28")
        assert subnet["availableIpAddressCount"] == "16", subnet
        gateway = call.daemon.client.rest("vpc-lattice", "POST", "/resourcegateways", {
            "name": "in-the-way", "vpcIdentifier": vpc_id, "subnetIds": [subnet["subnetId"]]})["id"]
        now, = call("DescribeSubnets", SubnetId=[subnet["subnetId"]])["subnetSet"]
        assert now["availableIpAddressCount"] == "15", now
        call.refused("DependencyViolation", f"The subnet '{subnet['subnetId']}' has dependencies and cannot be deleted.",
                     operation="DeleteSubnet", SubnetId=subnet["subnetId"])
        call.daemon.client.rest("vpc-lattice", "DELETE", f"/resourcegateways/{gateway}")
        call("DeleteSubnet", SubnetId=subnet["subnetId"])
        call.refused("InvalidSubnetID.NotFound", f"The subnet ID '{subnet['subnetId']}' does not exist",
                     operation="DeleteSubnet", SubnetId=subnet["subnetId"])
        call.refused("InvalidSubnetID.Malformed", operation="DeleteSubnet", SubnetId="subnet-1")
    return vpc_id


def the_hosts_own(story, call):
    with story.case("the ready VPC shows this machine and stays as it is"):
        host, = call("DescribeVpcs", Filter=[{"Name": "tag:Name", "Value": ["host"]}])["vpcSet"]
        mine = {"Filter": filters(vpc_id=host["vpcId"])}
        loopback, = [subnet for subnet in call("DescribeSubnets", **mine)["subnetSet"]
                     if subnet["cidrBlock"] == "127.0.0.0/8"]
        for operation, arguments in (
                ("DeleteVpc", {"VpcId": host["vpcId"]}), ("DeleteSubnet", {"SubnetId": loopback["subnetId"]}),
                ("ModifyVpcAttribute", {"VpcId": host["vpcId"], "EnableDnsHostnames": {"Value": "true"}}),
                ("ModifySubnetAttribute", {"SubnetId": loopback["subnetId"], "MapPublicIpOnLaunch": {"Value": "true"}}),
                ("CreateSubnet", {"VpcId": host["vpcId"], "CidrBlock": "127.1.0.0/24"})):
            call.refused("OperationNotPermitted", "this machine", operation=operation, **arguments)
        assert call.vpc("127.55.0.0/16")["dhcpOptionsId"] == host["dhcpOptionsId"]


def finding(story, call, vpc_id):
    mine = sorted(call.ids("DescribeSubnets", "subnetSet", "subnetId", Filter=filters(vpc_id=vpc_id)))

    with story.case("filters narrow down, alone and together, with wildcards"):
        def found(**values):
            return sorted(call.ids("DescribeSubnets", "subnetSet", "cidrBlock", Filter=filters(vpc_id=vpc_id, **values)))

        assert found(cidr_block="127.77.1.0/24") == ["127.77.1.0/24"]
        assert found(cidr_block=["127.77.1.0/24", "127.77.2.0/24"]) == ["127.77.1.0/24", "127.77.2.0/24"]
        assert found(cidr_block="127.77.1?.0/24") == ["127.77.10.0/24", "127.77.11.0/24"]
        assert found(cidr_block="127.77.1?.0/24", subnet_id="subnet-*") == ["127.77.10.0/24", "127.77.11.0/24"]
        assert found(cidr_block="127.77.1?.0/24", map_public_ip_on_launch="true") == []
        assert found(map_public_ip_on_launch="true") == ["127.77.0.0/24"]
        assert found(cidr_block="127.77.1\\?.0/24") == []
        assert not call("DescribeSubnets", Filter=filters(vpc_id="VPC-*"))["subnetSet"]

    with story.case("filters of tags go by key, and by key and value"):
        call("CreateTags", ResourceId=mine[:2], Tag=[{"Key": "team", "Value": "blue"}])
        call("CreateTags", ResourceId=mine[2:3], Tag=[{"Key": "team", "Value": "red"}, {"Key": "blue"}])
        for wanted, asked in ((mine[:2], {"tag:team": "blue"}), (mine[:3], {"tag:team": "*"}),
                              (mine[:3], {"tag-key": "team"}), (mine[2:3], {"tag:blue": ""}), ([], {"tag-key": "red"}),
                              (mine[:3], {"tag:team": ["red", "blue"]})):
            assert call.ids("DescribeSubnets", "subnetSet", "subnetId", Filter=filters(**asked)) == wanted, asked

    with story.case("a filter that is none, or has too many values, is refused"):
        call.refused("InvalidParameterValue", "The filter 'vpcid' is invalid", operation="DescribeSubnets",
                     Filter=filters(vpcid="x"))
        call.refused("InvalidParameterValue", "The filter 'tag-key' is invalid", operation="DescribeAvailabilityZones",
                     Filter=[{"Name": "tag-key", "Value": ["x"]}])
        call.refused("FilterLimitExceeded", operation="DescribeSubnets", Filter=filters(subnet_id=["x"] * 201))
        assert not call("DescribeSubnets", Filter=filters(subnet_id=["x"] * 200))["subnetSet"]

    with story.case("pages put together are the whole list, each thing once"):
        for i in range(100, 108):
            call.subnet(vpc_id, f"127.77.{i}.0/24")
        whole = call.ids("DescribeSubnets", "subnetSet", "subnetId", Filter=filters(vpc_id=vpc_id))
        found, sizes, more = [], [], {}
        while True:
            page = call("DescribeSubnets", Filter=filters(vpc_id=vpc_id), MaxResults=5, **more)
            found += [subnet["subnetId"] for subnet in page["subnetSet"]]
            sizes.append(len(page["subnetSet"]))
            if "nextToken" not in page:
                break
            more = {"NextToken": page["nextToken"]}
        assert found == whole and sizes == [5, 5, len(whole) - 10], (found, sizes)

    with story.case("page sizes out of bounds, ids together with pages, and tokens of others are refused"):
        for size in (4, 1001, 0, -1):
            call.refused("InvalidParameterValue", str(size), operation="DescribeSubnets", MaxResults=size)
        call.refused("InvalidParameterValue", operation="DescribeRouteTables", MaxResults=101)
        call.refused("InvalidParameterCombination", operation="DescribeSubnets", MaxResults=5, SubnetId=mine[:1])
        token = call("DescribeSubnets", MaxResults=5)["nextToken"]
        call.refused("InvalidNextToken", operation="DescribeVpcs", NextToken=token)
        call.refused("InvalidNextToken", operation="DescribeSubnets", NextToken=token[:-2] + "AA")

    with story.case("a dry run says what would happen, and nothing does"):
        for operation, arguments in (("CreateVpc", {"CidrBlock": "127.99.0.0/16", "TagSpecification": [
                                          {"ResourceType": "vpc", "Tag": [ON_HOST]}]}),
                                     ("DescribeVpcs", {}), ("DeleteSubnet", {"SubnetId": mine[0]}),
                                     ("DeleteTags", {"ResourceId": mine[:1]})):
            call.refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.",
                         operation=operation, status=412, DryRun="true", **arguments)
        assert not call("DescribeVpcs", Filter=filters(cidr="127.99.0.0/16"))["vpcSet"]
        assert call.tags(mine[0]) == {"team": "blue"}
        call.refused("InvalidSubnetID.NotFound", operation="DeleteSubnet", SubnetId="subnet-0123456789abcdef0",
                     DryRun="true")

    with story.case("a parameter or an operation that is not here is refused, and the sentence names those that are"):
        call.refused("UnknownParameter", "Colour", operation="DescribeVpcs", Colour="red")
        call.refused("InvalidAction", "RunInstances", "CreateVpc", operation="RunInstances")


def tagging(story, call, vpc_id):
    subnet = call.ids("DescribeSubnets", "subnetSet", "subnetId", Filter=filters(vpc_id=vpc_id))[0]
    table, = call.ids("DescribeRouteTables", "routeTableSet", "routeTableId", Filter=filters(vpc_id=vpc_id))
    group, = call.ids("DescribeSecurityGroups", "securityGroupInfo", "groupId", Filter=filters(vpc_id=vpc_id))
    acl, = call.ids("DescribeNetworkAcls", "networkAclSet", "networkAclId", Filter=filters(vpc_id=vpc_id))

    with story.case("resources of several kinds are tagged at once, or not at all"):
        call.refused("InvalidSubnetID.NotFound", operation="CreateTags", Tag=[{"Key": "k", "Value": "v"}],
                     ResourceId=[vpc_id, "subnet-0123456789abcdef0"])
        assert "k" not in call.tags(vpc_id)
        call("CreateTags", ResourceId=[vpc_id, subnet, table, group, acl], Tag=[{"Key": "k", "Value": "v"}])
        found = call("DescribeTags", Filter=filters(key="k"))["tagSet"]
        assert {(tag["resourceId"], tag["resourceType"]) for tag in found} == {
            (vpc_id, "vpc"), (subnet, "subnet"), (table, "route-table"), (group, "security-group"),
            (acl, "network-acl")}, found
        assert call.ids("DescribeTags", "tagSet", "resourceId", Filter=filters(resource_type="route-table")) == [table]
        assert call.ids("DescribeTags", "tagSet", "resourceId", Filter=[{"Name": "tag:k", "Value": ["v"]}, *filters(
            resource_id=subnet)]) == [subnet]

    with story.case("a tag goes by its key, or by key and value; without a list all go but the network's own"):
        call("CreateTags", ResourceId=[subnet], Tag=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        call("DeleteTags", ResourceId=[subnet], Tag=[{"Key": "a", "Value": "other"}, {"Key": "b"}])
        assert "a" in call.tags(subnet) and "b" not in call.tags(subnet)
        call("DeleteTags", ResourceId=[subnet, vpc_id])
        assert call.tags(subnet) == {} and call.tags(vpc_id) == {"sallyport:network": "host"}

    with story.case("fifty tags are the most, and a tag that is none is refused"):
        call("CreateTags", ResourceId=[subnet], Tag=[{"Key": str(i), "Value": ""} for i in range(50)])
        call.refused("TagLimitExceeded", operation="CreateTags", ResourceId=[subnet], Tag=[{"Key": "50", "Value": ""}])
        assert len(call.tags(subnet)) == 50
        call("DeleteTags", ResourceId=[subnet])
        for tag in ({"Key": "", "Value": "x"}, {"Key": "aws:x", "Value": "x"}, {"Key": "x" * 129, "Value": "x"},
                    {"Key": "x", "Value": "x" * 257}):
            call.refused("InvalidParameterValue", operation="CreateTags", ResourceId=[subnet], Tag=[tag])
        call.refused("InvalidParameterValue", "Duplicate", operation="CreateTags", ResourceId=[subnet],
                     Tag=[{"Key": "x", "Value": "1"}, {"Key": "x", "Value": "2"}])
        call.refused("MissingParameter", operation="CreateTags", ResourceId=[subnet])
        call.refused("InvalidID", "i-0123456789abcdef0", operation="CreateTags", ResourceId=["i-0123456789abcdef0"],
                     Tag=[{"Key": "x", "Value": "1"}])

    with story.case("tags of a creation fit what is created"):
        call.refused("InvalidParameterValue", "'vpc' is not a valid taggable resource type", operation="CreateSubnet",
                     VpcId=vpc_id, CidrBlock="127.77.50.0/24",
                     TagSpecification=[{"ResourceType": "vpc", "Tag": [{"Key": "a", "Value": "b"}]}])
        assert not call("DescribeSubnets", Filter=filters(cidr_block="127.77.50.0/24"))["subnetSet"]

    with story.case("our own tags are checked when they are set"):
        def bad(resource, key, value, *words):
            call.refused("InvalidParameterValue", key, *words, operation="CreateTags", ResourceId=[resource],
                         Tag=[{"Key": key, "Value": value}])

        bad(vpc_id, "sallyport:network", "netns", "cannot change")
        call("CreateTags", ResourceId=[vpc_id], Tag=[ON_HOST])
        call.refused("InvalidParameterValue", "sallyport:network", operation="DeleteTags", ResourceId=[vpc_id],
                     Tag=[{"Key": "sallyport:network"}])
        for servers in ("", "10.0.0.300", "dns.example", "10.0.0.2:0", "10.0.0.2:65536"):
            bad(vpc_id, "sallyport:dns", servers)
        call("CreateTags", ResourceId=[vpc_id], Tag=[{"Key": "sallyport:dns", "Value": "10.0.0.2, 10.0.0.3:5353"}])
        bad(subnet, "sallyport:uplink", "eth1", "host")
        bad(subnet, "sallyport:router", "127.77.0.1", "host")


def with_the_real_client(story, daemon, call):
    tags = "Tags=[{Key=sallyport:network,Value=host},{Key=Name,Value=real}]"

    def ec2(*words):
        return cli.aws(daemon, "ec2", *words)

    with story.case("the real client creates, waits, describes, pages, tags and deletes"):
        vpc = ec2("create-vpc", "--cidr-block", "127.66.0.0/16", "--tag-specifications",
                       f"ResourceType=vpc,{tags}")["Vpc"]["VpcId"]
        ec2("wait", "vpc-exists", "--vpc-ids", vpc)
        ec2("wait", "vpc-available", "--vpc-ids", vpc)
        made = [ec2("create-subnet", "--vpc-id", vpc, "--cidr-block", f"127.66.{i}.0/24")["Subnet"] for i in range(3)]
        assert len({subnet["AvailabilityZone"] for subnet in made}) == 3, made
        others = [call("CreateSubnet", VpcId=vpc, CidrBlock=f"127.66.{i}.0/24")["subnet"]["subnetId"] for i in range(3, 6)]
        ids = [subnet["SubnetId"] for subnet in made] + others
        ec2("wait", "subnet-available", "--subnet-ids", *ids)
        found = ec2("describe-subnets", "--filters", f"Name=vpc-id,Values={vpc}", "--page-size", "5")
        assert sorted(subnet["SubnetId"] for subnet in found["Subnets"]) == sorted(ids), found
        assert {subnet["AvailableIpAddressCount"] for subnet in found["Subnets"]} == {256}, found
        ec2("create-tags", "--resources", *ids[:2], "--tags", "Key=tier,Value=gateway")
        picked = ec2("describe-subnets", "--filters", "Name=tag:tier,Values=gate*")["Subnets"]
        assert sorted(subnet["SubnetId"] for subnet in picked) == sorted(ids[:2]), picked
        described = ec2("describe-tags", "--filters", f"Name=resource-id,Values={vpc}")["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in described} == {"Name": "real", "sallyport:network": "host"}
        ec2("modify-vpc-attribute", "--vpc-id", vpc, "--enable-dns-hostnames")
        assert ec2("describe-vpc-attribute", "--vpc-id", vpc, "--attribute",
                        "enableDnsHostnames")["EnableDnsHostnames"] == {"Value": True}
        assert len(ec2("describe-availability-zones")["AvailabilityZones"]) == 3
        attributes = ec2("describe-account-attributes", "--attribute-names", "supported-platforms")
        assert attributes["AccountAttributes"][0]["AttributeValues"] == [{"AttributeValue": "VPC"}], attributes
        ec2("delete-subnet", "--subnet-id", ids[0])
        for subnet in ids[1:]:
            call("DeleteSubnet", SubnetId=subnet)
        ec2("delete-vpc", "--vpc-id", vpc)

    with story.case("the real client reads our refusals"):
        for code, words in (("InvalidVpcID.NotFound", ("describe-vpcs", "--vpc-ids", "vpc-0123456789abcdef0")),
                            ("DryRunOperation", ("describe-subnets", "--dry-run")),
                            ("InvalidVpc.Range", ("create-vpc", "--cidr-block", "10.0.0.0/8")),
                            ("InvalidAction", ("describe-instances",))):
            said = cli.refusal(daemon, "ec2", *words)
            assert f"({code})" in said, said


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    api = Api(daemon)
    vpcs(story, api)
    kept = subnets(story, api)
    the_hosts_own(story, api)
    finding(story, api, kept)
    tagging(story, api, kept)
    with_the_real_client(story, daemon, api)

    with story.case("everything is there again after kill -9"):
        def everything():
            return [api(operation) for operation in ("DescribeVpcs", "DescribeSubnets", "DescribeRouteTables",
                                                     "DescribeNetworkAcls", "DescribeTags", "DescribeSecurityGroups")]

        before = everything()
        daemon.kill()
        daemon.start()
        assert everything() == before
