#include "service/ec2/operations.h"
#include "service/ec2/resource.h"
#include "service/ec2/shapes.h"
#include "service/services.h"

/* clang-format off */

static const struct api_operation operations[] = {
	{ "CreateVpc",                 &ec2_create_vpc_input,                  ec2_create_vpc, .resource = "vpc/*" },
	{ "DescribeVpcs",              &ec2_describe_vpcs_input,               ec2_describe_vpcs, .resource = "*" },
	{ "DeleteVpc",                 &ec2_vpc_input,                         ec2_delete_vpc, .resource = "vpc/{VpcId}" },
	{ "DescribeVpcAttribute",      &ec2_describe_vpc_attribute_input,      ec2_describe_vpc_attribute, .resource = "vpc/{VpcId}" },
	{ "ModifyVpcAttribute",        &ec2_modify_vpc_attribute_input,        ec2_modify_vpc_attribute, .resource = "vpc/{VpcId}" },
	{ "DescribeVpcClassicLink",    &ec2_describe_vpc_classic_link_input,   ec2_describe_vpc_classic_link, .resource = "*" },
	{ "CreateSubnet",              &ec2_create_subnet_input,               ec2_create_subnet, .resource = "subnet/* vpc/{VpcId}" },
	{ "DescribeSubnets",           &ec2_describe_subnets_input,            ec2_describe_subnets, .resource = "*" },
	{ "DeleteSubnet",              &ec2_subnet_input,                      ec2_delete_subnet, .resource = "subnet/{SubnetId}" },
	{ "ModifySubnetAttribute",     &ec2_modify_subnet_attribute_input,     ec2_modify_subnet_attribute, .resource = "subnet/{SubnetId}" },
	{ "DescribeRouteTables",       &ec2_describe_route_tables_input,       ec2_describe_route_tables, .resource = "*" },
	{ "DescribeNetworkAcls",       &ec2_describe_network_acls_input,       ec2_describe_network_acls, .resource = "*" },
	{ "DescribeDhcpOptions",       &ec2_describe_dhcp_options_input,       ec2_describe_dhcp_options, .resource = "*" },
	{ "DescribeAvailabilityZones", &ec2_describe_zones_input,              ec2_describe_availability_zones, .resource = "*" },
	{ "DescribeAccountAttributes", &ec2_describe_account_attributes_input, ec2_describe_account_attributes, .resource = "*" },

	{ "CreateSecurityGroup",                        &ec2_create_security_group_input,         ec2_create_security_group, .resource = "security-group/* vpc/{VpcId}" },
	{ "DescribeSecurityGroups",                     &ec2_describe_security_groups_input,      ec2_describe_security_groups, .resource = "*" },
	{ "DeleteSecurityGroup",                        &ec2_delete_security_group_input,         ec2_delete_security_group, .resource = "security-group/{GroupId|GroupName}" },
	{ "AuthorizeSecurityGroupEgress",               &ec2_authorize_input,                     ec2_authorize_security_group_egress, .resource = "security-group/{GroupId|GroupName}" },
	{ "AuthorizeSecurityGroupIngress",              &ec2_authorize_input,                     ec2_authorize_security_group_ingress, .resource = "security-group/{GroupId|GroupName}" },
	{ "RevokeSecurityGroupEgress",                  &ec2_revoke_input,                        ec2_revoke_security_group_egress, .resource = "security-group/{GroupId|GroupName}" },
	{ "RevokeSecurityGroupIngress",                 &ec2_revoke_input,                        ec2_revoke_security_group_ingress, .resource = "security-group/{GroupId|GroupName}" },
	{ "ModifySecurityGroupRules",                   &ec2_modify_security_group_rules_input,   ec2_modify_security_group_rules, .resource = "security-group/{GroupId}" },
	{ "UpdateSecurityGroupRuleDescriptionsEgress",  &ec2_rule_descriptions_input,             ec2_update_egress_rule_descriptions, .resource = "security-group/{GroupId|GroupName}" },
	{ "UpdateSecurityGroupRuleDescriptionsIngress", &ec2_rule_descriptions_input,             ec2_update_ingress_rule_descriptions, .resource = "security-group/{GroupId|GroupName}" },
	{ "DescribeSecurityGroupRules",                 &ec2_describe_security_group_rules_input, ec2_describe_security_group_rules, .resource = "*" },

	{ "CreateNetworkInterface",            &ec2_create_network_interface_input,     ec2_create_network_interface, .resource = "network-interface/* subnet/{SubnetId} ec2:CreateNetworkInterface=security-group/{SecurityGroupId}" },
	{ "DescribeNetworkInterfaces",         &ec2_describe_network_interfaces_input,  ec2_describe_network_interfaces, .resource = "*" },
	{ "DeleteNetworkInterface",            &ec2_network_interface_input,            ec2_delete_network_interface, .resource = "network-interface/{NetworkInterfaceId}" },
	{ "DescribeNetworkInterfaceAttribute", &ec2_describe_interface_attribute_input, ec2_describe_network_interface_attribute, .resource = "network-interface/{NetworkInterfaceId}" },
	{ "ModifyNetworkInterfaceAttribute",   &ec2_modify_interface_attribute_input,   ec2_modify_network_interface_attribute, .resource = "network-interface/{NetworkInterfaceId}" },

	{ "CreateRouteTable",             &ec2_create_route_table_input,             ec2_create_route_table, .resource = "route-table/* vpc/{VpcId}" },
	{ "DeleteRouteTable",             &ec2_route_table_input,                    ec2_delete_route_table, .resource = "route-table/{RouteTableId}" },
	{ "AssociateRouteTable",          &ec2_associate_route_table_input,          ec2_associate_route_table, .resource = "route-table/{RouteTableId} ec2:AssociateRouteTable=subnet/{SubnetId}" },
	{ "DisassociateRouteTable",       &ec2_association_input,                    ec2_disassociate_route_table, .resource = "route-table/{AssociationId}" },
	{ "ReplaceRouteTableAssociation", &ec2_replace_association_input,            ec2_replace_route_table_association, .resource = "route-table/{AssociationId} route-table/{RouteTableId}" },
	{ "CreateRoute",                  &ec2_route_input,                          ec2_create_route, .resource = "route-table/{RouteTableId}" },
	{ "ReplaceRoute",                 &ec2_route_input,                          ec2_replace_route, .resource = "route-table/{RouteTableId}" },
	{ "DeleteRoute",                  &ec2_route_input,                          ec2_delete_route, .resource = "route-table/{RouteTableId}" },
	{ "CreateInternetGateway",        &ec2_create_internet_gateway_input,        ec2_create_internet_gateway, .resource = "internet-gateway/*" },
	{ "DescribeInternetGateways",     &ec2_describe_internet_gateways_input,     ec2_describe_internet_gateways, .resource = "*" },
	{ "DeleteInternetGateway",        &ec2_internet_gateway_input,               ec2_delete_internet_gateway, .resource = "internet-gateway/{InternetGatewayId}" },
	{ "AttachInternetGateway",        &ec2_internet_attachment_input,            ec2_attach_internet_gateway, .resource = "internet-gateway/{InternetGatewayId} vpc/{VpcId}" },
	{ "DetachInternetGateway",        &ec2_internet_attachment_input,            ec2_detach_internet_gateway, .resource = "internet-gateway/{InternetGatewayId} vpc/{VpcId}" },
	{ "CreateNatGateway",             &ec2_create_nat_gateway_input,             ec2_create_nat_gateway, .resource = "natgateway/* subnet/{SubnetId} ec2:CreateNatGateway=elastic-ip/{AllocationId}" },
	{ "DescribeNatGateways",          &ec2_describe_nat_gateways_input,          ec2_describe_nat_gateways, .resource = "*" },
	{ "DeleteNatGateway",             &ec2_nat_gateway_input,                    ec2_delete_nat_gateway, .resource = "natgateway/{NatGatewayId}" },
	{ "AllocateAddress",              &ec2_allocate_address_input,               ec2_allocate_address, .resource = "elastic-ip/*" },
	{ "DescribeAddresses",            &ec2_describe_addresses_input,             ec2_describe_addresses, .resource = "*" },
	{ "DescribeAddressesAttribute",   &ec2_describe_addresses_attribute_input,   ec2_describe_addresses_attribute, .resource = "*" },
	{ "ReleaseAddress",               &ec2_release_address_input,                ec2_release_address, .resource = "elastic-ip/{AllocationId|PublicIp}" },
	{ "AssociateAddress",             &ec2_associate_address_input,              ec2_associate_address, .resource = "elastic-ip/{AllocationId|PublicIp} ec2:AssociateAddress=network-interface/{NetworkInterfaceId}" },
	{ "DisassociateAddress",          &ec2_disassociate_address_input,           ec2_disassociate_address, .resource = "elastic-ip/{AssociationId|PublicIp}" },
	{ "DescribePublicIpv4Pools",      &ec2_describe_pools_input,                 ec2_describe_public_ipv4_pools, .resource = "*" },

	{ "CreateTags",                &ec2_create_tags_input,                 ec2_create_tags, .resource = "{ResourceId}" },
	{ "DeleteTags",                &ec2_delete_tags_input,                 ec2_delete_tags, .resource = "{ResourceId}" },
	{ "DescribeTags",              &ec2_describe_tags_input,               ec2_describe_tags, .resource = "*" },
	{ NULL },
};

static const struct api_error_type errors[] = {
	{ "DryRunOperation",      412 },
	{ "RequestLimitExceeded", 503 },
	{ "Unavailable",          503 },
	{ "InternalError",        500 },
	{ NULL, 0 },
};

/* clang-format on */

const struct api_service service_ec2 = {
	.signing_name = "ec2",
	.title = "Amazon EC2",
	.protocol = API_EC2,
	.version = "2016-11-15",
	.xml_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/",
	.validation_error = "InvalidParameterValue",
	.internal_error = "InternalError",
	.operations = operations,
	.resolve = ec2_resolve,
	.find_arn = ec2_find_arn,
	.errors = errors,
};
