import type { User } from "@aws-sdk/client-iam";
import { policyChoices, users } from "../../api/access";
import { aws } from "../../api/aws";
import { given, listOf } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { Time } from "../../parts/time";

type Row = User & { policies: string[] };

async function attachedTo(UserName: string | undefined) {
  const { AttachedPolicies = [] } = await aws("iam", "ListAttachedUserPolicies", { UserName });
  return AttachedPolicies;
}

async function load(): Promise<Row[]> {
  return Promise.all(
    (await users()).map(async (user) => ({
      ...user,
      policies: (await attachedTo(user.UserName)).map((policy) => policy.PolicyName ?? ""),
    })),
  );
}

function attach(UserName: string | undefined, policies: string | undefined) {
  return Promise.all(listOf(policies).map((PolicyArn) => aws("iam", "AttachUserPolicy", { UserName, PolicyArn })));
}

async function detachAll(UserName: string | undefined) {
  const attached = await attachedTo(UserName);
  await Promise.all(attached.map(({ PolicyArn }) => aws("iam", "DetachUserPolicy", { UserName, PolicyArn })));
}

const kind: Kind<Row> = {
  title: "users.title",
  about: "users.about",
  load,
  nameOf: (user) => user.UserName ?? "",
  columns: [
    { header: "column.name", text: (user) => user.UserName },
    { header: "column.arn", text: (user) => user.Arn },
    { header: "column.policies", text: (user) => user.policies.join(", ") },
    { header: "column.created", text: (user) => user.CreateDate?.toISOString(), cell: (user) => <Time of={user.CreateDate} /> },
  ],
  create: {
    label: "users.create",
    fields: [
      { name: "name", label: "column.name", kind: "text" },
      { name: "policies", label: "column.policies", kind: "choices", choices: policyChoices, optional: true },
    ],
    async run(values) {
      const UserName = given(values.name);
      await aws("iam", "CreateUser", { UserName });
      await attach(UserName, values.policies);
      return undefined;
    },
  },
  actions: [
    {
      label: "users.attach",
      fields: [{ name: "policies", label: "column.policies", kind: "choices", choices: policyChoices }],
      run: (user, values) => attach(user.UserName, values.policies),
    },
  ],
  async remove({ UserName }) {
    await detachAll(UserName);
    await aws("iam", "DeleteUser", { UserName });
  },
};

export const Users = () => <Resources kind={kind} />;
