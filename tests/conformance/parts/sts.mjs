/** Who we are, and acting as a role. */

import { assert, check, refused, same } from "../lib/checks.mjs";
import { Lattice, STS, client, ec2, iam, lattice, sts, transfer } from "../lib/clients.mjs";

await check("GetCallerIdentity answers with account, ARN and user id", async () => {
  const identity = await sts("GetCallerIdentity");
  assert.equal(identity.Account, "000000000000");
  assert.match(identity.Arn, /^arn:aws:iam::000000000000:/);
  assert.ok(identity.UserId.length > 0);
  assert.match(identity.$metadata.requestId, /^[0-9a-f-]{36}$/);
});

await check("it answers the same each time", async () => {
  const [one, two] = [await sts("GetCallerIdentity"), await sts("GetCallerIdentity")];
  same({ ...one, $metadata: 0 }, { ...two, $metadata: 0 });
});

await check("an operation that STS has and Sallyport has not is refused as one that is not there", () =>
  refused(sts("GetSessionToken"), "InvalidAction", { status: 400, says: "GetSessionToken" }));

await check("a secret that is not the key's is SignatureDoesNotMatch", () =>
  refused(client("sts", { credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "wrong" } })
    .send(new STS.GetCallerIdentityCommand({})), "SignatureDoesNotMatch", { status: 403 }));

await check("a key that nobody has is InvalidClientTokenId", () =>
  refused(client("sts", { credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "wrong" } })
    .send(new STS.GetCallerIdentityCommand({})), "InvalidClientTokenId", { status: 403 }));

// ---- a role for a while

const ACCOUNT = "000000000000";
const RoleArn = `arn:aws:iam::${ACCOUNT}:role/taken`;
const trust = (AWS) => JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" }] });
await iam("CreateRole", { RoleName: "taken", AssumeRolePolicyDocument: trust(ACCOUNT) });
await iam("AttachRolePolicy", { RoleName: "taken", PolicyArn: "arn:aws:iam::aws:policy/AWSTransferReadOnlyAccess" });

const answer = await check("AssumeRole answers with credentials and who they are", async () => {
  const { Credentials, AssumedRoleUser, ...more } = await sts("AssumeRole", { RoleArn, RoleSessionName: "sdk", DurationSeconds: 900 });
  assert.match(Credentials.AccessKeyId, /^ASIA[A-Z2-7]{16}$/);
  const left = Credentials.Expiration.getTime() - Date.now();
  assert.ok(left > 880_000 && left <= 900_000, `ends in ${left} ms`);
  same(AssumedRoleUser.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/taken/sdk`);
  assert.match(AssumedRoleUser.AssumedRoleId, /^AROA[A-Z2-7]{17}:sdk$/);
  same(Object.keys(more), ["$metadata"]);
  return { Credentials, AssumedRoleUser };
});
const credentials = { accessKeyId: answer.Credentials.AccessKeyId, secretAccessKey: answer.Credentials.SecretAccessKey,
  sessionToken: answer.Credentials.SessionToken };
await check("with them the SDK acts as the role, in each protocol", async () => {
  const { Arn, UserId } = await sts("GetCallerIdentity", {}, { credentials });
  same([Arn, UserId], [answer.AssumedRoleUser.Arn, answer.AssumedRoleUser.AssumedRoleId]);
  await transfer("ListConnectors", {}, { credentials });
  await refused(transfer("DeleteConnector", { ConnectorId: "c-01234567890abcdef" }, { credentials }), "AccessDeniedException", { status: 400, says: Arn });
  await refused(lattice("ListResourceGateways", {}, { credentials }), Lattice.AccessDeniedException, { status: 403, says: Arn });
  await refused(ec2("DescribeVpcs", {}, { credentials }), "UnauthorizedOperation", { status: 403, says: Arn });
  await refused(iam("ListUsers", {}, { credentials }), "AccessDenied", { status: 403, says: Arn });
});
await check("the SDK takes on a role by itself, and again when the credentials are about to end", async () => {
  let calls = 0;
  const provider = async () => {
    calls += 1;
    const { Credentials: given } = await sts("AssumeRole", { RoleArn, RoleSessionName: `call-${calls}` });
    const ends = calls === 1 ? Date.now() + 1000 : given.Expiration.getTime(); // the first is said to end at once
    return { accessKeyId: given.AccessKeyId, secretAccessKey: given.SecretAccessKey, sessionToken: given.SessionToken, expiration: new Date(ends) };
  };
  const made = client("sts", { credentials: provider });
  for (let i = 0; i < 3; i += 1) await made.send(new STS.GetCallerIdentityCommand({}));
  same((await made.send(new STS.GetCallerIdentityCommand({}))).Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/taken/call-${calls}`);
  assert.ok(calls >= 2, `asked ${calls} times`);
});
await check("a role that trusts somebody else is AccessDenied", async () => {
  await iam("UpdateAssumeRolePolicy", { RoleName: "taken", PolicyDocument: trust("999999999999") });
  await refused(sts("AssumeRole", { RoleArn, RoleSessionName: "sdk" }), "AccessDenied", { status: 403, says: [RoleArn, "sts:AssumeRole"] });
});
await check("a session longer than its role allows is ValidationError", () =>
  refused(sts("AssumeRole", { RoleArn, RoleSessionName: "sdk", DurationSeconds: 43201 }), "ValidationError", { status: 400 }));
await check("a session whose role is gone is nobody's", async () => {
  await iam("DetachRolePolicy", { RoleName: "taken", PolicyArn: "arn:aws:iam::aws:policy/AWSTransferReadOnlyAccess" });
  await iam("DeleteRole", { RoleName: "taken" });
  await refused(sts("GetCallerIdentity", {}, { credentials }), "InvalidClientTokenId", { status: 403 });
  await refused(transfer("ListConnectors", {}, { credentials }), "UnrecognizedClientException", { status: 400 });
});
