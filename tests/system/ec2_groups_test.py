#!/usr/bin/env python3
"""Security groups, their rules, and the network interfaces that have them: with the unmodified `aws`, and with requests
that no tool would send."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import cli  # noqa: E402
from ec2 import Ec2  # noqa: E402
import harness  # noqa: E402

GROUP_RULES_MAX = 60


def permission(protocol="tcp", first=None, last=None, **peers):
    found = {"IpProtocol": protocol, **peers}
    if first is not None:
        found.update(FromPort=first, ToPort=first if last is None else last)
    return found


def ranges(*cidrs):
    return [{"CidrIp": cidr} for cidr in cidrs]


EVERYWHERE = permission("-1", IpRanges=ranges("0.0.0.0/0"))


class Ground(Ec2):
    """The API of one daemon, in the words of its wire."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.count = 0

    def vpc(self, cidr):
        tags = [{"ResourceType": "vpc", "Tag": [{"Key": "sallyport:network", "Value": "host"}]}]
        return self("CreateVpc", CidrBlock=cidr, TagSpecification=tags)["vpc"]["vpcId"]

    def group(self, vpc, *egress, name=None):
        self.count += 1
        group = self("CreateSecurityGroup", VpcId=vpc, GroupName=name or f"group {self.count}",
                     GroupDescription="of a story")["groupId"]
        if egress:
            self("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[EVERYWHERE])
            self("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=list(egress))
        return group

    def show(self, group):
        return self("DescribeSecurityGroups", GroupId=[group])["securityGroupInfo"][0]

    def rules(self, group, egress=True):
        """{rule id: what it is about}, one way."""
        found = self("DescribeSecurityGroupRules", Filter=[{"Name": "group-id", "Value": [group]}])
        return {rule["securityGroupRuleId"]: rule for rule in found["securityGroupRuleSet"]
                if rule["isEgress"] == str(egress).lower()}

    def groups_where(self, name, *values):
        found = self("DescribeSecurityGroups", Filter=[{"Name": name, "Value": list(values)}])["securityGroupInfo"]
        return {group["groupId"] for group in found}

    def interfaces_where(self, name, value):
        found = self("DescribeNetworkInterfaces", Filter=[{"Name": name, "Value": [value]}])["networkInterfaceSet"]
        return [entry["networkInterfaceId"] for entry in found or []]


def sources(permissions):
    """[(protocol, from, to, [cidrs])] of an answer's list of permissions, ordered."""
    return sorted((entry["ipProtocol"], entry.get("fromPort"), entry.get("toPort"),
                   [one["cidrIp"] for one in entry["ipRanges"] or []]) for entry in permissions or [])


# ---- groups ---------------------------------------------------------------------------------------------------------


def show_groups(story, ec2, vpc, other_vpc):
    with story.case("a VPC's default group lets everything out, and in what has the group itself"):
        found = ec2("DescribeSecurityGroups", Filter=[{"Name": "vpc-id", "Value": [vpc]}])["securityGroupInfo"]
        assert len(found) == 1 and found[0]["groupName"] == "default", found
        default = found[0]
        assert sources(default["ipPermissionsEgress"]) == [("-1", None, None, ["0.0.0.0/0"])], default
        assert default["ipPermissions"][0]["groups"] == [{"userId": ec2.account, "groupId": default["groupId"]}], default
        ec2.refused("CannotDelete", "DeleteSecurityGroup", default["groupId"], GroupId=default["groupId"])
        ec2.refused("InvalidParameterValue", "CreateSecurityGroup", "default", VpcId=vpc, GroupName="default",
                    GroupDescription="mine")

    with story.case("`aws ec2` makes a group with tags; it lets everything out and nothing in"):
        made = ec2.cli("create-security-group", "--group-name", "Partners", "--description",
                       "to the servers of partners", "--vpc-id", vpc, "--tag-specifications",
                       "ResourceType=security-group,Tags=[{Key=Name,Value=partners}]")
        group = made["GroupId"]
        assert re.fullmatch("sg-[0-9a-f]{17}", group), made
        assert made["Tags"] == [{"Key": "Name", "Value": "partners"}], made
        assert made["SecurityGroupArn"].endswith(f":{ec2.account}:security-group/{group}"), made
        shown = ec2.cli("describe-security-groups", "--group-ids", group)["SecurityGroups"][0]
        assert shown["IpPermissions"] == [], shown
        assert shown["IpPermissionsEgress"] == [{
            "IpProtocol": "-1", "UserIdGroupPairs": [], "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [],
            "PrefixListIds": []}], shown
        assert (shown["VpcId"], shown["OwnerId"]) == (vpc, ec2.account), shown
        assert shown["Description"] == "to the servers of partners", shown
        assert shown["Tags"] == made["Tags"] and shown["GroupName"] == "Partners", shown

    with story.case("a group's name is one in its VPC, not in another"):
        ec2.refused("InvalidGroup.Duplicate", "CreateSecurityGroup", "'Partners'", VpcId=vpc, GroupName="Partners",
                    GroupDescription="again")
        twin = ec2.group(other_vpc, name="Partners")
        ec2.refused("InvalidParameterValue", "DeleteSecurityGroup", "2 VPCs", GroupName="Partners")
        assert ec2("DeleteSecurityGroup", GroupId=twin)["groupId"] == twin
        assert ec2("DeleteSecurityGroup", GroupName="Partners")["groupId"] == group
        ec2.refused("InvalidGroup.NotFound", "DeleteSecurityGroup", group, GroupId=group)

    with story.case("what makes no group is refused: no VPC, no name, one like an id, strange characters"):
        good = {"VpcId": vpc, "GroupName": "fine", "GroupDescription": "fine"}
        for code, words, change in (
                ("VPCIdNotSpecified", "VpcId", {"VpcId": None}),
                ("InvalidVpcID.NotFound", "vpc-00000000000000000", {"VpcId": "vpc-00000000000000000"}),
                ("MissingParameter", "GroupName", {"GroupName": None}),
                ("MissingParameter", "GroupName", {"GroupName": ""}),
                ("MissingParameter", "GroupDescription", {"GroupDescription": None}),
                ("MissingParameter", "GroupDescription", {"GroupDescription": ""}),
                ("InvalidParameterValue", "sg-", {"GroupName": "sg-mine"}),
                ("InvalidParameterValue", "characters", {"GroupName": "a" * 256}),
                ("InvalidParameterValue", "characters", {"GroupName": "a<b"}),
                ("InvalidParameterValue", "characters", {"GroupDescription": "línea"}),
                ("UnknownParameter", "Color", {"Color": "red"})):
            arguments = {name: value for name, value in {**good, **change}.items() if value is not None}
            ec2.refused(code, "CreateSecurityGroup", words, **arguments)
        assert ec2.groups_where("group-name", "fine") == set()


# ---- rules ----------------------------------------------------------------------------------------------------------


def show_rules(story, ec2, vpc):
    with story.case("rules go in and out as Terraform does it: the default one is revoked first"):
        group = ec2.group(vpc)
        everything = permission("-1", 0, 0, IpRanges=ranges("0.0.0.0/0"))
        gone = ec2("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[everything])
        assert gone["return"] == "true" and len(gone["revokedSecurityGroupRuleSet"]) == 1, gone
        ec2.refused("InvalidPermission.NotFound", "RevokeSecurityGroupEgress", "::/0", GroupId=group,
                    IpPermissions=[permission("-1", 0, 0, Ipv6Ranges=[{"CidrIpv6": "::/0"}])])
        ec2.refused("InvalidPermission.NotFound", "RevokeSecurityGroupEgress", "all to 0.0.0.0/0", GroupId=group,
                    IpPermissions=[everything])
        made = ec2("AuthorizeSecurityGroupEgress", GroupId=group,
                   IpPermissions=[permission("tcp", 22, IpRanges=[{"CidrIp": "10.9.0.0/16", "Description": "sshd"}])],
                   TagSpecification=[{"ResourceType": "security-group-rule", "Tag": [{"Key": "Name", "Value": "r"}]}])
        rule = made["securityGroupRuleSet"][0]
        expected = {"groupId": group, "groupOwnerId": ec2.account, "isEgress": "true", "ipProtocol": "tcp",
                    "fromPort": "22", "toPort": "22", "cidrIpv4": "10.9.0.0/16", "description": "sshd",
                    "tagSet": [{"key": "Name", "value": "r"}]}
        assert {name: rule.get(name) for name in expected} == expected, rule
        assert rule["securityGroupRuleArn"].endswith(":security-group-rule/" + rule["securityGroupRuleId"]), rule
        found = ec2("DescribeSecurityGroupRules", SecurityGroupRuleId=[rule["securityGroupRuleId"]])
        assert found["securityGroupRuleSet"] == [rule], found
        found = ec2("DescribeSecurityGroupRules", Filter=[{"Name": "tag:Name", "Value": ["r"]}])
        assert found["securityGroupRuleSet"] == [rule], found
        gone = ec2("RevokeSecurityGroupEgress", GroupId=group, SecurityGroupRuleId=[rule["securityGroupRuleId"]])
        assert gone["revokedSecurityGroupRuleSet"][0]["cidrIpv4"] == "10.9.0.0/16", gone
        assert ec2.rules(group) == {}
        ec2.refused("InvalidSecurityGroupRuleId.NotFound", "DescribeSecurityGroupRules", rule["securityGroupRuleId"],
                    SecurityGroupRuleId=[rule["securityGroupRuleId"]])

    with story.case("`aws ec2` adds, shows and revokes rules, by permissions and with --protocol, --port and --cidr"):
        group = ec2.group(vpc, permission("tcp", 2222, IpRanges=ranges("192.0.2.7/32")))
        ec2.cli("authorize-security-group-egress", "--group-id", group, "--ip-permissions",
                "IpProtocol=tcp,FromPort=1000,ToPort=2000,IpRanges=[{CidrIp=10.1.2.3/8}],"
                "Ipv6Ranges=[{CidrIpv6=2001:DB8::1/32}]")
        ec2.cli("authorize-security-group-ingress", "--group-id", group, "--protocol", "icmp", "--port", "-1",
                "--cidr", "10.0.0.0/8")
        shown = ec2.cli("describe-security-groups", "--group-ids", group)["SecurityGroups"][0]
        wide = next(one for one in shown["IpPermissionsEgress"] if one["FromPort"] == 1000)
        assert wide["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}] and wide["ToPort"] == 2000, wide
        assert wide["Ipv6Ranges"] == [{"CidrIpv6": "2001:db8::/32"}], wide
        assert (shown["IpPermissions"][0]["IpProtocol"], shown["IpPermissions"][0]["FromPort"]) == ("icmp", -1), shown
        ec2.cli("revoke-security-group-ingress", "--group-id", group, "--protocol", "icmp", "--port", "-1",
                "--cidr", "10.0.0.0/8")
        rules = ec2.cli("describe-security-group-rules", "--filters",
                        f"Name=group-id,Values={group}")["SecurityGroupRules"]
        assert len(rules) == 3 and all(rule["IsEgress"] for rule in rules), rules
        ec2.cli("revoke-security-group-egress", "--group-id", group, "--security-group-rule-ids",
                *(rule["SecurityGroupRuleId"] for rule in rules))
        assert ec2.rules(group) == {}

    with story.case("the old form, with the permission as members of the request, does the same"):
        flat = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.9/24"}
        ec2("AuthorizeSecurityGroupIngress", GroupId=group, **flat)
        ec2("AuthorizeSecurityGroupEgress", GroupId=group, **flat)
        assert [rule["cidrIpv4"] for rule in ec2.rules(group).values()] == ["10.0.0.0/24"]
        assert len(ec2.rules(group, egress=False)) == 1
        ec2("RevokeSecurityGroupIngress", GroupId=group, **flat)
        ec2("RevokeSecurityGroupEgress", GroupId=group, **flat)
        assert ec2.rules(group) == ec2.rules(group, egress=False) == {}
        ec2.refused("InvalidParameterCombination", "AuthorizeSecurityGroupEgress", "IpPermissions", GroupId=group,
                    IpPermissions=[EVERYWHERE], **flat)
        ec2.refused("InvalidPermission.Malformed", "AuthorizeSecurityGroupEgress", "addresses", GroupId=group,
                    IpProtocol="-1")
        ec2.refused("InvalidParameterValue", "AuthorizeSecurityGroupIngress", "GroupId", GroupId=group,
                    SourceSecurityGroupName="default")

    with story.case("a rule that is there is a duplicate, whatever its description and however its block is written"):
        group = ec2.group(vpc, permission("tcp", 22, IpRanges=ranges("100.68.0.0/18")))
        for same in (permission("6", 22, IpRanges=[{"CidrIp": "100.68.0.18/18", "Description": "new words"}]),
                     permission("TCP", 22, IpRanges=ranges("100.68.0.0/18"))):
            ec2.refused("InvalidPermission.Duplicate", "AuthorizeSecurityGroupEgress", "tcp 22-22 to 100.68.0.0/18",
                        GroupId=group, IpPermissions=[same])
        ec2("AuthorizeSecurityGroupIngress", GroupId=group,
            IpPermissions=[permission("tcp", 22, IpRanges=ranges("100.68.0.0/18"))])

    with story.case("a request with one bad rule changes nothing"):
        before = ec2.rules(group)
        good = permission("udp", 53, IpRanges=ranges("10.0.0.0/8"))
        for code, bad in (("InvalidPermission.Duplicate", permission("tcp", 22, IpRanges=ranges("100.68.0.0/18"))),
                          ("InvalidParameterValue", permission("tcp", 22, IpRanges=ranges("nonsense"))),
                          ("InvalidGroup.NotFound", permission("tcp", 1, Groups=[{"GroupId": "sg-" + "0" * 17}]))):
            ec2.refused(code, "AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[good, bad])
        ec2.refused("InvalidPermission.NotFound", "RevokeSecurityGroupEgress", "udp 53-53", GroupId=group,
                    IpPermissions=[permission("tcp", 22, IpRanges=ranges("100.68.0.0/18")), good])
        ec2.refused("InvalidSecurityGroupRuleId.NotFound", "RevokeSecurityGroupEgress", GroupId=group,
                    SecurityGroupRuleId=[*before, "sgr-" + "0" * 17])
        assert ec2.rules(group) == before

    with story.case("a rule's id is revoked in its own group and its own way only"):
        mine, theirs = next(iter(ec2.rules(group))), ec2.group(vpc)
        for action, place in (("RevokeSecurityGroupEgress", theirs), ("RevokeSecurityGroupIngress", group)):
            ec2.refused("InvalidSecurityGroupRuleId.NotFound", action, mine, GroupId=place, SecurityGroupRuleId=[mine])
        for code, arguments in (("InvalidSecurityGroupRuleId.Malformed", {"SecurityGroupRuleId": ["sgr-x"]}),
                                ("MissingParameter", {}),
                                ("InvalidParameterCombination", {"SecurityGroupRuleId": [mine],
                                                                 "IpPermissions": [EVERYWHERE]})):
            ec2.refused(code, "RevokeSecurityGroupEgress", GroupId=group, **arguments)

    with story.case(f"a group has {GROUP_RULES_MAX} rules each way and not one more"):
        group = ec2.group(vpc, *(permission("tcp", port, IpRanges=ranges("10.0.0.0/8"))
                                 for port in range(1, GROUP_RULES_MAX + 1)))
        ec2.refused("RulesPerSecurityGroupLimitExceeded", "AuthorizeSecurityGroupEgress", GroupId=group,
                    IpPermissions=[EVERYWHERE])
        ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[EVERYWHERE])
        assert len(ec2.rules(group)) == GROUP_RULES_MAX

    with story.case("what makes no rule is refused with EC2's code, and says what is wrong"):
        cidr = ranges("10.0.0.0/8")
        for code, words, bad in (
                ("InvalidParameterValue", "'ssh'", permission("ssh", 22, IpRanges=cidr)),
                ("InvalidParameterValue", "both", permission("tcp", IpRanges=cidr)),
                ("InvalidParameterValue", "(23:22)", permission("tcp", 23, 22, IpRanges=cidr)),
                ("InvalidParameterValue", "'65536'", permission("tcp", 0, 65536, IpRanges=cidr)),
                ("InvalidParameterValue", "ICMP type", permission("icmp", 256, -1, IpRanges=cidr)),
                ("InvalidParameterValue", "10.0.0.0", permission("tcp", 22, IpRanges=ranges("10.0.0.0"))),
                ("InvalidParameterValue", "FromPort", permission("tcp", "ssh", IpRanges=cidr)),
                ("InvalidPermission.Malformed", "addresses", permission("tcp", 22)),
                ("InvalidGroupId.Malformed", "\"me\"", permission("tcp", 22, Groups=[{"GroupId": "me"}])),
                ("UnknownParameter", "Ranges", permission("tcp", 22, Ranges=cidr))):
            ec2.refused(code, "AuthorizeSecurityGroupEgress", words, GroupId=group, IpPermissions=[bad])
        ec2.refused("MissingParameter", "AuthorizeSecurityGroupEgress", "GroupId", IpPermissions=[EVERYWHERE])
        ec2.refused("MissingParameter", "AuthorizeSecurityGroupEgress", "IpPermissions", GroupId=group)
        ec2.refused("InvalidGroupId.Malformed", "AuthorizeSecurityGroupEgress", "sg-1", GroupId="sg-1",
                    IpPermissions=[EVERYWHERE])
        ec2.refused("InvalidParameterValue", "AuthorizeSecurityGroupEgress", "'vpc'", GroupId=ec2.group(vpc),
                    IpPermissions=[permission("tcp", 22, IpRanges=cidr)],
                    TagSpecification=[{"ResourceType": "vpc", "Tag": [{"Key": "a", "Value": "b"}]}])

    with story.case("a rule is modified in place: its id and tags stay, its kind of peer too"):
        group = ec2.group(vpc, permission("tcp", 22, IpRanges=ranges("10.0.0.0/8")),
                          permission("tcp", 23, IpRanges=ranges("10.0.0.0/8")))
        rule = next(name for name, one in ec2.rules(group).items() if one["fromPort"] == "22")
        ec2("CreateTags", ResourceId=[rule], Tag=[{"Key": "Name", "Value": "kept"}])
        ec2.cli("modify-security-group-rules", "--group-id", group, "--security-group-rules",
                f"SecurityGroupRuleId={rule},SecurityGroupRule={{IpProtocol=udp,FromPort=53,ToPort=54,"
                "CidrIpv4=10.1.2.3/16,Description=names}")
        now = ec2.rules(group)[rule]
        assert (now["ipProtocol"], now["fromPort"], now["toPort"], now["cidrIpv4"], now["description"]) == \
            ("udp", "53", "54", "10.1.0.0/16", "names"), now
        assert now["tagSet"] == [{"key": "Name", "value": "kept"}], now
        change = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": {
            "IpProtocol": "tcp", "FromPort": 23, "ToPort": 23, "CidrIpv4": "10.0.0.0/8"}}]
        ec2.refused("InvalidPermission.Duplicate", "ModifySecurityGroupRules", GroupId=group, SecurityGroupRule=change)
        change[0]["SecurityGroupRule"] = {"IpProtocol": "-1", "CidrIpv6": "::/0"}
        ec2.refused("InvalidParameterValue", "ModifySecurityGroupRules", rule, GroupId=group, SecurityGroupRule=change)
        ec2.refused("MissingParameter", "ModifySecurityGroupRules", "SecurityGroupRule", GroupId=group)
        assert ec2.rules(group)[rule] == now

    with story.case("descriptions are changed by rule id and by permission, and nothing else is"):
        ec2("UpdateSecurityGroupRuleDescriptionsEgress", GroupId=group,
            SecurityGroupRuleDescription=[{"SecurityGroupRuleId": rule, "Description": "by id"}])
        ec2("UpdateSecurityGroupRuleDescriptionsEgress", GroupId=group,
            IpPermissions=[permission("tcp", 23, IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "by permission"}])])
        after = ec2.rules(group)
        assert sorted(one["description"] for one in after.values()) == ["by id", "by permission"], after
        assert {**after[rule], "description": None} == {**now, "description": None}
        ec2.refused("InvalidPermission.NotFound", "UpdateSecurityGroupRuleDescriptionsIngress", GroupId=group,
                    IpPermissions=[permission("tcp", 23, IpRanges=ranges("10.0.0.0/8"))])


# ---- references, filters, pages -------------------------------------------------------------------------------------


def show_references(story, ec2, vpc, other_vpc):
    with story.case("a rule may name a group of the same VPC, which then cannot be deleted"):
        named = ec2.group(vpc)
        naming = ec2.group(vpc, permission("tcp", 22, Groups=[{"GroupId": named, "UserId": ec2.account,
                                                               "Description": "peers"}]))
        rule = next(iter(ec2.rules(naming).values()))
        assert rule["referencedGroupInfo"]["groupId"] == named and rule["description"] == "peers", rule
        shown = ec2.show(naming)["ipPermissionsEgress"][0]["groups"]
        assert shown == [{"userId": ec2.account, "groupId": named, "description": "peers"}], shown
        ec2.refused("DependencyViolation", "DeleteSecurityGroup", f"resource {named} has a dependent object",
                    GroupId=named)
        gone = ec2("RevokeSecurityGroupEgress", GroupId=naming, SecurityGroupRuleId=[rule["securityGroupRuleId"]])
        assert gone["revokedSecurityGroupRuleSet"][0]["referencedGroupId"] == named, gone
        ec2("DeleteSecurityGroup", GroupId=named)

    with story.case("a group that names itself can be deleted, and its rules and tags go with it"):
        own = ec2.group(vpc)
        made = ec2("AuthorizeSecurityGroupIngress", GroupId=own,
                   IpPermissions=[permission("-1", Groups=[{"GroupId": own}])])["securityGroupRuleSet"][0]
        ec2("CreateTags", ResourceId=[own, made["securityGroupRuleId"]], Tag=[{"Key": "own", "Value": "yes"}])
        ec2("DeleteSecurityGroup", GroupId=own)
        found = ec2("DescribeTags", Filter=[{"Name": "resource-id", "Value": [own, made["securityGroupRuleId"]]}])
        assert not found["tagSet"], found
        ec2.refused("InvalidSecurityGroupRuleId.NotFound", "DescribeSecurityGroupRules",
                    SecurityGroupRuleId=[made["securityGroupRuleId"]])

    with story.case("a group of another VPC, of another account or by name alone is no peer"):
        foreign, here = ec2.group(other_vpc), ec2.group(vpc)
        for code, words, group in (("InvalidGroup.NotFound", "different networks", {"GroupId": foreign}),
                                   ("InvalidGroup.NotFound", "999999999999", {"GroupId": here, "UserId": "9" * 12}),
                                   ("InvalidParameterValue", "'default'", {"GroupName": "default"})):
            ec2.refused(code, "AuthorizeSecurityGroupEgress", words, GroupId=here,
                        IpPermissions=[permission("tcp", 22, Groups=[group])])

    with story.case("prefix lists and IPv6 ranges are kept and shown"):
        ec2("AuthorizeSecurityGroupEgress", GroupId=here, IpPermissions=[
            permission("tcp", 443, PrefixListIds=[{"PrefixListId": "pl-0123456789abcdef0", "Description": "list"}],
                       Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}])])
        shown = next(one for one in ec2.show(here)["ipPermissionsEgress"] if one["ipProtocol"] == "tcp")
        assert shown["prefixListIds"] == [{"prefixListId": "pl-0123456789abcdef0", "description": "list"}], shown
        assert shown["ipv6Ranges"] == [{"cidrIpv6": "2001:db8::/32"}], shown
        assert {rule.get("prefixListId") for rule in ec2.rules(here).values()} >= {"pl-0123456789abcdef0"}

    with story.case("filters find groups by what their rules say, with wildcards"):
        group = ec2.group(vpc, permission("udp", 5000, 5010, IpRanges=ranges("172.20.0.0/14")), name="filter me")
        ec2("AuthorizeSecurityGroupIngress", GroupId=group,
            IpPermissions=[permission("17", 5353, IpRanges=ranges("10.7.0.0/16"))])
        for name, value in (("egress.ip-permission.cidr", "172.20.*"), ("egress.ip-permission.from-port", "5000"),
                            ("egress.ip-permission.to-port", "501?"), ("ip-permission.cidr", "10.7.0.0/16"),
                            ("ip-permission.from-port", "5353"), ("group-name", "filter *"), ("group-id", group)):
            assert ec2.groups_where(name, value) == {group}, (name, ec2.groups_where(name, value))
            assert ec2.groups_where(name, "no" + value) == set(), name
        assert group in ec2.groups_where("egress.ip-permission.protocol", "udp") & ec2.groups_where("vpc-id", vpc)
        assert group not in ec2.groups_where("vpc-id", other_vpc)
        ec2.refused("InvalidParameterValue", "DescribeSecurityGroups", "colour",
                    Filter=[{"Name": "colour", "Value": ["red"]}])
        ec2.refused("InvalidGroup.NotFound", "DescribeSecurityGroups", "sg-" + "1" * 17, GroupId=["sg-" + "1" * 17])
        ec2.refused("InvalidGroupId.Malformed", "DescribeSecurityGroups", "group", GroupId=["group"])

    with story.case("pages hold every group once"):
        everything = {one["groupId"] for one in ec2("DescribeSecurityGroups")["securityGroupInfo"]}
        found, token, pages = [], {}, 0
        while token is not None:
            page = ec2("DescribeSecurityGroups", MaxResults=5, **token)
            assert len(page["securityGroupInfo"]) <= 5
            found += [one["groupId"] for one in page["securityGroupInfo"]]
            token, pages = ({"NextToken": page["nextToken"]} if page.get("nextToken") else None), pages + 1
        assert sorted(found) == sorted(everything) and pages >= 2, (pages, found)
        ec2.refused("InvalidParameterValue", "DescribeSecurityGroups", "4", MaxResults=4)

    with story.case("a dry run checks everything and keeps nothing"):
        before = ec2.rules(group)
        ec2.refused("DryRunOperation", "AuthorizeSecurityGroupEgress", status=412, GroupId=group, DryRun=True,
                    IpPermissions=[permission("tcp", 1, IpRanges=ranges("10.0.0.0/8"))])
        ec2.refused("InvalidPermission.Duplicate", "AuthorizeSecurityGroupEgress", GroupId=group, DryRun=True,
                    IpPermissions=[permission("udp", 5000, 5010, IpRanges=ranges("172.20.0.0/14"))])
        ec2.refused("DryRunOperation", "DeleteSecurityGroup", status=412, GroupId=group, DryRun=True)
        assert ec2.rules(group) == before


# ---- network interfaces ---------------------------------------------------------------------------------------------


def show_interfaces(story, ec2, vpc):
    with story.case("a gateway's network interfaces are shown as its own, one per subnet, with its groups"):
        subnets = [ec2("CreateSubnet", VpcId=vpc, CidrBlock=cidr)["subnet"] for cidr in
                   ("127.79.1.0/24", "127.79.2.0/24")]
        groups = [ec2.group(vpc, name=name) for name in ("first", "second")]
        gateway = ec2.daemon.client.rest("vpc-lattice", "POST", "/resourcegateways", {
            "name": "doors", "vpcIdentifier": vpc, "securityGroupIds": groups,
            "subnetIds": [subnet["subnetId"] for subnet in subnets]})["id"]
        of_vpc = [f"Name=vpc-id,Values={vpc}"]
        found = ec2.cli("describe-network-interfaces", "--filters", *of_vpc)["NetworkInterfaces"]
        assert sorted(one["SubnetId"] for one in found) == sorted(subnet["subnetId"] for subnet in subnets), found
        for one in found:
            subnet = next(subnet for subnet in subnets if subnet["subnetId"] == one["SubnetId"])
            assert one["PrivateIpAddress"].startswith(subnet["cidrBlock"].rpartition(".")[0] + "."), one
            assert one["Description"] == f"VPC Lattice resource gateway {gateway}", one
            assert (one["Status"], one["InterfaceType"], one["RequesterManaged"]) == ("in-use", "interface", True), one
            assert one["AvailabilityZone"] == subnet["availabilityZone"], one
            assert one["AvailabilityZoneId"] == subnet["availabilityZoneId"], one
            assert [group["GroupId"] for group in one["Groups"]] == groups, one
            assert [group["GroupName"] for group in one["Groups"]] == ["first", "second"], one
            assert one["PrivateIpAddresses"] == [{"Primary": True, "PrivateIpAddress": one["PrivateIpAddress"]}], one
            assert one["Attachment"]["Status"] == "attached" and not one["Attachment"]["DeleteOnTermination"], one
            assert re.fullmatch("02(:[0-9a-f]{2}){5}", one["MacAddress"]), one
            assert one["VpcId"] == vpc and one["OwnerId"] == ec2.account, one

    with story.case("network interfaces are found by id, address, group, gateway and state"):
        one = found[0]
        for name, value in (("private-ip-address", one["PrivateIpAddress"]), ("subnet-id", one["SubnetId"]),
                            ("addresses.private-ip-address", one["PrivateIpAddress"]),
                            ("mac-address", one["MacAddress"]), ("network-interface-id", one["NetworkInterfaceId"])):
            assert ec2.interfaces_where(name, value) == [one["NetworkInterfaceId"]], name
        for name, value in (("group-id", groups[0]), ("description", f"*{gateway}"), ("requester-managed", "true"),
                            ("status", "in-use")):
            assert len(ec2.interfaces_where(name, value)) == 2, name
        assert ec2.interfaces_where("status", "available") == []
        ec2.refused("InvalidNetworkInterfaceID.NotFound", "DescribeNetworkInterfaces", "eni-" + "0" * 17,
                    NetworkInterfaceId=["eni-" + "0" * 17])

    with story.case("a group in use stays, and goes when its gateway is gone"):
        ec2.refused("DependencyViolation", "DeleteSecurityGroup", f"resource {groups[0]} has a dependent object",
                    GroupId=groups[0])
        ec2.daemon.client.rest("vpc-lattice", "DELETE", f"/resourcegateways/{gateway}")
        assert ec2.interfaces_where("vpc-id", vpc) == []
        for group in groups:
            ec2("DeleteSecurityGroup", GroupId=group)


with harness.Story() as story:
    cli.needs()
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    ec2 = Ground(daemon)
    here, elsewhere, doors = ec2.vpc("127.77.0.0/16"), ec2.vpc("127.78.0.0/16"), ec2.vpc("127.79.0.0/16")
    show_groups(story, ec2, here, elsewhere)
    show_rules(story, ec2, here)
    show_references(story, ec2, here, elsewhere)
    show_interfaces(story, ec2, doors)

    with story.case("groups, rules and tags are there again after kill -9"):
        before = ec2("DescribeSecurityGroups")["securityGroupInfo"], ec2("DescribeSecurityGroupRules")
        daemon.kill()
        daemon.start()
        after = ec2("DescribeSecurityGroups")["securityGroupInfo"], ec2("DescribeSecurityGroupRules")
        assert after[0] == before[0]
        assert after[1]["securityGroupRuleSet"] == before[1]["securityGroupRuleSet"]
