import type { Policy } from "@aws-sdk/client-iam";
import { policies } from "../../api/access";
import { aws } from "../../api/aws";
import { given } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { Time } from "../../parts/time";

/** Something to begin with: who has it may look at everything that Transfer Family has. */
const EXAMPLE = JSON.stringify(
  {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: ["transfer:Describe*", "transfer:List*", "sallyport:Get*", "sallyport:List*"], Resource: "*" }],
  },
  null,
  2,
);

const kind: Kind<Policy> = {
  title: "policies.title",
  about: "policies.about",
  load: policies,
  nameOf: (policy) => policy.PolicyName ?? "",
  columns: [
    { header: "column.name", text: (policy) => policy.PolicyName },
    { header: "column.arn", text: (policy) => policy.Arn },
    { header: "column.attached", text: (policy) => String(policy.AttachmentCount ?? 0) },
    { header: "column.changed", text: (policy) => policy.UpdateDate?.toISOString(), cell: (policy) => <Time of={policy.UpdateDate} /> },
  ],
  create: {
    label: "policies.create",
    fields: [
      { name: "name", label: "column.name", kind: "text" },
      { name: "document", label: "policies.document", kind: "lines", initial: EXAMPLE },
    ],
    async run(values) {
      await aws("iam", "CreatePolicy", { PolicyName: given(values.name), PolicyDocument: values.document });
      return undefined;
    },
  },
  remove: (policy) => aws("iam", "DeletePolicy", { PolicyArn: policy.Arn }),
};

export const Policies = () => <Resources kind={kind} />;
