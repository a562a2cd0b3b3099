/** What was moved, hour by hour; hours in which nothing was are there, too. */

import type { UsageRow } from "../api/shapes";

export interface HourPoint {
  hour: Date;
  sent: number;
  fetched: number;
}

const HOUR_MS = 3_600_000;

/** @hours  so many, the last one being that of @now */
export function bytesByHour(rows: UsageRow[], now: Date, hours: number): HourPoint[] {
  const last = Math.floor(now.getTime() / HOUR_MS);
  const points = Array.from({ length: hours }, (_, at) => ({ hour: new Date((last - hours + 1 + at) * HOUR_MS), sent: 0, fetched: 0 }));
  for (const row of rows) {
    const point = points[Math.floor(Date.parse(row.Hour) / HOUR_MS) - (last - hours + 1)];
    if (point && row.Direction === "SEND") point.sent += row.BytesMoved;
    if (point && row.Direction === "RETRIEVE") point.fetched += row.BytesMoved;
  }
  return points;
}

/** A round number of bytes that is no less: 1, 2 or 5 of a unit, or tens and hundreds of it. */
export function niceCeiling(most: number): number {
  const unit = 2 ** (10 * Math.max(0, Math.floor(Math.log2(Math.max(most, 1)) / 10)));
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1024];
  return unit * (steps.find((step) => step * unit >= most) ?? 1024);
}
