/* What is told becomes part of the plan once it was judged. */

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "netd/judge.h"
#include "netd/plan.h"

static enum thing_kind kind_of(enum netd_kind message)
{
	static const struct {
		enum netd_kind message;
		enum thing_kind kind;
	} kinds[] = {
		{ NETD_VPC, THING_VPC },           { NETD_SUBNET, THING_SUBNET },
		{ NETD_INTERNET, THING_INTERNET }, { NETD_TABLE, THING_TABLE },
		{ NETD_ENI, THING_INTERFACE },
	};
	size_t i = 0;
	while (kinds[i].message != message)
		i++;
	return kinds[i].kind;
}

static struct thing *add(struct plan *plan, struct sp_error *err)
{
	if (plan->count == PLAN_THINGS_MAX) {
		sp_fail(err, SP_LIMIT, "cannot keep more than %d networks and interfaces",
			PLAN_THINGS_MAX);
		return NULL;
	}
	if (plan->count == plan->room) {
		plan->room = plan->room == 0 ? 64 : 2 * plan->room;
		plan->things = sp_realloc(plan->things, plan->room * sizeof(*plan->things));
	}
	return &plan->things[plan->count++];
}

int plan_put(struct plan *plan, const struct netd_message *message, const struct thing **out,
	     struct sp_error *err)
{
	if (judge(plan, message, err) != 0)
		return -1;

	struct thing *thing = plan_find_any(plan, message->id);
	if (thing != NULL && strcmp(thing->parent, message->parent) != 0)
		return sp_fail(err, SP_CONFLICT, "cannot move %s from %s to %s", message->id,
			       thing->parent, message->parent);
	if (thing != NULL)
		free(thing->routes);
	else if ((thing = add(plan, err)) == NULL)
		return -1;
	*thing = (struct thing){ .kind = kind_of(message->kind),
				 .cidr = message->cidr,
				 .cidr6 = message->cidr6,
				 .router = message->router,
				 .router6 = message->router6,
				 .address = message->address,
				 .address6 = message->address6,
				 .bits = message->bits,
				 .route_count = message->route_count,
				 .round = plan->round };
	size_t routes_size = message->route_count * sizeof(*thing->routes);
	if (routes_size > 0)
		thing->routes = memcpy(sp_alloc(routes_size), message->routes, routes_size);
	memcpy(thing->id, message->id, sizeof(thing->id));
	memcpy(thing->parent, message->parent, sizeof(thing->parent));
	memcpy(thing->table, message->table, sizeof(thing->table));
	memcpy(thing->uplink, message->uplink, sizeof(thing->uplink));
	memcpy(thing->mac, message->mac, sizeof(thing->mac));
	*out = thing;
	return 0;
}
