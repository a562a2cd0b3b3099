#pragma once
/** Within service/lattice/: what requests say about a resource configuration. */

#include "service/lattice/request.h"

/** Of a create: all but the gateway, the target and the id. What is not offered is refused. */
int lattice_read_configuration(struct lattice_request *request, struct resource_configuration *out,
			       struct sp_error *err);

/** The request's port ranges. */
int lattice_read_ports(struct lattice_request *request, struct resource_configuration *out,
		       struct sp_error *err);

/**
 * Where it leads to, by the request's definition; what was there goes.
 * @provider  of the gateway's VPC: loopback addresses are this host's own, and only its own addresses reach them
 */
int lattice_read_target(struct lattice_request *request, enum network_provider provider,
			struct resource_configuration *out, struct sp_error *err);
