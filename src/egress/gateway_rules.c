#include "egress/gateway_rules.h"

#include <string.h>

#include "base/scope.h"
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

static int read_rules(struct db *db, const struct resource_gateway *gateway, struct rules *out,
		      struct sp_error *err)
{
	for (size_t i = 0; i < gateway->group_count; i++) {
		struct security_rule *list;
		size_t count;
		if (security_rules_list(db, gateway->group_ids[i], &list, &count, err) != 0)
			return -1;
		take_egress(out, list, count);
	}
	return 0;
}

static bool names_group(const struct rules *rules, const char *group_id)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].peer == RULE_GROUP &&
		    (group_id == NULL || strcmp(rules->list[i].value, group_id) == 0))
			return true;
	return false;
}

/* ---- whose addresses a group means ----------------------------------------------------------------------------- */

struct members {
	struct group_member *list; /* owned; group ids are the gateways' */
	size_t count;
};

static int add_members(struct db *db, const struct resource_gateway *gateway,
		       const struct rules *rules, struct members *out, struct sp_error *err)
{
	SP_AUTO_FREE struct network_interface *interfaces = NULL;
	size_t count;
	if (interfaces_list(db, NULL, gateway->id, &interfaces, &count, err) != 0)
		return -1;
	out->list = sp_realloc(out->list, (out->count + gateway->group_count * count + 1) *
						  sizeof(*out->list));
	for (size_t i = 0; i < gateway->group_count; i++) {
		uint32_t address;
		for (size_t j = 0; j < count && names_group(rules, gateway->group_ids[i]); j++)
			if (ipv4_parse(interfaces[j].address, &address))
				out->list[out->count++] =
					(struct group_member){ gateway->group_ids[i], address };
	}
	return 0;
}

static bool has_named_group(const struct resource_gateway *gateway, const struct rules *rules)
{
	for (size_t i = 0; i < gateway->group_count; i++)
		if (names_group(rules, gateway->group_ids[i]))
			return true;
	return false;
}

static int spell_out(struct db *db, const struct resource_gateway *gateways, size_t gateway_count,
		     const struct rules *rules, struct egress_rule **out, size_t *out_count,
		     struct sp_error *err)
{
	struct members members = { 0 };
	int result = 0;
	for (size_t i = 0; i < gateway_count && result == 0; i++)
		if (has_named_group(&gateways[i], rules))
			result = add_members(db, &gateways[i], rules, &members, err);
	if (result == 0)
		result = egress_rules_spell_out(rules->list, rules->count, members.list,
						members.count, out, out_count, err);
	free(members.list);
	return result;
}

int gateway_rules_read(struct db *db, const struct resource_gateway *gateway,
		       struct egress_rule **out, size_t *out_count, struct sp_error *err)
{
	__attribute__((cleanup(rules_finish))) struct rules rules = { 0 };
	if (read_rules(db, gateway, &rules, err) != 0)
		return -1;
	if (!names_group(&rules, NULL))
		return spell_out(db, NULL, 0, &rules, out, out_count, err);

	struct resource_gateway *gateways;
	size_t gateway_count;
	if (gateways_list(db, &gateways, &gateway_count, err) != 0)
		return -1;
	int result = spell_out(db, gateways, gateway_count, &rules, out, out_count, err);
	gateways_free(gateways, gateway_count);
	return result;
}
