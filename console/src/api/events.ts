/** What happens to files, while it happens. EventSource cannot sign, so a stream is read by hand. */

import type { StreamEvent } from "../model/stream";
import { StreamReader } from "../model/stream";
import type { FileView, Progress } from "./shapes";
import { type Query, send } from "./native";

/** "file": a state; "progress": bytes; "reset": what was looked up before now may lack something. */
export interface FileEvent {
  kind: "file" | "progress" | "reset";
  file: Partial<FileView> & Partial<Progress>;
}

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15_000;

/** A tab that nobody sees holds no connection: a browser has few for each address. It hears later what it missed. */
function untilSeen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** One connection, to its end. Says the last id that it saw. */
async function readOnce(query: Query, signal: AbortSignal, tell: (event: StreamEvent) => void) {
  const response = await send("GET", "/v1/events", query, signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const events = new StreamReader();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) return;
    for (const event of events.take(piece.value)) tell(event);
  }
}

/**
 * Listens until the function that it returns is called. Comes back by itself after the last event that it saw, so that
 * nothing is missed.
 *
 * @filter  ConnectorId, TransferId or FileId, and Progress
 * @live    told whether it listens just now
 */
export function listen(filter: Query, tell: (event: FileEvent) => void, live: (now: boolean) => void = () => {}): () => void {
  const stop = new AbortController();
  let lastId: string | undefined;
  let first = true; // what changed between a look and the beginning of the stream nobody would tell
  let retryMs = RETRY_FIRST_MS;

  const take = (event: StreamEvent) => {
    retryMs = RETRY_FIRST_MS;
    live(true);
    if (event.id !== undefined) lastId = event.id;
    const isFirst = first;
    first = false;
    if (event.event === "reset") lastId = undefined;
    if (event.event === "reset" || isFirst) tell({ kind: "reset", file: {} });
    if (event.event === "file" || event.event === "progress")
      tell({ kind: event.event, file: JSON.parse(event.data) as FileEvent["file"] });
  };
  let connection = new AbortController();
  const leave = () => {
    if (document.hidden) connection.abort();
  };
  document.addEventListener("visibilitychange", leave);
  stop.signal.addEventListener("abort", () => {
    document.removeEventListener("visibilitychange", leave);
    connection.abort();
  });
  const run = async () => {
    while (!stop.signal.aborted) {
      await untilSeen(stop.signal);
      connection = new AbortController();
      if (stop.signal.aborted) return;
      await readOnce({ ...filter, LastEventId: lastId }, connection.signal, take).catch(() => undefined);
      live(false);
      if (!stop.signal.aborted) await wait(retryMs, stop.signal);
      retryMs = Math.min(RETRY_MAX_MS, retryMs * 2);
    }
  };
  void run();
  return () => stop.abort();
}
