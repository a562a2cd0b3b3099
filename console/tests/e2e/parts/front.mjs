/** The door: how much it weighs, who gets in, and by keyboard alone. */

import { assert, check, say } from "../lib/checks.mjs";
import { env, origin } from "../lib/console.mjs";

const INITIAL_BYTES_MAX = 650 * 1024;

/** Bytes that came over the wire for the console's own files, since now. */
async function weigh(page) {
  const session = await page.context().newCDPSession(page);
  const files = new Map();
  let bytes = 0;
  await session.send("Network.enable");
  session.on("Network.responseReceived", ({ requestId, response }) => files.set(requestId, response.url));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (files.get(requestId)?.startsWith(`${origin}/console`)) bytes += encodedDataLength;
  });
  return () => bytes;
}

export default async function front(seen) {
  await check("a wrong key does not get in, and is told why", async () => {
    await seen.page.goto(`${origin}/console`);
    await seen.page.fill("input[name=access-key-id]", env.AWS_ACCESS_KEY_ID);
    await seen.page.fill("input[name=secret-access-key]", "wrong");
    await seen.page.fill("input[name=region]", env.AWS_REGION);
    await seen.page.click("button[type=submit]");
    await seen.page.waitForSelector("text=/signature/i");
    assert.equal(await seen.page.locator("nav").count(), 0);
  });

  await check("the first view weighs no more than it may, signing in included", async () => {
    await seen.newTab();
    const weight = await weigh(seen.page);
    const began = Date.now();
    await seen.page.goto(`${origin}/console`);
    await seen.page.waitForSelector("input[name=access-key-id]");
    say(`the door: ${Date.now() - began} ms, ${weight()} bytes`);
    const signing = Date.now();
    await seen.signIn();
    await seen.settled();
    say(`connectors, after signing in: ${Date.now() - signing} ms, ${weight()} bytes`);
    assert.ok(weight() > 50_000, "nothing was weighed");
    assert.ok(weight() <= INITIAL_BYTES_MAX, `${weight()} bytes`);
  });

  await check("a reload keeps who wanted it signed in, and nobody else; another tab knows nothing of it", async () => {
    await seen.newTab();
    await seen.signIn({ keep: false });
    assert.equal(await seen.page.evaluate(() => sessionStorage.length), 0);
    await seen.page.reload();
    await seen.page.waitForSelector("input[name=access-key-id]");
    await seen.signIn();
    await seen.page.reload();
    await seen.page.waitForSelector("table");
    const other = await seen.context.newPage();
    await other.goto(`${origin}/console`);
    await other.waitForSelector("input[name=access-key-id]");
    await other.close();
  });

  await check("the keyboard alone gets in and to another page", async () => {
    await seen.newTab();
    const { page } = seen;
    await page.goto(`${origin}/console`);
    await page.waitForSelector("input[name=access-key-id]:focus");
    await page.keyboard.type(env.AWS_ACCESS_KEY_ID);
    await page.keyboard.press("Tab");
    await page.keyboard.type(env.AWS_SECRET_ACCESS_KEY);
    await page.keyboard.press("Tab"); // no session token
    await page.keyboard.press("Tab");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(env.AWS_REGION);
    await page.keyboard.press("Enter");
    await page.waitForSelector("table");
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press("Tab");
      if ((await page.evaluate(() => document.activeElement?.textContent)) === "Transfers") break;
    }
    await page.keyboard.press("Enter");
    await page.waitForSelector("h1:has-text('Transfers')");
  });

  await check("what a page has asked can be copied as commands, without the key", async () => {
    await seen.go("#/connectors");
    await seen.settled();
    await seen.page.click("[data-test=copy-commands]");
    await seen.page.waitForSelector("code");
    const commands = await seen.page.locator("code").allTextContents();
    assert.ok(commands.includes("aws transfer list-connectors --max-results 20"), commands.join("\n"));
    assert.ok(!commands.join("\n").includes(env.AWS_SECRET_ACCESS_KEY));
    await seen.page.keyboard.press("Escape");
  });
}
