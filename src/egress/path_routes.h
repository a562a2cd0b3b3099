#pragma once
/**
 * Within egress/: a VPC's route tables and what they lead to, as the store has them, for network/way.h.
 *
 * They decide in kernel networks (provider netns) only, and not in subnets that hang on a real interface: there the
 * real network has the routes.
 */

#include "db/db.h"
#include "network/way.h"

struct path_uplink {
	char subnet_id[NETWORK_ID_SIZE];
	char interface[INTERFACE_NAME_SIZE];
};

struct path_routes {
	/* All arrays are owned. */
	struct way_subnet *subnets;
	struct route *routes;
	struct way_interface *interfaces; /* the gateway's own, and what routes lead to */
	struct nat_gateway *nats;         /* that routes lead to */
	size_t subnet_count, route_count, interface_count, nat_count;
	char internet_id[NETWORK_ID_SIZE];               /* "": none is attached */
	struct path_uplink uplinks[GATEWAY_SUBNETS_MAX]; /* of the gateway's subnets */
	size_t uplink_count;
};

/** Where the snapshot is taken, and for whom. All borrowed for the call. */
struct path_routes_reading {
	struct db *db;
	const char *region, *account; /* of the ARNs that tags hang on */
	const struct vpc *vpc;
	const struct network_interface *interfaces; /* the gateway's */
	size_t interface_count;
};

/** In one snapshot with what the caller reads besides. @out is the caller's to finish either way. */
int path_routes_read(const struct path_routes_reading *reading, struct path_routes *out,
		     struct sp_error *err);
void path_routes_finish(struct path_routes *routes);

/** The real interface that a subnet hangs on; NULL: none. */
const char *path_routes_uplink(const struct path_routes *routes, const char *subnet_id);
