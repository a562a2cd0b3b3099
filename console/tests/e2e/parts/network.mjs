/** A private network, made by hand: a VPC, two subnets, and what may leave. */

import { assert, check, say } from "../lib/checks.mjs";
import { env } from "../lib/console.mjs";

export default async function network(seen) {
  const { page } = seen;
  await seen.signIn();

  await check("a VPC and its subnets are made, and their tables have them", async () => {
    await seen.create("#/vpcs", async () => {
      await seen.write("cidr", env.VPC_BLOCK);
      await seen.write("name", "partners");
      await seen.choose("network", "netns");
    });
    await seen.row("partners").waitFor();
    for (const [name, block] of [["chosen", env.CHOSEN_BLOCK], ["servers", env.SERVERS_BLOCK]])
      await seen.create("#/subnets", async () => {
        await seen.choose("vpc", "partners");
        await seen.write("cidr", block);
        await seen.write("name", name);
      });
    await seen.row("servers").waitFor();
    assert.ok((await seen.row("chosen").textContent()).includes(env.CHOSEN_BLOCK));
    await seen.go("#/vpcs");
    const id = /vpc-[0-9a-f]{17}/.exec(await seen.row("partners").textContent())[0];
    say(`made ${id}`);
  });

  await check("a security group is made that lets out nothing at first", async () => {
    await seen.create("#/groups", async () => {
      await seen.write("name", "sftp-out");
      await seen.write("description", "to the partner");
      await seen.choose("vpc", "partners");
    });
    await seen.row("sftp-out").waitFor();
    const group = /sg-[0-9a-f]{17}/.exec(await seen.row("sftp-out").textContent())[0];
    await seen.remove("#/rules", group);
  });

  await check("a block that is none is refused in the form, with the API's sentence", async () => {
    await seen.go("#/vpcs");
    await page.click("[data-test=create]");
    await seen.write("cidr", "10.0.0.0/99");
    await page.click("[data-test=submit]");
    await page.waitForSelector("[role=dialog] >> text=/10.0.0.0\\/99/");
    await page.keyboard.press("Escape");
  });
}
