/** A key that asks too often: one request in a second, two after a rest. */

import { assert, check, refused } from "../lib/checks.mjs";
import { EC2, IAM, Lattice, Logs, STS, Secrets, Transfer, client } from "../lib/clients.mjs";

const LIST = {
  transfer: [() => new Transfer.ListConnectorsCommand({}), Transfer.ThrottlingException, { status: 400, RetryAfterSeconds: "1" }],
  lattice: [() => new Lattice.ListResourceGatewaysCommand({}), Lattice.ThrottlingException, { status: 429 }],
  secretsmanager: [() => new Secrets.ListSecretsCommand({}), "ThrottlingException", { status: 400 }],
  logs: [() => new Logs.DescribeLogGroupsCommand({}), "ThrottlingException", { status: 400 }],
  sts: [() => new STS.GetCallerIdentityCommand({}), "Throttling", { status: 400 }],
  iam: [() => new IAM.ListRolesCommand({}), "Throttling", { status: 400 }],
  ec2: [() => new EC2.DescribeVpcsCommand({}), "RequestLimitExceeded", { status: 503 }],
};
const REST = 2;

for (const [service, [command, exception, wanted]] of Object.entries(LIST)) {
  await check(`${service} tells who asks too often: ${exception.name ?? exception}`, async () => {
    const hasty = client(service);
    await Promise.allSettled(Array.from({ length: REST }, () => hasty.send(command())));
    const error = await refused(hasty.send(command()), exception, wanted);
    assert.equal(error.$response.headers["retry-after"], "1");
  });
  await check(`an SDK of ${service} that may come again is answered`, () => client(service, { maxAttempts: 8 }).send(command()));
}
