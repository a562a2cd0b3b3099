/** Connectors: what Transfer Family says of them, and what Sallyport adds. */

import type { DescribedConnector } from "@aws-sdk/client-transfer";
import type { Choice } from "../model/fields";
import { allPages, aws } from "./aws";
import { nameTag } from "./names";
import { native } from "./native";
import type { ConnectorStatus } from "./shapes";
import { Told } from "./told";

export type Connector = DescribedConnector & { ConnectorId: string; live?: ConnectorStatus };

export const CONNECTORS_PAGE = 20;

/** A page, each with all that is known of it. */
export async function connectorsPage(NextToken: string | undefined): Promise<{ rows: Connector[]; next: string | undefined }> {
  const list = await aws("transfer", "ListConnectors", { MaxResults: CONNECTORS_PAGE, NextToken });
  const ids = (list.Connectors ?? []).flatMap((one) => (one.ConnectorId ? [one.ConnectorId] : []));
  return { rows: await Promise.all(ids.map(connector)), next: list.NextToken };
}

export async function connector(ConnectorId: string): Promise<Connector> {
  const [{ Connector: described }, live] = await Promise.all([
    aws("transfer", "DescribeConnector", { ConnectorId }),
    native<ConnectorStatus>("GET", `/v1/connectors/${ConnectorId}`),
  ]);
  if (!described) throw new Told("connector.none", { id: ConnectorId });
  return { ...described, ConnectorId, live };
}

export async function connectorChoices(): Promise<Choice[]> {
  const rows = await allPages(async (NextToken) => {
    const answer = await aws("transfer", "ListConnectors", { MaxResults: 1000, NextToken });
    return { rows: answer.Connectors, next: answer.NextToken };
  });
  return rows.map((one) => ({ value: one.ConnectorId ?? "", about: one.Url }));
}

export function nameOf(one: Connector): string {
  return nameTag(one.Tags) ?? one.ConnectorId;
}

export function isPrivate(one: Connector): boolean {
  return one.EgressConfig?.VpcLattice !== undefined;
}

/** What people want to know first: does it work? */
export function stateOf(one: Connector): string {
  if (one.live?.Paused) return "PAUSED";
  const away = one.live?.Breaker.State;
  return away && away !== "CLOSED" ? away : (one.Status ?? "ACTIVE");
}

export async function policyChoices(): Promise<Choice[]> {
  const { SecurityPolicyNames = [] } = await aws("transfer", "ListSecurityPolicies", { MaxResults: 1000 });
  return SecurityPolicyNames.filter((name) => name.includes("SFTPConnector")).map((value) => ({ value }));
}
