import Alert from "@cloudscape-design/components/alert";
import { Told } from "../api/told";
import { useWords, type Words } from "../words";

/** The sentence that a failure tells, wherever it comes from. The API's are as the API has them. */
export function sentenceOf(error: unknown, t: Words["t"]): string {
  if (error instanceof Told) return t(error.word, error.values);
  if (error instanceof TypeError) return t("failure.noAnswer", { why: error.message });
  return error instanceof Error ? error.message || error.name : String(error);
}

export function Failure({ error }: { error: unknown }) {
  const { t } = useWords();
  if (!error) return null;
  return (
    <Alert type="error" header={t("failure.title")}>
      {sentenceOf(error, t)}
    </Alert>
  );
}
