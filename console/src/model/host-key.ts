/** The key that a partner's server showed, when it is not trusted yet. */

import type { ConnectionTest } from "../api/shapes";

export interface ShownKey {
  key: string;
  fingerprint: string;
  /** Others are trusted already: either the partner has changed its key, or somebody else answers. */
  replaces: boolean;
}

export function shownKey(test: ConnectionTest, trusted: string[]): ShownKey | undefined {
  const step = test.Steps.find((one) => one.Step === "host-key" && one.Status === "FAILED");
  const { HostKey: key, Fingerprint: fingerprint } = step?.Details ?? {};
  if (typeof key !== "string" || typeof fingerprint !== "string") return undefined;
  return { key, fingerprint, replaces: trusted.length > 0 };
}
