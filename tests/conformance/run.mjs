/**
 * Runs the parts that are named, in that order, and tells TAP. What they need of the story is in the environment:
 * admin.env, and what tests/system/conformance_test.py says of the partner.
 *
 *     node run.mjs transfer ec2
 */

import { check, finish } from "./lib/checks.mjs";
import { answered } from "./lib/witness.mjs";

for (const part of process.argv.slice(2)) {
  try {
    await import(`./parts/${part}.mjs`);
  } catch (error) {
    await check(`the part ${part} comes to its end`, () => {
      throw error;
    });
  }
}
for (const operation of [...answered].sort()) process.stdout.write(`# answered ${operation}\n`);
process.exit(finish());
