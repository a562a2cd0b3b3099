#include "egress/gateway_rules.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "network/verdict.h"
#include "store/gateways.h"
#include "store/security_groups.h"

/* ---- the rules of all groups together -------------------------------------------------------------------------- */

struct rules {
	struct security_rule *list; /* owned */
	size_t count;
};

static void rules_finish(struct rules *rules)
{
	security_rules_free(rules->list, rules->count);
}

/* What is not egress is let go at once. */
static void take_egress(struct rules *rules, struct security_rule *list, size_t count)
{
	rules->list = sp_realloc(rules->list, (rules->count + count + 1) * sizeof(*list));
	for (size_t i = 0; i < count; i++) {
		if (list[i].egress)
			rules->list[rules->count++] = list[i];
		else
			security_rule_finish(&list[i]);
	}
	free(list);
}

static int read_rules(struct db *db, const char (*group_ids)[NETWORK_ID_SIZE], size_t group_count,
		      struct rules *out, struct sp_error *err)
{
	for (size_t i = 0; i < group_count; i++) {
		struct security_rule *list;
		size_t count;
		if (security_rules_list(db, group_ids[i], &list, &count, err) != 0)
			return -1;
		take_egress(out, list, count);
	}
	return 0;
}

/* @group_id NULL: any. */
static bool names_group(const struct rules *rules, const char *group_id)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].peer == RULE_GROUP &&
		    (group_id == NULL || strcmp(rules->list[i].value, group_id) == 0))
			return true;
	return false;
}

/* ---- whose addresses a group means ----------------------------------------------------------------------------- */

/* All that may have groups: the interfaces of gateways have those of their gateways. */
struct world {
	struct resource_gateway *gateways; /* ascending ids */
	size_t gateway_count;
	struct network_interface *interfaces;
	size_t interface_count;
	struct group_member *members; /* group ids are the gateways' and the interfaces' */
	size_t member_count;
};

static void world_finish(struct world *world)
{
	gateways_free(world->gateways, world->gateway_count);
	free(world->interfaces);
	free(world->members);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b); /* both begin with one */
}

static void add_members(struct world *world, const struct network_interface *interface,
			const char (*group_ids)[NETWORK_ID_SIZE], size_t group_count,
			const struct rules *rules)
{
	const char *const addresses[] = { interface->address, interface->address6 };
	for (size_t i = 0; i < group_count; i++) {
		if (!names_group(rules, group_ids[i]))
			continue;
		world->members =
			sp_realloc(world->members, (world->member_count + SP_COUNT_OF(addresses)) *
							   sizeof(*world->members));
		for (size_t k = 0; k < SP_COUNT_OF(addresses); k++) {
			struct group_member member = { .group_id = group_ids[i] };
			if (ip_parse(addresses[k], &member.address))
				world->members[world->member_count++] = member;
		}
	}
}

static int read_world(struct db *db, const struct rules *rules, struct world *out,
		      struct sp_error *err)
{
	if (gateways_list(db, &out->gateways, &out->gateway_count, err) != 0 ||
	    interfaces_list(db, NULL, NULL, &out->interfaces, &out->interface_count, err) != 0)
		return -1;
	for (size_t i = 0; i < out->interface_count; i++) {
		const struct network_interface *interface = &out->interfaces[i];
		const struct resource_gateway *gateway = NULL;
		if (interface->kind == INTERFACE_OF_GATEWAY && out->gateway_count > 0)
			gateway = bsearch(interface->owner_id, out->gateways, out->gateway_count,
					  sizeof(*gateway), compare_ids);
		if (gateway != NULL)
			add_members(out, interface, gateway->group_ids, gateway->group_count,
				    rules);
		else if (interface->kind == INTERFACE_OF_USER)
			add_members(out, interface, interface->group_ids, interface->group_count,
				    rules);
	}
	return 0;
}

int group_rules_read(struct db *db, const char (*group_ids)[NETWORK_ID_SIZE], size_t group_count,
		     struct egress_rule **out, size_t *out_count, struct sp_error *err)
{
	__attribute__((cleanup(rules_finish))) struct rules rules = { 0 };
	__attribute__((cleanup(world_finish))) struct world world = { 0 };
	if (read_rules(db, group_ids, group_count, &rules, err) != 0 ||
	    (names_group(&rules, NULL) && read_world(db, &rules, &world, err) != 0))
		return -1;
	return egress_rules_spell_out(rules.list, rules.count, world.members, world.member_count,
				      out, out_count, err);
}

int gateway_rules_read(struct db *db, const struct resource_gateway *gateway,
		       struct egress_rule **out, size_t *out_count, struct sp_error *err)
{
	return group_rules_read(db, gateway->group_ids, gateway->group_count, out, out_count, err);
}
