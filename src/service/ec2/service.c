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
	{ "DescribeNetworkInterfaces",                  &ec2_describe_network_interfaces_input,   ec2_describe_network_interfaces },

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
