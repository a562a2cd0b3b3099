import type { SecurityGroup } from "@aws-sdk/client-ec2";
import { aws } from "../../api/aws";
import { securityGroups, vpcChoices } from "../../api/networks";
import { given } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";

const kind: Kind<SecurityGroup> = {
  title: "groups.title",
  about: "groups.about",
  load: securityGroups,
  nameOf: (group) => group.GroupId ?? "",
  columns: [
    { header: "column.id", text: (group) => group.GroupId },
    { header: "column.name", text: (group) => group.GroupName },
    { header: "column.vpc", text: (group) => group.VpcId },
    { header: "column.description", text: (group) => group.Description },
    { header: "column.rulesOut", text: (group) => String(group.IpPermissionsEgress?.length ?? 0) },
  ],
  create: {
    label: "groups.create",
    fields: [
      { name: "name", label: "column.name", kind: "text" },
      { name: "description", label: "column.description", kind: "text" },
      { name: "vpc", label: "column.vpc", kind: "choice", choices: vpcChoices },
    ],
    async run(values) {
      await aws("ec2", "CreateSecurityGroup", { GroupName: given(values.name), Description: given(values.description), VpcId: values.vpc });
      return undefined;
    },
  },
  remove: (group) => aws("ec2", "DeleteSecurityGroup", { GroupId: group.GroupId }),
};

export const Groups = () => <Resources kind={kind} />;
