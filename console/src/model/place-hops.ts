/** Where the hops of a path stand: in rows from left to right, as many as there is room for. */

export interface Place {
  x: number;
  y: number;
}

const HOP_WIDTH_MIN = 136;
const ROW_HEIGHT = 130;
const TOP = 48;
/** A line to the next row goes around what is written under the hops. */
const ABOVE_ROW = 50;
const EDGE = 4;

function lineBetween(from: Place, to: Place, radius: number, step: number): string {
  if (from.y === to.y) return `M${from.x + radius} ${from.y}H${to.x - radius}`;
  const right = Math.round(from.x + step / 2) - EDGE;
  const left = Math.round(to.x - step / 2) + EDGE;
  return `M${from.x + radius} ${from.y}H${right}V${to.y - ABOVE_ROW}H${left}V${to.y}H${to.x - radius}`;
}

export function placeHops(count: number, width: number, radius: number): { places: Place[]; lines: string[]; height: number } {
  const fit = Math.max(1, Math.floor(width / HOP_WIDTH_MIN));
  const rows = Math.max(1, Math.ceil(count / fit));
  const columns = Math.max(1, Math.ceil(count / rows)); // rows of the same length look better than a full one and a rest
  const step = width / columns;
  const places = Array.from({ length: count }, (_, index) => ({
    x: Math.round(step * ((index % columns) + 0.5)),
    y: TOP + ROW_HEIGHT * Math.floor(index / columns),
  }));
  const lines = places.slice(1).map((place, index) => lineBetween(places[index]!, place, radius, step));
  return { places, lines, height: ROW_HEIGHT * rows };
}
