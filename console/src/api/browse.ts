/** Looking into buckets, and into a partner's directories. */

import { allPages, aws } from "./aws";
import { native } from "./native";
import type { Listing } from "./shapes";
import { Told } from "./told";

export interface Entry {
  /** As StartFileTransfer takes it. */
  path: string;
  name: string;
  isFolder: boolean;
  size?: number;
  changed?: string;
}

/** "/files/a/" → the bucket "files" and the prefix "a/" */
export function splitBucketPath(path: string): { bucket: string; prefix: string } {
  const [bucket = "", ...rest] = path.replace(/^\/+/, "").split("/");
  return { bucket, prefix: rest.join("/") };
}

function lastPart(path: string): string {
  return path.replace(/\/+$/, "").replace(/^.*\//, "");
}

async function buckets(): Promise<Entry[]> {
  const { Buckets = [] } = await aws("s3", "ListBuckets", {});
  return Buckets.map(({ Name = "" }) => ({ path: `/${Name}/`, name: Name, isFolder: true }));
}

async function objects(Bucket: string, Prefix: string): Promise<Entry[]> {
  return allPages(async (ContinuationToken) => {
    const answer = await aws("s3", "ListObjectsV2", { Bucket, Prefix: Prefix || undefined, Delimiter: "/", ContinuationToken });
    const folders = (answer.CommonPrefixes ?? []).map(({ Prefix: key = "" }) => ({
      path: `/${Bucket}/${key}`,
      name: lastPart(key),
      isFolder: true,
    }));
    const files = (answer.Contents ?? [])
      .filter(({ Key }) => Key !== Prefix)
      .map(({ Key = "", Size, LastModified }) => ({
        path: `/${Bucket}/${Key}`,
        name: lastPart(Key),
        isFolder: false,
        size: Size,
        changed: LastModified?.toISOString(),
      }));
    return { rows: [...folders, ...files], next: answer.NextContinuationToken };
  });
}

/** "/" has the buckets; "/bucket/folder/" what is in it. */
export function bucketEntries(path: string): Promise<Entry[]> {
  const { bucket, prefix } = splitBucketPath(path);
  return bucket === "" ? buckets() : objects(bucket, prefix);
}

const LOOK_EVERY_MS = 300;
const PATIENCE_MS = 60_000;
const PAGE_ENTRIES = 1000;

async function listing(id: string): Promise<Listing> {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const answer = await native<Listing>("GET", `/v1/listings/${id}`, { MaxResults: PAGE_ENTRIES });
    if (answer.StatusCode === "COMPLETED") return answer;
    if (answer.StatusCode === "FAILED") throw answer.FailureMessage ? new Error(answer.FailureMessage) : new Told("browse.failed");
    if (Date.now() > end) throw new Told("browse.late", { id });
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** @output  where in a bucket the listing is kept: that is how the API lists */
export async function partnerEntries(ConnectorId: string, path: string, output: string): Promise<Entry[]> {
  const { ListingId = "" } = await aws("transfer", "StartDirectoryListing", {
    ConnectorId,
    RemoteDirectoryPath: path || ".",
    OutputDirectoryPath: output,
  });
  const first = await listing(ListingId);
  if (first.Unreadable) throw new Error(first.Unreadable);
  const folders = (answer: Listing) => (answer.Paths ?? []).map(({ path: at }) => ({ path: at, name: lastPart(at), isFolder: true }));
  const files = (answer: Listing) =>
    (answer.Files ?? []).map(({ filePath, size, modifiedTimestamp }) => ({
      path: filePath,
      name: lastPart(filePath),
      isFolder: false,
      size,
      changed: modifiedTimestamp,
    }));
  const rest = first.NextToken
    ? await allPages(async (token) => {
        const answer = await native<Listing>("GET", `/v1/listings/${ListingId}`, {
          MaxResults: PAGE_ENTRIES,
          NextToken: token ?? first.NextToken,
        });
        return { rows: [...folders(answer), ...files(answer)], next: answer.NextToken };
      })
    : [];
  return [...folders(first), ...files(first), ...rest];
}
