/** A state as a word with a sign, the same on every page. */

import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useWords, type Word } from "../words";

const LOOKS: Record<string, [StatusIndicatorProps.Type, Word]> = {
  QUEUED: ["pending", "state.queued"],
  IN_PROGRESS: ["in-progress", "state.running"],
  RUNNING: ["in-progress", "state.running"],
  PUBLISHING: ["in-progress", "state.publishing"],
  COMPLETED: ["success", "state.completed"],
  FAILED: ["error", "state.failed"],
  ACTIVE: ["success", "state.active"],
  PENDING: ["in-progress", "state.pending"],
  ERRORED: ["error", "state.failed"],
  CREATE_IN_PROGRESS: ["in-progress", "state.pending"],
  CREATE_FAILED: ["error", "state.failed"],
  UPDATE_IN_PROGRESS: ["in-progress", "state.pending"],
  DELETE_IN_PROGRESS: ["in-progress", "state.deleting"],
  PAUSED: ["stopped", "state.paused"],
  OPEN: ["warning", "state.away"],
  HALF_OPEN: ["warning", "state.away"],
  available: ["success", "state.active"],
  pending: ["in-progress", "state.pending"],
  active: ["success", "state.active"],
  blackhole: ["error", "state.blackhole"],
};

export function State({ of }: { of: string | undefined }) {
  const { t } = useWords();
  if (of === undefined) return <>–</>;
  const look = LOOKS[of];
  return <StatusIndicator type={look?.[0] ?? "info"}>{look ? t(look[1]) : of}</StatusIndicator>;
}
