/**
 * Runs the parts that are named in Debian's Chromium, in that order, and tells TAP. What they need of the story is in the
 * environment: admin.env, and what tests/system/console_test.py says of the partner.
 *
 *     node run.mjs network connector
 */

import { Console } from "./lib/console.mjs";
import { check, finish } from "./lib/checks.mjs";

const seen = await Console.open();
for (const name of process.argv.slice(2)) {
  const { default: part } = await import(`./parts/${name}.mjs`);
  await check(`the part ${name} comes to its end`, () => part(seen));
}
await check("no page broke the content security policy, asked anything of anybody else, or threw", () => seen.expectNoTrouble());
await seen.close();
process.exit(finish());
