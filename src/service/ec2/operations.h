#pragma once
/** Within service/ec2/: the handlers, a file per resource. */

#include "api/call.h"

/* tags.c */
void ec2_create_tags(struct api_call *call);
void ec2_delete_tags(struct api_call *call);
void ec2_describe_tags(struct api_call *call);

/* vpc.c */
void ec2_describe_vpcs(struct api_call *call);

/* subnet.c */
void ec2_describe_subnets(struct api_call *call);

/* zone.c, route_table.c, network_acl.c, dhcp_options.c */
void ec2_describe_availability_zones(struct api_call *call);
void ec2_describe_route_tables(struct api_call *call);
void ec2_describe_network_acls(struct api_call *call);
void ec2_describe_dhcp_options(struct api_call *call);
