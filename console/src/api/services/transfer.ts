/** What the console asks of this service, and the client for it: loaded when the first page needs it. */
import {
  CreateConnectorCommand,
  DeleteConnectorCommand,
  DescribeConnectorCommand,
  DescribeSecurityPolicyCommand,
  ListConnectorsCommand,
  ListSecurityPoliciesCommand,
  StartDirectoryListingCommand,
  StartFileTransferCommand,
  TagResourceCommand,
  UpdateConnectorCommand,
  TransferClient,
} from "@aws-sdk/client-transfer";

export const Client = TransferClient;

export const commands = {
  CreateConnector: CreateConnectorCommand,
  DeleteConnector: DeleteConnectorCommand,
  DescribeConnector: DescribeConnectorCommand,
  DescribeSecurityPolicy: DescribeSecurityPolicyCommand,
  ListConnectors: ListConnectorsCommand,
  ListSecurityPolicies: ListSecurityPoliciesCommand,
  StartDirectoryListing: StartDirectoryListingCommand,
  StartFileTransfer: StartFileTransferCommand,
  TagResource: TagResourceCommand,
  UpdateConnector: UpdateConnectorCommand,
};
