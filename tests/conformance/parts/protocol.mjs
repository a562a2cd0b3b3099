/** What is common to all services: operations that are not there, signatures, ids, and what a request may look like. */

import { assert, check, refused, same } from "../lib/checks.mjs";
import { EC2, Lattice, Secrets, STS, Transfer, client, ec2, env, lattice, region, secrets, transfer } from "../lib/clients.mjs";

const NOT_HERE = [
  ["transfer", "UnknownOperationException", 400, ["CreateServer", { }], ["ListUsers", { ServerId: "s-01234567890abcdef" }],
    ["ListWorkflows", {}], ["ImportSshPublicKey", { ServerId: "s-01234567890abcdef", SshPublicKeyBody: "x", UserName: "u" }]],
  ["secretsmanager", "UnknownOperationException", 400, ["GetRandomPassword", {}], ["RotateSecret", { SecretId: "x" }],
    ["BatchGetSecretValue", { SecretIdList: ["x"] }]],
  ["lattice", "ValidationException", 400, ["ListServices", {}], ["CreateServiceNetwork", { name: "net" }],
    ["ListTargetGroups", {}]],
  ["ec2", "InvalidAction", 400, ["RunInstances", { MaxCount: 1, MinCount: 1 }], ["DescribeInstances", {}], ["DescribeImages", {}]],
];
const MODULES = { transfer: Transfer, secretsmanager: Secrets, lattice: Lattice, ec2: EC2, sts: STS };
for (const [service, code, status, ...operations] of NOT_HERE) {
  for (const [operation, input] of operations) {
    const rest = service === "lattice"; // it has no names on the wire
    await check(`${operation} of ${service} is ${code}, and the sentence says what is there`, () =>
      refused(client(service).send(new MODULES[service][`${operation}Command`](input)), code,
        { status, says: rest ? "CreateResourceGateway" : operation, ...(rest && { reason: "unknownOperation" }) }));
  }
}

// ---- who asks

const list = {
  transfer: new Transfer.ListConnectorsCommand({}), secretsmanager: new Secrets.ListSecretsCommand({}),
  lattice: new Lattice.ListResourceGatewaysCommand({}), ec2: new EC2.DescribeVpcsCommand({}), sts: new STS.GetCallerIdentityCommand({}),
};
const key = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
const WRONG = {
  "a secret that is not the key's": [{ credentials: { ...key, secretAccessKey: "wrong" } },
    { json: ["InvalidSignatureException", 400], lattice: ["InvalidSignatureException", 403], sts: ["SignatureDoesNotMatch", 403],
      ec2: ["SignatureDoesNotMatch", 403] }],
  "a key that nobody has": [{ credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "wrong" } },
    { json: ["UnrecognizedClientException", 400], lattice: ["UnrecognizedClientException", 403], sts: ["InvalidClientTokenId", 403],
      ec2: ["AuthFailure", 401] }],
  "a session token that we did not give": [{ credentials: { ...key, sessionToken: "token" } },
    { json: ["UnrecognizedClientException", 400], lattice: ["UnrecognizedClientException", 403], sts: ["InvalidClientTokenId", 403],
      ec2: ["AuthFailure", 401] }],
  "another region": [{ region: region === "us-east-1" ? "us-west-2" : "us-east-1" },
    { json: ["InvalidSignatureException", 400], lattice: ["InvalidSignatureException", 403], sts: ["SignatureDoesNotMatch", 403],
      ec2: ["AuthFailure", 401] }],
};
for (const [what, [options, answers]] of Object.entries(WRONG)) {
  for (const service of Object.keys(list)) {
    const [code, status] = answers[service] ?? answers.json;
    await check(`${service} refuses ${what} with ${code}`, async () => {
      const sent = client(service, options).send(list[service]);
      await refused(sent, code, { status });
    });
  }
}

/** A client that changes its request after it was signed. */
function tampering(service, change) {
  const made = client(service);
  made.middlewareStack.add((next) => (args) => {
    change(args.request);
    return next(args);
  }, { step: "finalizeRequest", priority: "low", name: "tamper" });
  return made;
}
for (const [what, change] of [
  ["a body that was changed on its way", (request) => {
    request.body = `${request.body} `;
    request.headers["content-length"] = String(Buffer.byteLength(request.body));
  }],
  ["another target than was signed", (request) => { request.headers["x-amz-target"] = "TransferService.DeleteConnector"; }],
  ["a query that was not signed", (request) => { request.query = { a: "b" }; }],
]) {
  await check(`transfer refuses ${what}`, () =>
    refused(tampering("transfer", change).send(list.transfer), "InvalidSignatureException", { status: 400 }));
}
await check("a request without any signature is MissingAuthenticationTokenException", () =>
  refused(tampering("transfer", (request) => { delete request.headers.authorization; }).send(list.transfer),
    "MissingAuthenticationTokenException", { status: 400 }));
await check("a client whose clock is wrong hears the time and is right the second time", async () => {
  const early = client("transfer", { systemClockOffset: -3600_000, maxAttempts: 2 });
  const answer = await early.send(list.transfer);
  assert.equal(answer.$metadata.attempts, 2);
});

// ---- the form of answers

await check("each answer has a request id of its own", async () => {
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await transfer("ListConnectors")).$metadata.requestId);
  assert.equal(new Set(ids).size, 3);
});
for (const [service, ask] of [
  ["transfer", () => transfer("ListConnectors", {})], ["secretsmanager", () => secrets("ListSecrets", {})],
  ["vpc-lattice", () => lattice("ListResourceGateways", {})], ["ec2", () => ec2("DescribeVpcs", {})],
]) {
  await check(`forty calls at a time of ${service} are all answered`, async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, ask));
    assert.ok(answers.every((one) => one.$metadata.httpStatusCode === 200));
  });
}

// ---- members that a newer model may have

await check("a member that Sallyport does not know yet is passed over, as AWS JSON has it", async () => {
  const made = client("transfer");
  made.middlewareStack.add((next) => (args) => {
    args.request.body = JSON.stringify({ MaxResults: 1, FromTheFuture: { a: [1] } });
    args.request.headers["content-length"] = String(Buffer.byteLength(args.request.body));
    return next(args);
  }, { step: "build", priority: "low" });
  const answer = await made.send(new Transfer.ListConnectorsCommand({}));
  assert.ok(Array.isArray(answer.Connectors));
});
await check("a body that is no JSON is SerializationException", async () => {
  const made = client("transfer");
  made.middlewareStack.add((next) => (args) => {
    args.request.body = "{";
    args.request.headers["content-length"] = "1";
    return next(args);
  }, { step: "build", priority: "low" });
  await refused(made.send(new Transfer.ListConnectorsCommand({})), "SerializationException", { status: 400 });
});
