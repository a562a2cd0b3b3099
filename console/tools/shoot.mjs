/** Pictures of pages. WHAT: [{ name, address, wait, height, colorScheme }] as JSON; FOLDER: where they go. */

import { join } from "node:path";
import { Console } from "../tests/e2e/lib/console.mjs";

const WIDTH = 1280;
/** What moves comes to rest. */
const CALM_MS = 1500;

const seen = await Console.open();
for (const { name, address, wait, height, colorScheme = "light" } of JSON.parse(process.env.WHAT)) {
  await seen.newTab({ colorScheme, viewport: { width: WIDTH, height } });
  await seen.signIn();
  await seen.go(address);
  await seen.page.waitForSelector(wait);
  await seen.settled();
  await seen.page.waitForTimeout(CALM_MS);
  await seen.page.screenshot({ path: join(process.env.FOLDER, `${name}.png`) });
}
await seen.close();
