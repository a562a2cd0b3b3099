/** The console in a browser, as a person handles it: by what is written on things. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { assert } from "./checks.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PATIENCE_MS = 30_000;
const VIEW = { width: 1440, height: 900 };
/** A stream that a page left is one of these, and no trouble. */
const LEFT = "net::ERR_ABORTED";
const GRAVE = ["serious", "critical"];

export const env = process.env;
export const origin = env.AWS_ENDPOINT_URL;

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class Console {
  static async open() {
    const seen = new Console();
    seen.browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    await seen.newTab();
    return seen;
  }

  troubles = [];

  /** Somebody who was never here. @options: of a context: colorScheme, locale */
  async newTab(options = {}) {
    await this.context?.close();
    this.context = await this.browser.newContext({ viewport: VIEW, locale: "en-GB", ignoreHTTPSErrors: true, ...options });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(PATIENCE_MS);
    await this.page.addInitScript(() =>
      addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
      ),
    );
    this.page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) this.troubles.push(message.text());
    });
    this.page.on("pageerror", (error) => this.troubles.push(error.stack ?? error.message));
    this.page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith("data:")) this.troubles.push(`asked ${request.url()}`);
    });
    this.page.on("requestfailed", (request) => {
      if (request.failure()?.errorText !== LEFT) this.troubles.push(`${request.url()}: ${request.failure()?.errorText}`);
    });
  }

  expectNoTrouble() {
    assert.deepEqual(this.troubles, []);
  }

  async close() {
    await this.browser.close();
  }

  async signIn({ keep = true } = {}) {
    await this.page.goto(`${origin}/console`);
    await this.page.fill("input[name=access-key-id]", env.AWS_ACCESS_KEY_ID);
    await this.page.fill("input[name=secret-access-key]", env.AWS_SECRET_ACCESS_KEY);
    await this.page.fill("input[name=region]", env.AWS_REGION);
    if (keep) await this.page.locator("form input[type=checkbox]").check({ force: true });
    await this.page.click("button[type=submit]");
    await this.page.waitForSelector("table");
  }

  /** "#/vpcs", by its address; waits for its title. */
  async go(address) {
    await this.page.evaluate((hash) => {
      location.hash = hash;
    }, address);
    await this.page.waitForSelector("h1");
  }

  /** Waits until nothing is loaded any more that anybody waits for. */
  async settled() {
    await this.page.waitForFunction(() => document.querySelectorAll("main [class*=awsui_spinner], [class*=awsui_loading]").length === 0);
  }

  field(name) {
    return this.page.locator(`[data-field="${name}"]`).last();
  }

  async write(name, text) {
    await this.field(name).locator("input, textarea").first().fill(text);
  }

  /** Chooses the options that have these words. */
  async choose(name, ...words) {
    const trigger = this.field(name).locator("button[aria-haspopup=listbox]");
    await trigger.click();
    for (const word of words) await this.page.locator("[role=option]", { hasText: word }).first().click();
    if ((await trigger.getAttribute("aria-expanded")) === "true") await trigger.click(); // one of which several may be chosen
  }

  /** Fills in the form that "Create" opens, and waits until it has gone. @fill: writes and chooses */
  async create(address, fill) {
    await this.go(address);
    await this.page.click("[data-test=create]");
    await fill();
    await this.submit();
  }

  async submit() {
    await this.page.click("[data-test=submit]");
    await this.page.waitForSelector("[data-test=submit]", { state: "detached" });
  }

  /** The row of a table that has this text. */
  row(text) {
    return this.page.locator("tbody tr", { hasText: text }).first();
  }

  /** Deletes what the row with @text is about. */
  async remove(address, text) {
    await this.go(address);
    await this.row(text).locator("input[type=radio]").check({ force: true });
    await this.page.click("[data-test=remove]");
    await this.page.click("[data-test=confirm]");
    await this.page.waitForSelector("[data-test=confirm]", { state: "detached" });
    await this.row(text).waitFor({ state: "detached" });
  }

  /** What a person hears of the path: [{ name, verdict, text }] */
  async path() {
    await this.page.waitForSelector("[data-test=path-list]");
    return this.page.locator("[data-test=path-list] li").evaluateAll((items) =>
      items.map((item) => ({ name: item.querySelector("strong").textContent, verdict: item.dataset.verdict, text: item.textContent })),
    );
  }

  /** Tests the connector whose page is open; its path. */
  async testConnection() {
    await this.page.click("[data-test=test]");
    await this.page.waitForSelector("[data-test=test][aria-disabled=true], [data-test=test] [aria-disabled=true]", { timeout: 1000 }).catch(() => {});
    await this.page.waitForFunction(() => !document.querySelector("[data-test=test] [aria-disabled=true], [data-test=test][aria-disabled=true]"));
    return this.path();
  }

  /** Serious findings of axe-core: sentences. */
  async findings() {
    await this.page.evaluate(axeSource);
    const found = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    return found.violations
      .filter(({ impact }) => GRAVE.includes(impact))
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
  }
}
