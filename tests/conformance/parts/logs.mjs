/** What connectors have logged, by CloudWatch Logs. */

import fs from "node:fs";
import path from "node:path";
import { assert, check, isNow, pages, refused, same, until } from "../lib/checks.mjs";
import { Logs, client, env, logs, region, role, secrets, transfer } from "../lib/clients.mjs";

const { InvalidParameterException, ResourceNotFoundException } = Logs;
const NOBODY = "/aws/transfer/c-00000000000000000";
const FILES = 5;

// ---- a connector that has something to tell

const { ARN } = await secrets("CreateSecret", { Name: "aws/transfer/logs", SecretString: env.PARTNER_SECRET });
const { ConnectorId: connector } = await transfer("CreateConnector", { Url: env.PARTNER_URL, AccessRole: role, LoggingRole: role,
  SftpConfig: { UserSecretId: ARN, TrustedHostKeys: JSON.parse(env.PARTNER_HOST_KEYS) } });
const logGroupName = `/aws/transfer/${connector}`;
const names = Array.from({ length: FILES }, (_, i) => `logged-${i}.txt`);
for (const name of names) fs.writeFileSync(path.join(env.BUCKET_FOLDER, name), name);
const { TransferId } = await transfer("StartFileTransfer", { ConnectorId: connector, RemoteDirectoryPath: env.PARTNER_HOME,
  SendFilePaths: [...names, "none.txt"].map((name) => `/files/${name}`) });
const filter = (more = {}) => logs("FilterLogEvents", { logGroupName, ...more });
await until("a record of each file", async () =>
  (await filter().catch(() => ({ events: [] }))).events.length === FILES + 1);
const { logStreams: [{ logStreamName }] } = await logs("DescribeLogStreams", { logGroupName });

// ---- groups and streams

await check("DescribeLogGroups has a group for the connector, with times in milliseconds", async () => {
  const { logGroups } = await logs("DescribeLogGroups", { logGroupNamePrefix: logGroupName });
  assert.equal(logGroups.length, 1);
  const [group] = logGroups;
  same([group.logGroupName, group.logGroupArn, group.arn, group.logGroupClass], [logGroupName,
    `arn:aws:logs:${region}:000000000000:log-group:${logGroupName}`,
    `arn:aws:logs:${region}:000000000000:log-group:${logGroupName}:*`, "STANDARD"]);
  isNow(new Date(group.creationTime));
});
await check("DescribeLogGroups finds by a part of the name and by identifiers", async () => {
  for (const input of [{ logGroupNamePattern: connector }, { logGroupIdentifiers: [logGroupName] }])
    same((await logs("DescribeLogGroups", input)).logGroups.map((one) => one.logGroupName), [logGroupName]);
  same((await logs("DescribeLogGroups", { logGroupNamePrefix: "/aws/lambda" })).logGroups, []);
});
await check("the paginator of DescribeLogGroups finds each group once, one a page", async () => {
  const [found] = await pages(Logs.paginateDescribeLogGroups({ client: client("logs"), pageSize: 1 }, {}), (page) => page.logGroups);
  assert.ok(found.some((one) => one.logGroupName === logGroupName));
  assert.equal(new Set(found.map((one) => one.logGroupName)).size, found.length);
});
await check("DescribeLogStreams shows the stream with its first and last record", async () => {
  const { logStreams: [stream] } = await logs("DescribeLogStreams", { logGroupName, orderBy: "LastEventTime", descending: true });
  for (const name of ["creationTime", "firstEventTimestamp", "lastEventTimestamp", "lastIngestionTime"]) isNow(new Date(stream[name]));
  assert.ok(stream.firstEventTimestamp <= stream.lastEventTimestamp);
  same((await logs("DescribeLogStreams", { logGroupName, logStreamNamePrefix: "none" })).logStreams, []);
});

// ---- records

await check("FilterLogEvents has a record of each file, each a JSON object", async () => {
  const { events } = await filter();
  const told = events.map((event) => JSON.parse(event.message));
  same(told.map((one) => one["file-path"]).sort(), [...names, "none.txt"].map((name) => `/files/${name}`).sort());
  for (const event of events) {
    isNow(new Date(event.timestamp));
    isNow(new Date(event.ingestionTime));
    same([event.logStreamName, typeof event.eventId], [logStreamName, "string"]);
  }
  for (const one of told) {
    same([one.operation, one["connector-id"], one["transfer-id"], one["egress-type"]], ["SEND", connector, TransferId, "SERVICE_MANAGED"]);
    assert.equal(one["account-id"], "000000000000");
    assert.ok(one["file-transfer-id"].startsWith(`${TransferId}/`));
  }
});
await check("FilterLogEvents refuses a pattern that looks into the record, and says what helps", () =>
  refused(filter({ filterPattern: '{ $.bytes = 0 }' }), InvalidParameterException, { status: 400, says: ["filterPattern", "terms"] }));
await check("FilterLogEvents takes a pattern of a term", async () => {
  const { events } = await filter({ filterPattern: '"logged-3.txt"' });
  same(events.map((event) => JSON.parse(event.message)["file-path"]), ["/files/logged-3.txt"]);
});
await check("the paginator of FilterLogEvents finds each record once, two a page", async () => {
  const [found] = await pages(Logs.paginateFilterLogEvents({ client: client("logs"), pageSize: 2 }, { logGroupName }), (page) => page.events);
  assert.equal(new Set(found.map((event) => event.eventId)).size, FILES + 1);
  assert.equal(found.length, FILES + 1);
});
await check("a token of FilterLogEvents and of DescribeLogGroups is good for the same filters only", async () => {
  const { nextToken } = await filter({ limit: 2 });
  assert.equal((await filter({ limit: 10, nextToken })).events.length, FILES + 1 - 2);
  for (const more of [{ filterPattern: '"logged"' }, { startTime: 1 }, { endTime: Date.now() + 1e6 }, { logStreamNamePrefix: "c-" }])
    await refused(filter({ nextToken, ...more }), InvalidParameterException, { status: 400, says: "nextToken" });
  await refused(logs("DescribeLogGroups", { nextToken }), InvalidParameterException, { status: 400, says: "nextToken" });
});
await check("FilterLogEvents keeps to its times", async () => {
  const { events } = await filter();
  const [first] = events;
  same((await filter({ endTime: first.timestamp - 1 })).events, []);
  assert.equal((await filter({ startTime: first.timestamp })).events.length, FILES + 1);
});
await check("GetLogEvents reads from the head, forward page by page, and stands still at the end", async () => {
  const read = (more) => logs("GetLogEvents", { logGroupName, logStreamName, startFromHead: true, limit: 4, ...more });
  const one = await read();
  const two = await read({ nextToken: one.nextForwardToken });
  const end = await read({ nextToken: two.nextForwardToken });
  same([one.events.length, two.events.length, end.events.length], [4, FILES + 1 - 4, 0]);
  assert.equal(end.nextForwardToken, two.nextForwardToken);
  const back = await read({ nextToken: two.nextBackwardToken });
  same(back.events.map((event) => event.message), one.events.map((event) => event.message));
});
await check("GetLogEvents without startFromHead has the latest, in the order of time", async () => {
  const all = (await logs("GetLogEvents", { logGroupName, logStreamName, startFromHead: true })).events.map((event) => event.message);
  const last = (await logs("GetLogEvents", { logGroupName, logStreamName, limit: 2 })).events.map((event) => event.message);
  same(last, all.slice(-2));
});

// ---- refused

for (const [operation, input] of [["DescribeLogStreams", {}], ["FilterLogEvents", {}], ["GetLogEvents", { logStreamName }]]) {
  await check(`${operation} names a group that is not there`, () =>
    refused(logs(operation, { ...input, logGroupName: NOBODY }), ResourceNotFoundException, { status: 400, says: "log group" }));
  await check(`${operation} of no group is InvalidParameterException`, () =>
    refused(logs(operation, input), InvalidParameterException, { status: 400 }));
  await check(`${operation} refuses a forged token`, () =>
    refused(logs(operation, { logGroupName, nextToken: "forged", ...input }), InvalidParameterException, { status: 400 }));
}
for (const [what, operation, input] of [
  ["a stream that is not there", "GetLogEvents", { logStreamName: "none" }],
  ["a stream that is not there", "FilterLogEvents", { logStreamNames: ["none"] }],
]) {
  await check(`${operation} names ${what}`, () =>
    refused(logs(operation, { logGroupName, ...input }), ResourceNotFoundException, { status: 400, says: "log stream" }));
}
for (const [what, operation, input] of [
  ["a pattern that is none", "FilterLogEvents", { filterPattern: "{ $." }],
  ["streams by name and by prefix", "FilterLogEvents", { logStreamNames: [logStreamName], logStreamNamePrefix: "c" }],
  ["a limit of 10001", "FilterLogEvents", { limit: 10001 }],
  ["a limit of 0", "GetLogEvents", { logStreamName, limit: 0 }],
  ["a limit of 51", "DescribeLogStreams", { limit: 51 }],
  ["LastEventTime with a prefix", "DescribeLogStreams", { orderBy: "LastEventTime", logStreamNamePrefix: "c" }],
]) {
  await check(`${operation} refuses ${what}`, () =>
    refused(logs(operation, { logGroupName, ...input }), InvalidParameterException, { status: 400 }));
}
await check("DescribeLogGroups refuses prefix and pattern together", () =>
  refused(logs("DescribeLogGroups", { logGroupNamePrefix: "/a", logGroupNamePattern: "b" }), InvalidParameterException, { status: 400 }));
