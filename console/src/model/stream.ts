/** Server-sent events out of pieces of text, wherever they were cut. */

export interface StreamEvent {
  event: string;
  id?: string;
  data: string;
}

/** No event that Sallyport sends comes near it; who sends more is not it. */
const PENDING_MAX = 1 << 20;

function parsed(block: string): StreamEvent | undefined {
  const found: StreamEvent = { event: "message", data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === "event") found.event = value ?? "";
    if (name === "id") found.id = value;
    if (name === "data") data.push(value ?? "");
  }
  found.data = data.join("\n");
  return data.length > 0 ? found : undefined;
}

export class StreamReader {
  private pending = "";

  /** The events that are whole now. */
  take(piece: string): StreamEvent[] {
    const blocks = (this.pending + piece).replaceAll("\r\n", "\n").split("\n\n");
    this.pending = blocks.pop() ?? "";
    if (this.pending.length > PENDING_MAX) throw new Error("an event is too long");
    return blocks.map(parsed).filter((event) => event !== undefined);
  }
}
