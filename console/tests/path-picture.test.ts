import { describe, expect, it } from "vitest";
import type { TestStep } from "../src/api/shapes";
import { pathPicture } from "../src/model/path-picture";
import { placeHops } from "../src/model/place-hops";

function step(Step: string, more: Partial<TestStep> = {}): TestStep {
  return { Step, Status: "OK", Milliseconds: 1, Message: `${Step} is good`, ...more };
}

const PRIVATE = ["role", "secret", "resource-configuration", "port", "gateway", "interface", "security-groups", "route", "connect"];
const SSH = ["banner", "key-exchange", "host-key", "authenticate", "sftp"];

describe("the picture of a path", () => {
  it("has a hop for everything that was passed, in the order in which it was", () => {
    const hops = pathPicture([...PRIVATE, ...SSH].map((name) => step(name)), true);
    expect(hops.map((hop) => hop.name)).toEqual([
      "bucket", "connector", "configuration", "gateway", "interface", "groups", "route", "connect", "ssh", "login", "sftp",
    ]);
    expect(hops.every((hop) => hop.verdict === "ok")).toBe(true);
  });

  it("ends at the hop that failed, with its sentence, and shows what was not reached", () => {
    const failed = step("security-groups", { Status: "FAILED", Message: "no rule allows it" });
    const hops = pathPicture([...PRIVATE.slice(0, 5).map((name) => step(name)), failed], true);
    const verdicts = Object.fromEntries(hops.map((hop) => [hop.name, hop.verdict]));
    expect(verdicts).toMatchObject({ gateway: "ok", groups: "failed", interface: "unreached", connect: "unreached", sftp: "unreached" });
    expect(hops.find((hop) => hop.name === "groups")?.sentences).toEqual(["no rule allows it"]);
    expect(hops.findIndex((hop) => hop.name === "groups")).toBeLessThan(hops.findIndex((hop) => hop.name === "interface"));
  });

  it("adds the times of the steps that make a hop, and shows an address", () => {
    const steps = [step("connect", { Milliseconds: 7, Details: { Address: "10.0.0.1:22" } }), ...SSH.map((name) => step(name, { Milliseconds: 10 }))];
    const hops = pathPicture(steps, false);
    expect(hops.find((hop) => hop.name === "connect")).toMatchObject({ milliseconds: 7, address: "10.0.0.1:22" });
    expect(hops.find((hop) => hop.name === "ssh")?.milliseconds).toBe(30);
  });

  it("has no gateway on a way that goes through none", () => {
    const names = pathPicture([step("role"), step("connect")], false).map((hop) => hop.name);
    expect(names).not.toContain("gateway");
    expect(names).not.toContain("groups");
  });

  it("shows a step that it does not know", () => {
    const hops = pathPicture([step("role"), step("quantum", { Status: "FAILED" })], false);
    expect(hops.find((hop) => hop.name === "other")?.verdict).toBe("failed");
  });
});

describe("the places of hops", () => {
  it.each([[11, 1000], [11, 1600], [11, 200], [1, 500]])("of %i hops in %i pixels are all inside, and none is in another's", (count, width) => {
    const { places, lines, height } = placeHops(count, width, 15);
    expect(places).toHaveLength(count);
    expect(lines).toHaveLength(count - 1);
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(count);
    for (const { x, y } of places) {
      expect(x > 0 && x < width).toBe(true);
      expect(y > 0 && y < height).toBe(true);
    }
  });
});
