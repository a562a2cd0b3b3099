#pragma once
/** Within service/ec2/: the routes of a table. */

#include "service/ec2/kinds.h"
#include "store/routing.h"

/** By the request's RouteTableId, which must look like an id and be there. */
int ec2_find_route_table(struct ec2_request *request, struct db *db, struct route_table *out,
			 struct sp_error *err);

/** As answers show them, the local one first; a route whose target is gone is a blackhole. Owned by the caller. */
int ec2_routes_show(struct db *db, const struct vpc *vpc, const struct route_table *table,
		    json_t **out, struct sp_error *err);
