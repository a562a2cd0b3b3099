/** The official AWS clients, led to where this page came from. Each is loaded when somebody first asks something of it. */

import { noteAws } from "./journal";
import { neededKey } from "./session";

const SERVICES = {
  transfer: { load: () => import("./services/transfer"), cli: "transfer" },
  lattice: { load: () => import("./services/lattice"), cli: "vpc-lattice" },
  secrets: { load: () => import("./services/secrets"), cli: "secretsmanager" },
  ec2: { load: () => import("./services/ec2"), cli: "ec2" },
  iam: { load: () => import("./services/iam"), cli: "iam" },
  logs: { load: () => import("./services/logs"), cli: "logs" },
  s3: { load: () => import("./services/s3"), cli: "s3api" },
  sts: { load: () => import("./services/sts"), cli: "sts" },
};

type Name = keyof typeof SERVICES;
type Commands<S extends Name> = Awaited<ReturnType<(typeof SERVICES)[S]["load"]>>["commands"];
type Made<C> = C extends new (...input: never[]) => infer Instance ? Instance : never;
type InputOf<C> = Made<C> extends { input: infer Input } ? Input : never;
type OutputOf<C> = Made<C> extends { resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer Output }> } ? Output : never;

interface Sender {
  send(command: unknown, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

const kept = new Map<Name, Sender>();

async function clientOf(name: Name): Promise<Sender> {
  const { Client } = await SERVICES[name].load();
  const { region, ...credentials } = neededKey();
  const options = { endpoint: location.origin, region, credentials, maxAttempts: 2, forcePathStyle: true };
  const client = kept.get(name) ?? (new (Client as new (options: object) => Sender)(options));
  kept.set(name, client);
  return client;
}

/** After somebody else signed in. */
export function forgetClients() {
  for (const client of kept.values()) client.destroy();
  kept.clear();
}

/** @example  await aws("transfer", "ListConnectors", { MaxResults: 100 }) */
export async function aws<S extends Name, O extends keyof Commands<S> & string>(
  service: S,
  operation: O,
  input: InputOf<Commands<S>[O]>,
): Promise<OutputOf<Commands<S>[O]>> {
  noteAws(SERVICES[service].cli, operation, input as object);
  const [client, { commands }] = await Promise.all([clientOf(service), SERVICES[service].load()]);
  const Made = (commands as Record<string, unknown>)[operation] as new (input: unknown) => object;
  return (await client.send(new Made(input))) as OutputOf<Commands<S>[O]>;
}

/** No list that the console shows at once is longer; whoever has more has other tools. */
const PAGES_MAX = 50;

/** All pages of a list. @page: asks for one, and says what it has and where the next begins */
export async function allPages<Row>(
  page: (token: string | undefined) => Promise<{ rows: Row[] | undefined; next: string | undefined }>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let token: string | undefined;
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const answer = await page(token);
    rows.push(...(answer.rows ?? []));
    token = answer.next;
    if (!token) break;
  }
  return rows;
}
