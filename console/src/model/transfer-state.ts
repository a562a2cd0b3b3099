/** A transfer as it is seen: what the API answered, brought forward by each event that was heard since. */

import type { FileEvent } from "../api/events";
import type { Progress, State, Transfer, TransferFile } from "../api/shapes";

const ENDED: readonly State[] = ["COMPLETED", "FAILED"];

export function hasEnded(state: State): boolean {
  return ENDED.includes(state);
}

/** What an event says of bytes. */
function progressOf({ BytesDone, BytesPerSecond, Attempt, Size, SecondsLeft }: FileEvent["file"]): Progress | undefined {
  if (BytesDone === undefined) return undefined;
  return { BytesDone, BytesPerSecond: BytesPerSecond ?? 0, Attempt: Attempt ?? 1, Size, SecondsLeft };
}

function advanced(file: TransferFile, { kind, file: told }: FileEvent): TransferFile {
  if (kind === "progress") {
    // A word about bytes may come after the end that it was said before.
    const Progress = hasEnded(file.StatusCode) ? undefined : progressOf(told);
    return Progress ? { ...file, StatusCode: "IN_PROGRESS", Progress } : file;
  }
  if (hasEnded(file.StatusCode) && !hasEnded(told.StatusCode ?? file.StatusCode)) return file; // told before, heard late
  const { StatusCode = file.StatusCode, FailureCode, FailureMessage, Size = file.Size } = told;
  const next = { ...file, StatusCode, FailureCode, FailureMessage, Size };
  return hasEnded(StatusCode) ? { ...next, Progress: undefined } : next;
}

function stateOf(files: TransferFile[]): State {
  if (files.every((file) => file.StatusCode === "QUEUED")) return "QUEUED";
  if (!files.every((file) => hasEnded(file.StatusCode))) return "IN_PROGRESS";
  return files.some((file) => file.StatusCode === "FAILED") ? "FAILED" : "COMPLETED";
}

export function advance(transfer: Transfer, event: FileEvent): Transfer {
  const at = transfer.Files.findIndex((file) => file.FileId === event.file.FileId);
  const before = transfer.Files[at];
  if (!before) return transfer;
  const Files = transfer.Files.with(at, advanced(before, event));
  const count = (state: State) => Files.filter((file) => file.StatusCode === state).length;
  const Counts = {
    ...transfer.Counts,
    Queued: count("QUEUED"),
    InProgress: count("IN_PROGRESS"),
    Completed: count("COMPLETED"),
    Failed: count("FAILED"),
  };
  return { ...transfer, Files, Counts, State: stateOf(Files) };
}

export interface Sum {
  done: number;
  size: number;
  rate: number;
  secondsLeft: number | undefined;
}

/** All files together: bytes, bytes per second, and how long that will take. */
export function sumOf(files: TransferFile[]): Sum {
  const sum = { done: 0, size: 0, rate: 0 };
  for (const file of files) {
    const size = file.Size ?? file.Progress?.Size ?? 0;
    sum.size += size;
    sum.done += file.StatusCode === "COMPLETED" ? size : (file.Progress?.BytesDone ?? 0);
    sum.rate += file.Progress?.BytesPerSecond ?? 0;
  }
  const left = sum.size - sum.done;
  return { ...sum, secondsLeft: sum.rate > 0 && left > 0 ? left / sum.rate : undefined };
}
