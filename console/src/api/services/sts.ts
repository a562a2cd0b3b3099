/** What the console asks of this service, and the client for it: loaded when the first page needs it. */
import {
  GetCallerIdentityCommand,
  STSClient,
} from "@aws-sdk/client-sts";

export const Client = STSClient;

export const commands = {
  GetCallerIdentity: GetCallerIdentityCommand,
};
