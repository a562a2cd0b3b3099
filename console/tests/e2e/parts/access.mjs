/** Policies, users, keys and secrets: made, used and deleted; and routes, which have their own way of being named. */

import { assert, check } from "../lib/checks.mjs";
import { env, origin } from "../lib/console.mjs";

async function signedIn(seen, id, secret) {
  const tab = await seen.context.newPage();
  await tab.goto(`${origin}/console`);
  await tab.fill("input[name=access-key-id]", id);
  await tab.fill("input[name=secret-access-key]", secret);
  await tab.fill("input[name=region]", env.AWS_REGION);
  await tab.click("button[type=submit]");
  return tab;
}

async function act(seen, address, text, button) {
  await seen.go(address);
  await seen.row(text).locator("input[type=radio]").check({ force: true });
  await seen.page.locator("button", { hasText: button }).first().click();
  await seen.submit();
}

export default async function access(seen) {
  const key = {};
  await seen.newTab();
  await seen.signIn();
  const tab = seen.page;

  await check("a user with a policy gets a key, which is shown once", async () => {
    await seen.create("#/policies", () => seen.write("name", "look"));
    await seen.create("#/users", async () => {
      await seen.write("name", "onlooker");
      await seen.choose("policies", "look");
    });
    await seen.row("onlooker").waitFor();
    assert.match(await seen.row("onlooker").textContent(), /look/);
    await seen.create("#/keys", () => seen.choose("user", "onlooker"));
    const lines = await tab.locator("[role=dialog] code").allTextContents();
    [key.id, key.secret] = lines.map((line) => line.replace(/^\w+=/, ""));
    await tab.keyboard.press("Escape");
    await tab.reload();
    await seen.row(key.id).waitFor();
    assert.ok(!(await tab.content()).includes(key.secret));
  });

  await check("who signs in with it sees what the policy allows, and the sentence where it does not", async () => {
    const other = await signedIn(seen, key.id, key.secret);
    await other.waitForSelector("table");
    await other.evaluate(() => {
      location.hash = "#/secrets";
    });
    await other.waitForSelector("text=/not authorized to perform: secretsmanager:ListSecrets/");
    await other.close();
  });

  await check("a key that was deactivated gets nobody in, and all of it is deleted", async () => {
    await act(seen, "#/keys", key.id, "Deactivate");
    const other = await signedIn(seen, key.id, key.secret);
    await other.waitForSelector("form [class*=awsui_alert]");
    await other.close();
    await seen.remove("#/keys", key.id);
    await seen.remove("#/users", "onlooker");
    await seen.remove("#/policies", "look");
  });

  await check("a secret is made, replaced and deleted, and nobody is shown what is in it", async () => {
    await seen.create("#/secrets", async () => {
      await seen.write("name", "aws/transfer/other");
      await seen.write("user", "them");
      await seen.write("password", "not to be seen");
    });
    await seen.row("aws/transfer/other").locator("input[type=radio]").check({ force: true });
    await tab.click("button:has-text('Replace value')");
    await seen.write("user", "them");
    await seen.write("password", "nor this");
    await seen.submit();
    await tab.click("[data-test=copy-commands]");
    await tab.waitForSelector("code:has-text('put-secret-value')");
    assert.doesNotMatch(await tab.content(), /not to be seen|nor this/);
    await tab.keyboard.press("Escape");
    await seen.remove("#/secrets", "aws/transfer/other");
  });

  await check("a route table is made and deleted", async () => {
    await seen.create("#/vpcs", async () => {
      await seen.write("cidr", "127.99.0.0/16");
      await seen.write("name", "routed");
      await seen.choose("network", "host");
    });
    await seen.create("#/route-tables", async () => {
      await seen.choose("vpc", "routed");
      await seen.write("name", "by-hand");
    });
    await seen.row("by-hand").waitFor();
    await seen.remove("#/route-tables", "by-hand");
    await seen.remove("#/vpcs", "routed");
  });
}
