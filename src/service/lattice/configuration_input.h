#pragma once
/** Within service/lattice/: what requests say about a resource configuration. */

#include "service/lattice/request.h"

/** Of a create: all but the gateway, the target and the id. What is not offered is refused. */
int lattice_read_configuration(struct lattice_request *request, struct resource_configuration *out,
			       struct sp_error *err);

/** The request's port ranges. */
int lattice_read_ports(struct lattice_request *request, struct resource_configuration *out,
		       struct sp_error *err);

/** What a configuration stands on. */
struct lattice_ground {
	char gateway_id[NETWORK_ID_SIZE];
	enum address_type address_type; /* of the gateway */
	struct vpc
		vpc; /* of host, loopback addresses are this host's own, and only its own addresses reach them */
};

/** Where it leads to, by the request's definition; what was there goes. */
int lattice_read_target(struct lattice_request *request, const struct lattice_ground *ground,
			struct resource_configuration *out, struct sp_error *err);
