#include "netd/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "netd/judge.h"
#include "netd/names.h"
#include "network/cidr.h"

/* Keeps those for which @stays is true. */
static void keep(struct plan *plan, const bool *stays)
{
	size_t kept = 0;
	for (size_t i = 0; i < plan->count; i++) {
		if (stays != NULL && stays[i])
			plan->things[kept++] = plan->things[i];
		else
			free(plan->things[i].routes);
	}
	plan->count = kept;
}

void plan_finish(struct plan *plan)
{
	keep(plan, NULL);
	free(plan->things);
	*plan = (struct plan){ 0 };
}

int plan_own(struct plan *plan, const char *owner, struct sp_error *err)
{
	if (!owner_is_good(owner))
		return sp_fail(err, SP_INVALID,
			       "cannot take \"%s\" for an owner: it is not %d hex digits", owner,
			       NETD_OWNER_SIZE - 1);
	if (plan->owner[0] != '\0' && strcmp(plan->owner, owner) != 0)
		return sp_fail(err, SP_CONFLICT,
			       "cannot serve owner %s on the connection of owner %s", owner,
			       plan->owner);
	snprintf(plan->owner, sizeof(plan->owner), "%s", owner);
	keep(plan, NULL);
	plan->is_naming = false;
	return 0;
}

void plan_begin(struct plan *plan)
{
	plan->round++;
	plan->is_naming = true;
}

int plan_end(struct plan *plan, struct sp_error *err)
{
	if (!plan->is_naming)
		return sp_fail(err, SP_CONFLICT, "cannot end what was not begun");
	SP_AUTO_FREE bool *stays = sp_alloc(plan->count + 1);
	for (size_t i = 0; i < plan->count; i++)
		stays[i] = plan->things[i].round == plan->round;
	keep(plan, stays);
	plan->is_naming = false;
	return 0;
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

static struct thing *find_any(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->things[i].id, id) == 0)
			return &plan->things[i];
	return NULL;
}

bool plan_is_named(const struct plan *plan, const struct thing *thing)
{
	return !plan->is_naming || thing->round == plan->round;
}

const struct thing *plan_find(const struct plan *plan, const char *id)
{
	const struct thing *thing = find_any(plan, id);
	return thing != NULL && plan_is_named(plan, thing) ? thing : NULL;
}

bool plan_has_link(const struct plan *plan, const char *link_name)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *thing = &plan->things[i];
		if (plan_is_named(plan, thing) && link_is_of(link_name, thing->id))
			return true;
	}
	return false;
}

bool plan_has_bridge(const struct plan *plan, const char *link_name)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *thing = &plan->things[i];
		if (thing->kind == THING_SUBNET && plan_is_named(plan, thing) &&
		    link_is_of(link_name, thing->id))
			return thing->uplink[0] == '\0';
	}
	return false;
}

bool plan_has_table(const struct plan *plan, const char *vpc_id, uint32_t number)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *thing = &plan->things[i];
		if (thing->kind == THING_TABLE && plan_is_named(plan, thing) &&
		    strcmp(thing->parent, vpc_id) == 0 && table_number(thing->id) == number)
			return true;
	}
	return false;
}

const struct thing *plan_bridge_of(const struct plan *plan, const char *vpc_id, uint32_t address)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *thing = &plan->things[i];
		if (thing->kind == THING_SUBNET && plan_is_named(plan, thing) &&
		    thing->uplink[0] == '\0' && strcmp(thing->parent, vpc_id) == 0 &&
		    cidr_contains(&thing->cidr, address))
			return thing;
	}
	return NULL;
}

const struct thing *plan_internet_of(const struct plan *plan, const char *vpc_id)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *thing = &plan->things[i];
		if (thing->kind == THING_INTERNET && plan_is_named(plan, thing) &&
		    strcmp(thing->parent, vpc_id) == 0)
			return thing;
	}
	return NULL;
}

uint32_t subnet_first_address(const struct thing *subnet)
{
	return subnet->cidr.address + 1;
}

/* ---- noting ---------------------------------------------------------------------------------------------------- */

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

	struct thing *thing = find_any(plan, message->id);
	if (thing != NULL && strcmp(thing->parent, message->parent) != 0)
		return sp_fail(err, SP_CONFLICT, "cannot move %s from %s to %s", message->id,
			       thing->parent, message->parent);
	if (thing != NULL)
		free(thing->routes);
	else if ((thing = add(plan, err)) == NULL)
		return -1;
	*thing = (struct thing){ .kind = kind_of(message->kind),
				 .cidr = message->cidr,
				 .router = message->router,
				 .address = message->address,
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

/* ---- forgetting ------------------------------------------------------------------------------------------------ */

static bool stands_on(const struct plan *plan, const struct thing *thing, const char *id)
{
	if (strcmp(thing->id, id) == 0 || strcmp(thing->parent, id) == 0)
		return true;
	const struct thing *parent = find_any(plan, thing->parent);
	return parent != NULL && strcmp(parent->parent, id) == 0;
}

void plan_drop(struct plan *plan, const char *id)
{
	SP_AUTO_FREE bool *stays = sp_alloc(plan->count + 1);
	for (size_t i = 0; i < plan->count; i++)
		stays[i] = !stands_on(plan, &plan->things[i], id);
	keep(plan, stays);
}
