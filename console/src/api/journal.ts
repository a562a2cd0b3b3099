/** What this page has asked, so that it can be copied as commands. Secrets do not get here. */

import { awsCommand, curlCommand } from "../model/commands";

export interface Entry {
  title: string;
  command: string;
}

/** Of a page that looks again every few seconds the newest few are enough. */
const ENTRIES_MAX = 30;

let entries: readonly Entry[] = [];
const listeners = new Set<() => void>();

function changed(next: readonly Entry[]) {
  entries = next;
  for (const listener of listeners) listener();
}

function note(entry: Entry) {
  if (!entries.some((one) => one.command === entry.command)) changed([...entries, entry].slice(-ENTRIES_MAX));
}

export function noteAws(service: string, operation: string, input: object) {
  note({ title: operation, command: awsCommand(service, operation, input) });
}

export function noteNative(method: string, target: string) {
  note({ title: `${method} ${target.replace(/\?.*$/, "")}`, command: curlCommand(method, target) });
}

function pageOf(address: string): string {
  return new URL(address).hash.replace(/\?.*$/, "");
}

/** A new page begins with an empty one; another filter is no new page. Heard here before the page asks anything. */
addEventListener("hashchange", ({ oldURL, newURL }) => {
  if (oldURL && pageOf(oldURL) !== pageOf(newURL)) changed([]);
});

export function journal(): readonly Entry[] {
  return entries;
}

export function onJournalChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
