import { describe, expect, it } from "vitest";
import { readFilters, sameFilters } from "../src/model/filters";
import { inRequests, linesOf, parentOf, withLine } from "../src/model/paths";
import { portRange, portsText } from "../src/model/ports";
import { formatRoute, parseRoute } from "../src/model/route";

describe("a page's address", () => {
  it("keeps what is in it, whatever letters that has", () => {
    const query = { PathContains: "a&b=c #?%/日本", State: "FAILED" };
    expect(parseRoute(formatRoute(["transfers", "a/b"], query))).toEqual({ segments: ["transfers", "a/b"], query });
  });

  it("has nothing of what was not said", () => {
    expect(formatRoute(["transfers"], { State: "", Since: undefined })).toBe("#/transfers");
    expect(parseRoute("")).toEqual({ segments: [], query: {} });
  });

  it("chooses filters, and nothing that is none", () => {
    expect(readFilters({ State: "FAILED", Direction: "SIDEWAYS", Nonsense: "1", PathContains: "x" })).toEqual({ State: "FAILED", PathContains: "x" });
    expect(sameFilters({ State: "FAILED" }, { State: "FAILED", Since: "" })).toBe(true);
    expect(sameFilters({ State: "FAILED" }, {})).toBe(false);
  });
});

describe("paths", () => {
  it("are lines, each once", () => {
    expect(linesOf(" /a \n\n/b\n")).toEqual(["/a", "/b"]);
    expect(withLine("/a", "/a")).toBe("/a");
    expect(withLine("/a", "/b")).toBe("/a\n/b");
  });

  it("make as many requests as are needed", () => {
    const paths = Array.from({ length: 21 }, (_, at) => `/${at}`);
    expect(inRequests(paths).map((some) => some.length)).toEqual([10, 10, 1]);
    expect(inRequests(paths).flat()).toEqual(paths);
    expect(inRequests([])).toEqual([]);
  });

  it("lie in folders", () => {
    expect(parentOf("/a/b/")).toBe("/a/");
    expect(parentOf("/a/")).toBe("/");
    expect(parentOf("/")).toBe("/");
    expect(parentOf("out")).toBe(".");
  });
});

describe("ports", () => {
  it("are one or a range", () => {
    expect(portRange("22")).toEqual({ from: 22, to: 22 });
    expect(portRange(" 22 - 2222 ")).toEqual({ from: 22, to: 2222 });
    expect(portRange("")).toBeUndefined();
    expect(portsText(22, 22)).toBe("22");
    expect(portsText(1, 9)).toBe("1-9");
    expect(portsText(undefined, undefined)).toBe("*");
  });
});
