/** EC2's route tables, gateways, addresses and interfaces, where networks are made. */

import { assert, check, isNow, pages, refused, same, until } from "../lib/checks.mjs";
import { EC2, client, ec2, env } from "../lib/clients.mjs";

const NOWHERE = "0123456789abcdef0";
const tags = (ResourceType, pairs) => [{ ResourceType, Tags: Object.entries(pairs).map(([Key, Value]) => ({ Key, Value })) }];
const filter = (Name, ...Values) => ({ Filters: [{ Name, Values }] });

const vpc = env.ROUTED_VPC; // its namespaces are known to the story
const subnets = [];
for (const i of [1, 2]) subnets.push((await ec2("CreateSubnet", { VpcId: vpc, CidrBlock: `10.61.${i}.0/24` })).Subnet.SubnetId);
const [subnet, inside] = subnets;
const table = async (id) => (await ec2("DescribeRouteTables", { RouteTableIds: [id] })).RouteTables[0];

// ---- tables

const routes = await check("CreateRouteTable answers with the table as DescribeRouteTables shows it", async () => {
  const { RouteTable, ClientToken } = await ec2("CreateRouteTable", { VpcId: vpc, TagSpecifications: tags("route-table", { Name: "private" }) });
  assert.ok(ClientToken.length > 0);
  assert.match(RouteTable.RouteTableId, /^rtb-[0-9a-f]{17}$/);
  same(RouteTable.Routes, [{ DestinationCidrBlock: "10.61.0.0/16", GatewayId: "local", State: "active", Origin: "CreateRouteTable" }]);
  same([RouteTable.Associations, RouteTable.PropagatingVgws, RouteTable.Tags], [[], [], [{ Key: "Name", Value: "private" }]]);
  same(await table(RouteTable.RouteTableId), RouteTable);
  return RouteTable.RouteTableId;
});
await check("the same CreateRouteTable with its token makes one table, and another request with it is IdempotentParameterMismatch", async () => {
  const ClientToken = `once-${process.pid}`;
  const [one, two] = [await ec2("CreateRouteTable", { VpcId: vpc, ClientToken }), await ec2("CreateRouteTable", { VpcId: vpc, ClientToken })];
  assert.equal(one.RouteTable.RouteTableId, two.RouteTable.RouteTableId);
  await refused(ec2("CreateRouteTable", { VpcId: vpc, ClientToken, TagSpecifications: tags("route-table", { a: "b" }) }),
    "IdempotentParameterMismatch", { status: 400 });
  same(Object.keys(await ec2("DeleteRouteTable", { RouteTableId: one.RouteTable.RouteTableId })), ["$metadata"]);
});
let association;
await check("AssociateRouteTable answers with an association that the table shows", async () => {
  const made = await ec2("AssociateRouteTable", { RouteTableId: routes, SubnetId: inside });
  same(made.AssociationState, { State: "associated" });
  same((await table(routes)).Associations, [{ RouteTableAssociationId: made.AssociationId, RouteTableId: routes, Main: false,
    AssociationState: { State: "associated" }, SubnetId: inside }]);
  association = made.AssociationId;
});
await check("ReplaceRouteTableAssociation gives a new id", async () => {
  const { RouteTable: { RouteTableId: other } } = await ec2("CreateRouteTable", { VpcId: vpc });
  const moved = await ec2("ReplaceRouteTableAssociation", { AssociationId: association, RouteTableId: other });
  assert.notEqual(moved.NewAssociationId, association);
  const back = await ec2("ReplaceRouteTableAssociation", { AssociationId: moved.NewAssociationId, RouteTableId: routes });
  association = back.NewAssociationId;
  await ec2("DeleteRouteTable", { RouteTableId: other });
});
await check("a table in use is DependencyViolation", () =>
  refused(ec2("DeleteRouteTable", { RouteTableId: routes }), "DependencyViolation", { status: 400, says: routes }));

// ---- the internet

const internet = await check("CreateInternetGateway answers with the gateway, attached to nothing", async () => {
  const { InternetGateway: made } = await ec2("CreateInternetGateway", { TagSpecifications: tags("internet-gateway", { Name: "out" }) });
  assert.match(made.InternetGatewayId, /^igw-[0-9a-f]{17}$/);
  same([made.Attachments, made.Tags], [[], [{ Key: "Name", Value: "out" }]]);
  return made.InternetGatewayId;
});
await check("AttachInternetGateway attaches it to the VPC", async () => {
  same(Object.keys(await ec2("AttachInternetGateway", { InternetGatewayId: internet, VpcId: vpc })), ["$metadata"]);
  const { InternetGateways: [shown] } = await ec2("DescribeInternetGateways", { InternetGatewayIds: [internet] });
  same(shown.Attachments, [{ VpcId: vpc, State: "available" }]);
});
await check("CreateRoute answers true, and the table shows the route as active", async () => {
  const { RouteTables: [main] } = await ec2("DescribeRouteTables", { Filters: [
    { Name: "vpc-id", Values: [vpc] }, { Name: "association.main", Values: ["true"] }] });
  assert.equal((await ec2("CreateRoute", { RouteTableId: main.RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId: internet })).Return, true);
  const found = (await table(main.RouteTableId)).Routes.find((one) => one.DestinationCidrBlock === "0.0.0.0/0");
  same(found, { DestinationCidrBlock: "0.0.0.0/0", GatewayId: internet, State: "active", Origin: "CreateRoute" });
});

// ---- addresses

const address = await check("AllocateAddress answers with an address of a pool, and DescribeAddresses shows it", async () => {
  const made = await ec2("AllocateAddress", { Domain: "vpc", PublicIpv4Pool: "office", TagSpecifications: tags("elastic-ip", { Name: "known" }) })
    .catch(async () => ec2("AllocateAddress", { Domain: "vpc", TagSpecifications: tags("elastic-ip", { Name: "known" }) }));
  assert.match(made.AllocationId, /^eipalloc-[0-9a-f]{17}$/);
  assert.match(made.PublicIp, /^\d+\.\d+\.\d+\.\d+$/);
  assert.equal(made.Domain, "vpc");
  const { Addresses: [shown] } = await ec2("DescribeAddresses", { AllocationIds: [made.AllocationId] });
  same([shown.PublicIp, shown.AllocationId, shown.Tags, shown.AssociationId], [made.PublicIp, made.AllocationId, [{ Key: "Name", Value: "known" }], undefined]);
  return made.AllocationId;
});
await check("DescribePublicIpv4Pools counts what is left of each pool", async () => {
  const { PublicIpv4Pools: found } = await ec2("DescribePublicIpv4Pools");
  assert.ok(found.length >= 1);
  for (const pool of found) {
    assert.match(pool.PoolId, /^ipv4pool-ec2-/);
    assert.ok(Number.isInteger(pool.TotalAddressCount) && pool.TotalAvailableAddressCount <= pool.TotalAddressCount, JSON.stringify(pool));
  }
  assert.equal(found.reduce((sum, pool) => sum + pool.TotalAddressCount - pool.TotalAvailableAddressCount, 0), 1);
});
await check("DescribeAddressesAttribute has no reverse names", async () =>
  same((await ec2("DescribeAddressesAttribute", { AllocationIds: [address], Attribute: "domain-name" })).Addresses, []));

// ---- interfaces

const nic = await check("CreateNetworkInterface answers with the interface as DescribeNetworkInterfaces shows it", async () => {
  const { NetworkInterface: made } = await ec2("CreateNetworkInterface", { SubnetId: subnet, Description: "an appliance",
    TagSpecifications: tags("network-interface", { Name: "firewall" }) });
  assert.match(made.NetworkInterfaceId, /^eni-[0-9a-f]{17}$/);
  same([made.Status, made.SubnetId, made.VpcId, made.SourceDestCheck, made.RequesterManaged], ["available", subnet, vpc, true, false]);
  assert.ok(made.PrivateIpAddress.startsWith("10.61.1."), made.PrivateIpAddress);
  same(made.PrivateIpAddresses.map((one) => [one.PrivateIpAddress, one.Primary]), [[made.PrivateIpAddress, true]]);
  const { NetworkInterfaces: [shown] } = await ec2("DescribeNetworkInterfaces", { NetworkInterfaceIds: [made.NetworkInterfaceId] });
  same([shown.MacAddress, shown.Groups, shown.Description, shown.TagSet], [made.MacAddress, made.Groups, "an appliance", [{ Key: "Name", Value: "firewall" }]]);
  return made.NetworkInterfaceId;
});
await check("ModifyNetworkInterfaceAttribute and DescribeNetworkInterfaceAttribute agree", async () => {
  same(Object.keys(await ec2("ModifyNetworkInterfaceAttribute", { NetworkInterfaceId: nic, SourceDestCheck: { Value: false } })), ["$metadata"]);
  await ec2("ModifyNetworkInterfaceAttribute", { NetworkInterfaceId: nic, Description: { Value: "another" } });
  const shown = async (Attribute) => ec2("DescribeNetworkInterfaceAttribute", { NetworkInterfaceId: nic, Attribute });
  same((await shown("sourceDestCheck")).SourceDestCheck, { Value: false });
  same((await shown("description")).Description, { Value: "another" });
  assert.ok((await shown("groupSet")).Groups.length > 0);
});
await check("AssociateAddress leads to the interface, and DisassociateAddress away", async () => {
  const { AssociationId } = await ec2("AssociateAddress", { AllocationId: address, NetworkInterfaceId: nic });
  const { Addresses: [shown] } = await ec2("DescribeAddresses", { AllocationIds: [address] });
  same([shown.AssociationId, shown.NetworkInterfaceId], [AssociationId, nic]);
  const { NetworkInterfaces: [seen] } = await ec2("DescribeNetworkInterfaces", { NetworkInterfaceIds: [nic] });
  same([seen.Association.AllocationId, seen.Association.PublicIp], [address, shown.PublicIp]);
  same(Object.keys(await ec2("DisassociateAddress", { AssociationId })), ["$metadata"]);
});
await check("ReplaceRoute leads through the interface, and DeleteRoute removes the way", async () => {
  await ec2("CreateRoute", { RouteTableId: routes, DestinationCidrBlock: "172.20.0.0/16", NetworkInterfaceId: nic });
  same(Object.keys(await ec2("ReplaceRoute", { RouteTableId: routes, DestinationCidrBlock: "172.20.0.0/16", NetworkInterfaceId: nic })), ["$metadata"]);
  const found = (await table(routes)).Routes.find((one) => one.DestinationCidrBlock === "172.20.0.0/16");
  same([found.NetworkInterfaceId, found.State], [nic, "active"]);
  same(Object.keys(await ec2("DeleteRoute", { RouteTableId: routes, DestinationCidrBlock: "172.20.0.0/16" })), ["$metadata"]);
  assert.equal((await table(routes)).Routes.length, 1);
});

// ---- NAT

await check("CreateNatGateway answers pending, and the SDK's waiter sees it available", async () => {
  const { NatGateway: made } = await ec2("CreateNatGateway", { SubnetId: subnet, AllocationId: address,
    TagSpecifications: tags("natgateway", { Name: "nat" }) });
  assert.match(made.NatGatewayId, /^nat-[0-9a-f]{17}$/);
  same([made.State, made.SubnetId, made.VpcId, made.ConnectivityType], ["pending", subnet, vpc, "public"]);
  isNow(made.CreateTime);
  await EC2.waitUntilNatGatewayAvailable({ client: client("ec2"), maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { NatGatewayIds: [made.NatGatewayId] });
  const { NatGateways: [shown] } = await ec2("DescribeNatGateways", { NatGatewayIds: [made.NatGatewayId] });
  same(shown.NatGatewayAddresses.map((one) => one.AllocationId), [address]);
  assert.match(shown.NatGatewayAddresses[0].PrivateIp, /^10\.61\.1\./);
  await refused(ec2("ReleaseAddress", { AllocationId: address }), "InvalidIPAddress.InUse", { status: 400 });
  assert.equal((await ec2("DeleteNatGateway", { NatGatewayId: made.NatGatewayId })).NatGatewayId, made.NatGatewayId);
  const gone = await until("the NAT gateway to be deleted", async () => {
    const { NatGateways: [one] } = await ec2("DescribeNatGateways", { NatGatewayIds: [made.NatGatewayId] });
    return one.State === "deleted" ? one : null;
  });
  isNow(gone.DeleteTime);
});
await check("a NAT gateway with an address that is not there is failed with a code, or refused", async () => {
  const asked = ec2("CreateNatGateway", { SubnetId: subnet, AllocationId: `eipalloc-${NOWHERE}` });
  await refused(asked, "InvalidAllocationID.NotFound", { status: 400 });
});

// ---- refused

for (const [operation, code, input] of [
  ["CreateRoute", "InvalidRouteTableID.NotFound", { RouteTableId: `rtb-${NOWHERE}`, DestinationCidrBlock: "0.0.0.0/0", GatewayId: internet }],
  ["CreateRoute", "RouteAlreadyExists", { RouteTableId: "main", DestinationCidrBlock: "0.0.0.0/0", GatewayId: internet }],
  ["CreateRoute", "InvalidParameterValue", { RouteTableId: routes, DestinationCidrBlock: "nonsense", GatewayId: internet }],
  ["CreateRoute", "InvalidInternetGatewayID.NotFound", { RouteTableId: routes, DestinationCidrBlock: "0.0.0.0/0", GatewayId: `igw-${NOWHERE}` }],
  ["CreateRoute", "InvalidNatGatewayID.NotFound", { RouteTableId: routes, DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: `nat-${NOWHERE}` }],
  ["CreateRoute", "InvalidNetworkInterfaceID.NotFound", { RouteTableId: routes, DestinationCidrBlock: "0.0.0.0/0", NetworkInterfaceId: `eni-${NOWHERE}` }],
  ["DeleteRoute", "InvalidRoute.NotFound", { RouteTableId: routes, DestinationCidrBlock: "172.31.0.0/16" }],
  ["ReplaceRoute", "InvalidParameterValue", { RouteTableId: routes, DestinationCidrBlock: "172.31.0.0/16", GatewayId: internet }],
  ["AssociateRouteTable", "Resource.AlreadyAssociated", { RouteTableId: routes, SubnetId: inside }],
  ["DisassociateRouteTable", "InvalidAssociationID.NotFound", { AssociationId: `rtbassoc-${NOWHERE}` }],
  ["ReplaceRouteTableAssociation", "InvalidAssociationID.NotFound", { AssociationId: `rtbassoc-${NOWHERE}`, RouteTableId: routes }],
  ["AttachInternetGateway", "Resource.AlreadyAssociated", { InternetGatewayId: internet, VpcId: vpc }],
  ["DetachInternetGateway", "InvalidInternetGatewayID.NotFound", { InternetGatewayId: `igw-${NOWHERE}`, VpcId: vpc }],
  ["DeleteInternetGateway", "DependencyViolation", { InternetGatewayId: internet }],
  ["DeleteNatGateway", "NatGatewayNotFound", { NatGatewayId: `nat-${NOWHERE}` }],
  ["ReleaseAddress", "InvalidAllocationID.NotFound", { AllocationId: `eipalloc-${NOWHERE}` }],
  ["AssociateAddress", "InvalidAllocationID.NotFound", { AllocationId: `eipalloc-${NOWHERE}`, NetworkInterfaceId: nic }],
  ["DisassociateAddress", "InvalidAssociationID.NotFound", { AssociationId: `eipassoc-${NOWHERE}` }],
  ["AllocateAddress", "InvalidPublicIpv4PoolID.NotFound", { PublicIpv4Pool: "ipv4pool-ec2-nobody" }],
  ["CreateNetworkInterface", "InvalidSubnetID.NotFound", { SubnetId: `subnet-${NOWHERE}` }],
  ["CreateNetworkInterface", "InvalidGroup.NotFound", { SubnetId: subnet, Groups: [`sg-${NOWHERE}`] }],
  ["DeleteNetworkInterface", "InvalidNetworkInterfaceID.NotFound", { NetworkInterfaceId: `eni-${NOWHERE}` }],
  ["DescribeNetworkInterfaceAttribute", "InvalidNetworkInterfaceID.NotFound", { NetworkInterfaceId: `eni-${NOWHERE}`, Attribute: "description" }],
  ["ModifyNetworkInterfaceAttribute", "InvalidNetworkInterfaceID.NotFound", { NetworkInterfaceId: `eni-${NOWHERE}`, Description: { Value: "x" } }],
  ["CreateNatGateway", "InvalidSubnetID.NotFound", { SubnetId: `subnet-${NOWHERE}`, AllocationId: address }],
]) {
  const [first, ...others] = Object.values(input);
  await check(`${operation} of ${first === routes ? others.join(", ") : first} is ${code}`, async () => {
    const asked = { ...input };
    if (asked.RouteTableId === "main") {
      const { RouteTables: [main] } = await ec2("DescribeRouteTables", { Filters: [
        { Name: "vpc-id", Values: [vpc] }, { Name: "association.main", Values: ["true"] }] });
      asked.RouteTableId = main.RouteTableId;
    }
    await refused(ec2(operation, asked), code, { status: 400 });
  });
}

// ---- gone

await check("the paginators of tables, gateways and interfaces come to their ends", async () => {
  for (const [paginate, list] of [[EC2.paginateDescribeRouteTables, "RouteTables"], [EC2.paginateDescribeInternetGateways, "InternetGateways"],
    [EC2.paginateDescribeNatGateways, "NatGateways"], [EC2.paginateDescribeNetworkInterfaces, "NetworkInterfaces"]]) {
    const [found] = await pages(paginate({ client: client("ec2"), pageSize: 5 }, {}), (page) => page[list]);
    assert.ok(found.length >= 1, list);
  }
});
await check("all of it goes in order, and every answer is empty", async () => {
  same(Object.keys(await ec2("DisassociateRouteTable", { AssociationId: association })), ["$metadata"]);
  same(Object.keys(await ec2("DeleteRouteTable", { RouteTableId: routes })), ["$metadata"]);
  same(Object.keys(await ec2("DeleteNetworkInterface", { NetworkInterfaceId: nic })), ["$metadata"]);
  same(Object.keys(await ec2("ReleaseAddress", { AllocationId: address })), ["$metadata"]);
  same(Object.keys(await ec2("DetachInternetGateway", { InternetGatewayId: internet, VpcId: vpc })), ["$metadata"]);
  same(Object.keys(await ec2("DeleteInternetGateway", { InternetGatewayId: internet })), ["$metadata"]);
  for (const id of subnets) await ec2("DeleteSubnet", { SubnetId: id });
  await ec2("DeleteVpc", { VpcId: vpc });
  same((await ec2("DescribeRouteTables", filter("vpc-id", vpc))).RouteTables, []);
});
