import type { AccessKeyMetadata } from "@aws-sdk/client-iam";
import { userChoices, users } from "../../api/access";
import { aws } from "../../api/aws";
import { given } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { State } from "../../parts/state";
import { Time } from "../../parts/time";

async function keysOf(UserName?: string): Promise<AccessKeyMetadata[]> {
  const { AccessKeyMetadata: keys = [] } = await aws("iam", "ListAccessKeys", { UserName });
  return keys;
}

/** One's own, and those of all users. */
async function load(): Promise<AccessKeyMetadata[]> {
  const names = (await users()).map((user) => user.UserName);
  const found = (await Promise.all([keysOf(), ...names.map(keysOf)])).flat();
  return found.filter((key, at) => found.findIndex((other) => other.AccessKeyId === key.AccessKeyId) === at);
}

/** Of the account's own key no name is told, and none is asked for. */
function whose(key: AccessKeyMetadata): string | undefined {
  return key.UserName && key.UserName !== "root" ? key.UserName : undefined;
}

function change(key: AccessKeyMetadata, Status: "Active" | "Inactive") {
  return aws("iam", "UpdateAccessKey", { AccessKeyId: key.AccessKeyId, UserName: whose(key), Status });
}

const kind: Kind<AccessKeyMetadata> = {
  title: "keys.title",
  about: "keys.about",
  load,
  nameOf: (key) => key.AccessKeyId ?? "",
  columns: [
    { header: "column.id", text: (key) => key.AccessKeyId },
    { header: "column.user", text: (key) => key.UserName ?? "root" },
    {
      header: "column.state",
      text: (key) => key.Status,
      cell: (key) => <State of={key.Status === "Active" ? "ACTIVE" : "PAUSED"} />,
    },
    { header: "column.created", text: (key) => key.CreateDate?.toISOString(), cell: (key) => <Time of={key.CreateDate} /> },
  ],
  create: {
    label: "keys.create",
    fields: [{ name: "user", label: "column.user", kind: "choice", choices: userChoices, optional: true, about: "keys.userAbout" }],
    async run(values) {
      const { AccessKey: key } = await aws("iam", "CreateAccessKey", { UserName: given(values.user) });
      return { lines: [`AWS_ACCESS_KEY_ID=${key?.AccessKeyId}`, `AWS_SECRET_ACCESS_KEY=${key?.SecretAccessKey}`] };
    },
  },
  actions: [
    { label: "keys.deactivate", fields: [], run: (key) => change(key, "Inactive") },
    { label: "keys.activate", fields: [], run: (key) => change(key, "Active") },
  ],
  remove: (key) => aws("iam", "DeleteAccessKey", { AccessKeyId: key.AccessKeyId, UserName: whose(key) }),
};

export const Keys = () => <Resources kind={kind} />;
