/** What the console asks of this service, and the client for it: loaded when the first page needs it. */
import {
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  AttachUserPolicyCommand,
  DeleteAccessKeyCommand,
  DeletePolicyCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
  GetPolicyVersionCommand,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListPoliciesCommand,
  ListRolesCommand,
  ListUsersCommand,
  UpdateAccessKeyCommand,
  IAMClient,
} from "@aws-sdk/client-iam";

export const Client = IAMClient;

export const commands = {
  CreateAccessKey: CreateAccessKeyCommand,
  CreatePolicy: CreatePolicyCommand,
  CreateUser: CreateUserCommand,
  AttachUserPolicy: AttachUserPolicyCommand,
  DeleteAccessKey: DeleteAccessKeyCommand,
  DeletePolicy: DeletePolicyCommand,
  DeleteUser: DeleteUserCommand,
  DetachUserPolicy: DetachUserPolicyCommand,
  GetPolicyVersion: GetPolicyVersionCommand,
  ListAccessKeys: ListAccessKeysCommand,
  ListAttachedUserPolicies: ListAttachedUserPoliciesCommand,
  ListPolicies: ListPoliciesCommand,
  ListRoles: ListRolesCommand,
  ListUsers: ListUsersCommand,
  UpdateAccessKey: UpdateAccessKeyCommand,
};
