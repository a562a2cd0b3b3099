import type { RouteTable } from "@aws-sdk/client-ec2";
import { aws } from "../../api/aws";
import { nameTag, tagSpecifications } from "../../api/names";
import { routeTables, subnetChoices, vpcChoices } from "../../api/networks";
import { given } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";

function subnetsOf(table: RouteTable): string {
  return (table.Associations ?? []).map((one) => (one.Main ? "main" : one.SubnetId)).join(", ");
}

const kind: Kind<RouteTable> = {
  title: "tables.title",
  about: "tables.about",
  load: routeTables,
  nameOf: (table) => table.RouteTableId ?? "",
  columns: [
    { header: "column.id", text: (table) => table.RouteTableId },
    { header: "column.name", text: (table) => nameTag(table.Tags) },
    { header: "column.vpc", text: (table) => table.VpcId },
    { header: "column.subnets", text: subnetsOf },
    { header: "column.routes", text: (table) => String(table.Routes?.length ?? 0) },
  ],
  create: {
    label: "tables.create",
    fields: [
      { name: "vpc", label: "column.vpc", kind: "choice", choices: vpcChoices },
      { name: "name", label: "column.name", kind: "text", optional: true },
    ],
    async run(values) {
      const TagSpecifications = tagSpecifications("route-table", { Name: given(values.name) });
      await aws("ec2", "CreateRouteTable", { VpcId: values.vpc, TagSpecifications });
      return undefined;
    },
  },
  actions: [
    {
      label: "tables.associate",
      fields: [{ name: "subnet", label: "column.subnet", kind: "choice", choices: subnetChoices }],
      run: (table, values) => aws("ec2", "AssociateRouteTable", { RouteTableId: table.RouteTableId, SubnetId: values.subnet }),
    },
  ],
  remove: (table) => aws("ec2", "DeleteRouteTable", { RouteTableId: table.RouteTableId }),
};

export const RouteTables = () => <Resources kind={kind} />;
