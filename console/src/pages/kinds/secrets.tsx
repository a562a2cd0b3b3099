import type { SecretListEntry } from "@aws-sdk/client-secrets-manager";
import { loginText, secrets } from "../../api/access";
import { aws } from "../../api/aws";
import { given, type Values } from "../../model/fields";
import { loginFields } from "../../model/login-fields";
import { type Kind, Resources } from "../../parts/resources";
import { Time } from "../../parts/time";

function textOf(values: Values): string {
  return loginText({ user: values.user?.trim() ?? "", password: values.password, privateKey: values.privateKey });
}

const kind: Kind<SecretListEntry> = {
  title: "secrets.title",
  about: "secrets.about",
  load: secrets,
  nameOf: (secret) => secret.Name ?? "",
  columns: [
    { header: "column.name", text: (secret) => secret.Name },
    { header: "column.description", text: (secret) => secret.Description },
    {
      header: "column.changed",
      text: (secret) => secret.LastChangedDate?.toISOString(),
      cell: (secret) => <Time of={secret.LastChangedDate} />,
    },
  ],
  create: {
    label: "secrets.create",
    fields: [
      { name: "name", label: "column.name", kind: "text", placeholder: "aws/transfer/partner" },
      { name: "description", label: "column.description", kind: "text", optional: true },
      ...loginFields,
    ],
    async run(values) {
      await aws("secrets", "CreateSecret", {
        Name: given(values.name),
        Description: given(values.description),
        SecretString: textOf(values),
      });
      return undefined;
    },
  },
  actions: [
    {
      label: "secrets.replace",
      fields: loginFields,
      run: (secret, values) => aws("secrets", "PutSecretValue", { SecretId: secret.ARN, SecretString: textOf(values) }),
    },
  ],
  remove: (secret) => aws("secrets", "DeleteSecret", { SecretId: secret.ARN }),
};

export const Secrets = () => <Resources kind={kind} />;
