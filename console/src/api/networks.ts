/** Networks: what there is of each kind, whole, and as choices for a form. */

import type { Choice } from "../model/fields";
import { allPages, aws } from "./aws";
import { nameTag } from "./names";

function choiceOf(value: string | undefined, ...about: (string | undefined)[]): Choice {
  return { value: value ?? "", about: about.filter(Boolean).join(" · ") || undefined };
}

export const vpcs = () =>
  allPages(async (NextToken) => {
    const answer = await aws("ec2", "DescribeVpcs", { NextToken });
    return { rows: answer.Vpcs, next: answer.NextToken };
  });

export const subnets = () =>
  allPages(async (NextToken) => {
    const answer = await aws("ec2", "DescribeSubnets", { NextToken });
    return { rows: answer.Subnets, next: answer.NextToken };
  });

export const securityGroups = () =>
  allPages(async (NextToken) => {
    const answer = await aws("ec2", "DescribeSecurityGroups", { NextToken });
    return { rows: answer.SecurityGroups, next: answer.NextToken };
  });

export const securityGroupRules = () =>
  allPages(async (NextToken) => {
    const answer = await aws("ec2", "DescribeSecurityGroupRules", { NextToken });
    return { rows: answer.SecurityGroupRules, next: answer.NextToken };
  });

export const routeTables = () =>
  allPages(async (NextToken) => {
    const answer = await aws("ec2", "DescribeRouteTables", { NextToken });
    return { rows: answer.RouteTables, next: answer.NextToken };
  });

export const resourceGateways = () =>
  allPages(async (nextToken) => {
    const answer = await aws("lattice", "ListResourceGateways", { nextToken });
    return { rows: answer.items, next: answer.nextToken };
  });

/** With where each leads, which the list does not say. */
export async function resourceConfigurations() {
  const summaries = await allPages(async (nextToken) => {
    const answer = await aws("lattice", "ListResourceConfigurations", { nextToken });
    return { rows: answer.items, next: answer.nextToken };
  });
  return Promise.all(summaries.map(({ id }) => aws("lattice", "GetResourceConfiguration", { resourceConfigurationIdentifier: id })));
}

export type ResourceConfiguration = Awaited<ReturnType<typeof resourceConfigurations>>[number];

export function targetOf({ resourceConfigurationDefinition: definition }: ResourceConfiguration): string | undefined {
  return definition?.ipResource?.ipAddress ?? definition?.dnsResource?.domainName;
}

export const vpcChoices = async () => (await vpcs()).map((vpc) => choiceOf(vpc.VpcId, nameTag(vpc.Tags), vpc.CidrBlock));

export const subnetChoices = async () => (await subnets()).map((one) => choiceOf(one.SubnetId, nameTag(one.Tags), one.CidrBlock, one.VpcId));

export const groupChoices = async () => (await securityGroups()).map((group) => choiceOf(group.GroupId, group.GroupName, group.VpcId));

export const tableChoices = async () => (await routeTables()).map((table) => choiceOf(table.RouteTableId, nameTag(table.Tags), table.VpcId));

export const gatewayChoices = async () => (await resourceGateways()).map((gateway) => choiceOf(gateway.id, gateway.name, gateway.vpcIdentifier));

export const configurationChoices = async () =>
  (await resourceConfigurations()).map((one) => ({
    value: one.arn ?? "",
    label: `${one.name} (${targetOf(one) ?? "–"})`,
    about: [one.id, one.portRanges?.join(", "), one.status].filter(Boolean).join(" · "),
  }));

/** Where a route may lead. */
export async function routeTargetChoices(): Promise<Choice[]> {
  const [gateways, nats, interfaces] = await Promise.all([
    aws("ec2", "DescribeInternetGateways", {}),
    aws("ec2", "DescribeNatGateways", {}),
    aws("ec2", "DescribeNetworkInterfaces", {}),
  ]);
  return [
    ...(gateways.InternetGateways ?? []).map((one) => choiceOf(one.InternetGatewayId, nameTag(one.Tags))),
    ...(nats.NatGateways ?? []).map((one) => choiceOf(one.NatGatewayId, one.State)),
    ...(interfaces.NetworkInterfaces ?? [])
      .filter((one) => !one.RequesterManaged)
      .map((one) => choiceOf(one.NetworkInterfaceId, one.PrivateIpAddress, one.Description)),
  ];
}
