import { time } from "../model/format";
import { useWords } from "../words";

/** A moment, in the reader's language and zone. */
export function Time({ of }: { of: string | Date | undefined }) {
  const { language } = useWords();
  if (!of) return <>–</>;
  return <time dateTime={new Date(of).toISOString()}>{time(of, language)}</time>;
}
