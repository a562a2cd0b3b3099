import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { native } from "../api/native";
import type { FileView, State as StateCode } from "../api/shapes";
import { receiptFacts } from "../model/receipt";
import { hasEnded } from "../model/transfer-state";
import { useWords } from "../words";
import { useNotices } from "./notices";
import { Failure } from "./sentence";
import { State } from "./state";
import { Time } from "./time";
import { useLoad } from "./use-load";

function Timeline({ file }: { file: FileView }) {
  const { t } = useWords();
  return (
    <div>
      <Box variant="h3">{t("file.timeline")}</Box>
      <ol className="steps" data-test="timeline">
        {file.Timeline.map((entry) => (
          <li key={`${entry.Time}${entry.State}${entry.Attempt ?? ""}`}>
            <Time of={entry.Time} /> <State of={entry.State} />
            {entry.Attempt === undefined ? null : ` ${t("file.attempt", { number: entry.Attempt })}`} – {entry.Sentence}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Receipt({ file }: { file: FileView }) {
  const { t } = useWords();
  return (
    <div>
      <Box variant="h3">{t("file.receipt")}</Box>
      <KeyValuePairs columns={3} items={receiptFacts(file).map(({ name, text }) => ({ label: name, value: text }))} />
    </div>
  );
}

/** One file: its receipt, and all that happened to it. Looked up anew when its state changes. */
export function FileDetail({ id, state }: { id: string; state: StateCode }) {
  const { t } = useWords();
  const notices = useNotices();
  const { value: file, error } = useLoad(() => native<FileView>("GET", `/v1/files/${id}`), [id, state]);
  const cancel = async () => {
    try {
      await native("POST", `/v1/files/${id}/cancel`);
      notices.tell(t("transfer.cancelled"));
    } catch (trouble) {
      notices.tellFailure(trouble);
    }
  };
  const button = (
    <Button disabled={hasEnded(state)} onClick={() => void cancel()}>
      {t("file.cancel")}
    </Button>
  );
  return (
    <Container
      header={
        <Header variant="h2" actions={button}>
          {file?.FilePath ?? id}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={error} />
        {file ? <Timeline file={file} /> : null}
        {file ? <Receipt file={file} /> : null}
      </SpaceBetween>
    </Container>
  );
}
