import { allPages } from "../../api/aws";
import { native } from "../../api/native";
import type { Flow } from "../../api/shapes";
import { type Kind, Resources } from "../../parts/resources";
import { Time } from "../../parts/time";

function text(flow: Flow, name: string): string | undefined {
  const value = flow[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** The newest few thousand: the record of connections has no end. */
const PAGE_FLOWS = 200;

const kind: Kind<Flow> = {
  title: "flows.title",
  about: "flows.about",
  load: () =>
    allPages(async (NextToken) => {
      const answer = await native<{ Flows: Flow[]; NextToken?: string }>("GET", "/v1/flows", { MaxResults: PAGE_FLOWS, NextToken });
      return { rows: answer.Flows, next: answer.NextToken };
    }),
  nameOf: (flow) => text(flow, "Id") ?? "",
  columns: [
    { header: "column.began", text: (flow) => text(flow, "Began"), cell: (flow) => <Time of={text(flow, "Began")} /> },
    { header: "column.connector", text: (flow) => text(flow, "ConnectorId") },
    { header: "column.source", text: (flow) => text(flow, "Source") },
    { header: "column.to", text: (flow) => text(flow, "Target") },
    { header: "column.state", text: (flow) => text(flow, "State") },
    { header: "column.verdict", text: (flow) => text(flow, "Verdict") },
    { header: "column.sent", text: (flow) => text(flow, "BytesSent") },
    { header: "column.received", text: (flow) => text(flow, "BytesReceived") },
    { header: "column.why", text: (flow) => text(flow, "Reason") },
  ],
};

export const Flows = () => <Resources kind={kind} />;
