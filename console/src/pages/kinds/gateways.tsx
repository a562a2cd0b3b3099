import type { ResourceGatewaySummary } from "@aws-sdk/client-vpc-lattice";
import { aws } from "../../api/aws";
import { groupChoices, resourceGateways, subnetChoices, vpcChoices } from "../../api/networks";
import { given, listOf } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { State } from "../../parts/state";

const kind: Kind<ResourceGatewaySummary> = {
  title: "gateways.title",
  about: "gateways.about",
  load: resourceGateways,
  nameOf: (gateway) => gateway.name ?? "",
  columns: [
    { header: "column.name", text: (gateway) => gateway.name },
    { header: "column.id", text: (gateway) => gateway.id },
    { header: "column.state", text: (gateway) => gateway.status, cell: (gateway) => <State of={gateway.status} /> },
    { header: "column.vpc", text: (gateway) => gateway.vpcIdentifier },
    { header: "column.subnets", text: (gateway) => gateway.subnetIds?.join(", ") },
    { header: "column.groups", text: (gateway) => gateway.securityGroupIds?.join(", ") },
  ],
  create: {
    label: "gateways.create",
    fields: [
      { name: "name", label: "column.name", kind: "text", placeholder: "to-partner" },
      { name: "vpc", label: "column.vpc", kind: "choice", choices: vpcChoices },
      { name: "subnets", label: "column.subnets", kind: "choices", choices: subnetChoices, about: "gateways.subnetsAbout" },
      { name: "groups", label: "column.groups", kind: "choices", choices: groupChoices, optional: true, about: "gateways.groupsAbout" },
    ],
    async run(values) {
      await aws("lattice", "CreateResourceGateway", {
        name: given(values.name),
        vpcIdentifier: values.vpc,
        subnetIds: listOf(values.subnets),
        securityGroupIds: values.groups ? listOf(values.groups) : undefined,
      });
      return undefined;
    },
  },
  remove: (gateway) => aws("lattice", "DeleteResourceGateway", { resourceGatewayIdentifier: gateway.id }),
};

export const Gateways = () => <Resources kind={kind} />;
