/** From the gateway to a file at the partner: the rest of the walkthrough. */

import { assert, check } from "../lib/checks.mjs";
import { env } from "../lib/console.mjs";

const verdicts = (path) => Object.fromEntries(path.map(({ name, verdict }) => [name, verdict]));

async function gatewayAndTarget(seen) {
  await check("a resource gateway becomes active, and a resource configuration leads through it", async () => {
    await seen.create("#/gateways", async () => {
      await seen.write("name", "to-partner");
      await seen.choose("vpc", "partners");
      await seen.choose("subnets", "chosen");
      await seen.choose("groups", "sftp-out");
    });
    for (const end = Date.now() + 30_000; Date.now() < end; ) {
      await seen.row("to-partner").waitFor();
      if ((await seen.row("to-partner").textContent()).includes("Active")) break;
      await seen.page.click("button[aria-label='Look again']");
    }
    assert.match(await seen.row("to-partner").textContent(), /Active/);
    await seen.create("#/configurations", async () => {
      await seen.write("name", "partner");
      await seen.choose("gateway", "to-partner");
      await seen.write("target", env.PARTNER_ADDRESS);
    });
    await seen.row("partner").waitFor();
  });
}

async function wizard(seen) {
  const { page } = seen;
  const next = () => page.locator("button", { hasText: /^Next$/ }).click();

  await check("the wizard asks for what is missing before it goes on", async () => {
    await seen.go("#/connectors/new");
    await next();
    await page.waitForSelector("text=This is needed.");
  });

  await check("the wizard makes a connector with a new secret, and tests it", async () => {
    await seen.write("name", "acme");
    await seen.choose("configuration", "partner");
    await next();
    await page.click("text=A new secret");
    await seen.write("secretName", "aws/transfer/acme");
    await seen.write("user", env.PARTNER_USER);
    await seen.write("privateKey", env.PARTNER_KEY);
    await seen.choose("role", "sallyport");
    await next();
    await next();
    await page.waitForSelector("code:has-text('aws transfer create-connector')");
    assert.ok(!(await page.content()).includes(env.PARTNER_KEY.split("\n")[1]), "the review shows the private key");
    await page.locator("button", { hasText: /^Create connector$/ }).last().click();
    await page.waitForSelector("[data-test=verdict]");
  });
}

async function closedGroup(seen) {
  await check("a security group that lets nothing out is where the picture ends, with its sentence", async () => {
    const path = await seen.path();
    const found = verdicts(path);
    assert.equal(found["Security groups"], "failed", JSON.stringify(found));
    assert.equal(found.Gateway, "ok");
    assert.equal(found.Server, "unreached");
    assert.match(path.find(({ name }) => name === "Security groups").text, new RegExp(env.PARTNER_ADDRESS.replaceAll(".", "\\.")));
    assert.equal(await seen.page.locator("svg [data-verdict=failed]").getAttribute("data-hop"), "groups");
    assert.match(await seen.page.locator("svg.path-picture").getAttribute("aria-label"), /Security groups/);
  });

  await check("with a rule that allows it the same test comes as far as the key that nobody has trusted", async () => {
    const connector = await seen.page.evaluate(() => location.hash);
    await seen.create("#/rules", async () => {
      await seen.choose("group", "sftp-out");
      await seen.write("ports", "22");
      await seen.write("to", `${env.PARTNER_ADDRESS}/32`);
    });
    await seen.row(`${env.PARTNER_ADDRESS}/32`).waitFor();
    await seen.go(connector.replace("?test=now", ""));
    const found = verdicts(await seen.testConnection());
    assert.equal(found.Server, "ok", JSON.stringify(found));
    assert.equal(found.SSH, "failed", JSON.stringify(found));
  });
}

async function trust(seen) {
  const { page } = seen;
  await check("the partner's key is trusted by its fingerprint, only after it was compared, and the way is good then", async () => {
    assert.equal(await page.locator("[data-test=fingerprint]").textContent(), env.PARTNER_FINGERPRINT);
    assert.ok(await page.locator("[data-test=trust-button]").isDisabled());
    await page.locator("[data-test=compared] input").check({ force: true });
    await page.click("[data-test=trust-button]");
    await page.waitForSelector("text=The connection works");
    const path = await seen.path();
    assert.ok(path.every(({ verdict }) => verdict === "ok"), JSON.stringify(verdicts(path)));
  });
}

async function transfer(seen) {
  const { page } = seen;
  await check("what a connector is made of can be changed", async () => {
    await page.click("[data-test=edit]");
    await seen.write("connections", "3");
    await seen.submit();
    await page.waitForFunction(() => [...document.querySelectorAll("dt, dd, div")].some((one) => one.textContent === "Connections at a time3"));
  });

  await check("a transfer is watched to its end without a reload, and its receipt has the file's digest", async () => {
    const connector = /c-[0-9a-f]{17}/.exec(await page.evaluate(() => location.hash))[0];
    await page.click("[data-test=pause]");
    await page.waitForSelector("[data-test=pause]:has-text('Resume')");
    await seen.go(`#/transfers/new?ConnectorId=${connector}`);
    await page.fill("textarea[name=paths]", "/files/a.bin\n/files/b.bin");
    await page.fill("input[name=target]", "in");
    await page.click("[data-test=start]");
    await page.waitForSelector("h1:has-text('Transfer')");
    await seen.row("/files/a.bin").waitFor();
    assert.match(await seen.row("/files/a.bin").textContent(), /Queued/);
    await resumeElsewhere(seen, connector);
    await page.waitForSelector("tbody tr:has-text('/files/a.bin'):has-text('Completed')");
    await page.waitForSelector("tbody tr:has-text('/files/b.bin'):has-text('Completed')");
    await seen.row("/files/a.bin").locator("input[type=radio]").check({ force: true });
    await page.waitForSelector("[data-test=timeline] li");
    await page.waitForSelector(`text=${env.DIGEST_A}`);
  });

  await check("a file is chosen in the partner's directory and fetched", async () => {
    const { page: tab } = seen;
    const list = await seen.go("#/connectors").then(() => tab.locator("tbody a").first().getAttribute("href"));
    await seen.go(`#/transfers/new?ConnectorId=${/c-[0-9a-f]{17}/.exec(list)[0]}`);
    await tab.locator("button", { hasText: /^Retrieve$/ }).first().click();
    await tab.fill("input[placeholder='/bucket/listings']", "/files/listings");
    await tab.click("[data-test=browse]");
    await tab.locator("tbody a", { hasText: /^in\/$/ }).click();
    await tab.locator("tbody a", { hasText: /^b\.bin$/ }).click();
    await tab.fill("input[name=target]", "/files/back");
    await tab.click("[data-test=start]");
    await tab.waitForSelector("tbody tr:has-text('b.bin'):has-text('Completed')");
  });

  await check("a transfer of a file that is not there fails with its sentence, and may be tried again", async () => {
    const connector = await seen.go("#/connectors").then(() => page.locator("tbody a").first().getAttribute("href"));
    await seen.go(`#/transfers/new?ConnectorId=${/c-[0-9a-f]{17}/.exec(connector)[0]}`);
    await page.fill("textarea[name=paths]", "/files/none.bin");
    await page.click("[data-test=start]");
    await page.waitForSelector("tbody tr:has-text('/files/none.bin'):has-text('Failed')");
    assert.match(await seen.row("/files/none.bin").textContent(), /none\.bin/);
    const before = page.url();
    await page.click("[data-test=retry]");
    await page.waitForURL((url) => url.href !== before);
    await page.waitForSelector("tbody tr:has-text('/files/none.bin'):has-text('Failed')");
  });
}

/** Somebody else resumes the connector, while this tab stays where it is. */
async function resumeElsewhere(seen, connector) {
  const tab = await seen.context.newPage();
  await tab.goto(`${env.AWS_ENDPOINT_URL}/console`);
  await tab.fill("input[name=access-key-id]", env.AWS_ACCESS_KEY_ID);
  await tab.fill("input[name=secret-access-key]", env.AWS_SECRET_ACCESS_KEY);
  await tab.fill("input[name=region]", env.AWS_REGION);
  await tab.click("button[type=submit]");
  await tab.waitForSelector("table");
  await tab.evaluate((id) => {
    location.hash = `#/connectors/${id}`;
  }, connector);
  await tab.click("[data-test=pause]:has-text('Resume')");
  await tab.waitForSelector("[data-test=pause]:has-text('Pause')");
  await tab.close();
}

export default async function connector(seen) {
  await seen.newTab();
  await seen.signIn();
  await gatewayAndTarget(seen);
  await wizard(seen);
  await closedGroup(seen);
  await trust(seen);
  await transfer(seen);
}
