#pragma once
/** Within service/ec2/: what routes lead to. */

#include "service/ec2/request.h"
#include "store/routing.h"

/** The one target that the request names, which must be there, be in @vpc and let something through. @is_v6: of IPv6. */
int ec2_route_target_read(struct ec2_request *request, struct db *db, const struct vpc *vpc,
			  bool is_v6, struct route *route, struct sp_error *err);

/** All routes of a table as answers show them, the local one first; a route whose target is gone is a blackhole. Owned by the caller. */
int ec2_routes_show(struct db *db, const struct vpc *vpc, const struct route_table *table,
		    json_t **out, struct sp_error *err);
