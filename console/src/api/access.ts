/** Secrets, users, keys, roles and policies. */

import type { Choice } from "../model/fields";
import { allPages, aws } from "./aws";

export const secrets = () =>
  allPages(async (NextToken) => {
    const answer = await aws("secrets", "ListSecrets", { NextToken, MaxResults: 100 });
    return { rows: answer.SecretList, next: answer.NextToken };
  });

export const secretChoices = async (): Promise<Choice[]> =>
  (await secrets()).map((secret) => ({ value: secret.ARN ?? "", label: secret.Name, about: secret.Description }));

/** What a partner wants to see at login. Who gives nothing for a part has none of it. */
export function loginText(login: { user: string; password?: string; privateKey?: string }): string {
  return JSON.stringify({
    Username: login.user,
    Password: login.password || undefined,
    PrivateKey: login.privateKey ? `${login.privateKey.trim()}\n` : undefined,
  });
}

export const users = () =>
  allPages(async (Marker) => {
    const answer = await aws("iam", "ListUsers", { Marker });
    return { rows: answer.Users, next: answer.IsTruncated ? answer.Marker : undefined };
  });

export const policies = () =>
  allPages(async (Marker) => {
    const answer = await aws("iam", "ListPolicies", { Marker, Scope: "Local" });
    return { rows: answer.Policies, next: answer.IsTruncated ? answer.Marker : undefined };
  });

export const userChoices = async (): Promise<Choice[]> => (await users()).map((user) => ({ value: user.UserName ?? "", about: user.Arn }));

export const policyChoices = async (): Promise<Choice[]> =>
  (await policies()).map((policy) => ({ value: policy.Arn ?? "", label: policy.PolicyName }));

/** The role that Sallyport brings may do everything and is in no list: its ARN is known by the account. */
async function builtInRole(): Promise<Choice> {
  const { Account } = await aws("sts", "GetCallerIdentity", {});
  return { value: `arn:aws:iam::${Account}:role/sallyport`, label: "sallyport" };
}

export async function roleChoices(): Promise<Choice[]> {
  const [builtIn, { Roles = [] }] = await Promise.all([builtInRole(), aws("iam", "ListRoles", {})]);
  return [builtIn, ...Roles.map((role) => ({ value: role.Arn ?? "", label: role.RoleName }))];
}
