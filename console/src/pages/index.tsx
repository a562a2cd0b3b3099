/** All pages, as the navigation shows them. Each is loaded when somebody first goes there. */

import { type ComponentType, lazy } from "react";
import type { Word } from "../words";

export interface PageEntry {
  id: string;
  title: Word;
  Page: ComponentType<{ id: string }>;
  /** "#/transfers/ID" */
  Detail?: ComponentType<{ id: string }>;
  /** "#/connectors/new" */
  New?: ComponentType<{ id: string }>;
}

const Connectors = lazy(() => import("./connectors").then((module) => ({ default: module.Connectors })));

export const navigation: { title: Word; pages: PageEntry[] }[] = [
  {
    title: "navigation.move",
    pages: [
      {
        id: "connectors",
        title: "connectors.title",
        Page: Connectors,
        Detail: lazy(() => import("./connector").then((module) => ({ default: module.Connector }))),
        New: lazy(() => import("./connector-wizard").then((module) => ({ default: module.ConnectorWizard }))),
      },
      {
        id: "transfers",
        title: "transfers.title",
        Page: lazy(() => import("./transfers").then((module) => ({ default: module.Transfers }))),
        Detail: lazy(() => import("./transfer").then((module) => ({ default: module.Transfer }))),
        New: lazy(() => import("./start-transfer").then((module) => ({ default: module.StartTransfer }))),
      },
      { id: "overview", title: "overview.title", Page: lazy(() => import("./overview").then((module) => ({ default: module.Overview }))) },
    ],
  },
  {
    title: "navigation.networks",
    pages: [
      { id: "gateways", title: "gateways.title", Page: lazy(() => import("./kinds/gateways").then((module) => ({ default: module.Gateways }))) },
      {
        id: "configurations",
        title: "configurations.title",
        Page: lazy(() => import("./kinds/configurations").then((module) => ({ default: module.Configurations }))),
      },
      { id: "vpcs", title: "vpcs.title", Page: lazy(() => import("./kinds/vpcs").then((module) => ({ default: module.Vpcs }))) },
      { id: "subnets", title: "subnets.title", Page: lazy(() => import("./kinds/subnets").then((module) => ({ default: module.Subnets }))) },
      { id: "groups", title: "groups.title", Page: lazy(() => import("./kinds/groups").then((module) => ({ default: module.Groups }))) },
      { id: "rules", title: "rules.title", Page: lazy(() => import("./kinds/rules").then((module) => ({ default: module.Rules }))) },
      {
        id: "route-tables",
        title: "tables.title",
        Page: lazy(() => import("./kinds/route-tables").then((module) => ({ default: module.RouteTables }))),
      },
      { id: "routes", title: "routes.title", Page: lazy(() => import("./kinds/routes").then((module) => ({ default: module.Routes }))) },
    ],
  },
  {
    title: "navigation.access",
    pages: [
      { id: "secrets", title: "secrets.title", Page: lazy(() => import("./kinds/secrets").then((module) => ({ default: module.Secrets }))) },
      { id: "users", title: "users.title", Page: lazy(() => import("./kinds/users").then((module) => ({ default: module.Users }))) },
      { id: "keys", title: "keys.title", Page: lazy(() => import("./kinds/keys").then((module) => ({ default: module.Keys }))) },
      { id: "policies", title: "policies.title", Page: lazy(() => import("./kinds/policies").then((module) => ({ default: module.Policies }))) },
    ],
  },
  {
    title: "navigation.look",
    pages: [
      { id: "events", title: "events.title", Page: lazy(() => import("./events").then((module) => ({ default: module.Events }))) },
      { id: "flows", title: "flows.title", Page: lazy(() => import("./kinds/flows").then((module) => ({ default: module.Flows }))) },
      { id: "logs", title: "logs.title", Page: lazy(() => import("./logs").then((module) => ({ default: module.Logs }))) },
    ],
  },
];

const entries = new Map(navigation.flatMap((group) => group.pages).map((page) => [page.id, page]));

/** What an address shows. One that leads nowhere shows where most people want to go. */
export function pageOf(section: string, rest: string[]): ComponentType<{ id: string }> {
  const entry = entries.get(section);
  if (!entry) return Connectors;
  if (rest[0] === "new" && entry.New) return entry.New;
  return (rest.length > 0 && entry.Detail) || entry.Page;
}
