/** A partner's server behind a connector: tests of it, transfers and their results. */

import fs from "node:fs";
import path from "node:path";
import { assert, check, pages, refused, same, until } from "../lib/checks.mjs";
import { Transfer, client, env, role, secrets, transfer } from "../lib/clients.mjs";

const { InvalidRequestException, ResourceNotFoundException } = Transfer;
const trusted = JSON.parse(env.PARTNER_HOST_KEYS);
const inbox = path.join(env.PARTNER_HOME, "in");
const bucket = (name) => path.join(env.BUCKET_FOLDER, name);

fs.mkdirSync(inbox, { recursive: true });
const { ARN: secret } = await secrets("CreateSecret", { Name: "aws/transfer/conformance", SecretString: env.PARTNER_SECRET });
const { ConnectorId: connector } = await transfer("CreateConnector",
  { Url: env.PARTNER_URL, AccessRole: role, SftpConfig: { UserSecretId: secret } });

const start = async (input) => (await transfer("StartFileTransfer", { ConnectorId: connector, ...input })).TransferId;
const results = async (id) =>
  (await transfer("ListFileTransferResults", { ConnectorId: connector, TransferId: id })).FileTransferResults;
const ended = (id) => until("the transfer to end", async () => {
  const found = await results(id);
  return found.every((one) => ["COMPLETED", "FAILED"].includes(one.StatusCode)) ? found : null;
});

// ---- TestConnection

await check("TestConnection without trusted keys is an ERROR, no exception, and shows the server's key", async () => {
  const test = await transfer("TestConnection", { ConnectorId: connector });
  same([test.ConnectorId, test.Status], [connector, "ERROR"]);
  assert.ok(trusted.includes(test.SftpConnectionDetails.HostKey), test.SftpConnectionDetails.HostKey);
  assert.ok(test.StatusMessage.length > 0);
});
await check("TestConnection with the keys of the partner is OK", async () => {
  await transfer("UpdateConnector", { ConnectorId: connector, SftpConfig: { TrustedHostKeys: trusted } });
  const test = await transfer("TestConnection", { ConnectorId: connector });
  same([test.Status, test.StatusMessage], ["OK", "Connection succeeded"]);
  assert.ok(trusted.includes(test.SftpConnectionDetails.HostKey));
});
for (const [what, words, change] of [
  ["a secret that is not there", "Cannot access secret manager", { SftpConfig: { UserSecretId: "nobody" } }],
  ["a name that nobody has", "Unknown Host", { Url: "sftp://nobody.invalid" }],
  ["a port where nobody listens", "Connection failed", { Url: "sftp://127.0.0.1:1" }],
]) {
  await check(`TestConnection with ${what} is an ERROR that begins with "${words}"`, async () => {
    const { ConnectorId: id } = await transfer("CreateConnector", {
      Url: change.Url ?? env.PARTNER_URL, AccessRole: role,
      SftpConfig: { UserSecretId: secret, TrustedHostKeys: trusted, ...change.SftpConfig } });
    const test = await transfer("TestConnection", { ConnectorId: id });
    assert.equal(test.Status, "ERROR");
    assert.ok(test.StatusMessage.startsWith(words), test.StatusMessage);
  });
}

// ---- what goes and comes

await check("StartFileTransfer sends, and its result is COMPLETED without a failure", async () => {
  fs.writeFileSync(bucket("invoice.txt"), "an invoice");
  const id = await start({ SendFilePaths: ["/files/invoice.txt"], RemoteDirectoryPath: inbox });
  assert.match(id, /^[0-9a-zA-Z./-]{1,512}$/);
  same(await ended(id), [{ FilePath: "/files/invoice.txt", StatusCode: "COMPLETED" }]);
  assert.equal(fs.readFileSync(path.join(inbox, "invoice.txt"), "utf8"), "an invoice");
});
await check("StartFileTransfer retrieves into a folder of a bucket", async () => {
  const remote = path.join(env.PARTNER_HOME, "order.txt");
  fs.writeFileSync(remote, "an order");
  const id = await start({ RetrieveFilePaths: [remote], LocalDirectoryPath: "/files/orders" });
  same(await ended(id), [{ FilePath: remote, StatusCode: "COMPLETED" }]);
  assert.equal(fs.readFileSync(bucket("orders/order.txt"), "utf8"), "an order");
});
await check("a file that is not in the bucket is FAILED with SEND_FILE_NOT_FOUND", async () => {
  const [result] = await ended(await start({ SendFilePaths: ["/files/none"], RemoteDirectoryPath: inbox }));
  same([result.StatusCode, result.FailureCode], ["FAILED", "SEND_FILE_NOT_FOUND"]);
  assert.ok(result.FailureMessage.includes("/files/none"), result.FailureMessage);
});
await check("a file that the partner does not have is FAILED with RETRIEVE_FILE_NOT_FOUND", async () => {
  const [result] = await ended(await start({ RetrieveFilePaths: ["/nowhere/none"], LocalDirectoryPath: "/files" }));
  same([result.StatusCode, result.FailureCode], ["FAILED", "RETRIEVE_FILE_NOT_FOUND"]);
});

// ---- results

const many = await start({ SendFilePaths: [0, 1, 2, 3, 4].map((i) => `/files/../${i}`) });
await check("the paginator of ListFileTransferResults keeps the order of the request, two a page", async () => {
  const [found, sizes] = await pages(
    Transfer.paginateListFileTransferResults({ client: client("transfer"), pageSize: 2 },
      { ConnectorId: connector, TransferId: many }), (page) => page.FileTransferResults);
  same(sizes, [2, 2, 1]);
  same(found.map((one) => one.FilePath), [0, 1, 2, 3, 4].map((i) => `/files/../${i}`));
});
await check("ListFileTransferResults refuses the token of another transfer", async () => {
  const other = await start({ SendFilePaths: [0, 1, 2].map((i) => `/files/../${i}`) });
  const { NextToken } = await transfer("ListFileTransferResults", { ConnectorId: connector, TransferId: many, MaxResults: 2 });
  await refused(transfer("ListFileTransferResults", { ConnectorId: connector, TransferId: other, NextToken }),
    InvalidRequestException, { status: 400 });
});
await check("ListFileTransferResults refuses a forged token", () =>
  refused(transfer("ListFileTransferResults", { ConnectorId: connector, TransferId: many, NextToken: "forged" }),
    InvalidRequestException, { status: 400 }));
await check("ListFileTransferResults names a transfer that never was", () =>
  refused(transfer("ListFileTransferResults", { ConnectorId: connector, TransferId: "never-was" }),
    ResourceNotFoundException, { Resource: "never-was", ResourceType: "Transfer" }));
await check("ListFileTransferResults refuses an id that is none", () =>
  refused(transfer("ListFileTransferResults", { ConnectorId: connector, TransferId: "a b" }), InvalidRequestException,
    { says: "TransferId" }));
await check("a transfer belongs to its connector and to no other", async () => {
  const { ConnectorId: other } = await transfer("CreateConnector",
    { Url: env.PARTNER_URL, AccessRole: role, SftpConfig: { UserSecretId: secret } });
  await refused(transfer("ListFileTransferResults", { ConnectorId: other, TransferId: many }), ResourceNotFoundException);
});

// ---- refused

for (const [what, says, input] of [
  ["neither paths to send nor to retrieve", "neither", {}],
  ["both", "both", { SendFilePaths: ["/files/a"], RetrieveFilePaths: ["a"], LocalDirectoryPath: "/files" }],
  ["files to retrieve without a place for them", "LocalDirectoryPath", { RetrieveFilePaths: ["a"] }],
  ["a place at the partner for what is retrieved", "RemoteDirectoryPath",
    { RetrieveFilePaths: ["a"], LocalDirectoryPath: "/files", RemoteDirectoryPath: "/x" }],
  ["a place here for what is sent", "LocalDirectoryPath", { SendFilePaths: ["/files/a"], LocalDirectoryPath: "/files" }],
  ["the same path twice", "twice", { SendFilePaths: ["/files/a", "/files/a"] }],
  ["two files of one name", "overwrite", { SendFilePaths: ["/files/x/a", "/files/y/a"] }],
  ["headers of AS2", "AS2", { SendFilePaths: ["/files/a"], CustomHttpHeaders: [{ Key: "a", Value: "b" }] }],
  ["eleven paths", "SendFilePaths", { SendFilePaths: Array.from({ length: 11 }, (_, i) => `/files/${i}`) }],
  ["no path in the list", "SendFilePaths", { SendFilePaths: [] }],
  ["an empty path", "SendFilePaths", { SendFilePaths: [""] }],
  ["a path of 1025 characters", "1024", { SendFilePaths: [`/files/${"x".repeat(1018)}`] }],
]) {
  await check(`StartFileTransfer refuses ${what}`, () =>
    refused(transfer("StartFileTransfer", { ConnectorId: connector, ...input }), InvalidRequestException, { status: 400, says }));
}
