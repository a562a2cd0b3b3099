/** Every page, in light and dark and in both languages. */

import { assert, check } from "../lib/checks.mjs";

const PAGES = [
  "connectors", "connectors/new", "transfers", "transfers/new", "overview", "gateways", "configurations", "vpcs", "subnets", "groups",
  "rules", "route-tables", "routes", "secrets", "users", "keys", "policies", "events", "flows", "logs",
];
const KANA_AND_KANJI = /[\u3040-\u30ff\u4e00-\u9fff]/;
/** The button that leads to the other language is written in it. */
const OTHER_LANGUAGE = /日本語|English/g;

/** Pages of single things, wherever the walkthrough has left some. */
async function detailPages(seen) {
  const found = [];
  for (const list of ["connectors", "transfers"]) {
    await seen.go(`#/${list}`);
    await seen.settled();
    const link = seen.page.locator("tbody th a, tbody td a").first();
    if (await link.count()) found.push((await link.getAttribute("href")).replace("#/", ""));
  }
  return found;
}

/** Nothing serious for a screen reader, and the reader's language throughout. */
async function inspect(seen, name, isJapanese, found) {
  found.push(...(await seen.findings()).map((text) => `${name}: ${text}`));
  const text = (await seen.page.locator("body").innerText()).replaceAll(OTHER_LANGUAGE, "");
  if (KANA_AND_KANJI.test(text) !== isJapanese) found.push(`${name}: is in another language: ${text.slice(0, 200)}`);
}

async function tour(seen, { colorScheme, locale }) {
  const isJapanese = locale === "ja-JP";
  const found = [];
  await seen.newTab({ colorScheme, locale });
  await seen.page.goto(`${process.env.AWS_ENDPOINT_URL}/console`);
  await seen.page.waitForSelector("form");
  await inspect(seen, "the door", isJapanese, found);
  await seen.signIn();
  assert.equal(await seen.page.evaluate(() => document.body.classList.contains("awsui-dark-mode")), colorScheme === "dark");
  assert.equal(await seen.page.evaluate(() => document.documentElement.lang), locale.slice(0, 2));
  for (const name of [...PAGES, ...(await detailPages(seen))]) {
    await seen.go(`#/${name}`);
    await seen.settled();
    await inspect(seen, name, isJapanese, found);
  }
  assert.deepEqual(found, []);
}

export default async function pages(seen) {
  const every = [
    { colorScheme: "light", locale: "en-GB" },
    { colorScheme: "dark", locale: "ja-JP" },
    { colorScheme: "light", locale: "ja-JP" },
    { colorScheme: "dark", locale: "en-GB" },
  ];
  for (const look of process.env.SALLYPORT_TEST_LARGE === "1" ? every : every.slice(0, 2))
    await check(`axe-core finds nothing serious on any page, and all of it is in the reader's language: ${look.colorScheme}, ${look.locale}`, () =>
      tour(seen, look),
    );

  await check("the language and the colours that somebody chose are there again after a reload", async () => {
    await seen.newTab();
    await seen.signIn();
    await seen.page.click("text=日本語 >> visible=true");
    await seen.page.waitForSelector("h1:has-text('コネクタ')");
    await seen.page.click("text=ダーク >> visible=true");
    await seen.page.reload();
    await seen.page.waitForSelector("h1:has-text('コネクタ')");
    assert.ok(await seen.page.evaluate(() => document.body.classList.contains("awsui-dark-mode")));
  });
}
