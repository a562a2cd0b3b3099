/** Resource gateways and resource configurations of VPC Lattice. The networks are addresses of this machine. */

import { randomUUID } from "node:crypto";
import { assert, check, isNow, pages, refused, same, until } from "../lib/checks.mjs";
import { Lattice, client, ec2, lattice, region, role, secrets, transfer } from "../lib/clients.mjs";

const { ConflictException, ResourceNotFoundException, ValidationException } = Lattice;
const NOWHERE = "0123456789abcdef0";
const ON_HOST = [{ ResourceType: "vpc", Tags: [{ Key: "sallyport:network", Value: "host" }] }];

const { Vpc: { VpcId: vpc } } = await ec2("CreateVpc", { CidrBlock: "127.77.0.0/16", TagSpecifications: ON_HOST });
const subnets = [];
for (const i of [1, 2]) {
  const { Subnet } = await ec2("CreateSubnet", { VpcId: vpc, CidrBlock: `127.77.${i}.0/24` });
  subnets.push(Subnet.SubnetId);
}
const { GroupId: wayOut } = await ec2("CreateSecurityGroup", { VpcId: vpc, GroupName: "way-out", Description: "of a check" });

const goodGateway = { vpcIdentifier: vpc, subnetIds: subnets };
const active = (id) => until("the gateway to be ACTIVE", async () => {
  const shown = await lattice("GetResourceGateway", { resourceGatewayIdentifier: id });
  return shown.status === "ACTIVE" ? shown : null;
});

/** The member that a ValidationException is about. */
async function invalid(promise, field) {
  const error = await refused(promise, ValidationException, { status: 400, reason: "fieldValidationFailed" });
  assert.ok(error.fieldList.some((one) => one.name === field && one.message.length > 0),
    `not about ${field}: ${error.message} ${JSON.stringify(error.fieldList)}`);
  return error;
}

// ---- gateways

const gateway = await check("CreateResourceGateway answers 201 with what was asked for", async () => {
  const made = await lattice("CreateResourceGateway",
    { ...goodGateway, name: "gate", securityGroupIds: [wayOut], tags: { team: "files", env: "test" } });
  assert.equal(made.$metadata.httpStatusCode, 201);
  assert.match(made.id, /^rgw-[0-9a-z]{17}$/);
  assert.equal(made.arn, `arn:aws:vpc-lattice:${region}:000000000000:resourcegateway/${made.id}`);
  assert.ok(["CREATE_IN_PROGRESS", "ACTIVE"].includes(made.status), made.status);
  same([made.vpcIdentifier, made.subnetIds, made.securityGroupIds], [vpc, subnets, [wayOut]]);
  same([made.ipAddressType, made.ipv4AddressesPerEni, made.resourceConfigDnsResolution], ["IPV4", 16, "PUBLIC"]);
  return made;
});
await check("GetResourceGateway shows it under vpcId, with times, once it is ACTIVE", async () => {
  const shown = await active(gateway.id);
  assert.equal(shown.vpcId, vpc);
  isNow(shown.createdAt);
  isNow(shown.lastUpdatedAt);
});
await check("a gateway is found by its ARN as well", async () =>
  assert.equal((await lattice("GetResourceGateway", { resourceGatewayIdentifier: gateway.arn })).id, gateway.id));
await check("UpdateResourceGateway changes the security groups", async () => {
  const { GroupId: other } = await ec2("CreateSecurityGroup", { VpcId: vpc, GroupName: "other", Description: "of a check" });
  const changed = await lattice("UpdateResourceGateway", { resourceGatewayIdentifier: gateway.id, securityGroupIds: [other] });
  same([changed.id, changed.name, changed.vpcId, changed.securityGroupIds], [gateway.id, "gate", vpc, [other]]);
  same((await active(gateway.id)).securityGroupIds, [other]);
});
await check("a gateway without groups has the default one of its VPC", async () => {
  const made = await lattice("CreateResourceGateway", { ...goodGateway, name: "default-group" });
  const { SecurityGroups: [found] } = await ec2("DescribeSecurityGroups", { Filters: [
    { Name: "vpc-id", Values: [vpc] }, { Name: "group-name", Values: ["default"] }] });
  same(made.securityGroupIds, [found.GroupId]);
});

for (const [what, field, input] of [
  ["a name of two letters", "name", { name: "ab" }],
  ["a name with capitals", "name", { name: "Gate" }],
  ["a name with two hyphens together", "name", { name: "a--b" }],
  ["a name that ends with a hyphen", "name", { name: "gate-" }],
  ["a name that looks like an id", "name", { name: "rgw-mine" }],
  ["a name of 41 letters", "name", { name: "n".repeat(41) }],
  ["a VPC id that is none", "vpcIdentifier", { vpcIdentifier: "vpc-1" }],
  ["no VPC", "vpcIdentifier", { vpcIdentifier: undefined }],
  ["no subnets", "subnetIds", { subnetIds: undefined }],
  ["six security groups", "securityGroupIds", { securityGroupIds: Array.from({ length: 6 }, (_, i) => `sg-0000000${i}`) }],
  ["a group id that is none", "securityGroupIds[0]", { securityGroupIds: ["group"] }],
  ["an address type that is none", "ipAddressType", { ipAddressType: "IPV5" }],
  ["no addresses per interface", "ipv4AddressesPerEni", { ipv4AddressesPerEni: 0 }],
  ["63 addresses per interface", "ipv4AddressesPerEni", { ipv4AddressesPerEni: 63 }],
  ["names that are resolved nowhere", "resourceConfigDnsResolution", { resourceConfigDnsResolution: "NOWHERE" }],
  ["a token with a space", "clientToken", { clientToken: "a b" }],
  ["a tag of AWS's own", "tags", { tags: { "aws:x": "y" } }],
  ["a value of 257 characters", `tags["k"]`, { tags: { k: "v".repeat(257) } }],
]) {
  await check(`CreateResourceGateway refuses ${what}, by the member's name`, async () => {
    const error = await refused(lattice("CreateResourceGateway", { ...goodGateway, name: "fine", ...input }), ValidationException,
      { status: 400, reason: "fieldValidationFailed" });
    assert.ok(error.fieldList.some((one) => one.name.startsWith(field.replace(/\[.*/, ""))), JSON.stringify(error.fieldList));
    assert.ok(error.fieldList.every((one) => one.message.length > 0));
  });
}
for (const [what, type, input] of [
  ["a VPC", "VPC", { vpcIdentifier: `vpc-${NOWHERE}` }],
  ["a subnet", "SUBNET", { subnetIds: [`subnet-${NOWHERE}`] }],
  ["a security group", "SECURITY_GROUP", { securityGroupIds: [`sg-${NOWHERE}`] }],
]) {
  await check(`CreateResourceGateway refuses ${what} that is not there`, async () => {
    try {
      await lattice("CreateResourceGateway", { ...goodGateway, name: "fine", ...input });
    } catch (error) {
      assert.ok(error instanceof ResourceNotFoundException || error instanceof ValidationException, error.name);
      assert.ok(error.message.includes(NOWHERE), error.message);
      if (error instanceof ResourceNotFoundException) assert.ok(error.resourceId.includes(NOWHERE) && error.resourceType, type);
      return;
    }
    throw new Error("was not refused");
  });
}
await check("a gateway's name is given once", () =>
  refused(lattice("CreateResourceGateway", { ...goodGateway, name: "gate" }), ConflictException,
    { status: 409, resourceId: "gate", resourceType: "RESOURCE_GATEWAY" }));

// ---- configurations

const address = { ipResource: { ipAddress: "10.0.0.7" } };
const goodConfiguration = { type: "SINGLE", resourceGatewayIdentifier: gateway.id, portRanges: ["22"],
  resourceConfigurationDefinition: address };

const configuration = await check("CreateResourceConfiguration answers 201, ACTIVE, with its ports as they were given", async () => {
  const made = await lattice("CreateResourceConfiguration", { name: "partner", type: "SINGLE", protocol: "TCP",
    portRanges: ["22", "2200-2299"], resourceGatewayIdentifier: gateway.arn, tags: { team: "files" },
    resourceConfigurationDefinition: { dnsResource: { domainName: "sftp.example.com", ipAddressType: "IPV4" } } });
  assert.equal(made.$metadata.httpStatusCode, 201);
  assert.match(made.id, /^rcfg-[0-9a-z]{17}$/);
  assert.equal(made.arn, `arn:aws:vpc-lattice:${region}:000000000000:resourceconfiguration/${made.id}`);
  same([made.status, made.type, made.protocol, made.portRanges], ["ACTIVE", "SINGLE", "TCP", ["22", "2200-2299"]]);
  same([made.resourceGatewayId, made.allowAssociationToShareableServiceNetwork], [gateway.id, false]);
  isNow(made.createdAt);
  return made;
});
await check("the definition comes back as the union that it is", async () => {
  const shown = await lattice("GetResourceConfiguration", { resourceConfigurationIdentifier: configuration.arn });
  same(shown.resourceConfigurationDefinition, { dnsResource: { domainName: "sftp.example.com", ipAddressType: "IPV4" } });
  assert.equal(shown.amazonManaged, false);
  isNow(shown.lastUpdatedAt);
});
await check("UpdateResourceConfiguration changes target, ports and sharing", async () => {
  const change = { portRanges: ["2022"], allowAssociationToShareableServiceNetwork: true, resourceConfigurationDefinition: address };
  const changed = await lattice("UpdateResourceConfiguration", { resourceConfigurationIdentifier: configuration.id, ...change });
  for (const [name, value] of Object.entries(change)) same(changed[name], value, name);
  const shown = await lattice("GetResourceConfiguration", { resourceConfigurationIdentifier: configuration.id });
  for (const [name, value] of Object.entries(change)) same(shown[name], value, name);
  assert.ok(shown.lastUpdatedAt >= shown.createdAt);
});
await check("a configuration's name is given once", () =>
  refused(lattice("CreateResourceConfiguration", { ...goodConfiguration, name: "partner" }), ConflictException,
    { status: 409, resourceId: "partner", resourceType: "RESOURCE_CONFIGURATION" }));

for (const [what, field, input] of [
  ["a name that looks like an id", "name", { name: "rcfg-mine" }],
  ["a name with a dot", "name", { name: "a.b" }],
  ["a type that is none", "type", { type: "DOUBLE" }],
  ["a protocol that is none", "protocol", { protocol: "UDP" }],
  ["a port that is none", "portRanges", { portRanges: ["ssh"] }],
  ["port 0", "portRanges", { portRanges: ["0"] }],
  ["port 65536", "portRanges", { portRanges: ["65536"] }],
  ["a range that goes down", "portRanges", { portRanges: ["30-20"] }],
  ["ranges that overlap", "portRanges", { portRanges: ["20-30", "25"] }],
  ["an address that is none", "resourceConfigurationDefinition",
    { resourceConfigurationDefinition: { ipResource: { ipAddress: "10.0.0.256" } } }],
  ["a public address", "resourceConfigurationDefinition",
    { resourceConfigurationDefinition: { ipResource: { ipAddress: "8.8.8.8" } } }],
  ["a name that is no host's", "resourceConfigurationDefinition",
    { resourceConfigurationDefinition: { dnsResource: { domainName: "a b c", ipAddressType: "IPV4" } } }],
  ["no gateway", "resourceGatewayIdentifier", { resourceGatewayIdentifier: undefined }],
  ["no definition", "resourceConfigurationDefinition", { resourceConfigurationDefinition: undefined }],
]) {
  await check(`CreateResourceConfiguration refuses ${what}, by the member's name`, async () => {
    const error = await refused(lattice("CreateResourceConfiguration", { ...goodConfiguration, name: "fine", ...input }),
      ValidationException, { status: 400 });
    assert.ok(error.fieldList?.some((one) => one.name.startsWith(field)), `${error.message} ${JSON.stringify(error.fieldList)}`);
  });
}
await check("CreateResourceConfiguration names a gateway that is not there", () =>
  refused(lattice("CreateResourceConfiguration", { ...goodConfiguration, name: "fine", resourceGatewayIdentifier: `rgw-${NOWHERE}` }),
    ResourceNotFoundException, { status: 404, resourceId: `rgw-${NOWHERE}`, resourceType: "RESOURCE_GATEWAY" }));

// ---- groups and their children

const group = await check("a GROUP leads nowhere itself, and its CHILD has its gateway", async () => {
  const made = await lattice("CreateResourceConfiguration", { name: "the-group", type: "GROUP", portRanges: ["22"],
    resourceGatewayIdentifier: gateway.id, groupDomain: "group.example" });
  same([made.type, made.groupDomain, made.resourceConfigurationDefinition], ["GROUP", "group.example", undefined]);
  const child = await lattice("CreateResourceConfiguration", { name: "the-child", type: "CHILD", portRanges: ["22"],
    resourceConfigurationGroupIdentifier: made.arn, customDomainName: "db.group.example", resourceConfigurationDefinition: address });
  same([child.type, child.resourceConfigurationGroupId, child.resourceGatewayId], ["CHILD", made.id, gateway.id]);
  const { items } = await lattice("ListResourceConfigurations", { resourceConfigurationGroupIdentifier: made.id });
  same(items.map((one) => [one.id, one.resourceConfigurationGroupId]), [[child.id, made.id]]);
  await refused(lattice("DeleteResourceConfiguration", { resourceConfigurationIdentifier: made.id }), ConflictException,
    { status: 409, says: child.id });
  await lattice("DeleteResourceConfiguration", { resourceConfigurationIdentifier: child.id });
  return made;
});
for (const [what, field, input] of [
  ["a GROUP with a definition", "resourceConfigurationDefinition", { type: "GROUP" }],
  ["a CHILD with a gateway", "resourceGatewayIdentifier", { type: "CHILD", resourceConfigurationGroupIdentifier: group.id }],
  ["a CHILD without a group", "resourceConfigurationGroupIdentifier", { type: "CHILD", resourceGatewayIdentifier: undefined }],
  ["a CHILD of what is no group", "resourceConfigurationGroupIdentifier",
    { type: "CHILD", resourceGatewayIdentifier: undefined, resourceConfigurationGroupIdentifier: configuration.id }],
  ["a CHILD whose name is not in its group's domain", "customDomainName", { type: "CHILD", resourceGatewayIdentifier: undefined,
    resourceConfigurationGroupIdentifier: group.id, customDomainName: "db.other.example" }],
  ["a SINGLE one in a group", "resourceConfigurationGroupIdentifier", { resourceConfigurationGroupIdentifier: group.id }],
]) {
  await check(`CreateResourceConfiguration refuses ${what}`, () =>
    invalid(lattice("CreateResourceConfiguration", { ...goodConfiguration, name: "fine", ...input }), field));
}
await lattice("DeleteResourceConfiguration", { resourceConfigurationIdentifier: group.id });

// ---- what is not there

for (const [operation, type, input] of [
  ["GetResourceGateway", "RESOURCE_GATEWAY", { resourceGatewayIdentifier: `rgw-${NOWHERE}` }],
  ["UpdateResourceGateway", "RESOURCE_GATEWAY", { resourceGatewayIdentifier: `rgw-${NOWHERE}`, securityGroupIds: [wayOut] }],
  ["DeleteResourceGateway", "RESOURCE_GATEWAY", { resourceGatewayIdentifier: `rgw-${NOWHERE}` }],
  ["GetResourceConfiguration", "RESOURCE_CONFIGURATION", { resourceConfigurationIdentifier: `rcfg-${NOWHERE}` }],
  ["UpdateResourceConfiguration", "RESOURCE_CONFIGURATION", { resourceConfigurationIdentifier: `rcfg-${NOWHERE}`, portRanges: ["22"] }],
  ["DeleteResourceConfiguration", "RESOURCE_CONFIGURATION", { resourceConfigurationIdentifier: `rcfg-${NOWHERE}` }],
]) {
  await check(`${operation} names what is not there`, async () => {
    const error = await refused(lattice(operation, input), ResourceNotFoundException, { status: 404, resourceType: type });
    assert.ok(error.resourceId.endsWith(NOWHERE), error.resourceId);
  });
}
for (const [operation, input] of [
  ["GetResourceGateway", { resourceGatewayIdentifier: "no-such-identifier" }],
  ["GetResourceConfiguration", { resourceConfigurationIdentifier: "no-such-identifier" }],
]) {
  await check(`${operation} refuses an identifier that is none`, () =>
    refused(lattice(operation, input), ValidationException, { status: 400, says: "no-such-identifier" }));
}

// ---- lists

for (let i = 0; i < 3; i++) {
  await lattice("CreateResourceGateway", { ...goodGateway, name: `more-${i}` });
  await lattice("CreateResourceConfiguration", { ...goodConfiguration, name: `more-${i}` });
}
const paged = (paginate, input = {}) => pages(paginate({ client: client("lattice"), pageSize: 2 }, input), (page) => page.items);
await check("the paginator of ListResourceGateways finds each once, two a page", async () => {
  const [found, sizes] = await paged(Lattice.paginateListResourceGateways);
  same(sizes, [2, 2, 1]);
  assert.equal(new Set(found.map((one) => one.id)).size, 5);
  const item = found.find((one) => one.id === gateway.id);
  same([item.name, item.vpcIdentifier, item.subnetIds, item.ipAddressType], ["gate", vpc, subnets, "IPV4"]);
  isNow(item.createdAt);
});
await check("the paginator of ListResourceConfigurations finds those of one gateway, two a page", async () => {
  const [found, sizes] = await paged(Lattice.paginateListResourceConfigurations, { resourceGatewayIdentifier: gateway.id });
  same(sizes, [2, 2]);
  assert.ok(found.every((one) => one.resourceGatewayId === gateway.id && one.amazonManaged === false));
});
await check("a gateway without configurations has an empty list of them", async () => {
  const { items: [other] } = { items: (await paged(Lattice.paginateListResourceGateways))[0].filter((one) => one.name === "more-0") };
  same((await lattice("ListResourceConfigurations", { resourceGatewayIdentifier: other.id })).items, []);
});
await check("ListResourceEndpointAssociations has none", async () =>
  same((await lattice("ListResourceEndpointAssociations", { resourceConfigurationIdentifier: configuration.id })).items, []));
const { nextToken } = await lattice("ListResourceGateways", { maxResults: 1 });
for (const [operation, token] of [
  ["ListResourceGateways", "forged"], ["ListResourceGateways", `${nextToken}A`], ["ListResourceConfigurations", nextToken],
]) {
  await check(`${operation} refuses the token ${token === nextToken ? "of another list" : token === "forged" ? token : "with a letter more"}`, () =>
    invalid(lattice(operation, { nextToken: token }), "nextToken"));
}
for (const size of [0, 101]) {
  await check(`ListResourceGateways refuses pages of ${size}`, () => invalid(lattice("ListResourceGateways", { maxResults: size }), "maxResults"));
}

// ---- tags

await check("ListTagsForResource answers with a map of tags, of both kinds", async () => {
  same((await lattice("ListTagsForResource", { resourceArn: gateway.arn })).tags, { team: "files", env: "test" });
  same((await lattice("ListTagsForResource", { resourceArn: configuration.arn })).tags, { team: "files" });
});
await check("TagResource and UntagResource answer with nothing and change the map", async () => {
  same(Object.keys(await lattice("TagResource", { resourceArn: gateway.arn, tags: { env: "live", "a b/c&d": "ü" } })), ["$metadata"]);
  same(Object.keys(await lattice("UntagResource", { resourceArn: gateway.arn, tagKeys: ["team", "none"] })), ["$metadata"]);
  same((await lattice("ListTagsForResource", { resourceArn: gateway.arn })).tags, { env: "live", "a b/c&d": "ü" });
});
await check("a tag whose key has to be escaped in the query is removed", async () => {
  await lattice("UntagResource", { resourceArn: gateway.arn, tagKeys: ["a b/c&d"] });
  same((await lattice("ListTagsForResource", { resourceArn: gateway.arn })).tags, { env: "live" });
});
for (const [operation, more] of [["TagResource", { tags: { a: "b" } }], ["UntagResource", { tagKeys: ["a"] }], ["ListTagsForResource", {}]]) {
  await check(`${operation} names a gateway that is not there`, () =>
    refused(lattice(operation, { resourceArn: gateway.arn.replace(gateway.id, `rgw-${NOWHERE}`), ...more }),
      ResourceNotFoundException, { status: 404 }));
}

// ---- tokens

await check("the same request with its token is done once", async () => {
  const asked = { ...goodGateway, name: "once", clientToken: randomUUID() };
  const [one, two] = [await lattice("CreateResourceGateway", asked), await lattice("CreateResourceGateway", asked)];
  assert.equal(one.id, two.id);
});
await check("the token of a gateway with another request is a ConflictException", async () => {
  const clientToken = randomUUID();
  await lattice("CreateResourceGateway", { ...goodGateway, name: "token-one", clientToken });
  await refused(lattice("CreateResourceGateway", { ...goodGateway, name: "token-two", clientToken }), ConflictException, { status: 409 });
});
await check("the same holds for configurations", async () => {
  const asked = { ...goodConfiguration, name: "once", clientToken: randomUUID() };
  const [one, two] = [await lattice("CreateResourceConfiguration", asked), await lattice("CreateResourceConfiguration", asked)];
  assert.equal(one.id, two.id);
  await refused(lattice("CreateResourceConfiguration", { ...asked, portRanges: ["23"] }), ConflictException, { status: 409 });
});

// ---- in use, and gone

await check("a gateway that configurations lead through stays: ConflictException names it", async () => {
  const error = await refused(lattice("DeleteResourceGateway", { resourceGatewayIdentifier: gateway.id }), ConflictException, { status: 409 });
  assert.ok(error.resourceId && error.resourceType, JSON.stringify(error));
});
await check("a connector with this egress is shown with the union it was made with", async () => {
  const { ARN } = await secrets("CreateSecret", { Name: "aws/transfer/lattice", SecretString: `{"Username":"u","Password":"p"}` });
  const EgressConfig = { VpcLattice: { ResourceConfigurationArn: configuration.arn, PortNumber: 2022 } };
  const { ConnectorId } = await transfer("CreateConnector", { AccessRole: role, SftpConfig: { UserSecretId: ARN }, EgressConfig });
  const { Connector: shown } = await transfer("DescribeConnector", { ConnectorId });
  same([shown.EgressType, shown.EgressConfig], ["VPC_LATTICE", EgressConfig]);
  assert.equal("Url" in shown, false);
  assert.equal("ServiceManagedEgressIpAddresses" in shown, false);
  assert.ok(["PENDING", "ACTIVE"].includes(shown.Status), shown.Status);
  await refused(lattice("DeleteResourceConfiguration", { resourceConfigurationIdentifier: configuration.id }), ConflictException, { status: 409 });
  await transfer("DeleteConnector", { ConnectorId });
});
await check("DeleteResourceConfiguration answers 204 with no body", async () => {
  const gone = await lattice("DeleteResourceConfiguration", { resourceConfigurationIdentifier: configuration.id });
  assert.equal(gone.$metadata.httpStatusCode, 204);
  same(Object.keys(gone), ["$metadata"]);
});
await check("DeleteResourceGateway answers with id, ARN, name and status", async () => {
  for (const item of (await lattice("ListResourceConfigurations", {})).items)
    await lattice("DeleteResourceConfiguration", { resourceConfigurationIdentifier: item.id });
  const gone = await lattice("DeleteResourceGateway", { resourceGatewayIdentifier: gateway.arn });
  same([gone.id, gone.arn, gone.name, gone.status], [gateway.id, gateway.arn, "gate", "DELETE_IN_PROGRESS"]);
  await until("the gateway to be gone", () => lattice("GetResourceGateway", { resourceGatewayIdentifier: gateway.id })
    .then(() => false, (error) => error instanceof ResourceNotFoundException));
});
