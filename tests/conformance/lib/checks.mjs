/** Checks that are sentences, told in TAP as they end. A check that fails is told and the next one goes on. */

import assert from "node:assert/strict";
import { witnessed } from "./witness.mjs";

export { assert };
export const same = assert.deepEqual;

let count = 0;
let failed = 0;

/** This machine cannot show the check; the message says why. */
export class Skip extends Error {}

function tell(good, sentence, note = "") {
  count += 1;
  failed += good ? 0 : 1;
  process.stdout.write(`${good ? "ok" : "not ok"} ${count} - ${sentence}${note}\n`);
}

function explain(text) {
  for (const line of text.split("\n")) process.stdout.write(`# ${line}\n`);
}

/** Runs @what. It also fails when an answer on its way was not what the service's model says. */
export async function check(sentence, what) {
  witnessed.splice(0);
  try {
    const value = await what();
    if (witnessed.length > 0) throw new Error(witnessed.join("\n"));
    tell(true, sentence);
    return value;
  } catch (error) {
    if (error instanceof Skip) {
      tell(true, sentence, ` # SKIP ${error.message}`);
    } else {
      tell(false, sentence);
      explain([error.stack ?? String(error), ...witnessed].join("\n"));
    }
    return undefined;
  }
}

export function finish() {
  process.stdout.write(`1..${count}\n`);
  return failed === 0 ? 0 : 1;
}

/**
 * The error of a call that has to be refused.
 *
 * @kind     the SDK's class of a modelled error, or the code of one that no model has
 * @wanted   status, says: a word or several that the sentence has; other members as they are on the error
 */
export async function refused(promise, kind, { status, says = [], ...members } = {}) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    if (typeof kind === "string") assert.equal(error.name, kind, `${error.name}: ${error.message}`);
    else assert.ok(error instanceof kind, `is no ${kind.name}: ${error.name}: ${error.message}`);
    if (status !== undefined) assert.equal(error.$metadata.httpStatusCode, status, error.message);
    assert.ok(error.$metadata.requestId, "the refusal has no request id");
    for (const word of [says].flat()) assert.ok(error.message.includes(word), `does not say "${word}": ${error.message}`);
    for (const [name, value] of Object.entries(members)) same(error[name], value, `${name} of ${error.name}`);
    return error;
  }
  throw new Error(`was not refused: ${JSON.stringify(answer)}`);
}

/** A time that was just now. The clock of the daemon is ours. */
export function isNow(time) {
  assert.ok(time instanceof Date, `is no Date: ${time}`);
  assert.ok(Math.abs(Date.now() - time.getTime()) < 60_000, `is not now: ${time.toISOString()}`);
}

/** Asks again until @ready() has a value that is true. */
export async function until(what, ready, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ready();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** [what came with each page, how long each was] of a paginator of the SDK; @items: what a page is asked for. */
export async function pages(paginator, items) {
  const found = [];
  const sizes = [];
  for await (const page of paginator) {
    found.push(...items(page));
    sizes.push(items(page).length);
  }
  return [found, sizes];
}
