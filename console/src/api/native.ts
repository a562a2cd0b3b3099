/** Sallyport's own API: REST with JSON, signed for the service "sallyport". */

import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { noteNative } from "./journal";
import { neededKey } from "./session";

export type Query = Record<string, string | number | boolean | undefined>;

/** A refusal, in the sentence that the API gave. */
export class NativeError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
  ) {
    super(message);
    this.name = kind;
  }
}

function given(query: Query): Record<string, string> {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function targetOf(path: string, query: Record<string, string>): string {
  const text = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return text.length > 0 ? `${path}?${text.join("&")}` : path;
}

async function refusal(response: Response): Promise<NativeError> {
  const text = await response.text();
  const kind = response.headers.get("x-amzn-errortype") ?? `HTTP ${response.status}`;
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return new NativeError(response.status, kind, message ?? text);
  } catch {
    return new NativeError(response.status, kind, text || kind);
  }
}

/** A signed request; its answer when it is no refusal. For streams: others take native(). */
export async function send(method: string, path: string, query: Query = {}, signal?: AbortSignal): Promise<Response> {
  const { region, ...credentials } = neededKey();
  const signer = new SignatureV4({ service: "sallyport", region, credentials, sha256: Sha256 });
  const { protocol, hostname, port, host } = location;
  const asked = given(query);
  const signed = await signer.sign({
    method,
    protocol,
    hostname,
    port: port === "" ? undefined : Number(port),
    path,
    query: asked,
    headers: { host },
  });
  const { host: _ours, ...headers } = signed.headers; // the browser writes it
  const response = await fetch(targetOf(path, asked), { method, headers, signal: signal ?? null, cache: "no-store" });
  if (!response.ok) throw await refusal(response);
  return response;
}

/** @example  await native<Transfer>("GET", `/v1/transfers/${id}`) */
export async function native<Answer>(method: string, path: string, query: Query = {}): Promise<Answer> {
  noteNative(method, targetOf(path, given(query)));
  const response = await send(method, path, query);
  return (await response.json()) as Answer;
}
