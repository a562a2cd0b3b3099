import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { aws } from "../api/aws";
import { bucketEntries, partnerEntries } from "../api/browse";
import { connectorChoices } from "../api/connectors";
import type { Field } from "../model/fields";
import { inRequests, linesOf, withLine } from "../model/paths";
import { Browser } from "../parts/browser";
import { FieldInput } from "../parts/field-input";
import { useNotices } from "../parts/notices";
import { Page } from "../parts/page";
import { go, useRoute } from "../parts/use-route";
import { useWords } from "../words";

type Way = "send" | "retrieve";

const connectorField: Field = { name: "connector", label: "column.connector", kind: "choice", choices: connectorChoices };

interface Wish {
  connector: string;
  way: Way;
  paths: string;
  /** Where to: a directory of the partner's, or one in a bucket. */
  target: string;
}

/** The requests that a wish makes. */
async function start({ connector: ConnectorId, way, paths, target }: Wish): Promise<string[]> {
  const ids: string[] = [];
  for (const some of inRequests(linesOf(paths))) {
    const input =
      way === "send"
        ? { ConnectorId, SendFilePaths: some, RemoteDirectoryPath: target || undefined }
        : { ConnectorId, RetrieveFilePaths: some, LocalDirectoryPath: target };
    const { TransferId } = await aws("transfer", "StartFileTransfer", input);
    if (TransferId) ids.push(TransferId);
  }
  return ids;
}

interface SourceProps {
  wish: Wish;
  output: string;
  onOutput(output: string): void;
  onChoose(path: string): void;
}

/** Where a listing is kept: that is how a partner's directory is listed. */
function Output({ output, onOutput }: { output: string; onOutput(output: string): void }) {
  const { t } = useWords();
  return (
    <FormField label={t("browse.output")} description={t("browse.outputAbout")}>
      <Input value={output} onChange={({ detail }) => onOutput(detail.value)} placeholder="/bucket/listings" />
    </FormField>
  );
}

/** What there is to choose from: buckets, or the partner's directory. Looked into when somebody wants to. */
function Source({ wish, output, onOutput, onChoose }: SourceProps) {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  const sends = wish.way === "send";
  const ready = sends || (wish.connector !== "" && output !== "");
  return (
    <SpaceBetween size="s">
      {sends ? null : <Output output={output} onOutput={onOutput} />}
      {open ? (
        <Browser
          title={t(sends ? "browse.bucket" : "browse.partner")}
          first={sends ? "/" : "."}
          list={(path) => (sends ? bucketEntries(path) : partnerEntries(wish.connector, path, output))}
          onChoose={onChoose}
        />
      ) : (
        <Button disabled={!ready} onClick={() => setOpen(true)} data-test="browse">
          {t(sends ? "browse.beginBucket" : "browse.begin")}
        </Button>
      )}
    </SpaceBetween>
  );
}

/** Which files, with which connector, where to. */
export function StartTransfer() {
  const { t } = useWords();
  const notices = useNotices();
  const { query } = useRoute();
  const [wish, setWish] = useState<Wish>({ connector: query.ConnectorId ?? "", way: "send", paths: "", target: "" });
  const [output, setOutput] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<Wish>) => setWish((before) => ({ ...before, ...part }));
  const ready = wish.connector !== "" && linesOf(wish.paths).length > 0 && (wish.way === "send" || wish.target !== "");

  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const ids = await start(wish);
      notices.tell(t("start.done", { count: ids.length }));
      go(ids.length === 1 ? ["transfers", ids[0]!] : ["transfers"], ids.length === 1 ? {} : { ConnectorId: wish.connector });
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    }
  };
  const button = (
    <Button variant="primary" disabled={!ready} loading={busy} onClick={() => void submit()} data-test="start">
      {t("start.button")}
    </Button>
  );
  return (
    <Page title={t("start.title")} error={error} actions={button}>
      <Container>
        <SpaceBetween size="m">
          <FieldInput field={connectorField} value={wish.connector} onChange={(connector) => change({ connector })} complain={false} />
          <SegmentedControl
            selectedId={wish.way}
            label={t("column.direction")}
            onChange={({ detail }) => change({ way: detail.selectedId as Way, paths: "", target: "" })}
            options={[
              { id: "send", text: t("direction.SEND") },
              { id: "retrieve", text: t("direction.RETRIEVE") },
            ]}
          />
          <FormField label={t("start.paths")} description={t(wish.way === "send" ? "start.pathsSend" : "start.pathsRetrieve")} stretch>
            <Textarea
              name="paths"
              value={wish.paths}
              onChange={({ detail }) => change({ paths: detail.value })}
              rows={4}
              spellcheck={false}
              placeholder={wish.way === "send" ? "/bucket/key" : "out/a.csv"}
            />
          </FormField>
          <FormField label={t(wish.way === "send" ? "start.targetSend" : "start.targetRetrieve")}>
            <Input
              name="target"
              value={wish.target}
              onChange={({ detail }) => change({ target: detail.value })}
              placeholder={wish.way === "send" ? "in" : "/bucket/folder"}
              spellcheck={false}
            />
          </FormField>
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">{t("browse.title")}</Header>}>
        <Source
          key={wish.way}
          wish={wish}
          output={output}
          onOutput={setOutput}
          onChoose={(path) => change({ paths: withLine(wish.paths, path) })}
        />
      </Container>
    </Page>
  );
}
