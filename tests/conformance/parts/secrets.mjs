/** Secrets Manager: secrets, their versions and stages, their end. */

import { randomUUID } from "node:crypto";
import { assert, check, isNow, pages, refused, same } from "../lib/checks.mjs";
import { Secrets, client, region, secrets } from "../lib/clients.mjs";

const { InvalidNextTokenException, InvalidParameterException, InvalidRequestException, ResourceExistsException,
  ResourceNotFoundException } = Secrets;
const DAY = 24 * 3600 * 1000;

const create = (Name, more = {}) => secrets("CreateSecret", { Name, SecretString: "text", ...more });
const put = async (SecretId, SecretString, more = {}) => (await secrets("PutSecretValue", { SecretId, SecretString, ...more })).VersionId;
const text = async (SecretId, more = {}) => (await secrets("GetSecretValue", { SecretId, ...more })).SecretString;

// ---- made and read

const made = await check("CreateSecret answers with ARN, name and the version that the SDK's token names", async () => {
  const ClientRequestToken = randomUUID();
  const answer = await create("conform/one", { ClientRequestToken, Description: "a partner", KmsKeyId: "alias/any",
    Tags: [{ Key: "team", Value: "ftp" }], SecretString: '{"Username":"u"}' });
  assert.match(answer.ARN, new RegExp(`^arn:aws:secretsmanager:${region}:000000000000:secret:conform/one-[A-Za-z0-9]{6}$`));
  same([answer.Name, answer.VersionId], ["conform/one", ClientRequestToken]);
  return answer;
});
for (const [what, id] of [["name", "conform/one"], ["ARN", made.ARN], ["ARN without its suffix", made.ARN.slice(0, -7)]]) {
  await check(`GetSecretValue finds a secret by its ${what}`, async () => {
    const value = await secrets("GetSecretValue", { SecretId: id });
    same([value.ARN, value.Name, value.SecretString, value.VersionStages], [made.ARN, "conform/one", '{"Username":"u"}', ["AWSCURRENT"]]);
    isNow(value.CreatedDate);
    assert.equal("SecretBinary" in value, false);
  });
}
await check("DescribeSecret shows it with Dates, tags and stages, and without its value", async () => {
  const shown = await secrets("DescribeSecret", { SecretId: made.ARN });
  same([shown.Description, shown.KmsKeyId, shown.Tags], ["a partner", "alias/any", [{ Key: "team", Value: "ftp" }]]);
  same(shown.VersionIdsToStages, { [made.VersionId]: ["AWSCURRENT"] });
  isNow(shown.CreatedDate);
  isNow(shown.LastChangedDate);
  assert.equal("SecretString" in shown, false);
});
await check("bytes come back as a Uint8Array that is the same", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  await secrets("CreateSecret", { Name: "conform/bytes", SecretBinary: bytes });
  const value = await secrets("GetSecretValue", { SecretId: "conform/bytes" });
  assert.ok(value.SecretBinary instanceof Uint8Array);
  same(Buffer.from(value.SecretBinary), Buffer.from(bytes));
  assert.equal("SecretString" in value, false);
});
await check("64 KiB of text, quotes, newlines and Unicode come back as they were", async () => {
  for (const [name, kept] of [["conform/full", "k".repeat(65536)], ["conform/odd", "{\"a\":\"é世😀\\n\\\\'\"}\n\t\u2028"]]) {
    await create(name, { SecretString: kept });
    assert.equal(await text(name), kept);
  }
});
await check("a secret may have no value yet", async () => {
  const answer = await secrets("CreateSecret", { Name: "conform/empty" });
  assert.equal("VersionId" in answer, false);
  await refused(text("conform/empty"), ResourceNotFoundException, { status: 400, says: "AWSCURRENT" });
});
await check("the date of the last access is a day", async () => {
  await text("conform/one");
  const { LastAccessedDate: date } = await secrets("DescribeSecret", { SecretId: "conform/one" });
  if (date) assert.ok(date instanceof Date && date.getTime() % DAY === 0, String(date));
});
await check("GetResourcePolicy of a secret without one has ARN and name", async () => {
  const policy = await secrets("GetResourcePolicy", { SecretId: made.ARN });
  same([policy.ARN, policy.Name, policy.ResourcePolicy], [made.ARN, "conform/one", undefined]);
});

// ---- refused

for (const [what, says, input] of [
  ["a name with a space", "Name", { Name: "a b" }],
  ["a name of 513 characters", "Name", { Name: "x".repeat(513) }],
  ["an empty name", "Name", { Name: "" }],
  ["a token that is too short", "ClientRequestToken", { ClientRequestToken: "short" }],
  ["a token that is too long", "ClientRequestToken", { ClientRequestToken: "t".repeat(65) }],
  ["an empty value", "SecretString", { SecretString: "" }],
  ["a value of more than 64 KiB", "SecretString", { SecretString: "s".repeat(65537) }],
  ["text and bytes together", "SecretBinary", { SecretBinary: Uint8Array.of(1) }],
  ["a description of 2049 characters", "Description", { Description: "d".repeat(2049) }],
  ["replicas", "AddReplicaRegions", { AddReplicaRegions: [{ Region: "eu-west-1" }] }],
  ["an empty key of a tag", "Key", { Tags: [{ Key: "", Value: "v" }] }],
  ["a value of a tag with 257 characters", "Value", { Tags: [{ Key: "k", Value: "v".repeat(257) }] }],
  ["the same tag twice", "k", { Tags: [{ Key: "k", Value: "1" }, { Key: "k", Value: "2" }] }],
  ["AWS's own tags", "aws:", { Tags: [{ Key: "aws:k", Value: "" }] }],
  ["51 tags", "50", { Tags: Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: "" })) }],
]) {
  await check(`CreateSecret refuses ${what}`, () =>
    refused(create("conform/refused", input), InvalidParameterException, { status: 400, says }));
}
await check("nothing of what was refused is kept", () =>
  refused(secrets("DescribeSecret", { SecretId: "conform/refused" }), ResourceNotFoundException, { status: 400 }));
await check("a refusal does not say the value", async () => {
  const error = await refused(create("conform/refused", { SecretString: `very-secret${"x".repeat(65536)}` }), InvalidParameterException);
  assert.equal(error.message.includes("very-secret"), false);
});
await check("a name is given once", () =>
  refused(create("conform/one"), ResourceExistsException, { status: 400, says: "conform/one" }));
for (const [operation, more] of [
  ["DescribeSecret", {}], ["GetSecretValue", {}], ["PutSecretValue", { SecretString: "x" }], ["UpdateSecret", { SecretString: "x" }],
  ["DeleteSecret", {}], ["RestoreSecret", {}], ["GetResourcePolicy", {}], ["ListSecretVersionIds", {}],
  ["UpdateSecretVersionStage", { VersionStage: "mine", MoveToVersionId: made.VersionId }],
  ["TagResource", { Tags: [{ Key: "a", Value: "b" }] }], ["UntagResource", { TagKeys: ["a"] }],
]) {
  await check(`${operation} of a secret that is not there is ResourceNotFoundException`, () =>
    refused(secrets(operation, { SecretId: "conform/never", ...more }), ResourceNotFoundException,
      { status: 400, says: "Secrets Manager can't find the specified secret" }));
}

// ---- versions

const versions = [(await create("conform/move", { SecretString: "1" })).VersionId];
await check("PutSecretValue makes the new value current and the one before it previous", async () => {
  versions.push(await put("conform/move", "2"), await put("conform/move", "3"));
  same((await secrets("DescribeSecret", { SecretId: "conform/move" })).VersionIdsToStages,
    { [versions[2]]: ["AWSCURRENT"], [versions[1]]: ["AWSPREVIOUS"] });
  same([await text("conform/move"), await text("conform/move", { VersionStage: "AWSPREVIOUS" })], ["3", "2"]);
});
await check("a version without a stage is still read by its id", async () =>
  assert.equal(await text("conform/move", { VersionId: versions[0] }), "1"));
await check("GetSecretValue refuses a version that does not have the stage", () =>
  refused(text("conform/move", { VersionId: versions[1], VersionStage: "AWSCURRENT" }), ResourceNotFoundException));
await check("GetSecretValue names a stage that nobody has", () =>
  refused(text("conform/move", { VersionStage: "mine" }), ResourceNotFoundException, { says: "mine" }));
await check("ListSecretVersionIds leaves deprecated versions out unless they are asked for", async () => {
  const few = await secrets("ListSecretVersionIds", { SecretId: "conform/move" });
  same(new Set(few.Versions.map((one) => one.VersionId)), new Set(versions.slice(1)));
  const all = await secrets("ListSecretVersionIds", { SecretId: "conform/move", IncludeDeprecated: true });
  same(new Set(all.Versions.map((one) => one.VersionId)), new Set(versions));
  all.Versions.forEach((one) => isNow(one.CreatedDate));
});
await check("the paginator of ListSecretVersionIds finds each version once, two a page", async () => {
  const [found, sizes] = await pages(Secrets.paginateListSecretVersionIds({ client: client("secretsmanager"), pageSize: 2 },
    { SecretId: "conform/move", IncludeDeprecated: true }), (page) => page.Versions);
  same(sizes, [2, 1]);
  assert.equal(new Set(found.map((one) => one.VersionId)).size, 3);
});
await check("the same PutSecretValue with its token changes nothing", async () => {
  assert.equal(await put("conform/move", "2", { ClientRequestToken: versions[1] }), versions[1]);
  assert.equal(await text("conform/move"), "3");
});
await check("a token with another value is ResourceExistsException", () =>
  refused(put("conform/move", "other", { ClientRequestToken: versions[1] }), ResourceExistsException, { says: versions[1] }));
await check("UpdateSecret with the token of a version is ResourceExistsException", () =>
  refused(secrets("UpdateSecret", { SecretId: "conform/move", SecretString: "2", ClientRequestToken: versions[1] }), ResourceExistsException));
await check("CreateSecret with its token is done once, and with another value refused", async () => {
  const asked = { ClientRequestToken: randomUUID() };
  const [one, two] = [await create("conform/twice", asked), await create("conform/twice", asked)];
  same([one.ARN, one.VersionId], [two.ARN, two.VersionId]);
  await refused(create("conform/twice", { ...asked, SecretString: "other" }), ResourceExistsException);
});
await check("PutSecretValue refuses neither text nor bytes", () =>
  refused(secrets("PutSecretValue", { SecretId: "conform/move" }), InvalidParameterException, { says: "SecretString" }));
await check("a rotation goes by AWSPENDING and UpdateSecretVersionStage", async () => {
  const pending = await put("conform/move", "4", { VersionStages: ["AWSPENDING"] });
  same([await text("conform/move"), await text("conform/move", { VersionStage: "AWSPENDING" })], ["3", "4"]);
  const moved = await secrets("UpdateSecretVersionStage", { SecretId: "conform/move", VersionStage: "AWSCURRENT",
    RemoveFromVersionId: versions[2], MoveToVersionId: pending });
  assert.equal(moved.Name, "conform/move");
  same([await text("conform/move"), await text("conform/move", { VersionStage: "AWSPREVIOUS" })], ["4", "3"]);
  versions.push(pending);
});
for (const [what, says, input] of [
  ["a move without where it is now", versions[3], { VersionStage: "AWSCURRENT", MoveToVersionId: versions[0] }],
  ["that nothing is current", "AWSCURRENT", { VersionStage: "AWSCURRENT", RemoveFromVersionId: versions[3] }],
  ["a stage without a version", "MoveToVersionId", { VersionStage: "AWSCURRENT" }],
]) {
  await check(`UpdateSecretVersionStage refuses ${what}`, () =>
    refused(secrets("UpdateSecretVersionStage", { SecretId: "conform/move", ...input }), InvalidParameterException, { says }));
}
await check("UpdateSecret without a value makes no version", async () => {
  const answer = await secrets("UpdateSecret", { SecretId: "conform/one", Description: "the same partner" });
  assert.equal("VersionId" in answer, false);
  assert.equal((await secrets("DescribeSecret", { SecretId: "conform/one" })).Description, "the same partner");
});
await check("UpdateSecret with a value makes one", async () => {
  const answer = await secrets("UpdateSecret", { SecretId: "conform/one", SecretString: "new" });
  assert.notEqual(answer.VersionId, made.VersionId);
  assert.equal(await text("conform/one"), "new");
});

// ---- lists and tags

await check("the paginator of ListSecrets finds each secret once, two a page", async () => {
  const [found, sizes] = await pages(Secrets.paginateListSecrets({ client: client("secretsmanager"), pageSize: 2 },
    { Filters: [{ Key: "name", Values: ["conform/"] }] }), (page) => page.SecretList);
  assert.ok(sizes.slice(0, -1).every((size) => size === 2), String(sizes));
  const names = found.map((one) => one.Name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(["conform/one", "conform/bytes", "conform/move", "conform/empty"].every((name) => names.includes(name)));
  const one = found.find((secret) => secret.Name === "conform/move");
  assert.ok(one.SecretVersionsToStages[versions[3]].includes("AWSCURRENT"));
  assert.ok(one.CreatedDate instanceof Date);
});
for (const [what, filter, wanted] of [
  ["description", { Key: "description", Values: ["the same"] }, ["conform/one"]],
  ["a tag's key", { Key: "tag-key", Values: ["team"] }, ["conform/one"]],
  ["a tag's value", { Key: "tag-value", Values: ["ftp"] }, ["conform/one"]],
  ["anything", { Key: "all", Values: ["conform/by"] }, ["conform/bytes"]],
  ["what it does not have", { Key: "name", Values: ["!conform/", "!aws/"] }, []],
]) {
  await check(`ListSecrets finds by ${what}`, async () =>
    same((await secrets("ListSecrets", { Filters: [filter] })).SecretList.map((one) => one.Name), wanted));
}
await check("ListSecrets orders by name, both ways", async () => {
  const names = async (SortOrder) => (await secrets("ListSecrets",
    { SortBy: "name", SortOrder, Filters: [{ Key: "name", Values: ["conform/"] }] })).SecretList.map((one) => one.Name);
  const up = await names("asc");
  same(up, [...up].sort());
  same(await names("desc"), [...up].reverse());
});
const { NextToken } = await secrets("ListSecrets", { MaxResults: 1 });
await check("ListSecrets refuses a forged token", () =>
  refused(secrets("ListSecrets", { NextToken: "forged" }), InvalidNextTokenException, { status: 400 }));
for (const [what, input] of [
  ["other filters", { Filters: [{ Key: "name", Values: ["conform/"] }] }], ["another order", { SortOrder: "desc", SortBy: "name" }],
  ["a list without what is deleted", { IncludePlannedDeletion: true }],
]) {
  await check(`ListSecrets refuses the token of ${what}`, () =>
    refused(secrets("ListSecrets", { NextToken, ...input }), InvalidNextTokenException, { status: 400 }));
}
await check("ListSecretVersionIds refuses the token of ListSecrets", () =>
  refused(secrets("ListSecretVersionIds", { SecretId: "conform/move", NextToken }), InvalidNextTokenException, { status: 400 }));
for (const size of [0, 101]) {
  await check(`ListSecrets refuses pages of ${size}`, () =>
    refused(secrets("ListSecrets", { MaxResults: size }), InvalidParameterException, { says: "MaxResults" }));
}
await check("ListSecrets refuses a filter that is none", () =>
  refused(secrets("ListSecrets", { Filters: [{ Key: "color", Values: ["red"] }] }), InvalidParameterException, { says: "Filters[0].Key" }));
await check("TagResource and UntagResource answer with nothing and change the tags", async () => {
  same(Object.keys(await secrets("TagResource", { SecretId: made.ARN, Tags: [{ Key: "more", Value: "1" }] })), ["$metadata"]);
  same(Object.keys(await secrets("UntagResource", { SecretId: made.ARN, TagKeys: ["team", "none"] })), ["$metadata"]);
  same((await secrets("DescribeSecret", { SecretId: made.ARN })).Tags, [{ Key: "more", Value: "1" }]);
});

// ---- the end

await check("DeleteSecret says when: after the window, as a Date", async () => {
  const gone = await secrets("DeleteSecret", { SecretId: "conform/one", RecoveryWindowInDays: 7 });
  same([gone.ARN, gone.Name], [made.ARN, "conform/one"]);
  assert.ok(Math.abs(gone.DeletionDate.getTime() - Date.now() - 7 * DAY) < 60_000, String(gone.DeletionDate));
});
for (const [operation, more] of [
  ["GetSecretValue", {}], ["PutSecretValue", { SecretString: "x" }], ["UpdateSecret", { Description: "x" }],
  ["TagResource", { Tags: [{ Key: "a", Value: "b" }] }],
]) {
  await check(`${operation} of a secret that is to be deleted is InvalidRequestException`, () =>
    refused(secrets(operation, { SecretId: "conform/one", ...more }), InvalidRequestException, { status: 400, says: "deletion" }));
}
await check("CreateSecret of its name is InvalidRequestException until then", () =>
  refused(create("conform/one"), InvalidRequestException, { status: 400 }));
await check("DescribeSecret shows its DeletedDate, and ListSecrets only with IncludePlannedDeletion", async () => {
  isNow((await secrets("DescribeSecret", { SecretId: "conform/one" })).DeletedDate);
  const names = async (more) => (await secrets("ListSecrets", { Filters: [{ Key: "name", Values: ["conform/one"] }], ...more })).SecretList.length;
  same([await names({}), await names({ IncludePlannedDeletion: true })], [0, 1]);
});
await check("RestoreSecret brings it back", async () => {
  const back = await secrets("RestoreSecret", { SecretId: made.ARN });
  same([back.ARN, back.Name], [made.ARN, "conform/one"]);
  assert.equal(await text("conform/one"), "new");
});
for (const days of [6, 31]) {
  await check(`DeleteSecret refuses a window of ${days} days`, () =>
    refused(secrets("DeleteSecret", { SecretId: "conform/one", RecoveryWindowInDays: days }), InvalidParameterException,
      { says: "RecoveryWindowInDays" }));
}
await check("DeleteSecret refuses a window and none at once", () =>
  refused(secrets("DeleteSecret", { SecretId: "conform/one", RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }),
    InvalidParameterException));
await check("a forced DeleteSecret is at once, also of one that is not there", async () => {
  for (const id of ["conform/one", "conform/one"]) {
    const gone = await secrets("DeleteSecret", { SecretId: id, ForceDeleteWithoutRecovery: true });
    assert.ok(gone.DeletionDate instanceof Date);
  }
  await refused(secrets("DescribeSecret", { SecretId: "conform/one" }), ResourceNotFoundException);
});
await check("a new secret of the same name has another ARN", async () => {
  const again = await create("conform/one");
  assert.notEqual(again.ARN, made.ARN);
});
