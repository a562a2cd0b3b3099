/** An answer that is lost on its way: the SDK sends its request again, and nothing is done twice. */

import fs from "node:fs";
import path from "node:path";
import { assert, check, refused, same } from "../lib/checks.mjs";
import { EC2, Lattice, Secrets, Transfer, client, ec2, env, lattice, role, secrets, transfer } from "../lib/clients.mjs";

/** A client that never hears the first answer of each call. */
function deaf(service) {
  const made = client(service, { maxAttempts: 3 });
  let lost = 0;
  made.middlewareStack.add((next) => async (args) => {
    const result = await next(args);
    if (args.request.headers["amz-sdk-request"].startsWith("attempt=1")) {
      lost += 1;
      throw Object.assign(new Error("the connection was lost"), { name: "TimeoutError", code: "ECONNRESET" });
    }
    return result;
  }, { step: "finalizeRequest", priority: "low", name: "deaf" });
  return { send: (command) => made.send(command), lost: () => lost };
}

await check("CreateConnector makes one connector though its answer was lost", async () => {
  const before = (await transfer("ListConnectors", { MaxResults: 1000 })).Connectors.length;
  const hard = deaf("transfer");
  const made = await hard.send(new Transfer.CreateConnectorCommand(
    { Url: "sftp://retried.example", AccessRole: role, SftpConfig: { UserSecretId: "s" } }));
  same([hard.lost(), made.$metadata.attempts], [1, 2]);
  const found = (await transfer("ListConnectors", { MaxResults: 1000 })).Connectors;
  assert.equal(found.length, before + 1);
  assert.ok(found.some((one) => one.ConnectorId === made.ConnectorId));
});

await check("StartFileTransfer starts one transfer though its answer was lost", async () => {
  const { ARN } = await secrets("CreateSecret", { Name: "aws/transfer/retries", SecretString: env.PARTNER_SECRET });
  const { ConnectorId } = await transfer("CreateConnector", { Url: env.PARTNER_URL, AccessRole: role,
    SftpConfig: { UserSecretId: ARN, TrustedHostKeys: JSON.parse(env.PARTNER_HOST_KEYS) } });
  fs.writeFileSync(path.join(env.BUCKET_FOLDER, "once.txt"), "once");
  const sent = [];
  const hard = client("transfer", { maxAttempts: 3 });
  hard.middlewareStack.add((next) => async (args) => {
    const result = await next(args);
    sent.push(result.output?.TransferId);
    if (sent.length === 1) throw Object.assign(new Error("lost"), { name: "TimeoutError" });
    return result;
  }, { step: "finalizeRequest", priority: "low" });
  const { TransferId } = await hard.send(new Transfer.StartFileTransferCommand(
    { ConnectorId, SendFilePaths: ["/files/once.txt"], RemoteDirectoryPath: env.PARTNER_HOME }));
  same(sent, [TransferId, TransferId]);
});

for (const [what, service, command, id] of [
  ["CreateSecret, by the token that the SDK made", "secretsmanager", () => new Secrets.CreateSecretCommand({ Name: "retried", SecretString: "x" }), "ARN"],
  ["PutSecretValue, by the token that the SDK made", "secretsmanager",
    () => new Secrets.PutSecretValueCommand({ SecretId: "retried", SecretString: "y" }), "VersionId"],
]) {
  await check(`${what}, is done once though its answer was lost`, async () => {
    const hard = deaf(service);
    const answer = await hard.send(command());
    same([hard.lost(), answer.$metadata.attempts], [1, 2]);
    assert.ok(answer[id]);
  });
}
await check("after both the secret has two versions and no more", async () => {
  const { Versions } = await secrets("ListSecretVersionIds", { SecretId: "retried", IncludeDeprecated: true });
  assert.equal(Versions.length, 2);
});

await check("CreateResourceGateway and -Configuration, by the tokens that the SDK made, are done once", async () => {
  const { Vpc } = await ec2("CreateVpc", { CidrBlock: "127.44.0.0/16",
    TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "sallyport:network", Value: "host" }] }] });
  const { Subnet } = await ec2("CreateSubnet", { VpcId: Vpc.VpcId, CidrBlock: "127.44.1.0/24" });
  const gateway = await deaf("lattice").send(new Lattice.CreateResourceGatewayCommand(
    { name: "retried", vpcIdentifier: Vpc.VpcId, subnetIds: [Subnet.SubnetId] }));
  assert.equal(gateway.$metadata.attempts, 2);
  const configuration = await deaf("lattice").send(new Lattice.CreateResourceConfigurationCommand({ name: "retried", type: "SINGLE",
    portRanges: ["22"], resourceGatewayIdentifier: gateway.id, resourceConfigurationDefinition: { ipResource: { ipAddress: "10.0.0.7" } } }));
  assert.equal(configuration.$metadata.attempts, 2);
  const { items } = await lattice("ListResourceConfigurations", { resourceGatewayIdentifier: gateway.id });
  same(items.map((one) => one.id), [configuration.id]);
});

await check("DeleteConnector whose answer was lost says that there is no such connector any more", async () => {
  const { ConnectorId } = await transfer("CreateConnector", { Url: "sftp://gone.example", AccessRole: role, SftpConfig: { UserSecretId: "s" } });
  await refused(deaf("transfer").send(new Transfer.DeleteConnectorCommand({ ConnectorId })), Transfer.ResourceNotFoundException,
    { Resource: ConnectorId });
});

await check("CreateRouteTable, by the token that the SDK made, is done once", async () => {
  const { Vpcs: [{ VpcId }] } = await ec2("DescribeVpcs", { Filters: [{ Name: "cidr", Values: ["127.44.0.0/16"] }] });
  const made = await deaf("ec2").send(new EC2.CreateRouteTableCommand({ VpcId }));
  assert.equal(made.$metadata.attempts, 2);
  const { RouteTables } = await ec2("DescribeRouteTables", { Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  assert.equal(RouteTables.length, 2);
});
