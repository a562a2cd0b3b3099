/** What there may be no more of. The daemon has quotas of two of everything, and of one child. */

import fs from "node:fs";
import path from "node:path";
import { assert, check, refused, same } from "../lib/checks.mjs";
import { Lattice, Secrets, Transfer, ec2, env, lattice, role, secrets, transfer } from "../lib/clients.mjs";

const MOST = 2;
const ON_HOST = [{ ResourceType: "vpc", Tags: [{ Key: "sallyport:network", Value: "host" }] }];

// ---- secrets and connectors

await check("CreateSecret of one too many is LimitExceededException, and one that is there already is told so", async () => {
  for (let i = 0; i < MOST; i += 1) await secrets("CreateSecret", { Name: `s${i}`, SecretString: env.PARTNER_SECRET });
  await refused(secrets("CreateSecret", { Name: "more", SecretString: "x" }), Secrets.LimitExceededException,
    { status: 400, says: ["2 secrets", "quota.secrets"] });
  await refused(secrets("CreateSecret", { Name: "s0", SecretString: "x" }), Secrets.ResourceExistsException, { status: 400 });
  same((await secrets("ListSecrets")).SecretList.map((one) => one.Name).sort(), ["s0", "s1"]);
});
await check("a secret that is gone makes room", async () => {
  await secrets("DeleteSecret", { SecretId: "s1", ForceDeleteWithoutRecovery: true });
  await secrets("CreateSecret", { Name: "more", SecretString: "x" });
});

const connector = { Url: env.PARTNER_URL, AccessRole: role, SftpConfig: { UserSecretId: "s0", TrustedHostKeys: JSON.parse(env.PARTNER_HOST_KEYS) } };
const ids = [];
await check("CreateConnector of one too many is InvalidRequestException, for its model has no quota", async () => {
  for (let i = 0; i < MOST; i += 1) ids.push((await transfer("CreateConnector", connector)).ConnectorId);
  await refused(transfer("CreateConnector", connector), Transfer.InvalidRequestException, { status: 400, says: ["2 connectors", "quota.connectors"] });
  assert.equal((await transfer("ListConnectors")).Connectors.length, MOST);
});
await check("a connector that was deleted makes room", async () => {
  await transfer("DeleteConnector", { ConnectorId: ids.pop() });
  await transfer("CreateConnector", connector);
});
await check("StartFileTransfer of more files than may wait is ThrottlingException, and none of them waits", async () => {
  const files = Array.from({ length: MOST + 1 }, (_, i) => `/files/waiting-${i}`);
  for (const file of files) fs.writeFileSync(path.join(env.BUCKET_FOLDER, path.basename(file)), "x");
  const start = { ConnectorId: ids[0], RemoteDirectoryPath: env.PARTNER_HOME };
  await refused(transfer("StartFileTransfer", { ...start, SendFilePaths: files }), Transfer.ThrottlingException,
    { status: 400, says: ["quota.queued_files"] });
  await transfer("StartFileTransfer", { ...start, SendFilePaths: files.slice(1) });
});

// ---- Lattice

const { Vpc: { VpcId: vpcIdentifier } } = await ec2("CreateVpc", { CidrBlock: "127.78.0.0/16", TagSpecifications: ON_HOST });
const { Subnet: { SubnetId } } = await ec2("CreateSubnet", { VpcId: vpcIdentifier, CidrBlock: "127.78.1.0/24" });
const gateway = (name) => lattice("CreateResourceGateway", { name, vpcIdentifier, subnetIds: [SubnetId] });
const configuration = (name, more) => lattice("CreateResourceConfiguration", { name, type: "SINGLE",
  resourceConfigurationDefinition: { ipResource: { ipAddress: "10.0.0.7" } }, portRanges: ["22"], ...more });

const made = [];
await check("CreateResourceGateway of one too many is ServiceQuotaExceededException with all its members", async () => {
  for (let i = 0; i < MOST; i += 1) made.push(await gateway(`gate-${i}`));
  await refused(gateway("gate-more"), Lattice.ServiceQuotaExceededException, { status: 402, says: [vpcIdentifier, "quota.gateways_per_vpc"],
    resourceType: "RESOURCE_GATEWAY", resourceId: "gate-more", serviceCode: "vpc-lattice", quotaCode: "L-0DCA4434" });
});
await check("a VPC's gateways are counted by themselves", async () => {
  const { Vpc: { VpcId: other } } = await ec2("CreateVpc", { CidrBlock: "127.79.0.0/16", TagSpecifications: ON_HOST });
  const { Subnet } = await ec2("CreateSubnet", { VpcId: other, CidrBlock: "127.79.1.0/24" });
  await lattice("CreateResourceGateway", { name: "elsewhere", vpcIdentifier: other, subnetIds: [Subnet.SubnetId] });
});
await check("a second CHILD of a group, and a third configuration, are ServiceQuotaExceededException", async () => {
  const { id: group } = await configuration("group", { type: "GROUP", resourceGatewayIdentifier: made[0].id, portRanges: ["22"],
    resourceConfigurationDefinition: undefined });
  const child = { type: "CHILD", resourceConfigurationGroupIdentifier: group };
  const quota = { status: 402, resourceType: "RESOURCE_CONFIGURATION", serviceCode: "vpc-lattice" };
  await configuration("child", child);
  await refused(configuration("child-more", child), Lattice.ServiceQuotaExceededException,
    { ...quota, says: [group, "quota.group_children"], resourceId: "child-more", quotaCode: "L-9BC96FEF" });
  await refused(configuration("single", { resourceGatewayIdentifier: made[0].id }), Lattice.ServiceQuotaExceededException,
    { ...quota, says: "quota.configurations", resourceId: "single", quotaCode: "L-5FF8F9B9" });
});
