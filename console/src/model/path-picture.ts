/**
 * What a test of a connector found, as a picture: hops from the bucket to the partner. Each step of the trace belongs to
 * one hop; the first failing one ends the way, and what lies behind it was not reached.
 */

import type { TestStep } from "../api/shapes";

export type Verdict = "ok" | "failed" | "unreached";

export interface Hop {
  name: HopName;
  verdict: Verdict;
  /** undefined: not reached */
  milliseconds?: number;
  /** An address or a name worth seeing under the hop. */
  address?: string;
  /** What the steps said, the failing one last. */
  sentences: string[];
}

export type HopName =
  | "bucket"
  | "connector"
  | "configuration"
  | "gateway"
  | "interface"
  | "groups"
  | "route"
  | "resolve"
  | "connect"
  | "ssh"
  | "login"
  | "sftp"
  | "other";

/** Which steps make a hop, and which detail of theirs is its address. Hops that were not reached stand in this order. */
const HOPS: { name: HopName; steps: string[]; details: string[]; privateOnly?: true; mayBeSilent?: true }[] = [
  { name: "connector", steps: ["role", "secret"], details: [] },
  { name: "configuration", steps: ["resource-configuration", "port"], details: ["Target"], privateOnly: true },
  { name: "gateway", steps: ["gateway"], details: ["Name", "Id"], privateOnly: true },
  { name: "resolve", steps: ["resolve"], details: ["Addresses"], mayBeSilent: true },
  { name: "groups", steps: ["security-groups"], details: ["SecurityGroupId"], privateOnly: true },
  { name: "route", steps: ["route"], details: ["RouteTableId", "Uplink"], privateOnly: true, mayBeSilent: true },
  { name: "interface", steps: ["interface"], details: ["PrivateIpAddress"], privateOnly: true },
  { name: "connect", steps: ["connect"], details: ["Address"] },
  { name: "ssh", steps: ["banner", "key-exchange", "host-key"], details: ["Fingerprint"] },
  { name: "login", steps: ["authenticate"], details: ["Method"] },
  { name: "sftp", steps: ["sftp"], details: [] },
];

const KNOWN = new Set(HOPS.flatMap((hop) => hop.steps));

function textOf(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.length > 0) return textOf(value[0]);
  return undefined;
}

function addressOf(steps: TestStep[], details: string[]): string | undefined {
  for (const name of details)
    for (const step of steps) {
      const text = textOf(step.Details?.[name]);
      if (text !== undefined) return text;
    }
  return undefined;
}

function hopOf(name: HopName, steps: TestStep[], details: string[]): Hop {
  if (steps.length === 0) return { name, verdict: "unreached", sentences: [] };
  return {
    name,
    verdict: steps.some((step) => step.Status === "FAILED") ? "failed" : "ok",
    milliseconds: steps.reduce((sum, step) => sum + step.Milliseconds, 0),
    address: addressOf(steps, details),
    sentences: steps.map((step) => step.Message),
  };
}

/** Where every way begins; no step is about it. */
const BUCKET: Hop = { name: "bucket", verdict: "ok", sentences: [] };

/** @isPrivate  the connector leaves through a resource gateway, so that the hops of one belong to its way */
export function pathPicture(steps: TestStep[], isPrivate: boolean): Hop[] {
  const reached: { hop: Hop; at: number }[] = [];
  const unreached: Hop[] = [];
  for (const { name, steps: names, details, privateOnly, mayBeSilent } of HOPS) {
    const own = steps.filter((step) => names.includes(step.Step));
    const at = steps.findIndex((step) => names.includes(step.Step));
    if (own.length > 0) reached.push({ hop: hopOf(name, own, details), at });
    else if (!mayBeSilent && (isPrivate || !privateOnly)) unreached.push(hopOf(name, [], details));
  }
  const strangers = steps.filter((step) => !KNOWN.has(step.Step));
  if (strangers.length > 0) reached.push({ hop: hopOf("other", strangers, []), at: steps.indexOf(strangers[0]!) });
  reached.sort((one, other) => one.at - other.at);
  return [BUCKET, ...reached.map(({ hop }) => hop), ...unreached];
}
