/** A failure of our own that people read: in their language, not in that of whoever threw it. */

import type { Word } from "../words";

export class Told extends Error {
  constructor(
    readonly word: Word,
    readonly values: Record<string, string | number> = {},
  ) {
    super(word);
    this.name = "Told";
  }
}
