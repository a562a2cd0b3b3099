/** Asks who a key belongs to, before anybody is signed in with it. */

import type { Key } from "./session";

export async function checkKey({ region, ...credentials }: Key): Promise<void> {
  const { Client, commands } = await import("./services/sts");
  const client = new Client({ endpoint: location.origin, region, credentials, maxAttempts: 1 });
  await client.send(new commands.GetCallerIdentity({})).finally(() => client.destroy());
}
