/** Buckets that are folders, filled and read by the SDK of S3. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, check, isNow, refused, same } from "../lib/checks.mjs";
import { S3, client, env, region, s3 } from "../lib/clients.mjs";

const Bucket = "conformance";
const folder = join(env.BUCKET_FOLDER, "..", Bucket);
const BIG = 5 << 20; // what a part has at least
const md5 = (data) => createHash("md5").update(data).digest("hex");

async function bytes(answer) {
  return Buffer.from(await answer.Body.transformToByteArray());
}

await check("CreateBucket makes a folder, which HeadBucket and ListBuckets find", async () => {
  await s3("CreateBucket", { Bucket });
  assert.ok(existsSync(folder));
  assert.equal((await s3("HeadBucket", { Bucket })).BucketRegion, region);
  const { Buckets, Owner } = await s3("ListBuckets");
  isNow(Buckets.find((one) => one.Name === Bucket).CreationDate);
  assert.equal(Owner.ID, "000000000000");
});

await check("a bucket that is there already is BucketAlreadyOwnedByYou", () =>
  refused(s3("CreateBucket", { Bucket }), S3.BucketAlreadyOwnedByYou, { status: 409 }));

await check("GetBucketLocation and GetBucketVersioning are answered", async () => {
  const { LocationConstraint } = await s3("GetBucketLocation", { Bucket });
  assert.ok(LocationConstraint === region || (region === "us-east-1" && !LocationConstraint), LocationConstraint);
  assert.equal((await s3("GetBucketVersioning", { Bucket })).Status, undefined);
});

await check("PutObject with the SDK's own checksum, and GetObject that checks it", async () => {
  const Body = Buffer.from("what it says");
  const put = await s3("PutObject", { Bucket, Key: "a/b c+d.txt", Body, ContentType: "text/x-it", Metadata: { one: "1" } });
  assert.equal(put.ETag, `"${md5(Body)}"`);
  assert.ok(put.ChecksumCRC32);
  same(readFileSync(join(folder, "a", "b c+d.txt")), Body);
  const got = await s3("GetObject", { Bucket, Key: "a/b c+d.txt" });
  same(await bytes(got), Body);
  same([got.ContentType, got.Metadata, got.ETag, got.ContentLength], ["text/x-it", { one: "1" }, put.ETag, Body.length]);
  isNow(got.LastModified);
  const head = await s3("HeadObject", { Bucket, Key: "a/b c+d.txt", ChecksumMode: "ENABLED" });
  same([head.ContentLength, head.ChecksumCRC32], [Body.length, put.ChecksumCRC32]);
});

await check("each of the SDK's checksums is computed", async () => {
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
    const put = await s3("PutObject", { Bucket, Key: "summed", Body: "123456789", ChecksumAlgorithm }).catch((error) => {
      if (/@aws-sdk\/crc64-nvme-crt|aws-crt/.test(error.message)) return undefined; // the SDK lacks it without another package
      throw error;
    });
    if (put) assert.ok(put[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
  }
});

await check("ranges and conditions are those of HTTP", async () => {
  const Key = "a/b c+d.txt";
  const part = await s3("GetObject", { Bucket, Key, Range: "bytes=5-6" });
  same([(await bytes(part)).toString(), part.ContentRange], ["it", "bytes 5-6/12"]);
  await refused(s3("GetObject", { Bucket, Key, Range: "bytes=12-" }), "InvalidRange", { status: 416 });
  await refused(s3("GetObject", { Bucket, Key, IfMatch: '"x"' }), "PreconditionFailed", { status: 412 });
  await refused(s3("PutObject", { Bucket, Key, Body: "x", IfNoneMatch: "*" }), "PreconditionFailed", { status: 412 });
  const { ETag } = await s3("HeadObject", { Bucket, Key });
  await refused(s3("PutObject", { Bucket, Key, Body: "x", IfMatch: '"x"' }), "PreconditionFailed", { status: 412 });
  await refused(s3("PutObject", { Bucket, Key: "none", Body: "x", IfMatch: ETag }), S3.NoSuchKey, { status: 404 });
  await refused(s3("DeleteObject", { Bucket, Key, IfMatch: '"x"' }), "PreconditionFailed", { status: 412 });
  same((await s3("PutObject", { Bucket, Key, Body: "what it says", IfMatch: ETag, ContentType: "text/x-it", Metadata: { one: "1" } })).ETag, ETag);
  await s3("HeadObject", { Bucket, Key, IfNoneMatch: ETag }).then(() => assert.fail("was modified"),
    (error) => assert.equal(error.$metadata.httpStatusCode, 304));
});

await check("what is not there is NoSuchKey, NoSuchBucket, NotFound", async () => {
  await refused(s3("GetObject", { Bucket, Key: "none" }), S3.NoSuchKey, { status: 404 });
  await refused(s3("HeadObject", { Bucket, Key: "none" }), S3.NotFound, { status: 404 });
  await refused(s3("GetObject", { Bucket: "none-there", Key: "x" }), S3.NoSuchBucket, { status: 404 });
  await refused(s3("ListObjectsV2", { Bucket: "none-there" }), S3.NoSuchBucket, { status: 404 });
});

await check("CopyObject copies, and DeleteObject removes", async () => {
  const copied = await s3("CopyObject", { Bucket, Key: "copy", CopySource: `${Bucket}/a/b%20c%2Bd.txt` });
  assert.equal(copied.CopyObjectResult.ETag, `"${md5("what it says")}"`);
  isNow(copied.CopyObjectResult.LastModified);
  await s3("DeleteObject", { Bucket, Key: "copy" });
  assert.ok(!existsSync(join(folder, "copy")));
  await s3("DeleteObject", { Bucket, Key: "copy" });
});

await check("ListObjectsV2 gives all keys in order, a page at a time", async () => {
  const keys = ["a!", "l/1", "l/2 é&<", "l.txt", "l/z/3", "m"];
  for (const Key of keys) await s3("PutObject", { Bucket, Key, Body: Key });
  const wanted = [...keys, "a/b c+d.txt", "summed"].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const found = [];
  for await (const page of S3.paginateListObjectsV2({ client: client("s3"), pageSize: 2 }, { Bucket })) {
    assert.ok(page.KeyCount <= 2);
    found.push(...page.Contents.map((one) => one.Key));
  }
  same(found, wanted);
  const grouped = await s3("ListObjectsV2", { Bucket, Delimiter: "/", Prefix: "l", FetchOwner: true });
  same(grouped.Contents.map((one) => [one.Key, one.Size, one.Owner.ID]), [["l.txt", 5, "000000000000"]]);
  same(grouped.CommonPrefixes, [{ Prefix: "l/" }]);
  const after = await s3("ListObjectsV2", { Bucket, Prefix: "l/", StartAfter: "l/1", EncodingType: "url" });
  same(after.Contents.map((one) => decodeURIComponent(one.Key)), ["l/2 é&<", "l/z/3"]);
  await refused(s3("ListObjectsV2", { Bucket, ContinuationToken: "?" }), "InvalidArgument", { status: 400 });
});

await check("ListObjects, the older one, gives the same", async () => {
  const first = await s3("ListObjects", { Bucket, Delimiter: "/", MaxKeys: 2 });
  same([first.Contents.map((one) => one.Key), first.CommonPrefixes, first.IsTruncated], [["a!"], [{ Prefix: "a/" }], true]);
  const rest = await s3("ListObjects", { Bucket, Delimiter: "/", Marker: first.NextMarker });
  same([rest.Contents.map((one) => one.Key), rest.CommonPrefixes], [["l.txt", "m", "summed"], [{ Prefix: "l/" }]]);
});

await check("an object has no tags, and one version", async () => {
  same((await s3("GetObjectTagging", { Bucket, Key: "m" })).TagSet, []);
  const { Versions, IsTruncated } = await s3("ListObjectVersions", { Bucket, Prefix: "m", MaxKeys: 1 });
  same([Versions.map((one) => [one.Key, one.VersionId, one.IsLatest, one.Size]), IsTruncated], [[["m", "null", true, 1]], false]);
  same((await s3("HeadObject", { Bucket, Key: "m", VersionId: "null" })).ContentLength, 1);
});

await check("an upload in parts is made, looked at and completed", async () => {
  const Key = "big";
  const { UploadId } = await s3("CreateMultipartUpload", { Bucket, Key, ContentType: "text/x-big" });
  const one = Buffer.alloc(BIG, "x");
  const first = await s3("UploadPart", { Bucket, Key, UploadId, PartNumber: 1, Body: one });
  const second = await s3("UploadPartCopy", { Bucket, Key, UploadId, PartNumber: 2, CopySource: `${Bucket}/m` });
  const { Parts, IsTruncated } = await s3("ListParts", { Bucket, Key, UploadId });
  same([Parts.map((part) => [part.PartNumber, part.Size, part.ETag]), IsTruncated],
    [[[1, BIG, first.ETag], [2, 1, second.CopyPartResult.ETag]], false]);
  const { Uploads } = await s3("ListMultipartUploads", { Bucket });
  same(Uploads.map((upload) => [upload.Key, upload.UploadId]), [[Key, UploadId]]);
  const grouped = await s3("ListMultipartUploads", { Bucket, Prefix: "b", Delimiter: "/", MaxUploads: 1, KeyMarker: "a" });
  same([grouped.Uploads[0].Key, grouped.KeyMarker, grouped.MaxUploads, grouped.IsTruncated], [Key, "a", 1, false]);
  const done = await s3("CompleteMultipartUpload", { Bucket, Key, UploadId, MultipartUpload: {
    Parts: [{ PartNumber: 1, ETag: first.ETag, ChecksumCRC32: first.ChecksumCRC32 }, { PartNumber: 2, ETag: second.CopyPartResult.ETag }] } });
  assert.match(done.ETag, /^"[0-9a-f]{32}-2"$/);
  const head = await s3("HeadObject", { Bucket, Key });
  same([head.ContentLength, head.ContentType, head.ETag], [BIG + 1, "text/x-big", done.ETag]);
});

await check("an upload that is given up is gone", async () => {
  const { UploadId } = await s3("CreateMultipartUpload", { Bucket, Key: "never" });
  await s3("AbortMultipartUpload", { Bucket, Key: "never", UploadId });
  await refused(s3("ListParts", { Bucket, Key: "never", UploadId }), S3.NoSuchUpload, { status: 404 });
});

await check("what a folder cannot hold is refused with a sentence", async () => {
  await refused(s3("PutObject", { Bucket, Key: "m/below", Body: "x" }), "InvalidRequest", { status: 400, says: ["m", "is a file and no folder"] });
  await refused(s3("PutObject", { Bucket, Key: "x//y", Body: "x" }), "InvalidArgument", { status: 400, says: "empty part" });
  await refused(s3("PutObject", { Bucket, Key: ".sallyport/x", Body: "x" }), "InvalidArgument", { status: 400 });
});

await check("what S3 has and folders have not is NotImplemented", async () => {
  await refused(s3("GetBucketAcl", { Bucket }), "NotImplemented", { status: 501, says: "?acl" });
  await refused(s3("PutObjectTagging", { Bucket, Key: "m", Tagging: { TagSet: [] } }), "NotImplemented", { status: 501 });
  await refused(s3("PutObject", { Bucket, Key: "m", Body: "x", ServerSideEncryption: "AES256" }), "NotImplemented", { status: 501 });
});

await check("a secret that is not the key's is SignatureDoesNotMatch", () =>
  refused(client("s3", { credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: "wrong" } })
    .send(new S3.ListBucketsCommand({})), "SignatureDoesNotMatch", { status: 403 }));

await check("DeleteObjects empties the bucket, and DeleteBucket removes it", async () => {
  await refused(s3("DeleteBucket", { Bucket }), "BucketNotEmpty", { status: 409 });
  const { Contents } = await s3("ListObjectsV2", { Bucket });
  const { Deleted, Errors } = await s3("DeleteObjects", { Bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key })) } });
  same([Deleted.length, Errors], [Contents.length, undefined]);
  await s3("DeleteBucket", { Bucket });
  assert.ok(!existsSync(folder));
});
