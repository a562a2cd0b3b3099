import { connector } from "./connectors";

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 200;

/** A private connector that is new or was changed is made ready, which takes a moment. Whoever waits in vain reads why on
 *  the connector's page. */
export async function untilReady(id: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    if ((await connector(id)).Status !== "PENDING") return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
