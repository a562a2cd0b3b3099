#include "netd/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
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

struct thing *plan_find_any(const struct plan *plan, const char *id)
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
	const struct thing *thing = plan_find_any(plan, id);
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

const struct thing *plan_bridge_of(const struct plan *plan, const char *vpc_id,
				   struct ip_address address)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *thing = &plan->things[i];
		if (thing->kind == THING_SUBNET && plan_is_named(plan, thing) &&
		    thing->uplink[0] == '\0' && strcmp(thing->parent, vpc_id) == 0 &&
		    (cidr_contains(&thing->cidr, address) ||
		     (!cidr_is_none(&thing->cidr6) && cidr_contains(&thing->cidr6, address))))
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

struct ip_address subnet_first_address(const struct thing *subnet)
{
	return ip_after(subnet->cidr.address, 1);
}

struct ip_address subnet_first_address6(const struct thing *subnet)
{
	return cidr_is_none(&subnet->cidr6) ? (struct ip_address){ 0 }
					    : ip_after(subnet->cidr6.address, 1);
}

/* ---- forgetting ------------------------------------------------------------------------------------------------ */

static bool stands_on(const struct plan *plan, const struct thing *thing, const char *id)
{
	if (strcmp(thing->id, id) == 0 || strcmp(thing->parent, id) == 0)
		return true;
	const struct thing *parent = plan_find_any(plan, thing->parent);
	return parent != NULL && strcmp(parent->parent, id) == 0;
}

void plan_drop(struct plan *plan, const char *id)
{
	SP_AUTO_FREE bool *stays = sp_alloc(plan->count + 1);
	for (size_t i = 0; i < plan->count; i++)
		stays[i] = !stands_on(plan, &plan->things[i], id);
	keep(plan, stays);
}
