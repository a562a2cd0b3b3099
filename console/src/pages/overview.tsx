import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { FileEvent } from "../api/events";
import { type Connector, connectorsPage, stateOf } from "../api/connectors";
import { native } from "../api/native";
import type { State as StateCode, TransferList, TransferSummary, UsageRow } from "../api/shapes";
import { allPages } from "../api/aws";
import { bytes } from "../model/format";
import { formatRoute } from "../model/route";
import { bytesByHour } from "../model/usage";
import { HourPlot } from "../parts/hour-plot";
import { LiveSign } from "../parts/live-sign";
import { Page } from "../parts/page";
import { State } from "../parts/state";
import { Time } from "../parts/time";
import { useLive, useSettled } from "../parts/use-live";
import { useLoad } from "../parts/use-load";
import { useWords } from "../words";

const HOURS = 24;
const SHOWN = 8;
const LOOK_AGAIN_MS = 2000;

interface Seen {
  running: TransferSummary[];
  waiting: TransferSummary[];
  failed: TransferSummary[];
  usage: UsageRow[];
}

async function transfersIn(State: StateCode): Promise<TransferSummary[]> {
  return (await native<TransferList>("GET", "/v1/transfers", { State, MaxResults: 100 })).Transfers;
}

async function usage(): Promise<UsageRow[]> {
  const Since = new Date(Date.now() - HOURS * 3_600_000).toISOString().replace(/\.\d+Z$/, "Z");
  return allPages(async (NextToken) => {
    const answer = await native<{ Usage: UsageRow[]; NextToken?: string }>("GET", "/v1/usage", { Since, NextToken });
    return { rows: answer.Usage, next: answer.NextToken };
  });
}

async function look(): Promise<Seen> {
  const [running, waiting, failed, hours] = await Promise.all([
    transfersIn("IN_PROGRESS"),
    transfersIn("QUEUED"),
    transfersIn("FAILED"),
    usage(),
  ]);
  return { running, waiting, failed, usage: hours };
}

/** "100+": what is listed is a page. */
function upTo(rows: unknown[]): string {
  return rows.length < 100 ? String(rows.length) : "100+";
}

function Figures({ seen, connectors, rate }: { seen: Seen; connectors: Connector[]; rate: number }) {
  const { t, language } = useWords();
  const states = new Map<string, number>();
  for (const one of connectors) states.set(stateOf(one), (states.get(stateOf(one)) ?? 0) + 1);
  const figure = (label: string, value: string, state?: StateCode) => (
    <div>
      <Box variant="awsui-key-label">{label}</Box>
      <Box fontSize="display-l" fontWeight="bold">
        {state ? <Link variant="awsui-value-large" href={formatRoute(["transfers"], { State: state })}>{value}</Link> : value}
      </Box>
    </div>
  );
  return (
    <Container header={<Header variant="h2">{t("overview.now")}</Header>}>
      <ColumnLayout columns={4} variant="text-grid">
        {figure(t("overview.running"), upTo(seen.running), "IN_PROGRESS")}
        {figure(t("overview.waiting"), upTo(seen.waiting), "QUEUED")}
        {figure(t("overview.rate"), `${bytes(rate, language)}/s`)}
        <div>
          <Box variant="awsui-key-label">{t("connectors.title")}</Box>
          {[...states].map(([state, count]) => (
            <div key={state}>
              {count} × <State of={state} />
            </div>
          ))}
        </div>
      </ColumnLayout>
    </Container>
  );
}

function Throughput({ rows }: { rows: UsageRow[] }) {
  const { t } = useWords();
  return (
    <Container header={<Header variant="h2">{t("overview.throughput")}</Header>}>
      <HourPlot points={bytesByHour(rows, new Date(), HOURS)} />
    </Container>
  );
}

function Failures({ rows }: { rows: TransferSummary[] }) {
  const { t } = useWords();
  return (
    <Container header={<Header variant="h2">{t("overview.failures")}</Header>}>
      {rows.length === 0 ? <Box color="text-body-secondary">{t("overview.noFailures")}</Box> : null}
      <SpaceBetween size="xs">
        {rows.slice(0, SHOWN).map((one) => (
          <div key={one.TransferId}>
            <State of="FAILED" /> <Link href={formatRoute(["transfers", one.TransferId])}>{one.TransferId}</Link> <Time of={one.Created} />{" "}
            {t("transfers.failed", { count: one.Counts.Failed })}
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}

/** Bytes per second of all files that are under way, as they say themselves. */
function useRate(): { rate: number; hear(event: FileEvent): void } {
  const [rates, setRates] = useState(new Map<string, number>());
  const hear = ({ kind, file }: FileEvent) => {
    const id = file.FileId;
    if (!id) return;
    const told = kind === "progress" ? (file.BytesPerSecond ?? 0) : 0;
    setRates((before) => {
      const next = new Map(before);
      if (kind === "progress") next.set(id, told);
      else if (file.StatusCode !== "IN_PROGRESS") next.delete(id);
      return next;
    });
  };
  return { rate: [...rates.values()].reduce((sum, one) => sum + one, 0), hear };
}

export function Overview() {
  const { t } = useWords();
  const seen = useLoad(look, []);
  const connectors = useLoad(() => allPages(connectorsPage), []); // once: each is asked for by itself
  const lookAgain = useSettled(seen.reload, LOOK_AGAIN_MS);
  const { rate, hear } = useRate();
  const live = useLive({}, (event) => {
    hear(event);
    if (event.kind !== "progress") lookAgain();
  });
  return (
    <Page title={t("overview.title")} about={<LiveSign live={live} />} error={seen.error ?? connectors.error}>
      {seen.value ? (
        <SpaceBetween size="l">
          <Figures seen={seen.value} connectors={connectors.value ?? []} rate={rate} />
          <Throughput rows={seen.value.usage} />
          <Failures rows={seen.value.failed} />
        </SpaceBetween>
      ) : null}
    </Page>
  );
}
