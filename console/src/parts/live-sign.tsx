import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useWords } from "../words";

/** Whether what is seen changes by itself. */
export function LiveSign({ live }: { live: boolean }) {
  const { t } = useWords();
  return <StatusIndicator type={live ? "success" : "pending"}>{t(live ? "live.on" : "live.off")}</StatusIndicator>;
}
