/** Who is signed in. The key lies in this tab's memory; in its session storage only when its owner wants that. */

export interface Key {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of somebody who acts as a role for a while. */
  sessionToken?: string;
  region: string;
}

const STORED_AS = "sallyport.key";
const REGION_STORED_AS = "sallyport.region";
const DEFAULT_REGION = "us-east-1";

let key: Key | undefined = stored();
const listeners = new Set<() => void>();

function stored(): Key | undefined {
  const text = globalThis.sessionStorage?.getItem(STORED_AS);
  return text ? (JSON.parse(text) as Key) : undefined;
}

function changed(next: Key | undefined) {
  key = next;
  for (const listener of listeners) listener();
}

export function currentKey(): Key | undefined {
  return key;
}

/** The key of whoever is signed in: for calls, which nobody makes before that. */
export function neededKey(): Key {
  if (!key) throw new Error("nobody is signed in");
  return key;
}

/** @keep  a reload of the page does not forget it; closing the tab does */
export function signIn(next: Key, keep: boolean) {
  localStorage.setItem(REGION_STORED_AS, next.region);
  if (keep) sessionStorage.setItem(STORED_AS, JSON.stringify(next));
  changed(next);
}

export function signOut() {
  sessionStorage.removeItem(STORED_AS);
  changed(undefined);
}

/** No secret: what was typed last time. */
export function lastRegion(): string {
  return localStorage.getItem(REGION_STORED_AS) ?? DEFAULT_REGION;
}

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
