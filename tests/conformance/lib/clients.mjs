/** The official clients, led to the daemon of the story by what admin.env says. */

import * as EC2 from "@aws-sdk/client-ec2";
import * as IAM from "@aws-sdk/client-iam";
import * as Logs from "@aws-sdk/client-cloudwatch-logs";
import * as Lattice from "@aws-sdk/client-vpc-lattice";
import * as S3 from "@aws-sdk/client-s3";
import * as Secrets from "@aws-sdk/client-secrets-manager";
import * as STS from "@aws-sdk/client-sts";
import * as Transfer from "@aws-sdk/client-transfer";
import { witness } from "./witness.mjs";

export { EC2, IAM, Lattice, Logs, S3, Secrets, STS, Transfer };

export const env = process.env;
export const role = env.SALLYPORT_ROLE;
export const region = env.AWS_REGION;

const SERVICES = {
  transfer: [Transfer, Transfer.TransferClient, "json"],
  logs: [Logs, Logs.CloudWatchLogsClient, "json"],
  lattice: [Lattice, Lattice.VPCLatticeClient, "rest"],
  secretsmanager: [Secrets, Secrets.SecretsManagerClient, "json"],
  sts: [STS, STS.STSClient, "query"],
  ec2: [EC2, EC2.EC2Client, "ec2"],
  iam: [IAM, IAM.IAMClient, "query"],
  s3: [S3, S3.S3Client, "s3"],
};

/** A client of its own; @options: of the SDK. Nothing is tried again: a check wants to see the first answer. */
export function client(service, options = {}) {
  const [module, Client, protocol] = SERVICES[service];
  const made = new Client({
    endpoint: env.AWS_ENDPOINT_URL,
    region,
    maxAttempts: 1,
    ...(service === "s3" ? { forcePathStyle: true } : {}),
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
    ...options,
  });
  made.middlewareStack.use(witness(service, protocol, module));
  return made;
}

const kept = {};

export function command(service, operation, input) {
  return new SERVICES[service][0][`${operation}Command`](input);
}

/** The answer of an operation. @options: of a client for this call alone. */
export function call(service, operation, input = {}, options = undefined) {
  const sender = options ? client(service, options) : (kept[service] ??= client(service));
  return sender.send(command(service, operation, input));
}

/* transfer("CreateConnector", {…}) */
export const transfer = (...what) => call("transfer", ...what);
export const lattice = (...what) => call("lattice", ...what);
export const secrets = (...what) => call("secretsmanager", ...what);
export const sts = (...what) => call("sts", ...what);
export const ec2 = (...what) => call("ec2", ...what);
export const logs = (...what) => call("logs", ...what);
export const s3 = (...what) => call("s3", ...what);
export const iam = (...what) => call("iam", ...what);
