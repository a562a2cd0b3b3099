import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import type { FileEvent } from "../api/events";
import { native } from "../api/native";
import type { Transfer as Shape } from "../api/shapes";
import { bytes, duration, percent } from "../model/format";
import { formatRoute } from "../model/route";
import { advance, hasEnded, sumOf } from "../model/transfer-state";
import { FileDetail } from "../parts/file-detail";
import { FileTable } from "../parts/file-table";
import { LiveSign } from "../parts/live-sign";
import { useNotices } from "../parts/notices";
import { Page } from "../parts/page";
import { State } from "../parts/state";
import { Time } from "../parts/time";
import { useLive } from "../parts/use-live";
import { useLoad } from "../parts/use-load";
import { go } from "../parts/use-route";
import { useWords } from "../words";

function Actions({ one }: { one: Shape }) {
  const { t } = useWords();
  const notices = useNotices();
  const ask = async (what: "cancel" | "retry") => {
    try {
      const answer = await native<{ TransferId: string }>("POST", `/v1/transfers/${one.TransferId}/${what}`);
      notices.tell(t(what === "cancel" ? "transfer.cancelled" : "transfer.retried"));
      if (what === "retry") go(["transfers", answer.TransferId]);
    } catch (error) {
      notices.tellFailure(error);
    }
  };
  const mayRetry = one.State === "FAILED" && one.RetriedBy === undefined;
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={hasEnded(one.State)} onClick={() => void ask("cancel")} data-test="cancel">
        {t("transfer.cancel")}
      </Button>
      <Button disabled={!mayRetry} onClick={() => void ask("retry")} data-test="retry">
        {t("transfer.retry")}
      </Button>
    </SpaceBetween>
  );
}

function TransferLink({ id }: { id: string | undefined }) {
  return id ? <Link href={formatRoute(["transfers", id])}>{id}</Link> : <>–</>;
}

function Summary({ one, live }: { one: Shape; live: boolean }) {
  const { t, language } = useWords();
  const sum = sumOf(one.Files);
  const counts = one.Counts;
  const ended = hasEnded(one.State);
  const facts = [
    { label: t("column.state"), value: <State of={one.State} /> },
    { label: t("column.direction"), value: t(`direction.${one.Direction}`) },
    { label: t("column.connector"), value: <Link href={formatRoute(["connectors", one.ConnectorId])}>{one.ConnectorId}</Link> },
    { label: t("column.created"), value: <Time of={one.Created} /> },
    { label: t("column.where"), value: one.RemoteDirectoryPath ?? one.LocalDirectoryPath ?? "–" },
    { label: t("column.files"), value: `${counts.Completed} / ${counts.Files}` },
    { label: t("transfer.retryOf"), value: <TransferLink id={one.RetryOf} /> },
    { label: t("transfer.retriedBy"), value: <TransferLink id={one.RetriedBy} /> },
  ];
  return (
    <Container header={<Header variant="h2" description={<LiveSign live={live} />}>{t("transfer.summary")}</Header>}>
      <SpaceBetween size="m">
        <ProgressBar
          value={one.State === "COMPLETED" ? 100 : percent(sum.done, sum.size || undefined)}
          status={one.State === "COMPLETED" ? "success" : one.State === "FAILED" ? "error" : "in-progress"}
          resultText={ended ? t(one.State === "COMPLETED" ? "state.completed" : "state.failed") : undefined}
          label={`${bytes(sum.done, language)} / ${bytes(sum.size, language)}`}
          additionalInfo={
            ended ? undefined : t("transfer.rate", { rate: bytes(sum.rate, language), left: duration(sum.secondsLeft) })
          }
        />
        <KeyValuePairs columns={4} items={facts} />
      </SpaceBetween>
    </Container>
  );
}

/** What the API answered, and each event that came while it was on its way or afterwards: which was first nobody knows, so
 *  none is dropped, and what has ended stays so (transfer-state.ts). */
function useTransfer(id: string) {
  const { value, error, reload } = useLoad(() => native<Shape>("GET", `/v1/transfers/${id}`), [id]);
  const [heard, setHeard] = useState<ReadonlyMap<string, FileEvent[]>>(new Map<string, FileEvent[]>());
  const hear = (event: FileEvent) => {
    if (event.kind === "reset") reload();
    else setHeard((before) => keep(before, event));
  };
  const live = useLive({ TransferId: id }, hear);
  const one = value && [...heard.values()].flat().reduce(advance, value);
  return { one, error, live };
}

/** Of each file the newest state and the newest word about its bytes: the rest is past. */
function keep(events: ReadonlyMap<string, FileEvent[]>, event: FileEvent): ReadonlyMap<string, FileEvent[]> {
  const id = event.file.FileId ?? "";
  const others = (events.get(id) ?? []).filter((one) => one.kind !== event.kind);
  return new Map(events).set(id, event.kind === "file" ? [event, ...others] : [...others, event]);
}

/** One transfer, live, with its files. */
export function Transfer({ id }: { id: string }) {
  const { t } = useWords();
  const { one, error, live } = useTransfer(id);
  const [fileId, setFileId] = useState<string>();
  if (!one) return <Page title={id} error={error}>{error ? null : <Spinner />}</Page>;
  const file = one.Files.find((candidate) => candidate.FileId === fileId) ?? (one.Files.length === 1 ? one.Files[0] : undefined);
  return (
    <Page title={t("transfer.title")} about={one.TransferId} actions={<Actions one={one} />} error={error}>
      <Summary one={one} live={live} />
      <FileTable files={one.Files} selected={file} onSelect={(next) => setFileId(next?.FileId)} />
      {file ? <FileDetail key={file.FileId} id={file.FileId} state={file.StatusCode} /> : null}
    </Page>
  );
}
