#pragma once
/** Within service/ec2/: the routes of a table. */

#include "service/ec2/kinds.h"
#include "store/routing.h"

/** By the request's RouteTableId, which must look like an id and be there. */
int ec2_find_route_table(struct ec2_request *request, struct db *db, struct route_table *out,
			 struct sp_error *err);
