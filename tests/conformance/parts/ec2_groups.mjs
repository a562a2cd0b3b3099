/** EC2's security groups and their rules. */

import { assert, check, pages, refused, same } from "../lib/checks.mjs";
import { EC2, client, ec2 } from "../lib/clients.mjs";

const NOWHERE = "0123456789abcdef0";
const { Vpc: { VpcId: vpc } } = await ec2("CreateVpc", { CidrBlock: "127.66.0.0/16",
  TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "sallyport:network", Value: "host" }] }] });

const ssh = (...cidrs) => ({ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: cidrs.map((CidrIp) => ({ CidrIp })) });
const everything = { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
const show = async (id) => (await ec2("DescribeSecurityGroups", { GroupIds: [id] })).SecurityGroups[0];
const rulesOf = async (id) => (await ec2("DescribeSecurityGroupRules", { Filters: [{ Name: "group-id", Values: [id] }] })).SecurityGroupRules;

const group = await check("CreateSecurityGroup answers with id, ARN and tags; the group lets everything out", async () => {
  const made = await ec2("CreateSecurityGroup", { VpcId: vpc, GroupName: "partners", Description: "to the partners",
    TagSpecifications: [{ ResourceType: "security-group", Tags: [{ Key: "Name", Value: "p" }] }] });
  assert.match(made.GroupId, /^sg-[0-9a-f]{17}$/);
  assert.ok(made.SecurityGroupArn.endsWith(`:security-group/${made.GroupId}`), made.SecurityGroupArn);
  same(made.Tags, [{ Key: "Name", Value: "p" }]);
  const shown = await show(made.GroupId);
  same([shown.GroupName, shown.Description, shown.VpcId, shown.IpPermissions], ["partners", "to the partners", vpc, []]);
  same(shown.IpPermissionsEgress, [{ IpProtocol: "-1", UserIdGroupPairs: [], IpRanges: [{ CidrIp: "0.0.0.0/0" }], Ipv6Ranges: [], PrefixListIds: [] }]);
  return made.GroupId;
});
await check("RevokeSecurityGroupEgress tells which rules went", async () => {
  const gone = await ec2("RevokeSecurityGroupEgress", { GroupId: group, IpPermissions: [everything] });
  assert.equal(gone.Return, true);
  same((await show(group)).IpPermissionsEgress, []);
});
const rule = await check("AuthorizeSecurityGroupEgress answers with the rules it made", async () => {
  const made = await ec2("AuthorizeSecurityGroupEgress", { GroupId: group, IpPermissions: [ssh("10.0.0.0/8", "192.168.0.0/16")],
    TagSpecifications: [{ ResourceType: "security-group-rule", Tags: [{ Key: "why", Value: "partner" }] }] });
  assert.equal(made.Return, true);
  same(made.SecurityGroupRules.map((one) => [one.CidrIpv4, one.FromPort, one.ToPort, one.IpProtocol, one.IsEgress, one.GroupId]),
    ["10.0.0.0/8", "192.168.0.0/16"].map((cidr) => [cidr, 22, 22, "tcp", true, group]));
  const [first] = made.SecurityGroupRules;
  assert.match(first.SecurityGroupRuleId, /^sgr-[0-9a-f]{17}$/);
  same(first.Tags, [{ Key: "why", Value: "partner" }]);
  return first.SecurityGroupRuleId;
});
await check("AuthorizeSecurityGroupIngress takes another group as a source", async () => {
  const made = await ec2("AuthorizeSecurityGroupIngress", { GroupId: group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: group, Description: "us" }] }] });
  const [one] = made.SecurityGroupRules;
  same([one.IsEgress, one.ReferencedGroupInfo.GroupId, one.Description], [false, group, "us"]);
  same((await show(group)).IpPermissions[0].UserIdGroupPairs.map((pair) => [pair.GroupId, pair.Description]), [[group, "us"]]);
});
await check("DescribeSecurityGroupRules shows each rule, by group and by id", async () => {
  assert.equal((await rulesOf(group)).length, 3);
  const { SecurityGroupRules: [one] } = await ec2("DescribeSecurityGroupRules", { SecurityGroupRuleIds: [rule] });
  same([one.SecurityGroupRuleId, one.CidrIpv4, one.Tags], [rule, "10.0.0.0/8", [{ Key: "why", Value: "partner" }]]);
});
await check("ModifySecurityGroupRules changes a rule under its id", async () => {
  const answer = await ec2("ModifySecurityGroupRules", { GroupId: group, SecurityGroupRules: [{ SecurityGroupRuleId: rule,
    SecurityGroupRule: { IpProtocol: "tcp", FromPort: 2222, ToPort: 2223, CidrIpv4: "10.1.0.0/16", Description: "moved" } }] });
  assert.equal(answer.Return, true);
  const { SecurityGroupRules: [one] } = await ec2("DescribeSecurityGroupRules", { SecurityGroupRuleIds: [rule] });
  same([one.FromPort, one.ToPort, one.CidrIpv4, one.Description], [2222, 2223, "10.1.0.0/16", "moved"]);
});
await check("descriptions of rules change by what the rule is, outwards and inwards", async () => {
  assert.equal((await ec2("UpdateSecurityGroupRuleDescriptionsEgress", { GroupId: group, IpPermissions: [
    { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "192.168.0.0/16", Description: "home" }] }] })).Return, true);
  assert.equal((await ec2("UpdateSecurityGroupRuleDescriptionsIngress", { GroupId: group, IpPermissions: [
    { IpProtocol: "tcp", FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: group, Description: "ours" }] }] })).Return, true);
  const rules = await rulesOf(group);
  same(rules.map((one) => one.Description).sort(), ["home", "moved", "ours"]);
});
await check("RevokeSecurityGroupIngress takes a rule by its id", async () => {
  const [one] = (await rulesOf(group)).filter((entry) => !entry.IsEgress);
  const gone = await ec2("RevokeSecurityGroupIngress", { GroupId: group, SecurityGroupRuleIds: [one.SecurityGroupRuleId] });
  assert.equal(gone.Return, true);
  same((await show(group)).IpPermissions, []);
});

for (const [what, code, operation, input] of [
  ["a name that is taken", "InvalidGroup.Duplicate", "CreateSecurityGroup", { VpcId: vpc, GroupName: "partners", Description: "again" }],
  ["the name default", "InvalidParameterValue", "CreateSecurityGroup", { VpcId: vpc, GroupName: "default", Description: "mine" }],
  ["a name like an id", "InvalidParameterValue", "CreateSecurityGroup", { VpcId: vpc, GroupName: "sg-mine", Description: "mine" }],
  ["no VPC", "VPCIdNotSpecified", "CreateSecurityGroup", { GroupName: "fine", Description: "fine" }],
  ["no name", "MissingParameter", "CreateSecurityGroup", { VpcId: vpc, Description: "fine" }],
  ["a VPC that is not there", "InvalidVpcID.NotFound", "CreateSecurityGroup", { VpcId: `vpc-${NOWHERE}`, GroupName: "fine", Description: "fine" }],
  ["a rule that is there", "InvalidPermission.Duplicate", "AuthorizeSecurityGroupEgress", { GroupId: group, IpPermissions: [ssh("192.168.0.0/16")] }],
  ["a block that is none", "InvalidParameterValue", "AuthorizeSecurityGroupEgress", { GroupId: group, IpPermissions: [ssh("10.0.0.256/8")] }],
  ["ports that go down", "InvalidParameterValue", "AuthorizeSecurityGroupEgress",
    { GroupId: group, IpPermissions: [{ ...ssh("10.9.0.0/16"), FromPort: 30, ToPort: 20 }] }],
  ["a protocol that is none", "InvalidParameterValue", "AuthorizeSecurityGroupEgress",
    { GroupId: group, IpPermissions: [{ ...ssh("10.9.0.0/16"), IpProtocol: "ssh" }] }],
  ["a group that is not there", "InvalidGroup.NotFound", "AuthorizeSecurityGroupEgress", { GroupId: `sg-${NOWHERE}`, IpPermissions: [everything] }],
  ["a group id that is none", "InvalidGroupId.Malformed", "AuthorizeSecurityGroupIngress", { GroupId: "sg-1", IpPermissions: [everything] }],
  ["a rule that is not there", "InvalidPermission.NotFound", "RevokeSecurityGroupEgress", { GroupId: group, IpPermissions: [ssh("10.77.0.0/16")] }],
  ["a rule id that is not there", "InvalidSecurityGroupRuleId.NotFound", "RevokeSecurityGroupEgress",
    { GroupId: group, SecurityGroupRuleIds: [`sgr-${NOWHERE}`] }],
  ["a rule to change that is not there", "InvalidSecurityGroupRuleId.NotFound", "ModifySecurityGroupRules", { GroupId: group,
    SecurityGroupRules: [{ SecurityGroupRuleId: `sgr-${NOWHERE}`, SecurityGroupRule: { IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" } }] }],
  ["a group to delete that is not there", "InvalidGroup.NotFound", "DeleteSecurityGroup", { GroupId: `sg-${NOWHERE}` }],
]) {
  await check(`${operation} with ${what} is ${code}`, () => refused(ec2(operation, input), code, { status: 400 }));
}
await check("the default group cannot be deleted", async () => {
  const { SecurityGroups: [found] } = await ec2("DescribeSecurityGroups",
    { Filters: [{ Name: "vpc-id", Values: [vpc] }, { Name: "group-name", Values: ["default"] }] });
  await refused(ec2("DeleteSecurityGroup", { GroupId: found.GroupId }), "CannotDelete", { status: 400 });
});
await check("the paginators of groups and rules find each once, five a page", async () => {
  for (let i = 0; i < 6; i++) await ec2("CreateSecurityGroup", { VpcId: vpc, GroupName: `more-${i}`, Description: "of a check" });
  const [groups, sizes] = await pages(EC2.paginateDescribeSecurityGroups({ client: client("ec2"), pageSize: 5 },
    { Filters: [{ Name: "vpc-id", Values: [vpc] }] }), (page) => page.SecurityGroups);
  same([groups.length, new Set(groups.map((one) => one.GroupId)).size, sizes], [8, 8, [5, 3]]);
  await ec2("AuthorizeSecurityGroupEgress", { GroupId: group,
    IpPermissions: [ssh("10.11.0.0/16", "10.12.0.0/16", "10.13.0.0/16", "10.14.0.0/16", "10.15.0.0/16")] });
  const [rules, more] = await pages(EC2.paginateDescribeSecurityGroupRules({ client: client("ec2"), pageSize: 5 },
    { Filters: [{ Name: "group-id", Values: [group] }] }), (page) => page.SecurityGroupRules);
  same([rules.length, more], [7, [5, 2]]);
});
await check("a group that another one's rule names is DependencyViolation", async () => {
  const { GroupId: other } = await ec2("CreateSecurityGroup", { VpcId: vpc, GroupName: "names-it", Description: "of a check" });
  await ec2("AuthorizeSecurityGroupIngress", { GroupId: other, IpPermissions: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: group }] }] });
  await refused(ec2("DeleteSecurityGroup", { GroupId: group }), "DependencyViolation", { status: 400, says: group });
  await ec2("DeleteSecurityGroup", { GroupId: other });
});
await check("what DescribeSecurityGroups shows can be given back to Revoke and Authorize as it is", async () => {
  const cidrs = (shown) => shown.flatMap((one) => one.IpRanges.map((range) => `${range.CidrIp} ${one.FromPort}`)).sort();
  const { IpPermissionsEgress: IpPermissions } = await show(group);
  await ec2("RevokeSecurityGroupEgress", { GroupId: group, IpPermissions });
  same((await show(group)).IpPermissionsEgress, []);
  await ec2("AuthorizeSecurityGroupEgress", { GroupId: group, IpPermissions });
  same(cidrs((await show(group)).IpPermissionsEgress), cidrs(IpPermissions)); // in no certain order
});
await check("DeleteSecurityGroup says which group went", async () => {
  const gone = await ec2("DeleteSecurityGroup", { GroupId: group });
  same([gone.Return, gone.GroupId], [true, group]);
  await refused(show(group), "InvalidGroup.NotFound", { says: group });
});
