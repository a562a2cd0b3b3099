/** Listings, moves and deletions at the partner. */

import fs from "node:fs";
import path from "node:path";
import { assert, check, refused, same, until } from "../lib/checks.mjs";
import { Transfer, env, role, secrets, transfer } from "../lib/clients.mjs";

const { InvalidRequestException, ResourceNotFoundException } = Transfer;
const NOBODY = "c-00000000000000000";
const home = path.join(env.PARTNER_HOME, "directories");
const there = (name) => path.join(home, name);

fs.mkdirSync(there("below"), { recursive: true });
for (const name of ["a.txt", "b.txt", "c.txt"]) fs.writeFileSync(there(name), name);
const { ARN } = await secrets("CreateSecret", { Name: "aws/transfer/directories", SecretString: env.PARTNER_SECRET });
const { ConnectorId: connector } = await transfer("CreateConnector", { Url: env.PARTNER_URL, AccessRole: role,
  SftpConfig: { UserSecretId: ARN, TrustedHostKeys: JSON.parse(env.PARTNER_HOST_KEYS) } });
const start = (operation, input) => transfer(operation, { ConnectorId: connector, ...input });

async function listing(input) {
  const answer = await start("StartDirectoryListing", { RemoteDirectoryPath: home, OutputDirectoryPath: "/files/listings", ...input });
  assert.equal(answer.OutputFileName, `${connector}-${answer.ListingId}.json`);
  assert.match(answer.ListingId, /^[0-9a-zA-Z./-]{1,512}$/);
  const file = path.join(env.BUCKET_FOLDER, "listings", answer.OutputFileName);
  return JSON.parse(await until("the listing", () => fs.existsSync(file) && fs.readFileSync(file, "utf8")));
}

await check("StartDirectoryListing names the file that the listing comes to", async () => {
  const found = await listing();
  same(found.files.map((one) => [one.filePath, one.size]).sort(), ["a.txt", "b.txt", "c.txt"].map((name) => [there(name), 5]));
  assert.ok(found.files.every((one) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(one.modifiedTimestamp)), JSON.stringify(found.files));
  same([found.paths.map((one) => one.path.replace(/\/$/, "")), found.truncated], [[there("below")], false]);
});
await check("a listing of at most two items is truncated, and says so", async () => {
  const found = await listing({ MaxItems: 2 });
  same([found.files.length + found.paths.length, found.truncated], [2, true]);
});
await check("StartRemoteMove moves a file", async () => {
  const { MoveId } = await start("StartRemoteMove", { SourcePath: there("a.txt"), TargetPath: there("moved.txt") });
  assert.ok(MoveId.length > 0);
  await until("the move", () => fs.existsSync(there("moved.txt")) && !fs.existsSync(there("a.txt")));
});
await check("StartRemoteDelete deletes a file, and an empty directory", async () => {
  for (const name of ["b.txt", "below"]) {
    const { DeleteId } = await start("StartRemoteDelete", { DeletePath: there(name) });
    assert.ok(DeleteId.length > 0);
    await until("the deletion", () => !fs.existsSync(there(name)));
  }
});
await check("what became of listings, moves and deletions is no result of a file transfer", async () => {
  const { MoveId } = await start("StartRemoteMove", { SourcePath: there("moved.txt"), TargetPath: there("again.txt") });
  const { DeleteId } = await start("StartRemoteDelete", { DeletePath: there("c.txt") });
  for (const TransferId of [MoveId, DeleteId])
    await refused(transfer("ListFileTransferResults", { ConnectorId: connector, TransferId }), ResourceNotFoundException);
});
for (const [operation, good] of [
  ["StartDirectoryListing", { RemoteDirectoryPath: "/x", OutputDirectoryPath: "/files" }],
  ["StartRemoteMove", { SourcePath: "/x", TargetPath: "/y" }], ["StartRemoteDelete", { DeletePath: "/x" }],
]) {
  await check(`${operation} names a connector that is not there`, () =>
    refused(transfer(operation, { ConnectorId: NOBODY, ...good }), ResourceNotFoundException,
      { status: 400, Resource: NOBODY, ResourceType: "Connector" }));
  for (const member of Object.keys(good)) {
    await check(`${operation} needs ${member}`, () =>
      refused(start(operation, { ...good, [member]: undefined }), InvalidRequestException, { says: member }));
    await check(`${operation} refuses a ${member} of 1025 characters`, () =>
      refused(start(operation, { ...good, [member]: `/${"x".repeat(1024)}` }), InvalidRequestException, { says: [member, "1024"] }));
  }
}
for (const [what, says, operation, input] of [
  ["the root", "DeletePath", "StartRemoteDelete", { DeletePath: "/" }],
  ["dots", "DeletePath", "StartRemoteDelete", { DeletePath: "/a/../b" }],
  ["a target that is the source", "TargetPath", "StartRemoteMove", { SourcePath: "/a", TargetPath: "/a" }],
  ["no items", "MaxItems", "StartDirectoryListing", { RemoteDirectoryPath: "/x", OutputDirectoryPath: "/files", MaxItems: 0 }],
  ["more than 200,000 items", "MaxItems", "StartDirectoryListing",
    { RemoteDirectoryPath: "/x", OutputDirectoryPath: "/files", MaxItems: 200001 }],
  ["an output that leads out of its bucket", "OutputDirectoryPath", "StartDirectoryListing",
    { RemoteDirectoryPath: "/x", OutputDirectoryPath: "/files/../x" }],
]) {
  await check(`${operation} refuses ${what}`, () => refused(start(operation, input), InvalidRequestException, { status: 400, says }));
}
