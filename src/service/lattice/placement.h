#pragma once
/** Within service/lattice/: where a gateway stands: its VPC, subnets and security groups, and the addresses it draws. */

#include "service/lattice/request.h"

/** What is read of a request before anything is written. */
struct lattice_placement {
	struct vpc vpc;
	struct subnet subnets[GATEWAY_SUBNETS_MAX]; /* in the order of the gateway's */

	/* Provider host: the addresses that this machine owns in each. Owned. */
	struct ip_address *candidates[GATEWAY_SUBNETS_MAX];
	size_t candidate_counts[GATEWAY_SUBNETS_MAX];
};

void lattice_placement_finish(struct lattice_placement *placement);

/** Fills the ids of @gateway's VPC and subnets from the request; not yet looked at. */
int lattice_read_places(struct lattice_request *request, struct resource_gateway *gateway,
			struct sp_error *err);

/** Inside a read or a write: is all of it there, and of one VPC? Fills @out's VPC and subnets. */
int lattice_check_places(struct lattice_request *request, struct db *db,
			 const struct resource_gateway *gateway, struct lattice_placement *out,
			 struct sp_error *err);

/**
 * Inside a read or a write: the security groups of the request, or the VPC's default group when it names none; all
 * are the VPC's.
 */
int lattice_read_groups(struct lattice_request *request, struct db *db, const struct vpc *vpc,
			struct resource_gateway *gateway, struct sp_error *err);

/** Outside of the store: which addresses the host has may take the kernel a while. */
int lattice_find_candidates(struct lattice_placement *placement,
			    const struct resource_gateway *gateway, struct sp_error *err);

/** Inside the write: a network interface with a free address in each of the subnets. */
int lattice_make_interfaces(struct lattice_request *request, struct db *db,
			    const struct lattice_placement *placement,
			    const struct resource_gateway *gateway, struct sp_error *err);
