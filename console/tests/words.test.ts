import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../src/words/en";
import { ja } from "../src/words/ja";

const SOURCES = join(import.meta.dirname, "..", "src");
/** They are put together: t(`hop.${name}`). */
const FAMILIES = ["hop.", "direction."];

function holes(text: string): string[] {
  return [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
}

function everything(): string {
  const names = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name) && !/words\/(en|ja)\.ts$/.test(name));
  return names.map((name) => readFileSync(join(SOURCES, name), "utf8")).join("\n");
}

describe("the words", () => {
  it("are the same ones in both languages", () => {
    expect(Object.keys(ja).sort()).toEqual(Object.keys(en).sort());
  });

  it("have the same holes in both languages", () => {
    for (const word of Object.keys(en) as (keyof typeof en)[]) expect([word, holes(ja[word])]).toEqual([word, holes(en[word])]);
  });

  it("are all said somewhere", () => {
    const sources = everything();
    const silent = Object.keys(en).filter((word) => !FAMILIES.some((family) => word.startsWith(family)) && !sources.includes(`"${word}"`));
    expect(silent).toEqual([]);
  });

  it("say something, in Japanese other than in English", () => {
    const same = Object.entries(en).filter(([word, text]) => ja[word as keyof typeof en] === text).map(([word]) => word);
    expect(Object.values(en).concat(Object.values(ja)).every((text) => text.trim() !== "")).toBe(true);
    expect(same).toEqual(["column.arn", "column.id", "column.vpc", "egress.lattice", "hop.sftp", "hop.ssh"]);
  });
});
