import type { Route } from "@aws-sdk/client-ec2";
import { aws } from "../../api/aws";
import { routeTables, routeTargetChoices, tableChoices } from "../../api/networks";
import { given } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { State } from "../../parts/state";

type TableRoute = Route & { RouteTableId: string };

async function routes(): Promise<TableRoute[]> {
  const tables = await routeTables();
  return tables.flatMap((table) => (table.Routes ?? []).map((route) => ({ ...route, RouteTableId: table.RouteTableId ?? "" })));
}

function targetOf(route: Route): string | undefined {
  return route.GatewayId ?? route.NatGatewayId ?? route.NetworkInterfaceId;
}

/** The parameter that a target's kind goes by. */
function targetMember(id: string): object {
  if (id.startsWith("nat-")) return { NatGatewayId: id };
  return id.startsWith("eni-") ? { NetworkInterfaceId: id } : { GatewayId: id };
}

const kind: Kind<TableRoute> = {
  title: "routes.title",
  about: "routes.about",
  load: routes,
  nameOf: (route) => `${route.RouteTableId} ${route.DestinationCidrBlock ?? ""}`,
  columns: [
    { header: "column.table", text: (route) => route.RouteTableId },
    { header: "column.to", text: (route) => route.DestinationCidrBlock },
    { header: "column.target", text: targetOf },
    { header: "column.state", text: (route) => route.State, cell: (route) => <State of={route.State} /> },
  ],
  create: {
    label: "routes.create",
    fields: [
      { name: "table", label: "column.table", kind: "choice", choices: tableChoices },
      { name: "to", label: "column.to", kind: "text", placeholder: "0.0.0.0/0" },
      { name: "target", label: "column.target", kind: "choice", choices: routeTargetChoices },
    ],
    async run(values) {
      const input = { RouteTableId: values.table, DestinationCidrBlock: given(values.to), ...targetMember(values.target ?? "") };
      await aws("ec2", "CreateRoute", input);
      return undefined;
    },
  },
  remove: (route) => aws("ec2", "DeleteRoute", { RouteTableId: route.RouteTableId, DestinationCidrBlock: route.DestinationCidrBlock }),
};

export const Routes = () => <Resources kind={kind} />;
