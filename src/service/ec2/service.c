#include "service/ec2/operations.h"
#include "service/ec2/shapes.h"
#include "service/services.h"

/* clang-format off */

static const struct api_operation operations[] = {
	{ "CreateVpc",                 &ec2_create_vpc_input,                  ec2_create_vpc },
	{ "DescribeVpcs",              &ec2_describe_vpcs_input,               ec2_describe_vpcs },
	{ "DeleteVpc",                 &ec2_vpc_input,                         ec2_delete_vpc },
	{ "DescribeVpcAttribute",      &ec2_describe_vpc_attribute_input,      ec2_describe_vpc_attribute },
	{ "ModifyVpcAttribute",        &ec2_modify_vpc_attribute_input,        ec2_modify_vpc_attribute },
	{ "CreateSubnet",              &ec2_create_subnet_input,               ec2_create_subnet },
	{ "DescribeSubnets",           &ec2_describe_subnets_input,            ec2_describe_subnets },
	{ "DeleteSubnet",              &ec2_subnet_input,                      ec2_delete_subnet },
	{ "ModifySubnetAttribute",     &ec2_modify_subnet_attribute_input,     ec2_modify_subnet_attribute },
	{ "DescribeRouteTables",       &ec2_describe_route_tables_input,       ec2_describe_route_tables },
	{ "DescribeNetworkAcls",       &ec2_describe_network_acls_input,       ec2_describe_network_acls },
	{ "DescribeDhcpOptions",       &ec2_describe_dhcp_options_input,       ec2_describe_dhcp_options },
	{ "DescribeAvailabilityZones", &ec2_describe_zones_input,              ec2_describe_availability_zones },
	{ "DescribeAccountAttributes", &ec2_describe_account_attributes_input, ec2_describe_account_attributes },

	{ "CreateSecurityGroup",                        &ec2_create_security_group_input,         ec2_create_security_group },
	{ "DescribeSecurityGroups",                     &ec2_describe_security_groups_input,      ec2_describe_security_groups },
	{ "DeleteSecurityGroup",                        &ec2_delete_security_group_input,         ec2_delete_security_group },
	{ "AuthorizeSecurityGroupEgress",               &ec2_authorize_input,                     ec2_authorize_security_group_egress },
	{ "AuthorizeSecurityGroupIngress",              &ec2_authorize_input,                     ec2_authorize_security_group_ingress },
	{ "RevokeSecurityGroupEgress",                  &ec2_revoke_input,                        ec2_revoke_security_group_egress },
	{ "RevokeSecurityGroupIngress",                 &ec2_revoke_input,                        ec2_revoke_security_group_ingress },
	{ "ModifySecurityGroupRules",                   &ec2_modify_security_group_rules_input,   ec2_modify_security_group_rules },
	{ "UpdateSecurityGroupRuleDescriptionsEgress",  &ec2_rule_descriptions_input,             ec2_update_egress_rule_descriptions },
	{ "UpdateSecurityGroupRuleDescriptionsIngress", &ec2_rule_descriptions_input,             ec2_update_ingress_rule_descriptions },
	{ "DescribeSecurityGroupRules",                 &ec2_describe_security_group_rules_input, ec2_describe_security_group_rules },

	{ "CreateNetworkInterface",            &ec2_create_network_interface_input,     ec2_create_network_interface },
	{ "DescribeNetworkInterfaces",         &ec2_describe_network_interfaces_input,  ec2_describe_network_interfaces },
	{ "DeleteNetworkInterface",            &ec2_network_interface_input,            ec2_delete_network_interface },
	{ "DescribeNetworkInterfaceAttribute", &ec2_describe_interface_attribute_input, ec2_describe_network_interface_attribute },
	{ "ModifyNetworkInterfaceAttribute",   &ec2_modify_interface_attribute_input,   ec2_modify_network_interface_attribute },

	{ "CreateRouteTable",             &ec2_create_route_table_input,             ec2_create_route_table },
	{ "DeleteRouteTable",             &ec2_route_table_input,                    ec2_delete_route_table },
	{ "AssociateRouteTable",          &ec2_associate_route_table_input,          ec2_associate_route_table },
	{ "DisassociateRouteTable",       &ec2_association_input,                    ec2_disassociate_route_table },
	{ "ReplaceRouteTableAssociation", &ec2_replace_association_input,            ec2_replace_route_table_association },
	{ "CreateRoute",                  &ec2_route_input,                          ec2_create_route },
	{ "ReplaceRoute",                 &ec2_route_input,                          ec2_replace_route },
	{ "DeleteRoute",                  &ec2_route_input,                          ec2_delete_route },
	{ "CreateInternetGateway",        &ec2_create_internet_gateway_input,        ec2_create_internet_gateway },
	{ "DescribeInternetGateways",     &ec2_describe_internet_gateways_input,     ec2_describe_internet_gateways },
	{ "DeleteInternetGateway",        &ec2_internet_gateway_input,               ec2_delete_internet_gateway },
	{ "AttachInternetGateway",        &ec2_internet_attachment_input,            ec2_attach_internet_gateway },
	{ "DetachInternetGateway",        &ec2_internet_attachment_input,            ec2_detach_internet_gateway },
	{ "CreateNatGateway",             &ec2_create_nat_gateway_input,             ec2_create_nat_gateway },
	{ "DescribeNatGateways",          &ec2_describe_nat_gateways_input,          ec2_describe_nat_gateways },
	{ "DeleteNatGateway",             &ec2_nat_gateway_input,                    ec2_delete_nat_gateway },
	{ "AllocateAddress",              &ec2_allocate_address_input,               ec2_allocate_address },
	{ "DescribeAddresses",            &ec2_describe_addresses_input,             ec2_describe_addresses },
	{ "DescribeAddressesAttribute",   &ec2_describe_addresses_attribute_input,   ec2_describe_addresses_attribute },
	{ "ReleaseAddress",               &ec2_release_address_input,                ec2_release_address },
	{ "AssociateAddress",             &ec2_associate_address_input,              ec2_associate_address },
	{ "DisassociateAddress",          &ec2_disassociate_address_input,           ec2_disassociate_address },
	{ "DescribePublicIpv4Pools",      &ec2_describe_pools_input,                 ec2_describe_public_ipv4_pools },

	{ "CreateTags",                &ec2_create_tags_input,                 ec2_create_tags },
	{ "DeleteTags",                &ec2_delete_tags_input,                 ec2_delete_tags },
	{ "DescribeTags",              &ec2_describe_tags_input,               ec2_describe_tags },
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
	.errors = errors,
};
