/** What the console asks of this service, and the client for it: loaded when the first page needs it. */
import {
  CreateResourceConfigurationCommand,
  CreateResourceGatewayCommand,
  DeleteResourceConfigurationCommand,
  DeleteResourceGatewayCommand,
  GetResourceConfigurationCommand,
  GetResourceGatewayCommand,
  ListResourceConfigurationsCommand,
  ListResourceGatewaysCommand,
  VPCLatticeClient,
} from "@aws-sdk/client-vpc-lattice";

export const Client = VPCLatticeClient;

export const commands = {
  CreateResourceConfiguration: CreateResourceConfigurationCommand,
  CreateResourceGateway: CreateResourceGatewayCommand,
  DeleteResourceConfiguration: DeleteResourceConfigurationCommand,
  DeleteResourceGateway: DeleteResourceGatewayCommand,
  GetResourceConfiguration: GetResourceConfigurationCommand,
  GetResourceGateway: GetResourceGatewayCommand,
  ListResourceConfigurations: ListResourceConfigurationsCommand,
  ListResourceGateways: ListResourceGatewaysCommand,
};
