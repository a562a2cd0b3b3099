#!/usr/bin/env python3
"""Elastic IP addresses, the pools that they come from, and network interfaces of one's own: what the calls do, show and
refuse, with the unmodified `aws` and with requests that no tool would send."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import cli  # noqa: E402
import ec2 as calls  # noqa: E402
import harness  # noqa: E402
import vpcs  # noqa: E402
from ec2 import NOWHERE  # noqa: E402

CIDR, CHOSEN, SECOND = "10.66.0.0/16", "10.66.1.0/24", "10.66.2.0/24"
UPLINK = {"sallyport:uplink": calls.UPLINK, "sallyport:router": "192.0.2.1"}
ID = re.compile(r"(eni|eipalloc|eipassoc|ipv4pool-ec2)-[0-9a-f]{17}")
OFFICE = [f"203.0.113.{number}" for number in range(8, 16)]
SPARE = ["198.51.100.7", "192.0.2.1", "192.0.2.2"]


def pools_of(ec2):
    """{description: pool}"""
    return {pool["description"]: pool for pool in ec2("DescribePublicIpv4Pools")["publicIpv4PoolSet"]}


# ---- pools and addresses --------------------------------------------------------------------------------------------


def pools(story, ec2):
    with story.case("the pools of the configuration are shown with their ranges and what is free in them"):
        shown = {pool["Description"]: pool for pool in ec2.cli("describe-public-ipv4-pools")["PublicIpv4Pools"]}
        assert set(shown) == {"office", "spare"}, shown
        office, spare = shown["office"], shown["spare"]
        assert ID.fullmatch(office["PoolId"]) and office["NetworkBorderGroup"] == ec2.region, office
        assert office["PoolAddressRanges"] == [{"FirstAddress": "203.0.113.8", "LastAddress": "203.0.113.15",
                                                "AddressCount": 8, "AvailableAddressCount": 8}], office
        assert (spare["TotalAddressCount"], spare["TotalAvailableAddressCount"]) == (3, 3), spare
        assert [entry["AddressCount"] for entry in spare["PoolAddressRanges"]] == [1, 2], spare

    with story.case("pools are found by id and by tag, and told in pages"):
        office = pools_of(ec2)["office"]["poolId"]
        assert ec2.one("DescribePublicIpv4Pools", "publicIpv4PoolSet", PoolId=[office])["poolId"] == office
        ec2("CreateTags", ResourceId=[office], Tag=[{"Key": "site", "Value": "north"}])
        found = ec2.one("DescribePublicIpv4Pools", "publicIpv4PoolSet", Filter=[{"Name": "tag:site", "Value": ["north"]}])
        assert found["tagSet"] == [{"key": "site", "value": "north"}], found
        page = ec2("DescribePublicIpv4Pools", MaxResults="1")
        rest = ec2("DescribePublicIpv4Pools", MaxResults="10", NextToken=page["nextToken"])
        assert len(page["publicIpv4PoolSet"] + rest["publicIpv4PoolSet"]) == 2
        ec2.refused("InvalidPublicIpv4PoolID.NotFound", "DescribePublicIpv4Pools", NOWHERE,
                    PoolId=[f"ipv4pool-ec2-{NOWHERE}"])
        ec2.refused("InvalidPublicIpv4PoolID.Malformed", "DescribePublicIpv4Pools", "ipv4pool-ec2-x",
                    PoolId=["ipv4pool-ec2-x"])
        ec2.refused("InvalidParameterValue", "DescribePublicIpv4Pools", "between 1 and 10", MaxResults="11")


def addresses(story, ec2):
    office, spare = (pools_of(ec2)[name]["poolId"] for name in ("office", "spare"))

    with story.case("`aws ec2` takes an address from a pool, with tags"):
        made = ec2.cli("allocate-address", "--domain", "vpc", "--public-ipv4-pool", office, "--tag-specifications",
                       "ResourceType=elastic-ip,Tags=[{Key=Name,Value=known}]")
        assert made["PublicIp"] in OFFICE and made["PublicIpv4Pool"] == office and made["Domain"] == "vpc", made
        assert ID.fullmatch(made["AllocationId"]) and made["NetworkBorderGroup"] == ec2.region, made
        shown = ec2.cli("describe-addresses", "--allocation-ids", made["AllocationId"])["Addresses"]
        assert shown == [{**made, "Tags": [{"Key": "Name", "Value": "known"}]}], shown
        assert pools_of(ec2)["office"]["totalAvailableAddressCount"] == "7"

    with story.case("a chosen address is taken, once"):
        chosen = ec2("AllocateAddress", Address="203.0.113.13")
        assert chosen["publicIp"] == "203.0.113.13" and chosen["publicIpv4Pool"] == office, chosen
        ec2.refused("InvalidIPAddress.InUse", "AllocateAddress", "203.0.113.13", Address="203.0.113.13")
        for words, arguments in (("203.0.113.16", {"Address": "203.0.113.16"}),
                                 ("spare", {"Address": "203.0.113.9", "PublicIpv4Pool": spare})):
            ec2.refused("InvalidAddress.NotFound", "AllocateAddress", words, **arguments)

    with story.case("when a pool is empty there is nothing more from it, and elsewhere there is"):
        taken = [ec2("AllocateAddress", PublicIpv4Pool=spare) for _ in SPARE]
        assert sorted(one["publicIp"] for one in taken) == sorted(SPARE), taken
        ec2.refused("AddressLimitExceeded", "AllocateAddress", "spare", PublicIpv4Pool=spare)
        more = ec2("AllocateAddress", PublicIpv4Pool="amazon")
        assert more["publicIp"] in OFFICE, more
        for one in (*taken, more):
            ec2("ReleaseAddress", AllocationId=one["allocationId"])
        assert pools_of(ec2)["spare"]["totalAvailableAddressCount"] == "3"

    with story.case("what cannot be allocated is refused"):
        for code, words, arguments in (
                ("InvalidPublicIpv4PoolID.NotFound", "office", {"PublicIpv4Pool": f"ipv4pool-ec2-{NOWHERE}"}),
                ("InvalidParameterValue", "nonsense", {"Address": "nonsense"}),
                ("InvalidParameterValue", "standard", {"Domain": "standard"}),
                ("InvalidParameterValue", ec2.region, {"NetworkBorderGroup": "mars-1"}),
                ("UnsupportedOperation", "IpamPoolId", {"IpamPoolId": "ipam-pool-1"}),
                ("UnsupportedOperation", "CustomerOwnedIpv4Pool", {"CustomerOwnedIpv4Pool": "coip-1"}),
                ("InvalidParameterValue", "elastic-ip", {"TagSpecification": [{"ResourceType": "vpc", "Tag": [
                    {"Key": "a", "Value": "b"}]}]})):
            ec2.refused(code, "AllocateAddress", words, **arguments)
        before = pools_of(ec2)
        ec2.dry("AllocateAddress")
        assert pools_of(ec2) == before

    with story.case("addresses are found by all that describes them"):
        for filters in ({"public_ip": "203.0.113.13"}, {"allocation_id": chosen["allocationId"]},
                        {"domain": "vpc", "public_ip": "203.0.113.13"},
                        {"network_border_group": ec2.region, "public_ip": "*.13"}):
            assert ec2.where("DescribeAddresses", "addressesSet", "publicIp", **filters) == ["203.0.113.13"], filters
        assert ec2.where("DescribeAddresses", "addressesSet", "publicIp", **{"tag:Name": "known"}) == [made["PublicIp"]]
        assert ec2.where("DescribeAddresses", "addressesSet", "publicIp", instance_id="i-1") == []
        assert ec2.one("DescribeAddresses", "addressesSet", PublicIp=["203.0.113.13"])["allocationId"] == \
            chosen["allocationId"]
        ec2.refused("InvalidAddress.NotFound", "DescribeAddresses", "203.0.113.14", PublicIp=["203.0.113.14"])
        ec2.refused("InvalidAllocationID.NotFound", "DescribeAddresses", NOWHERE, AllocationId=[f"eipalloc-{NOWHERE}"])

    with story.case("addresses have no reverse names, and that is what is said of them"):
        assert not ec2("DescribeAddressesAttribute", AllocationId=[chosen["allocationId"]],
                       Attribute="domain-name")["addressSet"]
        ec2.refused("InvalidAllocationID.NotFound", "DescribeAddressesAttribute", NOWHERE,
                    AllocationId=[f"eipalloc-{NOWHERE}"])
        ec2.refused("InvalidParameterValue", "DescribeAddressesAttribute", "color", Attribute="color")

    with story.case("an address is released by its allocation, or by itself, once"):
        ec2.refused("MissingParameter", "ReleaseAddress", "AllocationId")
        ec2.refused("InvalidParameterCombination", "ReleaseAddress", "not both", PublicIp="203.0.113.13",
                    AllocationId=chosen["allocationId"])
        ec2.refused("InvalidAddress.NotFound", "ReleaseAddress", "mars-1", AllocationId=chosen["allocationId"],
                    NetworkBorderGroup="mars-1")
        ec2.dry("ReleaseAddress", AllocationId=chosen["allocationId"])
        ec2("ReleaseAddress", PublicIp="203.0.113.13")
        ec2.refused("InvalidAddress.NotFound", "ReleaseAddress", "203.0.113.13", PublicIp="203.0.113.13")
        ec2.refused("InvalidAllocationID.NotFound", "ReleaseAddress", chosen["allocationId"],
                    AllocationId=chosen["allocationId"])
        ec2.cli("release-address", "--allocation-id", made["AllocationId"], "--network-border-group", ec2.region)
        assert not ec2.tags(made["AllocationId"]) and not ec2("DescribeAddresses")["addressesSet"]


# ---- network interfaces ---------------------------------------------------------------------------------------------


def interfaces(story, ec2, vpc, subnet, other):
    default = ec2.one("DescribeSecurityGroups", "securityGroupInfo", Filter=[
        {"Name": "vpc-id", "Value": [vpc.id]}, {"Name": "group-name", "Value": ["default"]}])["groupId"]

    def show(interface):
        return ec2.one("DescribeNetworkInterfaces", "networkInterfaceSet", NetworkInterfaceId=[interface])

    with story.case("`aws ec2` makes a network interface, with the VPC's default group"):
        made = ec2.cli("create-network-interface", "--subnet-id", subnet, "--description", "the firewall",
                       "--tag-specifications", "ResourceType=network-interface,Tags=[{Key=Name,Value=firewall}]")
        shown = made["NetworkInterface"]
        interface = shown["NetworkInterfaceId"]
        assert ID.fullmatch(interface) and shown["PrivateIpAddress"].startswith("10.66.1."), shown
        assert (shown["Status"], shown["InterfaceType"], shown["RequesterManaged"]) == ("available", "interface", False)
        assert (shown["SubnetId"], shown["VpcId"], shown["OwnerId"]) == (subnet, vpc.id, ec2.account), shown
        assert shown["Groups"] == [{"GroupId": default, "GroupName": "default"}] and shown["SourceDestCheck"], shown
        assert shown["Description"] == "the firewall" and shown["TagSet"] == [{"Key": "Name", "Value": "firewall"}], shown
        assert shown["PrivateIpAddresses"] == [{"Primary": True, "PrivateIpAddress": shown["PrivateIpAddress"]}], shown
        assert re.fullmatch("(..:){5}..", shown["MacAddress"]) and "Attachment" not in shown, shown
        again = ec2.cli("describe-network-interfaces", "--network-interface-ids", interface)["NetworkInterfaces"][0]
        assert again == shown, again
        ec2.cli("wait", "network-interface-available", "--network-interface-ids", interface)

    with story.case("address and groups are chosen; the token makes one interface"):
        groups = [vpc.group(), vpc.group()]
        wish = {"SubnetId": subnet, "PrivateIpAddress": "10.66.1.40", "SecurityGroupId": groups, "ClientToken": "once"}
        chosen = ec2("CreateNetworkInterface", **wish)["networkInterface"]
        assert chosen["privateIpAddress"] == "10.66.1.40", chosen
        assert [group["groupId"] for group in chosen["groupSet"]] == groups, chosen
        assert ec2("CreateNetworkInterface", **wish)["networkInterface"] == chosen
        listed = ec2("CreateNetworkInterface", SubnetId=subnet, PrivateIpAddresses=[
            {"PrivateIpAddress": "10.66.1.41", "Primary": "true"}])["networkInterface"]
        assert listed["privateIpAddress"] == "10.66.1.41", listed
        ec2("DeleteNetworkInterface", NetworkInterfaceId=listed["networkInterfaceId"])

    with story.case("interfaces are found by all that describes them"):
        def found(**filters):
            return ec2.where("DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId", **filters)

        both = sorted([interface, chosen["networkInterfaceId"]])
        for filters, expected in (
                ({"subnet_id": subnet}, both), ({"vpc_id": vpc.id}, both), ({"requester_managed": "false"}, both),
                ({"source_dest_check": "true"}, both), ({"status": "available"}, both), ({"requester_id": "*"}, []),
                ({"group_id": groups[0]}, [chosen["networkInterfaceId"]]), ({"group_name": "default"}, [interface]),
                ({"description": "the f*"}, [interface]), ({"tag:Name": "firewall"}, [interface]),
                ({"private_ip_address": "10.66.1.40"}, [chosen["networkInterfaceId"]]),
                ({"addresses__private_ip_address": "10.66.1.40"}, [chosen["networkInterfaceId"]]),
                ({"association__public_ip": "*"}, []), ({"interface_type": "natGateway"}, []),
                ({"attachment__status": "attached"}, [])):
            assert found(**filters) == expected, (filters, found(**filters))

    with story.case("what makes no interface is refused"):
        strange = other.group()
        for code, words, arguments in (
                ("MissingParameter", "SubnetId", {"SubnetId": None}),
                ("InvalidSubnetID.NotFound", NOWHERE, {"SubnetId": f"subnet-{NOWHERE}"}),
                ("InvalidIPAddress.InUse", "10.66.1.40", {"PrivateIpAddress": "10.66.1.40"}),
                ("InvalidParameterValue", "nonsense", {"PrivateIpAddress": "nonsense"}),
                ("InvalidParameterValue", "address range", {"PrivateIpAddress": "10.66.2.9"}),
                ("InvalidParameterValue", "reserved", {"PrivateIpAddress": "10.66.1.1"}),
                ("InvalidParameterValue", "reserved", {"PrivateIpAddress": "10.66.1.3"}),
                ("InvalidParameterValue", "reserved", {"PrivateIpAddress": "10.66.1.255"}),
                ("InvalidParameterCombination", "PrivateIpAddresses", {"PrivateIpAddress": "10.66.1.9",
                                                                       "PrivateIpAddresses": [{"Primary": "true"}]}),
                ("MissingParameter", "PrivateIpAddresses.1", {"PrivateIpAddresses": [{"Primary": "true"}]}),
                ("UnsupportedOperation", "PrivateIpAddresses", {"PrivateIpAddresses": [
                    {"PrivateIpAddress": "10.66.1.9"}, {"PrivateIpAddress": "10.66.1.10"}]}),
                ("UnsupportedOperation", "SecondaryPrivateIpAddressCount", {"SecondaryPrivateIpAddressCount": "2"}),
                ("UnsupportedOperation", "Ipv6AddressCount", {"Ipv6AddressCount": "2"}),
                ("InvalidParameterValue", "no IPv6 CIDR block", {"Ipv6AddressCount": "1"}),
                ("InvalidParameterValue", "efa", {"InterfaceType": "efa"}),
                ("InvalidGroup.NotFound", NOWHERE, {"SecurityGroupId": [f"sg-{NOWHERE}"]}),
                ("InvalidGroupId.Malformed", "sg-x", {"SecurityGroupId": ["sg-x"]}),
                ("InvalidParameter", "different networks", {"SecurityGroupId": [strange]}),
                ("InvalidParameterValue", "twice", {"SecurityGroupId": [groups[0], groups[0]]}),
                ("SecurityGroupsPerInterfaceLimitExceeded", "5", {"SecurityGroupId": [f"sg-{NOWHERE}"] * 6}),
                ("InvalidParameterValue", "255", {"Description": "x" * 256}),
                ("IdempotentParameterMismatch", "once", {"ClientToken": "once"}),
                ("InvalidParameterValue", "sallyport:external",
                 vpcs.tags("network-interface", {"sallyport:external": "maybe"}))):
            asked = {name: value for name, value in {"SubnetId": subnet, **arguments}.items() if value is not None}
            ec2.refused(code, "CreateNetworkInterface", words, **asked)
        ec2.dry("CreateNetworkInterface", SubnetId=subnet)
        assert found(vpc_id=vpc.id) == both

    with story.case("description, check of addresses and groups change one by one"):
        def attribute(name):
            return ec2.cli("describe-network-interface-attribute", "--network-interface-id", interface, "--attribute",
                           name)

        ec2.cli("modify-network-interface-attribute", "--network-interface-id", interface, "--no-source-dest-check")
        ec2.cli("modify-network-interface-attribute", "--network-interface-id", interface, "--description", "the IPS")
        ec2.cli("modify-network-interface-attribute", "--network-interface-id", interface, "--groups", *groups)
        shown = show(interface)
        assert (shown["sourceDestCheck"], shown["description"]) == ("false", "the IPS"), shown
        assert [group["groupId"] for group in shown["groupSet"]] == groups, shown
        assert attribute("description") == {"NetworkInterfaceId": interface, "Description": {"Value": "the IPS"}}
        assert attribute("sourceDestCheck")["SourceDestCheck"] == {"Value": False}
        assert [group["GroupId"] for group in attribute("groupSet")["Groups"]] == groups
        assert attribute("attachment") == {"NetworkInterfaceId": interface}
        ec2("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, SecurityGroupId=[default])
        ec2("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, SourceDestCheck={"Value": "true"})
        ec2("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Description={"Value": ""})
        assert show(interface)["description"] in ("", None)

    with story.case("what cannot be changed is refused"):
        for code, words, arguments in (
                ("MissingParameter", "SourceDestCheck", {}),
                ("InvalidParameterCombination", "at a time", {"Description": {"Value": "x"},
                                                              "SourceDestCheck": {"Value": "true"}}),
                ("InvalidGroup.NotFound", NOWHERE, {"SecurityGroupId": [f"sg-{NOWHERE}"]}),
                ("InvalidParameter", "different networks", {"SecurityGroupId": [strange]}),
                ("InvalidParameterValue", "255", {"Description": {"Value": "x" * 256}}),
                ("UnsupportedOperation", "Description", {"EnablePrimaryIpv6": "true"}),
                ("UnsupportedOperation", "Description", {"Attachment": {"AttachmentId": "x"}})):
            ec2.refused(code, "ModifyNetworkInterfaceAttribute", words, NetworkInterfaceId=interface, **arguments)
        ec2.refused("InvalidNetworkInterfaceID.NotFound", "ModifyNetworkInterfaceAttribute", NOWHERE,
                    NetworkInterfaceId=f"eni-{NOWHERE}", SourceDestCheck={"Value": "true"})
        ec2.refused("InvalidParameterValue", "DescribeNetworkInterfaceAttribute", "color", NetworkInterfaceId=interface,
                    Attribute="color")
        ec2.refused("MissingParameter", "DescribeNetworkInterfaceAttribute", "Attribute", NetworkInterfaceId=interface)
        ec2.dry("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, SourceDestCheck={"Value": "false"})
        assert show(interface)["sourceDestCheck"] == "true"

    with story.case("an interface keeps its groups and its subnet"):
        ec2.refused("DependencyViolation", "DeleteSecurityGroup", chosen["networkInterfaceId"], GroupId=groups[0])
        ec2.refused("DependencyViolation", "DeleteSubnet", subnet, SubnetId=subnet)
        ec2.dry("DeleteNetworkInterface", NetworkInterfaceId=chosen["networkInterfaceId"])
        ec2.cli("delete-network-interface", "--network-interface-id", chosen["networkInterfaceId"])
        for group in groups:
            ec2("DeleteSecurityGroup", GroupId=group)
        ec2.refused("InvalidNetworkInterfaceID.NotFound", "DeleteNetworkInterface", chosen["networkInterfaceId"],
                    NetworkInterfaceId=chosen["networkInterfaceId"])

    with story.case("a machine that is there already is an interface by a tag"):
        ec2("CreateTags", ResourceId=[interface], Tag=[{"Key": "sallyport:external", "Value": "yes"}])
        ec2.refused("InvalidParameterValue", "CreateTags", "sallyport:external", ResourceId=[interface],
                    Tag=[{"Key": "sallyport:external", "Value": "perhaps"}])
        assert ec2.tags(interface)["sallyport:external"] == "yes"
        ec2("DeleteTags", ResourceId=[interface], Tag=[{"Key": "sallyport:external"}])
        assert ec2.tags(interface) == {"Name": "firewall"}
        ec2("DeleteNetworkInterface", NetworkInterfaceId=interface)
        assert not ec2.tags(interface)


def of_gateways(story, ec2, vpc, subnet):
    with story.case("the interface of a resource gateway is shown, and nobody else may change it"):
        gateway = vpc.gateway([subnet])
        door = ec2.one("DescribeNetworkInterfaces", "networkInterfaceSet", Filter=[
            {"Name": "requester-managed", "Value": ["true"]}, {"Name": "vpc-id", "Value": [vpc.id]}])
        assert door["description"].endswith(gateway) and door["requesterId"] == "amazon-vpc-lattice", door
        assert door["status"] == "in-use" and door["attachment"]["status"] == "attached", door
        name = {"NetworkInterfaceId": door["networkInterfaceId"]}
        address = ec2("AllocateAddress")["allocationId"]
        ec2.refused("OperationNotPermitted", "DeleteNetworkInterface", gateway, **name)
        ec2.refused("OperationNotPermitted", "ModifyNetworkInterfaceAttribute", gateway, Description={"Value": "x"}, **name)
        ec2.refused("OperationNotPermitted", "AssociateAddress", gateway, AllocationId=address, **name)
        ec2.refused("InvalidParameterValue", "CreateTags", gateway, ResourceId=[door["networkInterfaceId"]],
                    Tag=[{"Key": "sallyport:external", "Value": "yes"}])
        found = ec2("DescribeNetworkInterfaceAttribute", Attribute="description", **name)
        assert found["description"]["value"] == door["description"], found
        ec2("ReleaseAddress", AllocationId=address)
        vpc.lattice("DELETE", f"/resourcegateways/{gateway}")
        vpc.wait_no_gateway(gateway)


# ---- associations ---------------------------------------------------------------------------------------------------


def associations(story, ec2, vpc, subnet):
    first, second = (ec2("CreateNetworkInterface", SubnetId=subnet)["networkInterface"] for _ in range(2))
    one, two = first["networkInterfaceId"], second["networkInterfaceId"]
    known, other = (ec2("AllocateAddress") for _ in range(2))
    address = known["allocationId"]

    def show(allocation):
        return ec2.one("DescribeAddresses", "addressesSet", AllocationId=[allocation])

    def public(interface):
        found = ec2.one("DescribeNetworkInterfaces", "networkInterfaceSet", NetworkInterfaceId=[interface])
        return found.get("association", {}).get("publicIp")

    with story.case("an address needs an internet gateway to be of use"):
        ec2.refused("Gateway.NotAttached", "AssociateAddress", vpc.id, AllocationId=address, NetworkInterfaceId=one)
        gateway = ec2("CreateInternetGateway")["internetGateway"]["internetGatewayId"]
        ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc.id)

    with story.case("`aws ec2` associates an address with an interface; both show the other"):
        association = ec2.cli("associate-address", "--allocation-id", address, "--network-interface-id", one)[
            "AssociationId"]
        assert ID.fullmatch(association), association
        shown = ec2.cli("describe-addresses", "--allocation-ids", address)["Addresses"][0]
        assert shown["AssociationId"] == association and shown["NetworkInterfaceId"] == one, shown
        assert shown["PrivateIpAddress"] == first["privateIpAddress"], shown
        assert shown["NetworkInterfaceOwnerId"] == ec2.account, shown
        door = ec2.cli("describe-network-interfaces", "--network-interface-ids", one)["NetworkInterfaces"][0]
        assert door["Association"] == {"AllocationId": address, "AssociationId": association, "IpOwnerId": ec2.account,
                                       "PublicDnsName": "", "PublicIp": known["publicIp"]}, door
        assert door["PrivateIpAddresses"][0]["Association"] == door["Association"], door

    with story.case("addresses and interfaces are found by their association"):
        for filters in ({"association_id": association}, {"network_interface_id": one},
                        {"private_ip_address": first["privateIpAddress"]}, {"network_interface_owner_id": ec2.account}):
            assert ec2.where("DescribeAddresses", "addressesSet", "allocationId", **filters) == [address], filters
        for filters in ({"association__allocation_id": address}, {"association__association_id": association},
                        {"association__public_ip": known["publicIp"]}, {"association__ip_owner_id": ec2.account},
                        {"addresses__association__public_ip": known["publicIp"]},
                        {"addresses__association__owner_id": ec2.account}):
            assert ec2.where("DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId", **filters) == [
                one], filters

    with story.case("once more is as good as once; to another interface it moves, unless that is forbidden"):
        again = ec2("AssociateAddress", AllocationId=address, NetworkInterfaceId=one)
        assert again["associationId"] == association, again
        ec2.refused("Resource.AlreadyAssociated", "AssociateAddress", association, AllocationId=address,
                    NetworkInterfaceId=two, AllowReassociation="false")
        ec2.dry("AssociateAddress", AllocationId=address, NetworkInterfaceId=two)
        assert public(one) == known["publicIp"]
        moved = ec2("AssociateAddress", PublicIp=known["publicIp"], NetworkInterfaceId=two)["associationId"]
        assert moved != association and public(one) is None and public(two) == known["publicIp"]
        ec2.refused("InvalidAssociationID.NotFound", "DisassociateAddress", association, AssociationId=association)

    with story.case("an interface has one address: another takes its place, unless that is forbidden"):
        ec2.refused("Resource.AlreadyAssociated", "AssociateAddress", two, AllocationId=other["allocationId"],
                    NetworkInterfaceId=two, AllowReassociation="false")
        ec2("AssociateAddress", AllocationId=other["allocationId"], NetworkInterfaceId=two,
            PrivateIpAddress=second["privateIpAddress"])
        assert public(two) == other["publicIp"] and "associationId" not in show(address)

    with story.case("while a public address is mapped the internet gateway stays"):
        ec2.refused("DependencyViolation", "DetachInternetGateway", "has some mapped public address(es)",
                    InternetGatewayId=gateway, VpcId=vpc.id)
        ec2.refused("InvalidIPAddress.InUse", "ReleaseAddress", two, AllocationId=other["allocationId"])

    with story.case("what makes no association is refused"):
        for code, words, arguments in (
                ("MissingParameter", "NetworkInterfaceId", {"NetworkInterfaceId": None}),
                ("MissingParameter", "AllocationId", {"AllocationId": None}),
                ("InvalidParameterCombination", "both", {"PublicIp": known["publicIp"]}),
                ("UnsupportedOperation", "InstanceId", {"InstanceId": "i-1"}),
                ("InvalidNetworkInterfaceID.NotFound", NOWHERE, {"NetworkInterfaceId": f"eni-{NOWHERE}"}),
                ("InvalidAllocationID.NotFound", NOWHERE, {"AllocationId": f"eipalloc-{NOWHERE}"}),
                ("InvalidParameterValue", "10.66.1.250", {"PrivateIpAddress": "10.66.1.250"})):
            asked = {name: value for name, value in {"AllocationId": address, "NetworkInterfaceId": one,
                                                     **arguments}.items() if value is not None}
            ec2.refused(code, "AssociateAddress", words, **asked)
        for code, words, arguments in (
                ("MissingParameter", "AssociationId", {}),
                ("InvalidParameterCombination", "both", {"AssociationId": moved, "PublicIp": known["publicIp"]}),
                ("InvalidAssociationID.NotFound", NOWHERE, {"AssociationId": f"eipassoc-{NOWHERE}"}),
                ("InvalidAddress.NotFound", "203.0.113.99", {"PublicIp": "203.0.113.99"})):
            ec2.refused(code, "DisassociateAddress", words, **arguments)

    with story.case("an address is let go by its association, or by itself as often as one likes"):
        ec2.dry("DisassociateAddress", AssociationId=show(other["allocationId"])["associationId"])
        ec2.cli("disassociate-address", "--association-id", show(other["allocationId"])["associationId"])
        assert public(two) is None
        ec2("DisassociateAddress", PublicIp=other["publicIp"])
        ec2("ReleaseAddress", AllocationId=other["allocationId"])

    with story.case("an interface that goes leaves its address to the next one"):
        ec2("AssociateAddress", AllocationId=address, NetworkInterfaceId=one)
        ec2("DeleteNetworkInterface", NetworkInterfaceId=one)
        assert "associationId" not in show(address) and show(address)["publicIp"] == known["publicIp"]
        ec2("AssociateAddress", AllocationId=address, NetworkInterfaceId=two)
        ec2("DisassociateAddress", PublicIp=known["publicIp"])
        ec2("DetachInternetGateway", InternetGatewayId=gateway, VpcId=vpc.id)
        ec2("DeleteInternetGateway", InternetGatewayId=gateway)
        ec2("DeleteNetworkInterface", NetworkInterfaceId=two)


with harness.Story() as story:
    cli.needs()
    home = calls.Home(story)
    daemon = home.daemon(egress_address_pools=calls.pools())
    ec2 = calls.Ec2(daemon)
    pools(story, ec2)
    addresses(story, ec2)
    vpc, other = home.vpc(daemon, CIDR, UPLINK), home.vpc(daemon, CIDR)
    subnet = vpc.subnet(CHOSEN)
    interfaces(story, ec2, vpc, subnet, other)
    of_gateways(story, ec2, vpc, vpc.subnet(SECOND))
    associations(story, ec2, vpc, subnet)

    with story.case("addresses are there again after kill -9, with the same pools"):
        ec2("AllocateAddress")
        before = ec2("DescribeAddresses")["addressesSet"], pools_of(ec2)
        daemon.kill()
        daemon.start()
        assert (ec2("DescribeAddresses")["addressesSet"], pools_of(ec2)) == before
