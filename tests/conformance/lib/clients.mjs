/** The official clients, led to the daemon of the story by what admin.env says. */

import * as EC2 from "@aws-sdk/client-ec2";
import * as Lattice from "@aws-sdk/client-vpc-lattice";
import * as Secrets from "@aws-sdk/client-secrets-manager";
import * as STS from "@aws-sdk/client-sts";
import * as Transfer from "@aws-sdk/client-transfer";
import { witness } from "./witness.mjs";

export { EC2, Lattice, Secrets, STS, Transfer };

export const env = process.env;
export const role = env.SALLYPORT_ROLE;
export const region = env.AWS_REGION;

const SERVICES = {
  transfer: [Transfer, Transfer.TransferClient, "json"],
  lattice: [Lattice, Lattice.VPCLatticeClient, "rest"],
  secretsmanager: [Secrets, Secrets.SecretsManagerClient, "json"],
  sts: [STS, STS.STSClient, "query"],
  ec2: [EC2, EC2.EC2Client, "ec2"],
};

/** A client of its own; @options: of the SDK. Nothing is tried again: a check wants to see the first answer. */
export function client(service, options = {}) {
  const [module, Client, protocol] = SERVICES[service];
  const made = new Client({
    endpoint: env.AWS_ENDPOINT_URL,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
    ...options,
  });
  made.middlewareStack.use(witness(service, protocol, module));
  return made;
}

/** call.transfer("CreateConnector", {…}): the command of that name with the service's client. */
function caller(service) {
  const [module] = SERVICES[service];
  let kept;
  return (operation, input = {}, options) => {
    kept ??= client(service);
    const sender = options ? client(service, options) : kept;
    return sender.send(new module[`${operation}Command`](input));
  };
}

export const transfer = caller("transfer");
export const lattice = caller("lattice");
export const secrets = caller("secretsmanager");
export const sts = caller("sts");
export const ec2 = caller("ec2");
