/** A receipt as names and texts, its nested parts with their path: "Connection.Source". */

import type { FileView } from "../api/shapes";

export interface Fact {
  name: string;
  text: string;
}

/** They are shown in their own way. */
const ELSEWHERE = new Set(["Timeline", "Progress"]);

function factsOf(name: string, value: unknown): Fact[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [{ name, text: value.map((one) => (typeof one === "object" ? JSON.stringify(one) : String(one))).join(", ") }];
  if (typeof value === "object") return Object.entries(value).flatMap(([member, part]) => factsOf(`${name}.${member}`, part));
  return [{ name, text: typeof value === "string" ? value : JSON.stringify(value) }];
}

export function receiptFacts(file: FileView): Fact[] {
  return Object.entries(file).flatMap(([name, value]) => (ELSEWHERE.has(name) ? [] : factsOf(name, value)));
}
