/** Connectors of Transfer Family: what is made, shown, changed, listed, tagged and refused. */

import { assert, check, pages, refused, same } from "../lib/checks.mjs";
import { Transfer, client, env, region, role, transfer } from "../lib/clients.mjs";

const NOBODY = "c-00000000000000000";
const POLICY = "TransferSFTPConnectorSecurityPolicy-";
const [hostKey] = JSON.parse(env.PARTNER_HOST_KEYS);
const { InvalidNextTokenException, InvalidRequestException, ResourceNotFoundException } = Transfer;

const good = { Url: "sftp://partner.example", AccessRole: role, SftpConfig: { UserSecretId: "partner" } };
const create = async (more = {}) => (await transfer("CreateConnector", { ...good, ...more })).ConnectorId;
const describe = async (id) => (await transfer("DescribeConnector", { ConnectorId: id })).Connector;

// ---- made and shown

const connector = await check("CreateConnector answers with the id of a connector", async () => {
  const answer = await transfer("CreateConnector", good);
  assert.match(answer.ConnectorId, /^c-[0-9a-f]{17}$/);
  assert.equal(answer.$metadata.httpStatusCode, 200);
  assert.match(answer.$metadata.requestId, /^[0-9a-f-]{36}$/);
  return answer.ConnectorId;
});

const arn = await check("DescribeConnector shows it with the defaults filled in", async () => {
  const shown = await describe(connector);
  assert.equal(shown.Arn, `arn:aws:transfer:${region}:000000000000:connector/${connector}`);
  same([shown.EgressType, shown.Status, shown.IpAddressType], ["SERVICE_MANAGED", "ACTIVE", "IPV4"]);
  same(shown.SftpConfig, { UserSecretId: "partner", MaxConcurrentConnections: 1 });
  same([shown.SecurityPolicyName, shown.Url, shown.AccessRole], [`${POLICY}2024-03`, good.Url, role]);
  return shown.Arn;
});

await check("a connector without tags has an empty list of them", async () => same((await describe(connector)).Tags, []));

await check("what a connector does not have is absent and not null", async () => {
  const shown = await describe(connector);
  for (const name of ["As2Config", "EgressConfig", "LoggingRole", "ErrorMessage"]) assert.equal(name in shown, false, name);
});

await check("ServiceManagedEgressIpAddresses are the addresses that connections leave from", async () => {
  const { ServiceManagedEgressIpAddresses: addresses } = await describe(connector);
  assert.ok(addresses === undefined || addresses.every((one) => /^\d+\.\d+\.\d+\.\d+$/.test(one)), String(addresses));
});

const full = await check("CreateConnector keeps every member that it takes", async () => {
  const asked = {
    Url: "sftp://partner.example:2222",
    SftpConfig: { UserSecretId: "other", TrustedHostKeys: [hostKey], MaxConcurrentConnections: 5 },
    LoggingRole: role,
    SecurityPolicyName: `${POLICY}FIPS-2024-10`,
    IpAddressType: "IPV4",
    Tags: [{ Key: "owner", Value: "finance" }, { Key: "empty", Value: "" }],
  };
  const id = await create(asked);
  const shown = await describe(id);
  same(shown.SftpConfig, asked.SftpConfig);
  same(shown.Tags.sort((a, b) => (a.Key < b.Key ? 1 : -1)), asked.Tags);
  same([shown.Url, shown.LoggingRole, shown.SecurityPolicyName], [asked.Url, role, asked.SecurityPolicyName]);
  return id;
});

// ---- changed

for (const [what, change, shown] of [
  ["Url", { Url: "sftp://elsewhere.example" }, { Url: "sftp://elsewhere.example" }],
  ["SecurityPolicyName", { SecurityPolicyName: `${POLICY}2023-07` }, { SecurityPolicyName: `${POLICY}2023-07` }],
  ["UserSecretId alone", { SftpConfig: { UserSecretId: "third" } },
    { SftpConfig: { UserSecretId: "third", TrustedHostKeys: [hostKey], MaxConcurrentConnections: 5 } }],
  ["MaxConcurrentConnections alone", { SftpConfig: { MaxConcurrentConnections: 2 } },
    { SftpConfig: { UserSecretId: "third", TrustedHostKeys: [hostKey], MaxConcurrentConnections: 2 } }],
]) {
  await check(`UpdateConnector changes ${what} and nothing else`, async () => {
    const before = await describe(full);
    const answer = await transfer("UpdateConnector", { ConnectorId: full, ...change });
    assert.equal(answer.ConnectorId, full);
    same({ ...(await describe(full)), $metadata: 0 }, { ...before, ...shown, $metadata: 0 });
  });
}

await check("OrderedUserSecretVersionStages are kept in their order, and an empty list is none", async () => {
  const stages = ["AWSPENDING", "AWSCURRENT"];
  await transfer("UpdateConnector", { ConnectorId: full, SftpConfig: { OrderedUserSecretVersionStages: stages } });
  const { SftpConfig: kept } = await describe(full);
  same([kept.OrderedUserSecretVersionStages, kept.UserSecretId], [stages, "third"]);
  await transfer("UpdateConnector", { ConnectorId: full, SftpConfig: { OrderedUserSecretVersionStages: [] } });
  assert.equal("OrderedUserSecretVersionStages" in (await describe(full)).SftpConfig, false);
});
for (const [what, stages] of [["the same stage twice", ["A", "A"]], ["four stages", ["A", "B", "C", "D"]], ["an empty stage", [""]]]) {
  await check(`UpdateConnector refuses ${what}`, () =>
    refused(transfer("UpdateConnector", { ConnectorId: full, SftpConfig: { OrderedUserSecretVersionStages: stages } }),
      InvalidRequestException, { status: 400, says: "OrderedUserSecretVersionStages" }));
}
await check("an IpAddressType of DUALSTACK is kept, and a URL with an IPv6 address needs it", async () => {
  const id = await create({ Url: "sftp://[2001:db8::1]", IpAddressType: "DUALSTACK" });
  assert.equal((await describe(id)).IpAddressType, "DUALSTACK");
  await refused(create({ Url: "sftp://[2001:db8::1]" }), InvalidRequestException, { says: "DUALSTACK" });
});

await check("UpdateConnector that names nothing changes nothing", async () => {
  const before = await describe(full);
  await transfer("UpdateConnector", { ConnectorId: full });
  same(await describe(full), before);
});

// ---- refused

for (const [what, says, input] of [
  ["a Url without a scheme", "Url", { Url: "partner.example" }],
  ["a Url with a user", "Url", { Url: "sftp://user@partner.example" }],
  ["a Url of another scheme", "Url", { Url: "ftp://partner.example" }],
  ["a Url with a path", "Url", { Url: "sftp://partner.example/in" }],
  ["a Url of more than 255 characters", "Url", { Url: `sftp://${"x".repeat(249)}.example` }],
  ["a port that is none", "Url", { Url: "sftp://partner.example:70000" }],
  ["no way out at all", "Url", { Url: undefined }],
  ["AS2", "As2Config", { As2Config: { LocalProfileId: "p-0123456789abcdef0" } }],
  ["an AccessRole that is no role", "AccessRole", { AccessRole: "arn:aws:iam::000000000000:user/somebody" }],
  ["a LoggingRole that is no ARN", "LoggingRole", { LoggingRole: "somebody-with-a-long-name" }],
  ["no SftpConfig", "SftpConfig", { SftpConfig: undefined }],
  ["an SftpConfig without a secret", "UserSecretId", { SftpConfig: {} }],
  ["six connections", "MaxConcurrentConnections", { SftpConfig: { UserSecretId: "s", MaxConcurrentConnections: 6 } }],
  ["no connections", "MaxConcurrentConnections", { SftpConfig: { UserSecretId: "s", MaxConcurrentConnections: 0 } }],
  ["a host key that is none", "TrustedHostKeys[0]", { SftpConfig: { UserSecretId: "s", TrustedHostKeys: ["key"] } }],
  ["eleven host keys", "TrustedHostKeys", { SftpConfig: { UserSecretId: "s", TrustedHostKeys: Array(11).fill(hostKey) } }],
  ["a policy whose name is none", "SecurityPolicyName", { SecurityPolicyName: "strong" }],
  ["an address type that is none", "IpAddressType", { IpAddressType: "IPV5" }],
  ["tags of AWS's own", "aws:", { Tags: [{ Key: "aws:x", Value: "y" }] }],
  ["the same tag twice", "twice", { Tags: [{ Key: "x", Value: "1" }, { Key: "x", Value: "2" }] }],
  ["a tag without a value", "Value", { Tags: [{ Key: "x" }] }],
  ["an empty list of tags", "Tags", { Tags: [] }],
  ["an egress of no kind", "EgressConfig", { Url: undefined, EgressConfig: {} }],
  ["an ARN that is of no resource configuration", "ResourceConfigurationArn",
    { Url: undefined, EgressConfig: { VpcLattice: { ResourceConfigurationArn: "arn:aws:s3:::bucket" } } }],
]) {
  await check(`CreateConnector refuses ${what}`, () =>
    refused(transfer("CreateConnector", { ...good, ...input }), InvalidRequestException, { status: 400, says }));
}

await check("CreateConnector names a security policy that is not there", () =>
  refused(transfer("CreateConnector", { ...good, SecurityPolicyName: `${POLICY}1999-01` }), ResourceNotFoundException,
    { status: 400, says: "1999-01", Resource: `${POLICY}1999-01`, ResourceType: "SecurityPolicy" }));

for (const [what, input] of [
  ["a number where text belongs", { ...good, Url: 7 }],
  ["text where a number belongs", { ...good, SftpConfig: { UserSecretId: "s", MaxConcurrentConnections: "many" } }],
  ["an object where a list belongs", { ...good, Tags: { Key: "x", Value: "y" } }],
]) {
  await check(`CreateConnector cannot read ${what}`, async () => {
    const sender = client("transfer");
    sender.middlewareStack.add((next) => (args) => {
      args.request.body = JSON.stringify(input);
      args.request.headers["content-length"] = String(Buffer.byteLength(args.request.body));
      return next(args);
    }, { step: "build", priority: "low" });
    await refused(sender.send(new Transfer.CreateConnectorCommand(good)), "SerializationException", { status: 400 });
  });
}

for (const [operation, more] of [
  ["DescribeConnector", {}], ["UpdateConnector", { Url: "sftp://a.example" }], ["DeleteConnector", {}], ["TestConnection", {}],
  ["StartFileTransfer", { SendFilePaths: ["/files/a"] }], ["ListFileTransferResults", { TransferId: "t" }],
]) {
  await check(`${operation} names a connector that is not there`, () =>
    refused(transfer(operation, { ConnectorId: NOBODY, ...more }), ResourceNotFoundException,
      { status: 400, says: NOBODY, Resource: NOBODY, ResourceType: "Connector" }));
  await check(`${operation} refuses an id that is none`, () =>
    refused(transfer(operation, { ConnectorId: "c-1", ...more }), InvalidRequestException, { says: "ConnectorId" }));
}

await check("an update that is refused changes nothing", async () => {
  const before = await describe(full);
  await refused(transfer("UpdateConnector", { ConnectorId: full, Url: "sftp://new.example", SftpConfig: { TrustedHostKeys: ["x"] } }),
    InvalidRequestException, { says: "TrustedHostKeys[0]" });
  same(await describe(full), before);
});

// ---- listed

await check("the paginator of ListConnectors finds each connector once, three a page", async () => {
  for (let i = 0; i < 5; i++) await create();
  const [found, sizes] = await pages(
    Transfer.paginateListConnectors({ client: client("transfer"), pageSize: 3 }, {}), (page) => page.Connectors);
  assert.ok(sizes.slice(0, -1).every((size) => size === 3) && sizes.at(-1) <= 3, String(sizes));
  const ids = found.map((one) => one.ConnectorId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok([connector, full].every((id) => ids.includes(id)));
  same(Object.keys(found[0]).sort(), ["Arn", "ConnectorId", "Url"]);
});

await check("a page that has all has no NextToken", async () =>
  assert.equal("NextToken" in (await transfer("ListConnectors", { MaxResults: 1000 })), false));

const { NextToken: token } = await transfer("ListConnectors", { MaxResults: 1 });
for (const [what, input] of [
  ["a forged one", { NextToken: "forged" }],
  ["one with another last letter", { NextToken: token.slice(0, -1) + (token.endsWith("A") ? "B" : "A") }],
  ["one with a letter more", { NextToken: `${token}A` }],
]) {
  await check(`of tokens, ListConnectors refuses ${what}`, () =>
    refused(transfer("ListConnectors", input), InvalidNextTokenException, { status: 400 }));
}
await check("ListSecurityPolicies refuses the token of ListConnectors", () =>
  refused(transfer("ListSecurityPolicies", { NextToken: token }), InvalidNextTokenException, { status: 400 }));
await check("ListTagsForResource refuses the token of ListConnectors", () =>
  refused(transfer("ListTagsForResource", { Arn: arn, NextToken: token }), InvalidNextTokenException, { status: 400 }));

for (const size of [0, -1, 1001]) {
  await check(`ListConnectors refuses pages of ${size}`, () =>
    refused(transfer("ListConnectors", { MaxResults: size }), InvalidRequestException, { says: "MaxResults" }));
}

// ---- tagged

await check("TagResource adds and overwrites, and answers with nothing", async () => {
  const answer = await transfer("TagResource", { Arn: arn, Tags: [0, 1, 2, 3, 4].map((i) => ({ Key: `k${i}`, Value: "v" })) });
  same(Object.keys(answer), ["$metadata"]);
  await transfer("TagResource", { Arn: arn, Tags: [{ Key: "k1", Value: "" }] });
  const { Tags: tags, Arn: about } = await transfer("ListTagsForResource", { Arn: arn });
  assert.equal(about, arn);
  same(tags.find((tag) => tag.Key === "k1"), { Key: "k1", Value: "" });
  assert.equal(tags.length, 5);
});

await check("the paginator of ListTagsForResource finds each tag once, two a page", async () => {
  const [found, sizes] = await pages(
    Transfer.paginateListTagsForResource({ client: client("transfer"), pageSize: 2 }, { Arn: arn }), (page) => page.Tags);
  same(sizes, [2, 2, 1]);
  same(found.map((tag) => tag.Key), ["k0", "k1", "k2", "k3", "k4"]);
});

await check("UntagResource removes tags, also those that are not there", async () => {
  const answer = await transfer("UntagResource", { Arn: arn, TagKeys: ["k0", "k2", "never"] });
  same(Object.keys(answer), ["$metadata"]);
  same((await describe(connector)).Tags.map((tag) => tag.Key), ["k1", "k3", "k4"]);
});

for (const [what, says, input] of [
  ["more than fifty tags", "50", { Tags: Array.from({ length: 50 }, (_, i) => ({ Key: `n${i}`, Value: "" })) }],
  ["AWS's own tags", "aws:", { Tags: [{ Key: "aws:x", Value: "" }] }],
  ["a key of 129 characters", "Key", { Tags: [{ Key: "k".repeat(129), Value: "" }] }],
  ["a value of 257 characters", "Value", { Tags: [{ Key: "k", Value: "v".repeat(257) }] }],
  ["an ARN that is none", "Arn", { Arn: "no ARN at all, but long enough", Tags: [{ Key: "k", Value: "" }] }],
]) {
  await check(`TagResource refuses ${what}`, () =>
    refused(transfer("TagResource", { Arn: arn, ...input }), InvalidRequestException, { says }));
}
for (const operation of ["TagResource", "UntagResource"]) {
  const more = operation === "TagResource" ? { Tags: [{ Key: "a", Value: "b" }] } : { TagKeys: ["a"] };
  await check(`${operation} names a connector that is not there`, () =>
    refused(transfer(operation, { Arn: arn.replace(connector, NOBODY), ...more }), ResourceNotFoundException,
      { Resource: NOBODY, ResourceType: "Connector" }));
  await check(`${operation} knows no resource of another account`, () =>
    refused(transfer(operation, { Arn: arn.replace("000000000000", "111111111111"), ...more }), ResourceNotFoundException));
}
await check("ListTagsForResource has no error for what is not there but that the request is wrong", () =>
  refused(transfer("ListTagsForResource", { Arn: arn.replace(connector, NOBODY) }), InvalidRequestException, { says: NOBODY }));

// ---- security policies

await check("the paginator of ListSecurityPolicies finds those of SFTP connectors, two a page", async () => {
  const [found, sizes] = await pages(Transfer.paginateListSecurityPolicies({ client: client("transfer"), pageSize: 2 }, {}),
    (page) => page.SecurityPolicyNames);
  same(found, ["2023-07", "2024-03", "FIPS-2024-10"].map((name) => POLICY + name));
  same(sizes, [2, 1]);
});

for (const [name, fips] of [["2023-07", false], ["2024-03", false], ["FIPS-2024-10", true]]) {
  await check(`DescribeSecurityPolicy shows ${name} with its algorithms`, async () => {
    const { SecurityPolicy: policy } = await transfer("DescribeSecurityPolicy", { SecurityPolicyName: POLICY + name });
    same([policy.Fips, policy.Type, policy.Protocols, policy.TlsCiphers], [fips, "CONNECTOR", ["SFTP"], undefined]);
    for (const list of ["SshCiphers", "SshKexs", "SshMacs", "SshHostKeyAlgorithms"]) assert.ok(policy[list].length > 0, list);
  });
}
await check("DescribeSecurityPolicy names a policy that is not there", () =>
  refused(transfer("DescribeSecurityPolicy", { SecurityPolicyName: "TransferSecurityPolicy-2024-01" }),
    ResourceNotFoundException, { Resource: "TransferSecurityPolicy-2024-01", ResourceType: "SecurityPolicy" }));
await check("DescribeSecurityPolicy refuses a name that is none", () =>
  refused(transfer("DescribeSecurityPolicy", { SecurityPolicyName: "strong" }), InvalidRequestException,
    { says: "SecurityPolicyName" }));

// ---- deleted

await check("DeleteConnector answers with nothing, and the connector is gone", async () => {
  const answer = await transfer("DeleteConnector", { ConnectorId: full });
  same(Object.keys(answer), ["$metadata"]);
  await refused(describe(full), ResourceNotFoundException, { Resource: full });
});
await check("DeleteConnector of one that is gone says so", () =>
  refused(transfer("DeleteConnector", { ConnectorId: full }), ResourceNotFoundException, { Resource: full }));
