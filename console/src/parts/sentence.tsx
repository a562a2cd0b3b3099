import Alert from "@cloudscape-design/components/alert";
import { useWords } from "../words";

/** The sentence that a failure tells, wherever it comes from. */
export function sentenceOf(error: unknown): string {
  if (error instanceof TypeError) return `Sallyport does not answer: ${error.message}`;
  return error instanceof Error ? error.message || error.name : String(error);
}

export function Failure({ error }: { error: unknown }) {
  const { t } = useWords();
  if (!error) return null;
  return (
    <Alert type="error" header={t("failure.title")}>
      {sentenceOf(error)}
    </Alert>
  );
}
