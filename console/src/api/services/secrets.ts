/** What the console asks of this service, and the client for it: loaded when the first page needs it. */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";

export const Client = SecretsManagerClient;

export const commands = {
  CreateSecret: CreateSecretCommand,
  DeleteSecret: DeleteSecretCommand,
  ListSecrets: ListSecretsCommand,
  PutSecretValue: PutSecretValueCommand,
};
