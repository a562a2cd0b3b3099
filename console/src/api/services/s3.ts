/** What the console asks of this service, and the client for it: loaded when the first page needs it. */
import {
  ListBucketsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";

export const Client = S3Client;

export const commands = {
  ListBuckets: ListBucketsCommand,
  ListObjectsV2: ListObjectsV2Command,
};
