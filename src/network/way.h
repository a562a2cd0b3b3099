#pragma once
/**
 * The way of a connection from a network interface to an address, as a VPC's route tables have it: NAT gateways,
 * appliances and the internet gateway on it, and the address that the partner sees. Pure; mirrors what netd makes of the
 * same tables in the kernel.
 *
 *   interface ──► its subnet's table ──► NAT gateway ──► that one's subnet's table ──► internet gateway
 *                      │  ▲                   appliance ──► the same                         │
 *                      │  └──────────────────────┘                                           └─ as an Elastic IP
 *                      ├─ its own subnet, the VPC's range: there
 *                      ├─ a machine of its own (external): it knows on
 *                      └─ no route: what the administrator gave the VPC's router decides
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"
#include "model/routing.h"

enum { WAY_HOPS_MAX = 8 };

/** A subnet, and what the way needs to know of it. */
struct way_subnet {
	char id[NETWORK_ID_SIZE];
	struct cidr cidr; /* what is in it is reached without any table */
	char table_id[NETWORK_ID_SIZE];
	struct cidr cidr6; /* the same of IPv6; maybe none */
};

/** A network interface that routes lead to, or that a way begins at. */
struct way_interface {
	struct network_interface row;
	bool is_external; /* tag sallyport:external: a machine that is there already */
	/* Its Elastic IP; "" when it has none: */
	char public_address[ADDRESS_TEXT_SIZE];
	char allocation_id[NETWORK_ID_SIZE];
};

/** Of one VPC; all lists in any order, borrowed. */
struct way_world {
	const struct vpc *vpc;
	const struct way_subnet *subnets;
	const struct route *routes;
	const struct way_interface *interfaces;
	const struct nat_gateway *nats; /* also deleted ones: sentences name them */
	const char *internet_id; /* of the internet gateway that is attached; NULL: none is */
	size_t subnet_count, route_count, interface_count, nat_count;
};

/** One decision: the route that was taken, and where it led. */
struct way_hop {
	char table_id[NETWORK_ID_SIZE];   /* "": no table was asked, inside a subnet */
	char destination[CIDR_TEXT_SIZE]; /* of the route or the subnet; "": no route matched */
	enum route_target target;         /* ROUTE_LOCAL also where no table or no route decided */
	char target_id[NETWORK_ID_SIZE];  /* "igw-…", "nat-…", "eni-…"; "" for ROUTE_LOCAL */
	char interface_id[NETWORK_ID_SIZE]; /* a NAT gateway's, the appliance's; else "" */
	struct ip_address address;          /* of that interface */
};

/** Where the tables' part of it is over. */
enum way_end {
	WAY_INSIDE,    /* in the VPC */
	WAY_PUBLIC,    /* through the internet gateway */
	WAY_BY_ROUTER, /* no route leads there: the router's own, hand-made ones decide */
	WAY_EXTERNAL,  /* at a machine of its own, which knows on or does not */
};

struct way {
	struct way_hop hops[WAY_HOPS_MAX];
	size_t count; /* at least 1 */
	enum way_end end;
	struct ip_address
		source; /* of the target's family: that the partner sees, unless an appliance changes it */
	char allocation_id[NETWORK_ID_SIZE]; /* of the Elastic IP that source is; "": it is none */
	/* The appliance that has to put its own address in the place of the connection's, as only it has an Elastic IP; "":
	 * none has to. */
	char translator_id[NETWORK_ID_SIZE];
};

/**
 * @from  among the world's interfaces
 * SP_UNREACHABLE: there is no way of that family from @from, or a route leads nowhere (a NAT gateway that was deleted or failed, an interface that is gone or lets
 * nothing through, an internet gateway that is not attached, nothing with a public address in front of it, a circle);
 * SP_CONFLICT: a NAT gateway is still being made. The sentence names table, route and hop; @out has the hops up to it,
 * itself included.
 */
int way_find(const struct way_world *world, const char *from, struct ip_address to, struct way *out,
	     struct sp_error *err);

struct sp_buffer;

/** "by the route 0.0.0.0/0 of rtb-… through the NAT gateway nat-… (10.0.1.7), then … as 203.0.113.9 (eipalloc-…)". */
void way_describe(const struct way *way, struct sp_buffer *out);

/** "the NAT gateway nat-… (10.0.1.7) and the appliance eni-… (10.0.3.4)": who may drop a packet. Nothing when nobody is there. */
void way_name_hops(const struct way *way, struct sp_buffer *out);

/** Whether the partner sees another address (source) than that of the interface where the way begins. */
bool way_translates(const struct way *way);

/** "behind the NAT gateway nat-… (10.0.1.7), as 203.0.113.9". Nothing when nobody is in between. */
void way_describe_between(const struct way *way, struct sp_buffer *out);
