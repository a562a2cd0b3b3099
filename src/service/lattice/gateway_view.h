#pragma once
/** Within service/lattice/: resource gateways as answers have them. */

#include "service/lattice/request.h"

/** The id, ARN, name and state: what every answer has. Owned by the caller. */
json_t *lattice_gateway_head(const struct service_context *context,
			     const struct resource_gateway *gateway);

/** With all else. @vpc_member: what the VPC is called there, "vpcIdentifier" or "vpcId". */
json_t *lattice_show_gateway(const struct service_context *context,
			     const struct resource_gateway *gateway, const char *vpc_member);

/** Adds createdAt and lastUpdatedAt. */
void lattice_add_times(json_t *out, int64_t created_ms, int64_t updated_ms);

/** The gateway that the request's identifier names; the caller finishes it. */
int lattice_find_gateway(struct lattice_request *request, struct db *db,
			 struct resource_gateway *out, struct sp_error *err);
