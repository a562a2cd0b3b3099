#pragma once
/**
 * Within service/ec2/: subnets with the tag sallyport:uplink. They are a real network, whose own router decides where
 * everything goes: route tables, NAT gateways and Elastic IP addresses can do nothing there.
 */

#include "service/ec2/request.h"

/** Refuses when the subnet has an uplink. @what: "cannot have a NAT gateway", of the subnet. */
int ec2_uplink_check(struct ec2_request *request, struct db *db, const char *subnet_id,
		     const char *what, struct sp_error *err);

/** Refuses when a subnet that is associated with the route table has an uplink. */
int ec2_uplink_check_table(struct ec2_request *request, struct db *db, const char *table_id,
			   struct sp_error *err);
