#include "netd/tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "netd/gateway_ends.h"
#include "netd/names.h"
#include "netd/routes.h"
#include "network/cidr.h"

/* What a router's tables hold, read once. */
struct kernel_routes {
	struct kernel_route *list;
	size_t count;
};

static void free_routes(struct kernel_routes *routes)
{
	free(routes->list);
}

#define AUTO_ROUTES __attribute__((cleanup(free_routes))) struct kernel_routes

struct rule_list {
	struct kernel_rule *list;
	size_t count;
};

static void free_rules(struct rule_list *rules)
{
	free(rules->list);
}

#define AUTO_RULES __attribute__((cleanup(free_rules))) struct rule_list

static int read_routes(struct place *router, struct kernel_routes *out, struct sp_error *err)
{
	return routes_list(&router->netlink, &out->list, &out->count, err);
}

static int read_rules(struct place *router, struct rule_list *out, struct sp_error *err)
{
	return kernel_rules_list(&router->netlink, &out->list, &out->count, err);
}

static const struct kernel_route *find_at(const struct kernel_routes *there,
					  const struct kernel_route *wanted)
{
	for (size_t i = 0; i < there->count; i++)
		if (route_is_at(&there->list[i], wanted))
			return &there->list[i];
	return NULL;
}

/* ---- what a table shall hold ----------------------------------------------------------------------------------- */

static struct kernel_route unreachable_behind(uint32_t table, struct cidr to)
{
	return (struct kernel_route){
		.table = table, .to = to, .metric = METRIC_BEHIND, .kind = ROUTE_UNREACHABLE
	};
}

/* One table on its way into the kernel. */
struct settling {
	struct maker *maker;
	struct place *router;
	const struct thing *table;
	uint32_t number;
	struct kernel_routes there;  /* in it */
	struct kernel_route *wanted; /* what was made, or was so */
	size_t wanted_count;
};

/* The link and the address on it by which a route leaves. */
static int find_hop(struct settling *settling, const struct netd_route *route,
		    struct kernel_route *out, struct sp_error *err)
{
	const struct plan *plan = &settling->maker->plan;
	char name[INTERFACE_NAME_SIZE], via[ADDRESS_TEXT_SIZE];
	ip_text(route->via, via);
	if (route->hop == NETD_HOP_VIA) {
		const struct thing *subnet =
			plan_bridge_of(plan, settling->table->parent, route->via);
		if (subnet == NULL)
			return sp_fail(err, SP_NOT_FOUND,
				       "cannot reach %s: no subnet of %s without uplink has it",
				       via, settling->table->parent);
		if (ip_equal(route->via, subnet_first_address(subnet)) ||
		    ip_equal(route->via, subnet_first_address6(subnet)))
			return sp_fail(err, SP_INVALID,
				       "cannot lead by %s: it is the router's own address", via);
		bridge_name(subnet->id, name);
		out->via = route->via;
	} else {
		const struct thing *internet = plan_internet_of(plan, settling->table->parent);
		if (internet == NULL)
			return sp_fail(err, SP_NOT_FOUND,
				       "cannot reach the internet: %s has no internet gateway",
				       settling->table->parent);
		way_name(internet->id, name);
		out->via = gateway_vpc_end;
		out->on_link = true;
	}
	struct link_facts link;
	if (place_find_link(settling->router, name, &link, err) != 0)
		return -1;
	out->link = link.index;
	return 0;
}

/* ---- making it so ---------------------------------------------------------------------------------------------- */

static int put(struct settling *settling, const struct kernel_route *route, struct sp_error *err)
{
	const struct kernel_route *there = find_at(&settling->there, route);
	if ((there == NULL || !route_is_same(there, route)) &&
	    route_put(&settling->router->netlink, route, err) != 0)
		return -1;
	settling->wanted[settling->wanted_count++] = *route;
	return 0;
}

/* One that fails leaves what stands behind it. The old one goes with all that is not wanted. */
static int put_route(struct settling *settling, const struct netd_route *route,
		     struct sp_error *err)
{
	struct kernel_route made = { .table = settling->number, .to = route->to };
	char block[CIDR_TEXT_SIZE];
	cidr_text(&route->to, block);
	if (route->hop == NETD_HOP_BLACKHOLE) {
		made.kind = ROUTE_BLACKHOLE;
		return put(settling, &made, err);
	}
	made.kind = ROUTE_TO_HOP;
	if (find_hop(settling, route, &made, err) == 0 && put(settling, &made, err) == 0)
		return 0;
	return sp_wrap(err, "could not make the route %s of %s, which leads nowhere now", block,
		       settling->table->id);
}

static bool is_wanted(const struct settling *settling, const struct kernel_route *route)
{
	for (size_t i = 0; i < settling->wanted_count; i++)
		if (route_is_at(&settling->wanted[i], route))
			return true;
	return false;
}

static int remove_others(const struct settling *settling, struct sp_error *err)
{
	for (size_t i = 0; i < settling->there.count; i++) {
		const struct kernel_route *route = &settling->there.list[i];
		if (!is_wanted(settling, route) &&
		    route_remove(&settling->router->netlink, route, err) != 0)
			return -1;
	}
	return 0;
}

static int put_local_block(struct settling *settling, const struct cidr *block,
			   struct sp_error *err)
{
	struct kernel_route local = { .table = settling->number,
				      .to = *block,
				      .kind = ROUTE_THROW };
	for (uint32_t i = 0; i < settling->table->route_count; i++)
		if (cidr_equal(&settling->table->routes[i].to, block))
			return 0;
	return put(settling, &local, err);
}

/* The VPC's own blocks, unless a route says otherwise. */
static int put_local(struct settling *settling, struct sp_error *err)
{
	const struct thing *vpc = plan_find(&settling->maker->plan, settling->table->parent);
	if (put_local_block(settling, &vpc->cidr, err) != 0)
		return -1;
	return cidr_is_none(&vpc->cidr6) ? 0 : put_local_block(settling, &vpc->cidr6, err);
}

/*
 * At every moment nothing goes further than the old or the new table says: what stands behind comes before the route, a
 * route takes the place of another at one stroke, and what is not wanted goes last. A table that is new has the guard of
 * table_lead() until then.
 */
static int settle_all(struct settling *settling, struct sp_error *err)
{
	const struct thing *table = settling->table;
	for (uint32_t i = 0; i < table->route_count; i++) {
		struct kernel_route behind =
			unreachable_behind(settling->number, table->routes[i].to);
		if (put(settling, &behind, err) != 0)
			return -1;
	}
	int result = 0;
	for (uint32_t i = 0; i < table->route_count; i++) {
		struct sp_error why = { 0 };
		if (put_route(settling, &table->routes[i], &why) != 0 && result == 0) {
			*err = why;
			result = -1;
		}
	}
	struct sp_error why = { 0 };
	if (put_local(settling, &why) == 0 && remove_others(settling, &why) == 0)
		return result;
	*err = why;
	return -1;
}

static int settle(struct maker *maker, struct place *router, const struct thing *table,
		  struct sp_error *err)
{
	struct settling settling = {
		.maker = maker, .router = router, .table = table, .number = table_number(table->id)
	};
	/* Each route, what stands behind it, and the local ones. */
	SP_AUTO_FREE struct kernel_route *wanted =
		sp_alloc((2 * (size_t)table->route_count + 2) * sizeof(*wanted));
	settling.wanted = wanted;
	AUTO_ROUTES there = { 0 };
	if (read_routes(router, &there, err) != 0)
		return -1;
	for (size_t i = 0; i < there.count; i++)
		if (there.list[i].table == settling.number)
			there.list[settling.there.count++] = there.list[i];
	settling.there.list = there.list;
	return settle_all(&settling, err);
}

int make_table(struct maker *maker, const struct thing *table, const struct netd_message *message,
	       struct sp_error *err)
{
	(void)message;
	AUTO_PLACE router = { .fd = -1 };
	if (place_open(maker, table->parent, &router, err) != 0 ||
	    settle(maker, &router, table, err) != 0)
		return sp_wrap(err, "could not make %s", table->id);
	return 0;
}

void tables_settle(struct maker *maker, struct place *router, const char *vpc_id)
{
	struct sp_error unheard;
	const struct plan *plan = &maker->plan;
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *table = &plan->things[i];
		if (table->kind == THING_TABLE && plan_is_named(plan, table) &&
		    strcmp(table->parent, vpc_id) == 0)
			settle(maker, router, table, &unheard);
	}
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static bool is_empty(const struct kernel_routes *there, uint32_t number, bool is_v6)
{
	for (size_t i = 0; i < there->count; i++)
		if (there->list[i].table == number && cidr_is_v6(&there->list[i].to) == is_v6)
			return false;
	return true;
}

static struct kernel_route nowhere_of(uint32_t number, bool is_v6)
{
	return unreachable_behind(number, is_v6 ? cidr_all_v6 : cidr_all_v4);
}

static int guard(struct place *router, uint32_t number, bool is_v6, struct sp_error *err)
{
	struct kernel_route nowhere = nowhere_of(number, is_v6);
	return route_put(&router->netlink, &nowhere, err);
}

static bool is_used(const struct rule_list *rules, uint32_t number, bool is_v6)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].table == number && rules->list[i].is_v6 == is_v6)
			return true;
	return false;
}

static int clear_family(struct place *router, const struct kernel_routes *there,
			const struct rule_list *rules, uint32_t number, bool is_v6,
			struct sp_error *err)
{
	bool stays = is_used(rules, number, is_v6);
	struct kernel_route nowhere = nowhere_of(number, is_v6);
	if (stays && guard(router, number, is_v6, err) != 0)
		return -1;
	for (size_t i = 0; i < there->count; i++)
		if (there->list[i].table == number && cidr_is_v6(&there->list[i].to) == is_v6 &&
		    !(stays && route_is_same(&there->list[i], &nowhere)) &&
		    route_remove(&router->netlink, &there->list[i], err) != 0)
			return -1;
	return 0;
}

static int clear(struct place *router, const struct kernel_routes *there,
		 const struct rule_list *rules, uint32_t number, struct sp_error *err)
{
	if (clear_family(router, there, rules, number, false, err) != 0)
		return -1;
	return clear_family(router, there, rules, number, true, err);
}

int table_remove(struct place *router, uint32_t number, struct sp_error *err)
{
	AUTO_ROUTES there = { 0 };
	AUTO_RULES rules = { 0 };
	if (read_routes(router, &there, err) != 0 || read_rules(router, &rules, err) != 0)
		return -1;
	return clear(router, &there, &rules, number, err);
}

/* Other rules of the bridge, and those of a table that nobody goes by any more and that nobody named. */
static int leave_others(struct maker *maker, struct place *router, const struct thing *subnet,
			const struct kernel_rule *kept, struct sp_error *err)
{
	AUTO_RULES rules = { 0 };
	if (read_rules(router, &rules, err) != 0)
		return -1;
	for (size_t i = 0; i < rules.count; i++) {
		const struct kernel_rule *rule = &rules.list[i];
		if (strcmp(rule->link, kept->link) != 0 || rule->table == kept->table)
			continue;
		if (kernel_rule_remove(&router->netlink, rule, err) != 0)
			return -1;
		if (!maker->plan.is_naming && table_number_is_ours(rule->table) &&
		    !plan_has_table(&maker->plan, subnet->parent, rule->table) &&
		    table_remove(router, rule->table, err) != 0)
			return -1;
	}
	return 0;
}

static bool has_rule(const struct rule_list *rules, const struct kernel_rule *wanted)
{
	for (size_t i = 0; i < rules->count; i++)
		if (strcmp(rules->list[i].link, wanted->link) == 0 &&
		    rules->list[i].table == wanted->table && rules->list[i].is_v6 == wanted->is_v6)
			return true;
	return false;
}

int table_lead(struct maker *maker, struct place *router, const struct thing *subnet,
	       struct sp_error *err)
{
	struct kernel_rule wanted = { .table = table_number(subnet->table) };
	bridge_name(subnet->id, wanted.link);
	AUTO_ROUTES there = { 0 };
	AUTO_RULES rules = { 0 };
	if (read_routes(router, &there, err) != 0 || read_rules(router, &rules, err) != 0)
		return -1;
	/* Without a block of IPv6 its bridge says nothing in it. */
	for (int is_v6 = 0; is_v6 <= !cidr_is_none(&subnet->cidr6); is_v6++) {
		wanted.is_v6 = is_v6;
		if ((is_empty(&there, wanted.table, is_v6) &&
		     guard(router, wanted.table, is_v6, err) != 0) ||
		    (!has_rule(&rules, &wanted) &&
		     kernel_rule_add(&router->netlink, &wanted, err) != 0))
			return -1;
	}
	return leave_others(maker, router, subnet, &wanted, err);
}

int table_leave(struct place *router, const char *bridge, struct sp_error *err)
{
	AUTO_RULES rules = { 0 };
	if (read_rules(router, &rules, err) != 0)
		return -1;
	for (size_t i = 0; i < rules.count; i++)
		if (strcmp(rules.list[i].link, bridge) == 0 &&
		    kernel_rule_remove(&router->netlink, &rules.list[i], err) != 0)
			return -1;
	return 0;
}

/* ---- what is left over ----------------------------------------------------------------------------------------- */

static int tidy_rules(struct maker *maker, struct place *router, struct sp_error *err)
{
	AUTO_RULES rules = { 0 };
	if (read_rules(router, &rules, err) != 0)
		return -1;
	for (size_t i = 0; i < rules.count; i++)
		if (link_is_ours(rules.list[i].link) &&
		    !plan_has_bridge(&maker->plan, rules.list[i].link) &&
		    kernel_rule_remove(&router->netlink, &rules.list[i], err) != 0)
			return -1;
	return 0;
}

int tables_tidy(struct maker *maker, struct place *router, const char *vpc_id, struct sp_error *err)
{
	AUTO_ROUTES there = { 0 };
	AUTO_RULES rules = { 0 };
	if (tidy_rules(maker, router, err) != 0 || read_routes(router, &there, err) != 0 ||
	    read_rules(router, &rules, err) != 0)
		return -1;
	for (size_t i = 0; i < there.count; i++) {
		uint32_t number = there.list[i].table;
		if (table_number_is_ours(number) && !plan_has_table(&maker->plan, vpc_id, number) &&
		    clear(router, &there, &rules, number, err) != 0)
			return -1;
	}
	return 0;
}
