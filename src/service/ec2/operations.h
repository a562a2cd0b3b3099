#pragma once
/** Within service/ec2/: the handlers, a file per resource. */

#include "api/call.h"

/* security_group.c, security_rule.c, security_rule_change.c */
void ec2_create_security_group(struct api_call *call);
void ec2_describe_security_groups(struct api_call *call);
void ec2_delete_security_group(struct api_call *call);
void ec2_authorize_security_group_egress(struct api_call *call);
void ec2_authorize_security_group_ingress(struct api_call *call);
void ec2_revoke_security_group_egress(struct api_call *call);
void ec2_revoke_security_group_ingress(struct api_call *call);
void ec2_modify_security_group_rules(struct api_call *call);
void ec2_update_egress_rule_descriptions(struct api_call *call);
void ec2_update_ingress_rule_descriptions(struct api_call *call);
void ec2_describe_security_group_rules(struct api_call *call);

/* network_interface.c, interface_create.c, interface_attribute.c */
void ec2_describe_network_interfaces(struct api_call *call);
void ec2_create_network_interface(struct api_call *call);
void ec2_delete_network_interface(struct api_call *call);
void ec2_describe_network_interface_attribute(struct api_call *call);
void ec2_modify_network_interface_attribute(struct api_call *call);

/* tag_operations.c */
void ec2_create_tags(struct api_call *call);
void ec2_delete_tags(struct api_call *call);
void ec2_describe_tags(struct api_call *call);

/* vpc_create.c, vpc.c, vpc_delete.c, vpc_attribute.c, vpc_classic_link.c */
void ec2_create_vpc(struct api_call *call);
void ec2_describe_vpcs(struct api_call *call);
void ec2_delete_vpc(struct api_call *call);
void ec2_describe_vpc_attribute(struct api_call *call);
void ec2_modify_vpc_attribute(struct api_call *call);
void ec2_describe_vpc_classic_link(struct api_call *call);

/* subnet_create.c, subnet.c, subnet_attribute.c */
void ec2_create_subnet(struct api_call *call);
void ec2_describe_subnets(struct api_call *call);
void ec2_delete_subnet(struct api_call *call);
void ec2_modify_subnet_attribute(struct api_call *call);

/* route_table.c, route.c */
void ec2_create_route_table(struct api_call *call);
void ec2_delete_route_table(struct api_call *call);
void ec2_associate_route_table(struct api_call *call);
void ec2_disassociate_route_table(struct api_call *call);
void ec2_replace_route_table_association(struct api_call *call);
void ec2_create_route(struct api_call *call);
void ec2_replace_route(struct api_call *call);
void ec2_delete_route(struct api_call *call);

/* internet_gateway.c, nat_gateway_create.c, nat_gateway.c */
void ec2_create_internet_gateway(struct api_call *call);
void ec2_describe_internet_gateways(struct api_call *call);
void ec2_delete_internet_gateway(struct api_call *call);
void ec2_attach_internet_gateway(struct api_call *call);
void ec2_detach_internet_gateway(struct api_call *call);
void ec2_create_nat_gateway(struct api_call *call);
void ec2_describe_nat_gateways(struct api_call *call);
void ec2_delete_nat_gateway(struct api_call *call);

/* elastic_address.c, address_association.c, address_pool.c */
void ec2_allocate_address(struct api_call *call);
void ec2_describe_addresses(struct api_call *call);
void ec2_describe_addresses_attribute(struct api_call *call);
void ec2_release_address(struct api_call *call);
void ec2_associate_address(struct api_call *call);
void ec2_disassociate_address(struct api_call *call);
void ec2_describe_public_ipv4_pools(struct api_call *call);

/* zone.c, route_table.c, network_acl.c, dhcp_options.c, account_attribute.c */
void ec2_describe_availability_zones(struct api_call *call);
void ec2_describe_route_tables(struct api_call *call);
void ec2_describe_network_acls(struct api_call *call);
void ec2_describe_dhcp_options(struct api_call *call);
void ec2_describe_account_attributes(struct api_call *call);
