#pragma once
/**
 * The way of a connection from a network interface to an address, as a VPC's route tables have it: NAT gateways,
 * appliances and the internet gateway on it, and the address that the partner sees. Pure; mirrors what netd makes of the
 * same tables in the kernel.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"
#include "model/routing.h"

enum { WAY_HOPS_MAX = 8 };

/** Of one VPC; all lists in any order, borrowed. */
struct way_world {
	const struct vpc *vpc;
	const struct route_association *associations;
	const struct route *routes;
	const struct network_interface *interfaces;
	const struct nat_gateway *nats;          /* also deleted ones: sentences name them */
	const struct internet_gateway *internet; /* the VPC's; NULL: none is attached */
	const struct elastic_address *addresses;
	size_t association_count, route_count, interface_count, nat_count, address_count;
};

/** One decision: the route that was taken, and where it led. */
struct way_hop {
	char table_id[NETWORK_ID_SIZE];
	char destination
		[CIDR_TEXT_SIZE];        /* of the route; "" where the router's own routes decide */
	enum route_target target;        /* ROUTE_LOCAL also for the router's own routes */
	char target_id[NETWORK_ID_SIZE]; /* "igw-…", "nat-…", "eni-…"; "" for ROUTE_LOCAL */
	char interface_id[NETWORK_ID_SIZE]; /* a NAT gateway's, the appliance's; else "" */
	uint32_t address;                   /* of that interface */
};

struct way {
	struct way_hop hops[WAY_HOPS_MAX];
	size_t count;    /* at least 1 */
	bool is_routers; /* no route leads there: the router's own, hand-made ones decide */
	uint32_t source; /* that the partner sees, unless an appliance changes it */
	char allocation_id
		[NETWORK_ID_SIZE]; /* of the Elastic IP that source is; "" when it is none */
};

/**
 * SP_UNREACHABLE: a route leads nowhere (a NAT gateway that was deleted or failed, an interface that is gone, an
 * internet gateway that is not attached, an interface without public address in front of it, a circle); SP_CONFLICT: a
 * NAT gateway is still being made. The sentence names table, route and hop; @out has the hops up to it.
 */
int way_find(const struct way_world *world, const struct network_interface *from, uint32_t to,
	     struct way *out, struct sp_error *err);

/** "by the route 0.0.0.0/0 of rtb-… through the NAT gateway nat-… (10.0.1.7), then … as 203.0.113.9": for traces. */
struct sp_buffer;
void way_describe(const struct way *way, struct sp_buffer *out);
