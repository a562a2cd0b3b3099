import { type HopName } from "../model/path-picture";
import { useWords } from "../words";

/** What a hop is called. */
export function useHopText(): (name: HopName) => string {
  const { t } = useWords();
  return (name) => t(`hop.${name}`);
}
