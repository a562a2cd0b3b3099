/** Who we are. */

import { assert, check, refused, same } from "../lib/checks.mjs";
import { STS, client, sts } from "../lib/clients.mjs";

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
