/** A list of thousands of transfers: a page at a time, from the server. */

import { assert, check, say } from "../lib/checks.mjs";
import { env } from "../lib/console.mjs";

const PAGE_ROWS = 25;
const PAGES_WALKED = 12;
const ELEMENTS_MAX = 5000;

export default async function many(seen) {
  await seen.newTab();
  await seen.signIn();
  const { page } = seen;

  await check(`${env.TRANSFERS} transfers are walked page by page, and no row is seen twice`, async () => {
    const ids = new Set();
    const asked = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname === "/v1/transfers") asked.push(url.searchParams);
    });
    await seen.go("#/transfers?State=COMPLETED");
    const began = Date.now();
    for (let number = 1; number <= PAGES_WALKED; number += 1) {
      await page.waitForFunction((count) => document.querySelectorAll("tbody a[href^='#/transfers/']").length === count, PAGE_ROWS);
      const first = await page.locator("tbody a[href^='#/transfers/']").first().getAttribute("href");
      for (const link of await page.locator("tbody a[href^='#/transfers/']").all()) ids.add(await link.getAttribute("href"));
      if (number === PAGES_WALKED) break;
      await page.click("button[aria-label='Next page']");
      await page.waitForFunction((before) => document.querySelector("tbody a[href^='#/transfers/']")?.getAttribute("href") !== before, first);
    }
    say(`${PAGES_WALKED} pages in ${Date.now() - began} ms`);
    assert.equal(ids.size, PAGE_ROWS * PAGES_WALKED);
    assert.ok(asked.every((query) => query.get("MaxResults") === String(PAGE_ROWS)), "a page was not asked for as one");
    assert.ok(asked.filter((query) => query.get("NextToken")).length >= PAGES_WALKED - 1);
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    assert.ok(elements < ELEMENTS_MAX, `${elements} elements`);
  });

  await check("filters stand in the address, and lead to the same rows for whoever is given it", async () => {
    await page.click("button:has-text('COMPLETED'), button:has-text('Completed')");
    await page.locator("[role=option]", { hasText: "Queued" }).click();
    await page.waitForURL(/State=QUEUED/);
    await page.waitForSelector("text=There is nothing here.");
    await seen.go("#/transfers?State=COMPLETED&PathContains=no-such-path");
    await page.waitForSelector("text=/nothing here|another page/");
    assert.equal(await page.locator("input[type=search]").inputValue(), "no-such-path");
  });
}
