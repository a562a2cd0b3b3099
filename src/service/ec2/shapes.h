#pragma once
/** Within service/ec2/: what the operations take, by the names that are on the wire. */

#include "api/shape.h"

/* clang-format off */

#define EC2_MEMBERS(...) \
	.type = SHAPE_STRUCTURE, \
	.members = (const struct shape_member[]){ __VA_ARGS__, { NULL, NULL, false } }
#define EC2_STRUCTURE(name, ...) static const struct shape name = { EC2_MEMBERS(__VA_ARGS__) }
#define EC2_LIST(name, maximum, of) \
	static const struct shape name = { .type = SHAPE_LIST, .max = (maximum), .element = &(of) }

#define EC2_INPUT(name, ...) const struct shape name = { EC2_MEMBERS(EC2_DRY_RUN, __VA_ARGS__) }
#define EC2_REQUIRED true
#define EC2_OPTIONAL false

/* Members of every input, and of describes. */
#define EC2_DRY_RUN  { "DryRun", &ec2_boolean, false }
#define EC2_FILTERED { "Filter", &ec2_filters, false }
#define EC2_PAGED \
	EC2_FILTERED, { "MaxResults", &ec2_integer, false }, { "NextToken", &ec2_string, false }

/* clang-format on */

extern const struct shape ec2_string, ec2_integer, ec2_boolean;
extern const struct shape ec2_strings;            /* a list */
extern const struct shape ec2_boolean_attribute;  /* .Value */
extern const struct shape ec2_filters;            /* .N.Name, .N.Value.M */
extern const struct shape ec2_tag_specifications; /* .N.ResourceType, .N.Tag.M.Key */

/* Inputs. */
extern const struct shape ec2_create_vpc_input, ec2_describe_vpcs_input, ec2_vpc_input;
extern const struct shape ec2_describe_vpc_attribute_input, ec2_modify_vpc_attribute_input;
extern const struct shape ec2_describe_vpc_classic_link_input;
extern const struct shape ec2_create_subnet_input, ec2_describe_subnets_input, ec2_subnet_input;
extern const struct shape ec2_modify_subnet_attribute_input;
extern const struct shape ec2_describe_zones_input;
extern const struct shape ec2_describe_route_tables_input, ec2_describe_network_acls_input;
extern const struct shape ec2_describe_dhcp_options_input, ec2_describe_account_attributes_input;
extern const struct shape ec2_create_tags_input, ec2_delete_tags_input, ec2_describe_tags_input;

/* Of groups and rules: group_shapes.c. */
extern const struct shape ec2_create_security_group_input, ec2_delete_security_group_input;
extern const struct shape ec2_describe_security_groups_input;
extern const struct shape ec2_authorize_input, ec2_revoke_input, ec2_rule_descriptions_input;
extern const struct shape ec2_modify_security_group_rules_input;
extern const struct shape ec2_describe_security_group_rules_input;

/* Of network interfaces: interface_shapes.c. */
extern const struct shape ec2_create_network_interface_input, ec2_network_interface_input;
extern const struct shape ec2_describe_network_interfaces_input;
extern const struct shape ec2_describe_interface_attribute_input;
extern const struct shape ec2_modify_interface_attribute_input;

/* Of routes and public addresses: route_shapes.c. */
extern const struct shape ec2_create_route_table_input, ec2_route_table_input;
extern const struct shape ec2_associate_route_table_input, ec2_association_input;
extern const struct shape ec2_replace_association_input, ec2_route_input;
extern const struct shape ec2_create_internet_gateway_input, ec2_describe_internet_gateways_input;
extern const struct shape ec2_internet_gateway_input, ec2_internet_attachment_input;
extern const struct shape ec2_create_nat_gateway_input, ec2_describe_nat_gateways_input;
extern const struct shape ec2_nat_gateway_input;
extern const struct shape ec2_allocate_address_input, ec2_describe_addresses_input;
extern const struct shape ec2_describe_addresses_attribute_input, ec2_release_address_input;
extern const struct shape ec2_associate_address_input, ec2_disassociate_address_input;
extern const struct shape ec2_describe_pools_input;
