/** IAM: users and their keys, roles, managed policies and their versions. */

import { assert, check, isNow, pages, refused, same } from "../lib/checks.mjs";
import { IAM, client, ec2, iam, sts } from "../lib/clients.mjs";

const { DeleteConflictException, EntityAlreadyExistsException, LimitExceededException, MalformedPolicyDocumentException,
  NoSuchEntityException } = IAM;
const ACCOUNT = "000000000000";
const document = (...Action) => JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
const trust = JSON.stringify({ Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "transfer.amazonaws.com" }, Action: "sts:AssumeRole" }] });
const nothing = (answer) => same(Object.keys(answer), ["$metadata"]);
const paged = (paginate, input, list) => pages(paginate({ client: client("iam"), pageSize: 2 }, input), (page) => page[list] ?? []);

// ---- users

await check("CreateUser answers with the user as GetUser shows it", async () => {
  const { User } = await iam("CreateUser", { UserName: "ann", Path: "/team/", Tags: [{ Key: "team", Value: "files" }] });
  same([User.UserName, User.Path, User.Arn], ["ann", "/team/", `arn:aws:iam::${ACCOUNT}:user/team/ann`]);
  assert.match(User.UserId, /^AIDA[A-Z0-9]{17}$/);
  isNow(User.CreateDate);
  same((await iam("GetUser", { UserName: "ann" })).User, User);
  same(User.Tags, [{ Key: "team", Value: "files" }]);
});
await check("GetUser without a name is who asks", async () => {
  const { User } = await iam("GetUser");
  assert.equal(User.Arn, (await sts("GetCallerIdentity")).Arn);
  assert.ok(User.CreateDate instanceof Date);
});
await check("a user's name is given once", () =>
  refused(iam("CreateUser", { UserName: "ann" }), EntityAlreadyExistsException, { status: 409, says: "ann" }));
await check("the paginator of ListUsers finds each user once, two a page", async () => {
  for (const UserName of ["bob", "cyn", "dan", "eve"]) await iam("CreateUser", { UserName });
  const [found, sizes] = await paged(IAM.paginateListUsers, {}, "Users");
  same([found.map((one) => one.UserName).sort(), sizes], [["ann", "bob", "cyn", "dan", "eve"], [2, 2, 1]]);
  same((await iam("ListUsers", { PathPrefix: "/team/" })).Users.map((one) => one.UserName), ["ann"]);
});
await check("a page says whether there is more", async () => {
  const first = await iam("ListUsers", { MaxItems: 2 });
  assert.equal(first.IsTruncated, true);
  const all = await iam("ListUsers");
  same([all.IsTruncated, all.Marker], [false, undefined]);
  await refused(iam("ListRoles", { Marker: first.Marker }), "ValidationError", { status: 400 });
  await refused(iam("ListUsers", { Marker: "forged" }), "ValidationError", { status: 400 });
});
await check("UpdateUser gives another name and path, and the tags go along", async () => {
  nothing(await iam("UpdateUser", { UserName: "ann", NewUserName: "anna", NewPath: "/" }));
  const { User } = await iam("GetUser", { UserName: "anna" });
  same([User.Arn, User.Tags], [`arn:aws:iam::${ACCOUNT}:user/anna`, [{ Key: "team", Value: "files" }]]);
});
await check("TagUser, ListUserTags and UntagUser agree", async () => {
  nothing(await iam("TagUser", { UserName: "anna", Tags: [{ Key: "a", Value: "1" }, { Key: "b", Value: "" }] }));
  const [found] = await paged(IAM.paginateListUserTags, { UserName: "anna" }, "Tags");
  same(found, [{ Key: "a", Value: "1" }, { Key: "b", Value: "" }, { Key: "team", Value: "files" }]);
  nothing(await iam("UntagUser", { UserName: "anna", TagKeys: ["a", "b"] }));
});
await check("a user is in no group", async () => same((await iam("ListGroupsForUser", { UserName: "anna" })).Groups, []));

// ---- their keys

const key = await check("CreateAccessKey answers with a key that can be used", async () => {
  const { AccessKey: made } = await iam("CreateAccessKey", { UserName: "anna" });
  assert.match(made.AccessKeyId, /^AKIA[A-Z0-9]{16}$/);
  same([made.UserName, made.Status, made.SecretAccessKey.length], ["anna", "Active", 40]);
  isNow(made.CreateDate);
  return made;
});
const theirs = { credentials: { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey } };
await check("GetCallerIdentity with it is that user", async () => {
  const identity = await sts("GetCallerIdentity", {}, theirs);
  same([identity.Arn, identity.UserId], [`arn:aws:iam::${ACCOUNT}:user/anna`, (await iam("GetUser", { UserName: "anna" })).User.UserId]);
});
await check("ListAccessKeys shows it, and GetAccessKeyLastUsed when it was used and for what", async () => {
  const { AccessKeyMetadata } = await iam("ListAccessKeys", { UserName: "anna" });
  same(AccessKeyMetadata.map((one) => [one.AccessKeyId, one.Status, "SecretAccessKey" in one]), [[key.AccessKeyId, "Active", false]]);
  const used = await iam("GetAccessKeyLastUsed", { AccessKeyId: key.AccessKeyId });
  assert.equal(used.UserName, "anna");
  assert.ok(used.AccessKeyLastUsed.ServiceName && used.AccessKeyLastUsed.Region);
});
await check("what no policy allows is refused, in each service's own form", async () => {
  await refused(iam("ListUsers", {}, theirs), "AccessDenied", { status: 403, says: ["iam:ListUsers", "user/anna"] });
  await refused(ec2("DescribeVpcs", {}, theirs), "UnauthorizedOperation", { status: 403, says: "ec2:DescribeVpcs" });
});
await check("UpdateAccessKey puts it out of use and in again", async () => {
  nothing(await iam("UpdateAccessKey", { UserName: "anna", AccessKeyId: key.AccessKeyId, Status: "Inactive" }));
  await refused(sts("GetCallerIdentity", {}, theirs), "InvalidClientTokenId", { status: 403 });
  nothing(await iam("UpdateAccessKey", { UserName: "anna", AccessKeyId: key.AccessKeyId, Status: "Active" }));
});
await check("a third key of a user is LimitExceeded", async () => {
  const { AccessKey: second } = await iam("CreateAccessKey", { UserName: "anna" });
  await refused(iam("CreateAccessKey", { UserName: "anna" }), LimitExceededException, { status: 409 });
  nothing(await iam("DeleteAccessKey", { UserName: "anna", AccessKeyId: second.AccessKeyId }));
});

// ---- inline policies

await check("a user's inline policies are put, shown as they were, listed and deleted", async () => {
  nothing(await iam("PutUserPolicy", { UserName: "anna", PolicyName: "see", PolicyDocument: document("ec2:Describe*") }));
  const shown = await iam("GetUserPolicy", { UserName: "anna", PolicyName: "see" });
  same([shown.UserName, shown.PolicyName, decodeURIComponent(shown.PolicyDocument)], ["anna", "see", document("ec2:Describe*")]);
  same((await iam("ListUserPolicies", { UserName: "anna" })).PolicyNames, ["see"]);
  await ec2("DescribeVpcs", {}, theirs);
  nothing(await iam("DeleteUserPolicy", { UserName: "anna", PolicyName: "see" }));
  await refused(ec2("DescribeVpcs", {}, theirs), "UnauthorizedOperation", { status: 403 });
});
for (const [what, PolicyDocument] of [
  ["no JSON", "{"], ["no statement", JSON.stringify({ Version: "2012-10-17" })],
  ["an effect that is none", JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Perhaps", Action: "*", Resource: "*" }] })],
  ["a principal, which an identity's policy has not",
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }] })],
]) {
  await check(`PutUserPolicy refuses a document with ${what}`, () =>
    refused(iam("PutUserPolicy", { UserName: "anna", PolicyName: "bad", PolicyDocument }), MalformedPolicyDocumentException, { status: 400 }));
}

// ---- roles

await check("CreateRole answers with the role as GetRole shows it", async () => {
  const { Role } = await iam("CreateRole", { RoleName: "mover", AssumeRolePolicyDocument: trust, Description: "moves files",
    MaxSessionDuration: 7200, Tags: [{ Key: "team", Value: "files" }] });
  same([Role.RoleName, Role.Path, Role.Arn, Role.MaxSessionDuration], ["mover", "/", `arn:aws:iam::${ACCOUNT}:role/mover`, 7200]);
  assert.match(Role.RoleId, /^AROA[A-Z0-9]{17}$/);
  isNow(Role.CreateDate);
  const { Role: shown } = await iam("GetRole", { RoleName: "mover" });
  same([decodeURIComponent(shown.AssumeRolePolicyDocument), shown.Description, shown.Tags], [trust, "moves files", [{ Key: "team", Value: "files" }]]);
});
await check("the paginator of ListRoles finds each role", async () => {
  for (const RoleName of ["r1", "r2", "r3"]) await iam("CreateRole", { RoleName, AssumeRolePolicyDocument: trust });
  const [found, sizes] = await paged(IAM.paginateListRoles, {}, "Roles");
  assert.ok(sizes.slice(0, -1).every((size) => size === 2), String(sizes));
  assert.ok(["mover", "r1", "r2", "r3"].every((name) => found.some((one) => one.RoleName === name)));
});
await check("UpdateRole and UpdateAssumeRolePolicy change what GetRole shows", async () => {
  nothing(await iam("UpdateRole", { RoleName: "mover", Description: "moves", MaxSessionDuration: 3600 }));
  const other = trust.replace("transfer.amazonaws.com", "vpc-lattice.amazonaws.com");
  nothing(await iam("UpdateAssumeRolePolicy", { RoleName: "mover", PolicyDocument: other }));
  const { Role } = await iam("GetRole", { RoleName: "mover" });
  same([Role.Description, Role.MaxSessionDuration, decodeURIComponent(Role.AssumeRolePolicyDocument)], ["moves", 3600, other]);
});
await check("TagRole, ListRoleTags and UntagRole agree", async () => {
  nothing(await iam("TagRole", { RoleName: "mover", Tags: [{ Key: "a", Value: "1" }] }));
  same((await iam("ListRoleTags", { RoleName: "mover" })).Tags, [{ Key: "a", Value: "1" }, { Key: "team", Value: "files" }]);
  nothing(await iam("UntagRole", { RoleName: "mover", TagKeys: ["a"] }));
});
await check("a role's inline policies are put, shown, listed and deleted", async () => {
  nothing(await iam("PutRolePolicy", { RoleName: "mover", PolicyName: "see", PolicyDocument: document("s3:Get*") }));
  assert.equal(decodeURIComponent((await iam("GetRolePolicy", { RoleName: "mover", PolicyName: "see" })).PolicyDocument), document("s3:Get*"));
  same((await iam("ListRolePolicies", { RoleName: "mover" })).PolicyNames, ["see"]);
  nothing(await iam("DeleteRolePolicy", { RoleName: "mover", PolicyName: "see" }));
});
await check("a role has no instance profiles", async () =>
  same((await iam("ListInstanceProfilesForRole", { RoleName: "mover" })).InstanceProfiles, []));

// ---- managed policies

const policy = await check("CreatePolicy answers with the policy as GetPolicy shows it", async () => {
  const { Policy } = await iam("CreatePolicy", { PolicyName: "see", PolicyDocument: document("ec2:Describe*"), Description: "may see",
    Tags: [{ Key: "team", Value: "files" }] });
  same([Policy.PolicyName, Policy.Arn, Policy.DefaultVersionId, Policy.AttachmentCount, Policy.IsAttachable],
    ["see", `arn:aws:iam::${ACCOUNT}:policy/see`, "v1", 0, true]);
  assert.match(Policy.PolicyId, /^ANPA[A-Z0-9]{17}$/);
  isNow(Policy.CreateDate);
  isNow(Policy.UpdateDate);
  const { Policy: shown } = await iam("GetPolicy", { PolicyArn: Policy.Arn });
  same([shown.Description, shown.Tags], ["may see", [{ Key: "team", Value: "files" }]]);
  return Policy.Arn;
});
await check("a policy's versions are made, shown, listed, chosen and deleted", async () => {
  const { PolicyVersion: two } = await iam("CreatePolicyVersion", { PolicyArn: policy, PolicyDocument: document("s3:*"), SetAsDefault: true });
  same([two.VersionId, two.IsDefaultVersion], ["v2", true]);
  const { PolicyVersion: one } = await iam("GetPolicyVersion", { PolicyArn: policy, VersionId: "v1" });
  same([decodeURIComponent(one.Document), one.IsDefaultVersion], [document("ec2:Describe*"), false]);
  same((await iam("ListPolicyVersions", { PolicyArn: policy })).Versions.map((entry) => entry.VersionId).sort(), ["v1", "v2"]);
  await refused(iam("DeletePolicyVersion", { PolicyArn: policy, VersionId: "v2" }), DeleteConflictException, { status: 409 });
  nothing(await iam("SetDefaultPolicyVersion", { PolicyArn: policy, VersionId: "v1" }));
  nothing(await iam("DeletePolicyVersion", { PolicyArn: policy, VersionId: "v2" }));
  assert.equal((await iam("GetPolicy", { PolicyArn: policy })).Policy.DefaultVersionId, "v1");
});
await check("a sixth version is LimitExceeded", async () => {
  for (let i = 0; i < 4; i++) await iam("CreatePolicyVersion", { PolicyArn: policy, PolicyDocument: document(`s3:Get${i}`) });
  await refused(iam("CreatePolicyVersion", { PolicyArn: policy, PolicyDocument: document("s3:*") }), LimitExceededException, { status: 409 });
  for (const { VersionId, IsDefaultVersion } of (await iam("ListPolicyVersions", { PolicyArn: policy })).Versions)
    if (!IsDefaultVersion) await iam("DeletePolicyVersion", { PolicyArn: policy, VersionId });
});
await check("TagPolicy, ListPolicyTags and UntagPolicy agree", async () => {
  nothing(await iam("TagPolicy", { PolicyArn: policy, Tags: [{ Key: "a", Value: "1" }] }));
  same((await iam("ListPolicyTags", { PolicyArn: policy })).Tags, [{ Key: "a", Value: "1" }, { Key: "team", Value: "files" }]);
  nothing(await iam("UntagPolicy", { PolicyArn: policy, TagKeys: ["a"] }));
});
await check("a policy that is attached holds at once, to a user and to a role, and is listed there", async () => {
  nothing(await iam("AttachUserPolicy", { UserName: "anna", PolicyArn: policy }));
  nothing(await iam("AttachRolePolicy", { RoleName: "mover", PolicyArn: policy }));
  const attached = [{ PolicyName: "see", PolicyArn: policy }];
  same((await iam("ListAttachedUserPolicies", { UserName: "anna" })).AttachedPolicies, attached);
  same((await iam("ListAttachedRolePolicies", { RoleName: "mover" })).AttachedPolicies, attached);
  assert.equal((await iam("GetPolicy", { PolicyArn: policy })).Policy.AttachmentCount, 2);
  await ec2("DescribeVpcs", {}, theirs);
});
await check("ListPolicies finds ours and those that are attached", async () => {
  same((await iam("ListPolicies", { Scope: "Local" })).Policies.map((one) => one.Arn), [policy]);
  assert.ok((await iam("ListPolicies", { OnlyAttached: true })).Policies.some((one) => one.Arn === policy));
  const [found] = await paged(IAM.paginateListPolicies, {}, "Policies");
  assert.equal(new Set(found.map((one) => one.Arn)).size, found.length);
});
await check("a marker is good for the list, the role and the filters that it is from", async () => {
  const wrong = (operation, input, Marker) => refused(iam(operation, { ...input, Marker }), "ValidationError", { status: 400, says: "Marker" });
  const readOnly = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
  const logging = "arn:aws:iam::aws:policy/service-role/AWSTransferLoggingAccess";
  for (const PolicyArn of [readOnly, logging]) await iam("AttachRolePolicy", { RoleName: "mover", PolicyArn });
  const names = ["one", "two"];
  for (const PolicyName of names) await iam("PutRolePolicy", { RoleName: "mover", PolicyName, PolicyDocument: document("s3:ListBucket") });
  const one = { RoleName: "mover", MaxItems: 1 };
  const attached = (await iam("ListAttachedRolePolicies", one)).Marker;
  const inline = (await iam("ListRolePolicies", one)).Marker;
  assert.equal((await iam("ListAttachedRolePolicies", { RoleName: "mover", Marker: attached })).AttachedPolicies.length, 2);
  assert.ok(inline, "all inline policies are on one page");
  await wrong("ListRolePolicies", one, attached);
  await wrong("ListAttachedRolePolicies", one, inline);
  await wrong("ListAttachedUserPolicies", { UserName: "anna" }, attached);
  await wrong("ListAttachedRolePolicies", { ...one, PathPrefix: "/service-role/" }, attached);
  same((await iam("ListAttachedRolePolicies", { RoleName: "mover", PathPrefix: "/service-role/" })).AttachedPolicies.map((two) => two.PolicyArn), [logging]);
  const all = (await iam("ListPolicies", { MaxItems: 1 })).Marker;
  for (const filter of [{ Scope: "AWS" }, { OnlyAttached: true }, { PathPrefix: "/service-role/" }, { PolicyUsageFilter: "PermissionsPolicy" }])
    await wrong("ListPolicies", filter, all);
  await wrong("ListRoles", {}, all);
  for (const [list, input] of [["ListAccessKeys", { UserName: "anna" }], ["ListUserTags", { UserName: "anna" }], ["ListGroupsForUser", { UserName: "anna" }],
    ["ListRoleTags", { RoleName: "mover" }], ["ListInstanceProfilesForRole", { RoleName: "mover" }], ["ListPolicyTags", { PolicyArn: policy }],
    ["ListPolicyVersions", { PolicyArn: policy }]]) await wrong(list, input, all);
  same((await iam("ListPolicies", { PolicyUsageFilter: "PermissionsBoundary" })).Policies, []);
  for (const PolicyArn of [readOnly, logging]) await iam("DetachRolePolicy", { RoleName: "mover", PolicyArn });
  for (const PolicyName of names) await iam("DeleteRolePolicy", { RoleName: "mover", PolicyName });
});
for (const [what, operation, input] of [
  ["a policy that is attached", "DeletePolicy", () => ({ PolicyArn: policy })],
  ["a user with a key and a policy", "DeleteUser", () => ({ UserName: "anna" })],
  ["a role with a policy", "DeleteRole", () => ({ RoleName: "mover" })],
]) {
  await check(`${operation} of ${what} is DeleteConflict`, () => refused(iam(operation, input()), DeleteConflictException, { status: 409 }));
}

// ---- what is not there

for (const [operation, input] of [
  ["GetUser", { UserName: "nobody" }], ["DeleteUser", { UserName: "nobody" }], ["UpdateUser", { UserName: "nobody", NewPath: "/" }],
  ["ListUserTags", { UserName: "nobody" }], ["ListGroupsForUser", { UserName: "nobody" }], ["CreateAccessKey", { UserName: "nobody" }],
  ["ListUserPolicies", { UserName: "nobody" }], ["GetUserPolicy", { UserName: "anna", PolicyName: "none" }],
  ["DeleteUserPolicy", { UserName: "anna", PolicyName: "none" }], ["GetRole", { RoleName: "nobody" }], ["DeleteRole", { RoleName: "nobody" }],
  ["GetRolePolicy", { RoleName: "mover", PolicyName: "none" }], ["AttachUserPolicy", { UserName: "anna", PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/none` }],
  ["DetachUserPolicy", { UserName: "anna", PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/none` }],
  ["GetPolicy", { PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/none` }], ["GetPolicyVersion", { PolicyArn: policy, VersionId: "v9" }],
  ["DeleteAccessKey", { UserName: "anna", AccessKeyId: "AKIAAAAAAAAAAAAAAAAA" }],
]) {
  await check(`${operation} of ${Object.values(input).at(-1)} is NoSuchEntity`, () =>
    refused(iam(operation, input), NoSuchEntityException, { status: 404 }));
}
for (const [what, input] of [["a space", "a b"], ["65 characters", "n".repeat(65)], ["a slash", "a/b"]]) {
  await check(`CreateUser refuses a name with ${what}`, () =>
    refused(iam("CreateUser", { UserName: input }), "ValidationError", { status: 400, says: "UserName" }));
}

// ---- gone

await check("all of it goes in order, and every answer is empty", async () => {
  nothing(await iam("DetachUserPolicy", { UserName: "anna", PolicyArn: policy }));
  nothing(await iam("DetachRolePolicy", { RoleName: "mover", PolicyArn: policy }));
  nothing(await iam("DeletePolicy", { PolicyArn: policy }));
  nothing(await iam("DeleteAccessKey", { UserName: "anna", AccessKeyId: key.AccessKeyId }));
  for (const UserName of ["anna", "bob", "cyn", "dan", "eve"]) nothing(await iam("DeleteUser", { UserName }));
  for (const RoleName of ["mover", "r1", "r2", "r3"]) nothing(await iam("DeleteRole", { RoleName }));
  await refused(sts("GetCallerIdentity", {}, theirs), "InvalidClientTokenId", { status: 403 });
});
