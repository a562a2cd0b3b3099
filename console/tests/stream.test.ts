import { describe, expect, it } from "vitest";
import type { Transfer } from "../src/api/shapes";
import { bytes, duration, percent } from "../src/model/format";
import { StreamReader } from "../src/model/stream";
import { advance, sumOf } from "../src/model/transfer-state";
import { bytesByHour, niceCeiling } from "../src/model/usage";

const TEXT = 'event: hello\nid: 7\ndata: {"Change": 7}\n\n: nothing happens\n\nid: 8\nevent: file\ndata: {"FileId": "f"}\n\n';

describe("a stream of events", () => {
  it("is the same wherever it was cut", () => {
    for (let cut = 0; cut <= TEXT.length; cut += 1) {
      const reader = new StreamReader();
      const events = [...reader.take(TEXT.slice(0, cut)), ...reader.take(TEXT.slice(cut))];
      expect(events).toEqual([
        { event: "hello", id: "7", data: '{"Change": 7}' },
        { event: "file", id: "8", data: '{"FileId": "f"}' },
      ]);
    }
  });

  it("has an end to what it keeps of one event", () => {
    expect(() => new StreamReader().take("x".repeat(2 << 20))).toThrow("too long");
  });
});

const COUNTS = { Files: 2, Queued: 2, InProgress: 0, Completed: 0, Failed: 0, Bytes: 300, BytesMoved: 0 };
const TRANSFER: Transfer = {
  TransferId: "t",
  ConnectorId: "c",
  Direction: "SEND",
  State: "QUEUED",
  Created: "2026-01-01T00:00:00Z",
  Counts: COUNTS,
  Files: [
    { FileId: "1", FilePath: "/a/1", StatusCode: "QUEUED", Size: 100 },
    { FileId: "2", FilePath: "/a/2", StatusCode: "QUEUED", Size: 200 },
  ],
};

describe("a transfer", () => {
  const running = advance(TRANSFER, { kind: "progress", file: { FileId: "2", BytesDone: 50, BytesPerSecond: 10, Attempt: 1, Size: 200 } });

  it("is brought forward by what is heard of its files", () => {
    expect(running.State).toBe("IN_PROGRESS");
    expect(sumOf(running.Files)).toEqual({ done: 50, size: 300, rate: 10, secondsLeft: 25 });
    const one = advance(running, { kind: "file", file: { FileId: "2", StatusCode: "COMPLETED" } });
    expect(one.Counts).toMatchObject({ Queued: 1, Completed: 1, InProgress: 0 });
    const all = advance(one, { kind: "file", file: { FileId: "1", StatusCode: "FAILED", FailureMessage: "why" } });
    expect([all.State, all.Files[0]?.FailureMessage]).toEqual(["FAILED", "why"]);
  });

  it("does not go back when a word about bytes comes behind the end", () => {
    const ended = advance(running, { kind: "file", file: { FileId: "2", StatusCode: "COMPLETED" } });
    const late = advance(ended, { kind: "progress", file: { FileId: "2", BytesDone: 60, BytesPerSecond: 1 } });
    expect(late.Files[1]).toMatchObject({ StatusCode: "COMPLETED", Progress: undefined });
  });

  it("that has ended stays so, whatever is heard late", () => {
    const ended = advance(running, { kind: "file", file: { FileId: "2", StatusCode: "COMPLETED" } });
    expect(advance(ended, { kind: "file", file: { FileId: "2", StatusCode: "IN_PROGRESS" } }).Files[1]?.StatusCode).toBe("COMPLETED");
  });

  it("knows nothing of others' files", () => {
    expect(advance(TRANSFER, { kind: "file", file: { FileId: "9", StatusCode: "FAILED" } })).toBe(TRANSFER);
  });
});

describe("numbers", () => {
  it("are told as people read them", () => {
    expect([bytes(0), bytes(1023), bytes(1024), bytes(1.5 * 2 ** 20), bytes(undefined)]).toEqual(["0 B", "1,023 B", "1 KiB", "1.5 MiB", "–"]);
    expect([duration(7), duration(3909), duration(undefined)]).toEqual(["0:07", "1:05:09", "–"]);
    expect([percent(0, 0), percent(1, 3), percent(5, undefined), percent(9, 3)]).toEqual([100, 33, 0, 100]);
  });

  it("of each hour are added up, and hours without any are there", () => {
    const row = { ConnectorId: "c", FilesCompleted: 1, FilesFailed: 0, Bytes: 5 };
    const points = bytesByHour(
      [
        { ...row, Hour: "2026-01-01T10:00:00Z", Direction: "SEND", BytesMoved: 5 },
        { ...row, Hour: "2026-01-01T10:00:00Z", Direction: "SEND", BytesMoved: 6 },
        { ...row, Hour: "2026-01-01T11:00:00Z", Direction: "RETRIEVE", BytesMoved: 7 },
        { ...row, Hour: "2025-01-01T11:00:00Z", Direction: "SEND", BytesMoved: 99 },
      ],
      new Date("2026-01-01T12:30:00Z"),
      4,
    );
    expect(points.map(({ sent, fetched }) => [sent, fetched])).toEqual([[0, 0], [11, 0], [0, 7], [0, 0]]);
  });

  it("have a round one above them", () => {
    expect([0, 1, 3, 900, 1025, 7 * 2 ** 20].map(niceCeiling)).toEqual([1, 1, 5, 1024, 2048, 10 * 2 ** 20]);
    for (let most = 1; most < 2 ** 50; most *= 1.7) expect(niceCeiling(most) >= most && niceCeiling(most) <= most * 2.6).toBe(true);
  });
});
