/** EC2's VPCs and subnets, what comes with them, tags and the describes' manners. The networks are this machine's. */

import { assert, check, pages, refused, same } from "../lib/checks.mjs";
import { EC2, client, ec2, region } from "../lib/clients.mjs";

const NOWHERE = "0123456789abcdef0";
const HOST = { Key: "sallyport:network", Value: "host" };
const tagged = (...Tags) => [{ ResourceType: "vpc", Tags: [HOST, ...Tags] }];
const filter = (Name, ...Values) => ({ Filters: [{ Name, Values }] });
const only = (list) => {
  assert.equal(list.length, 1, JSON.stringify(list));
  return list[0];
};

// ---- VPCs

const vpc = await check("CreateVpc answers with the VPC as DescribeVpcs shows it", async () => {
  const { Vpc } = await ec2("CreateVpc", { CidrBlock: "127.88.0.0/16", TagSpecifications: tagged({ Key: "Name", Value: "first" }) });
  assert.match(Vpc.VpcId, /^vpc-[0-9a-f]{17}$/);
  same([Vpc.State, Vpc.CidrBlock, Vpc.IsDefault, Vpc.InstanceTenancy], ["available", "127.88.0.0/16", false, "default"]);
  same(Vpc.CidrBlockAssociationSet.map((one) => [one.CidrBlock, one.CidrBlockState]), [["127.88.0.0/16", { State: "associated" }]]);
  same(Vpc.Tags, [{ Key: "Name", Value: "first" }, HOST]);
  same(only((await ec2("DescribeVpcs", { VpcIds: [Vpc.VpcId] })).Vpcs), Vpc);
  return Vpc.VpcId;
});
await check("a VPC comes with a group, a main route table, a network ACL and DHCP options", async () => {
  const { SecurityGroups } = await ec2("DescribeSecurityGroups", filter("vpc-id", vpc));
  same(only(SecurityGroups).GroupName, "default");
  const table = only((await ec2("DescribeRouteTables", filter("vpc-id", vpc))).RouteTables);
  same(table.Routes, [{ DestinationCidrBlock: "127.88.0.0/16", GatewayId: "local", State: "active", Origin: "CreateRouteTable" }]);
  same([table.Associations[0].Main, table.Associations[0].AssociationState], [true, { State: "associated" }]);
  const acl = only((await ec2("DescribeNetworkAcls", filter("vpc-id", vpc))).NetworkAcls);
  same([acl.IsDefault, acl.Entries.length, acl.Entries[0].RuleNumber, acl.Entries[0].Egress], [true, 4, 100, true]);
  const { DhcpOptionsId } = only((await ec2("DescribeVpcs", { VpcIds: [vpc] })).Vpcs);
  const options = only((await ec2("DescribeDhcpOptions", { DhcpOptionsIds: [DhcpOptionsId] })).DhcpOptions);
  assert.ok(options.DhcpConfigurations.length > 0);
});
for (const [attribute, answer, first] of [
  ["enableDnsSupport", "EnableDnsSupport", true], ["enableDnsHostnames", "EnableDnsHostnames", false],
  ["enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics", false],
]) {
  await check(`the attribute ${attribute} is a boolean that changes and is told`, async () => {
    const shown = async () => (await ec2("DescribeVpcAttribute", { VpcId: vpc, Attribute: attribute }))[answer].Value;
    assert.equal(await shown(), first);
    same(Object.keys(await ec2("ModifyVpcAttribute", { VpcId: vpc, [answer]: { Value: !first } })), ["$metadata"]);
    assert.equal(await shown(), !first);
  });
}
await check("DescribeVpcClassicLink says false of every VPC, with its tags", async () => {
  const shown = only((await ec2("DescribeVpcClassicLink", { VpcIds: [vpc] })).Vpcs);
  same([shown.VpcId, shown.ClassicLinkEnabled, shown.Tags], [vpc, false, [{ Key: "Name", Value: "first" }, HOST]]);
  same((await ec2("DescribeVpcClassicLink", filter("is-classic-link-enabled", "true"))).Vpcs, []);
  await refused(ec2("DescribeVpcClassicLink", { VpcIds: [`vpc-${NOWHERE}`] }), "InvalidVpcID.NotFound", { status: 400 });
});
for (const [name, value] of [["cidr", "127.88.0.0/16"], ["cidr-block", "127.88.0.0/16"], ["cidrBlock", "127.88.0.0/16"],
  ["isDefault", "false"], ["is-default", "false"], ["state", "available"], ["tag:Name", "fi*"], ["owner-id", "000000000000"]]) {
  await check(`DescribeVpcs finds by ${name}`, async () => {
    const { Vpcs } = await ec2("DescribeVpcs", { Filters: [{ Name: name, Values: [value] }, { Name: "vpc-id", Values: [vpc] }] });
    assert.equal(only(Vpcs).VpcId, vpc);
  });
}
for (const [code, says, input] of [
  ["InvalidVpc.Range", "127.0.0.0/8", { CidrBlock: "127.0.0.0/8" }],
  ["InvalidVpc.Range", "127.88.0.0/29", { CidrBlock: "127.88.0.0/29" }],
  ["InvalidVpc.Range", "224.0.0.0/16", { CidrBlock: "224.0.0.0/16" }],
  ["InvalidParameterValue", "10.0.0.0", { CidrBlock: "10.0.0.0" }],
  ["InvalidParameterValue", "fd00::/56", { CidrBlock: "fd00::/56" }],
  ["MissingParameter", "CidrBlock", {}],
  ["UnsupportedOperation", "no IPv6 range", { CidrBlock: "10.0.0.0/16", AmazonProvidedIpv6CidrBlock: true }],
  ["UnsupportedOperation", "Ipv4IpamPoolId", { CidrBlock: "10.0.0.0/16", Ipv4IpamPoolId: "ipam-pool-1" }],
  ["InvalidParameterValue", "dedicated", { CidrBlock: "10.0.0.0/16", InstanceTenancy: "dedicated" }],
]) {
  await check(`CreateVpc with ${says} is ${code}`, () =>
    refused(ec2("CreateVpc", { TagSpecifications: tagged(), ...input }), code, { status: 400, says }));
}

// ---- subnets

const subnet = await check("CreateSubnet answers with the subnet as DescribeSubnets shows it", async () => {
  const { Subnet } = await ec2("CreateSubnet", { VpcId: vpc, CidrBlock: "127.88.0.0/24", AvailabilityZone: `${region}a`,
    TagSpecifications: [{ ResourceType: "subnet", Tags: [{ Key: "Name", Value: "one" }] }] });
  assert.match(Subnet.SubnetId, /^subnet-[0-9a-f]{17}$/);
  same([Subnet.State, Subnet.VpcId, Subnet.CidrBlock, Subnet.AvailabilityZone], ["available", vpc, "127.88.0.0/24", `${region}a`]);
  same([Subnet.AvailableIpAddressCount, Subnet.MapPublicIpOnLaunch, Subnet.DefaultForAz], [256, false, false]);
  same(Subnet.Tags, [{ Key: "Name", Value: "one" }]);
  same(only((await ec2("DescribeSubnets", { SubnetIds: [Subnet.SubnetId] })).Subnets), Subnet);
  return Subnet.SubnetId;
});
await check("ModifySubnetAttribute changes what DescribeSubnets shows", async () => {
  same(Object.keys(await ec2("ModifySubnetAttribute", { SubnetId: subnet, MapPublicIpOnLaunch: { Value: true } })), ["$metadata"]);
  assert.equal(only((await ec2("DescribeSubnets", { SubnetIds: [subnet] })).Subnets).MapPublicIpOnLaunch, true);
});
for (const [code, says, input] of [
  ["InvalidSubnet.Range", "127.88.0.0/16", { CidrBlock: "127.89.0.0/24" }],
  ["InvalidSubnet.Range", "/28", { CidrBlock: "127.88.20.0/29" }],
  ["InvalidSubnet.Conflict", subnet, { CidrBlock: "127.88.0.128/25" }],
  ["InvalidParameterValue", "nonsense", { CidrBlock: "nonsense" }],
  ["InvalidParameterValue", "mars-1a", { CidrBlock: "127.88.20.0/24", AvailabilityZone: "mars-1a" }],
  ["MissingParameter", "CidrBlock", {}],
  ["InvalidVpcID.NotFound", NOWHERE, { CidrBlock: "127.88.20.0/24", VpcId: `vpc-${NOWHERE}` }],
]) {
  await check(`CreateSubnet with ${JSON.stringify(input)} is ${code}`, () =>
    refused(ec2("CreateSubnet", { VpcId: vpc, ...input }), code, { status: 400, says }));
}

// ---- zones and the account

await check("DescribeAvailabilityZones shows the region's, by name and by id", async () => {
  const { AvailabilityZones: zones } = await ec2("DescribeAvailabilityZones");
  assert.ok(zones.length >= 3 && zones.every((zone) => zone.RegionName === region && zone.State === "available"));
  const [, second] = zones;
  same((await ec2("DescribeAvailabilityZones", { ZoneIds: [second.ZoneId] })).AvailabilityZones, [second]);
  same((await ec2("DescribeAvailabilityZones", { ZoneNames: [second.ZoneName] })).AvailabilityZones, [second]);
});
await check("DescribeAccountAttributes says that there is no EC2-Classic", async () => {
  const { AccountAttributes } = await ec2("DescribeAccountAttributes", { AttributeNames: ["supported-platforms"] });
  same(AccountAttributes, [{ AttributeName: "supported-platforms", AttributeValues: [{ AttributeValue: "VPC" }] }]);
});

// ---- what is not there

for (const [operation, input, code] of [
  ["DescribeVpcs", { VpcIds: [`vpc-${NOWHERE}`] }, "InvalidVpcID.NotFound"],
  ["DescribeVpcs", { VpcIds: ["vpc-xyz"] }, "InvalidVpcId.Malformed"],
  ["DeleteVpc", { VpcId: `vpc-${NOWHERE}` }, "InvalidVpcID.NotFound"],
  ["DescribeVpcAttribute", { VpcId: `vpc-${NOWHERE}`, Attribute: "enableDnsSupport" }, "InvalidVpcID.NotFound"],
  ["ModifyVpcAttribute", { VpcId: `vpc-${NOWHERE}`, EnableDnsSupport: { Value: true } }, "InvalidVpcID.NotFound"],
  ["DescribeSubnets", { SubnetIds: [`subnet-${NOWHERE}`] }, "InvalidSubnetID.NotFound"],
  ["DeleteSubnet", { SubnetId: `subnet-${NOWHERE}` }, "InvalidSubnetID.NotFound"],
  ["DeleteSubnet", { SubnetId: "subnet-1" }, "InvalidSubnetID.Malformed"],
  ["ModifySubnetAttribute", { SubnetId: `subnet-${NOWHERE}`, MapPublicIpOnLaunch: { Value: true } }, "InvalidSubnetID.NotFound"],
  ["DescribeRouteTables", { RouteTableIds: [`rtb-${NOWHERE}`] }, "InvalidRouteTableID.NotFound"],
  ["DescribeNetworkAcls", { NetworkAclIds: [`acl-${NOWHERE}`] }, "InvalidNetworkAclID.NotFound"],
  ["DescribeDhcpOptions", { DhcpOptionsIds: [`dopt-${NOWHERE}`] }, "InvalidDhcpOptionID.NotFound"],
  ["DescribeSecurityGroups", { GroupIds: [`sg-${NOWHERE}`] }, "InvalidGroup.NotFound"],
  ["DescribeNetworkInterfaces", { NetworkInterfaceIds: [`eni-${NOWHERE}`] }, "InvalidNetworkInterfaceID.NotFound"],
  ["DescribeInternetGateways", { InternetGatewayIds: [`igw-${NOWHERE}`] }, "InvalidInternetGatewayID.NotFound"],
  ["DescribeNatGateways", { NatGatewayIds: [`nat-${NOWHERE}`] }, "NatGatewayNotFound"],
  ["DescribeAddresses", { AllocationIds: [`eipalloc-${NOWHERE}`] }, "InvalidAllocationID.NotFound"],
  ["CreateTags", { Resources: [`vpc-${NOWHERE}`], Tags: [{ Key: "a", Value: "b" }] }, "InvalidVpcID.NotFound"],
]) {
  await check(`${operation} of ${Object.values(input).flat()[0]} is ${code}`, () => refused(ec2(operation, input), code, { status: 400 }));
}

// ---- the describes' manners

await check("filters narrow down, alone and together, with wildcards", async () => {
  for (const i of [1, 2, 3, 4, 5, 6]) await ec2("CreateSubnet", { VpcId: vpc, CidrBlock: `127.88.${i}.0/24` });
  const found = async (...more) => (await ec2("DescribeSubnets", { Filters: [{ Name: "vpc-id", Values: [vpc] }, ...more] }))
    .Subnets.map((one) => one.CidrBlock).sort();
  same((await found()).length, 7);
  same(await found({ Name: "cidr-block", Values: ["127.88.1.0/24", "127.88.2.0/24"] }), ["127.88.1.0/24", "127.88.2.0/24"]);
  same((await found({ Name: "cidr-block", Values: ["127.88.?.0/24"] })).length, 7);
  same(await found({ Name: "map-public-ip-on-launch", Values: ["true"] }), ["127.88.0.0/24"]);
  same(await found({ Name: "tag:Name", Values: ["o*"] }), ["127.88.0.0/24"]);
});
await check("a filter that is none is InvalidParameterValue", () =>
  refused(ec2("DescribeVpcs", filter("color", "red")), "InvalidParameterValue", { says: "The filter 'color' is invalid" }));
await check("the paginator of DescribeSubnets finds each subnet once, five a page", async () => {
  const [found, sizes] = await pages(EC2.paginateDescribeSubnets({ client: client("ec2"), pageSize: 5 }, filter("vpc-id", vpc)),
    (page) => page.Subnets);
  same(sizes, [5, 2]);
  assert.equal(new Set(found.map((one) => one.SubnetId)).size, 7);
});
const { NextToken } = await ec2("DescribeSubnets", { MaxResults: 5 });
for (const [what, operation, input] of [
  ["forged token", "DescribeSubnets", { NextToken: "forged" }], ["token with a letter more", "DescribeSubnets", { NextToken: `${NextToken}A` }],
  ["token of another describe", "DescribeVpcs", { NextToken }],
  ["token of other filters", "DescribeSubnets", { NextToken, ...filter("vpc-id", vpc) }],
]) {
  await check(`a ${what} is InvalidNextToken`, () => refused(ec2(operation, input), "InvalidNextToken", { status: 400 }));
}
for (const size of [0, 4, 1001]) {
  await check(`pages of ${size} are InvalidParameterValue`, () =>
    refused(ec2("DescribeSubnets", { MaxResults: size }), "InvalidParameterValue", { says: String(size) }));
}
await check("ids and pages together are InvalidParameterCombination", () =>
  refused(ec2("DescribeSubnets", { MaxResults: 5, SubnetIds: [subnet] }), "InvalidParameterCombination"));
for (const [operation, input] of [
  ["CreateVpc", { CidrBlock: "127.99.0.0/16", TagSpecifications: tagged() }], ["DescribeVpcs", {}], ["DeleteSubnet", { SubnetId: subnet }],
]) {
  await check(`a dry run of ${operation} is DryRunOperation, and nothing happens`, async () => {
    await refused(ec2(operation, { ...input, DryRun: true }), "DryRunOperation", { status: 412, says: "would have succeeded" });
    same((await ec2("DescribeVpcs", filter("cidr", "127.99.0.0/16"))).Vpcs, []);
    only((await ec2("DescribeSubnets", { SubnetIds: [subnet] })).Subnets);
  });
}
for (const [list, name] of [["DescribeVpcs", "Vpcs"], ["DescribeSubnets", "Subnets"], ["DescribeSecurityGroups", "SecurityGroups"],
  ["DescribeRouteTables", "RouteTables"], ["DescribeInternetGateways", "InternetGateways"], ["DescribeNetworkInterfaces", "NetworkInterfaces"],
  ["DescribeTags", "Tags"], ["DescribeSecurityGroupRules", "SecurityGroupRules"], ["DescribeNetworkAcls", "NetworkAcls"]]) {
  await check(`${list} that finds nothing has an empty list`, async () => {
    const by = { DescribeTags: "key", DescribeSecurityGroupRules: "group-id", DescribeNetworkInterfaces: "subnet-id" }[list] ?? "tag:none";
    same((await ec2(list, filter(by, "none")))[name], []);
  });
}

// ---- tags

await check("CreateTags and DeleteTags change tags, and DescribeTags tells of which resource", async () => {
  same(Object.keys(await ec2("CreateTags", { Resources: [vpc, subnet], Tags: [{ Key: "team", Value: "a&b <c>" }] })), ["$metadata"]);
  const { Tags } = await ec2("DescribeTags", filter("key", "team"));
  same(Tags.map((one) => [one.ResourceId, one.ResourceType, one.Key, one.Value]).sort(),
    [[subnet, "subnet", "team", "a&b <c>"], [vpc, "vpc", "team", "a&b <c>"]]);
  await ec2("DeleteTags", { Resources: [subnet], Tags: [{ Key: "team" }] });
  await ec2("DeleteTags", { Resources: [vpc], Tags: [{ Key: "team", Value: "another" }] });
  same((await ec2("DescribeTags", filter("key", "team"))).Tags.map((one) => one.ResourceId), [vpc]);
});
await check("the paginator of DescribeTags finds each tag once, five a page", async () => {
  await ec2("CreateTags", { Resources: [vpc], Tags: [1, 2, 3, 4, 5, 6].map((i) => ({ Key: `page${i}`, Value: "" })) });
  const [found, sizes] = await pages(EC2.paginateDescribeTags({ client: client("ec2"), pageSize: 5 }, filter("key", "page*")),
    (page) => page.Tags);
  same([found.length, sizes], [6, [5, 1]]);
});

// ---- gone

await check("a VPC with a subnet in it is DependencyViolation", () =>
  refused(ec2("DeleteVpc", { VpcId: vpc }), "DependencyViolation", { status: 400, says: vpc }));
await check("DeleteSubnet and DeleteVpc answer with nothing, and all that came along goes", async () => {
  for (const one of (await ec2("DescribeSubnets", filter("vpc-id", vpc))).Subnets)
    same(Object.keys(await ec2("DeleteSubnet", { SubnetId: one.SubnetId })), ["$metadata"]);
  await ec2("DeleteVpc", { VpcId: vpc });
  for (const [list, name] of [["DescribeVpcs", "Vpcs"], ["DescribeSecurityGroups", "SecurityGroups"], ["DescribeRouteTables", "RouteTables"]])
    same((await ec2(list, filter("vpc-id", vpc)))[name], []);
});
