/** Checks that are sentences, told in TAP as they end. */

import assert from "node:assert/strict";

export { assert };

let count = 0;
let failed = 0;

function tell(good, sentence) {
  count += 1;
  failed += good ? 0 : 1;
  process.stdout.write(`${good ? "ok" : "not ok"} ${count} - ${sentence}\n`);
}

export function say(text) {
  for (const line of text.split("\n")) process.stdout.write(`# ${line}\n`);
}

/** Runs @what; one that fails is told, and the next one goes on. */
export async function check(sentence, what) {
  try {
    await what();
    tell(true, sentence);
  } catch (error) {
    tell(false, sentence);
    say(error.stack ?? String(error));
  }
}

export function finish() {
  process.stdout.write(`1..${count}\n`);
  return failed === 0 ? 0 : 1;
}
