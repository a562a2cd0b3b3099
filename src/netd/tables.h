#pragma once
/** Route tables in a VPC's router: where what comes from a bridge goes. Part of making (netd/make.h). */

#include "base/error.h"
#include "netd/make.h"
#include "netd/place.h"

/** What comes from the subnet's bridge goes by its table, which leads nowhere as long as it was not made. */
int table_lead(struct maker *maker, struct place *router, const struct thing *subnet,
	       struct sp_error *err);

/**
 * All of the VPC's tables that were named: after a link was made anew. A route that cannot be made is no fault of the
 * link's: it leads nowhere, and is told when its table is said.
 */
void tables_settle(struct maker *maker, struct place *router, const char *vpc_id);

/** A table that is not wanted. As long as a bridge goes by it, it leads nowhere. Not being there is fine. */
int table_remove(struct place *router, uint32_t number, struct sp_error *err);

/** The rules of a bridge that goes. Not being there is fine. */
int table_leave(struct place *router, const char *bridge, struct sp_error *err);

/** Takes away rules and tables that the plan does not name. */
int tables_tidy(struct maker *maker, struct place *router, const char *vpc_id,
		struct sp_error *err);
