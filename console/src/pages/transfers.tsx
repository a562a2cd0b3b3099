import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type TableProps } from "@cloudscape-design/components/table";
import { native } from "../api/native";
import type { TransferList, TransferSummary } from "../api/shapes";
import { type Filters, readFilters } from "../model/filters";
import { bytes } from "../model/format";
import { formatRoute } from "../model/route";
import { LiveSign } from "../parts/live-sign";
import { Page } from "../parts/page";
import { PagedTable } from "../parts/paged-table";
import { State } from "../parts/state";
import { Time } from "../parts/time";
import { TransferFilters } from "../parts/transfer-filters";
import { useLive, useSettled } from "../parts/use-live";
import { usePages } from "../parts/use-pages";
import { go, refine, useRoute } from "../parts/use-route";
import { useWords, type Words } from "../words";

const PAGE_TRANSFERS = 25;
const LOOK_AGAIN_MS = 1000;

async function pageOf(filters: Filters, NextToken: string | undefined) {
  const answer = await native<TransferList>("GET", "/v1/transfers", { ...filters, MaxResults: PAGE_TRANSFERS, NextToken });
  return { rows: answer.Transfers, next: answer.NextToken };
}

/** "12 / 40", and how many of them failed. */
function filesOf({ t }: Words, { Counts: counts }: TransferSummary): string {
  const done = `${counts.Completed} / ${counts.Files}`;
  return counts.Failed > 0 ? `${done} (${t("transfers.failed", { count: counts.Failed })})` : done;
}

function columnsOf(words: Words): TableProps.ColumnDefinition<TransferSummary>[] {
  const { t, language } = words;
  return [
    {
      id: "id",
      header: t("column.transfer"),
      isRowHeader: true,
      cell: (one) => <Link href={formatRoute(["transfers", one.TransferId])}>{one.TransferId.slice(0, 8)}…</Link>,
    },
    { id: "state", header: t("column.state"), cell: (one) => <State of={one.State} /> },
    { id: "direction", header: t("column.direction"), cell: (one) => t(`direction.${one.Direction}`) },
    { id: "files", header: t("column.files"), cell: (one) => filesOf(words, one) },
    { id: "bytes", header: t("column.bytes"), cell: (one) => bytes(one.Counts.Bytes, language) },
    {
      id: "connector",
      header: t("column.connector"),
      cell: (one) => <Link href={formatRoute(["connectors", one.ConnectorId])}>{one.ConnectorId}</Link>,
    },
    { id: "where", header: t("column.where"), cell: (one) => one.RemoteDirectoryPath ?? one.LocalDirectoryPath ?? "–" },
    { id: "created", header: t("column.created"), cell: (one) => <Time of={one.Created} /> },
  ];
}

/** All transfers, a page at a time from the server: the newest first. */
export function Transfers() {
  const words = useWords();
  const { t } = words;
  const filters = readFilters(useRoute().query);
  const pages = usePages((token) => pageOf(filters, token), JSON.stringify(filters));
  const lookAgain = useSettled(pages.loaded.reload, LOOK_AGAIN_MS);
  const live = useLive({ ConnectorId: filters.ConnectorId, Progress: false }, lookAgain);
  const start = (
    <Button variant="primary" onClick={() => go(["transfers", "new"], { ConnectorId: filters.ConnectorId })}>
      {t("start.title")}
    </Button>
  );
  return (
    <Page title={t("transfers.title")} about={t("transfers.about")} actions={start} error={pages.loaded.error}>
      <SpaceBetween size="m">
        <TransferFilters filters={filters} onChange={(next) => refine(["transfers"], next)} />
        <PagedTable
          pages={pages}
          title={t("transfers.title")}
          trackBy="TransferId"
          columns={columnsOf(words)}
          empty={
            <Box textAlign="center" color="text-body-secondary" padding="m">
              {t(pages.isOpen ? "transfers.noneHere" : "table.empty")}
            </Box>
          }
          description={<LiveSign live={live} />}
        />
      </SpaceBetween>
    </Page>
  );
}
