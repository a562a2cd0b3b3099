#include "netd/routes.h"

#include <assert.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"

enum {
	RULE_PRIORITY =
		10000, /* an administrator's own may come before; the table main comes after */
	METRIC_V6 = 1024,
};
static_assert((int)KERNEL_TABLE_MAIN == (int)RT_TABLE_MAIN, "the kernel's number");

static const int families[] = { AF_INET, AF_INET6 };

/* In the order of enum kernel_route_kind. */
static const uint8_t types[] = { RTN_UNICAST, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_THROW,
				 RTN_UNSPEC };
static_assert(SP_COUNT_OF(types) == ROUTE_OTHER + 1, "every kind has a type");

/* Owned by the caller; NULL: no memory. */
static struct nl_addr *nl_address(struct ip_address address, int bits)
{
	uint8_t bytes[IP_BYTES_MAX];
	size_t length = ip_to_bytes(address, bytes);
	struct nl_addr *out = nl_addr_build(ip_family(address), bytes, length);
	if (out != NULL)
		nl_addr_set_prefixlen(out, bits);
	return out;
}

static struct ip_address read_address(const struct nl_addr *address)
{
	if (address == NULL)
		return (struct ip_address){ 0 };
	return ip_of_bytes(nl_addr_get_binary_addr(address), nl_addr_get_len(address));
}

/* Everything is told as no address, and which family's is known beside. */
static struct cidr read_block(const struct nl_addr *block, int family)
{
	if (block == NULL || nl_addr_get_prefixlen(block) == 0)
		return (struct cidr){ family == AF_INET ? ip_of_v4(0) : (struct ip_address){ 0 },
				      0 };
	return (struct cidr){ read_address(block), (int)nl_addr_get_prefixlen(block) };
}

/* ---- routes that there are ------------------------------------------------------------------------------------- */

/* IPv6 has no metric 0: the kernel takes its usual one, and to remove "0" would mean any. */
static uint32_t metric_of(const struct cidr *to, uint32_t metric)
{
	return metric == 0 && cidr_is_v6(to) ? METRIC_V6 : metric;
}

static struct kernel_route read_route(struct rtnl_route *item)
{
	struct kernel_route route = {
		.table = rtnl_route_get_table(item),
		.to = read_block(rtnl_route_get_dst(item), rtnl_route_get_family(item)),
		.metric = rtnl_route_get_priority(item),
		.kind = ROUTE_OTHER,
	};
	for (size_t i = 0; i < ROUTE_OTHER; i++)
		if (types[i] == rtnl_route_get_type(item))
			route.kind = (enum kernel_route_kind)i;
	if (route.kind == ROUTE_TO_HOP && rtnl_route_get_nnexthops(item) != 1)
		route.kind = ROUTE_OTHER;
	if (route.kind == ROUTE_TO_HOP) {
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(item, 0);
		route.link = rtnl_route_nh_get_ifindex(hop);
		route.via = read_address(rtnl_route_nh_get_gateway(hop));
	}
	return route;
}

/* A kernel without IPv6 answers with what it has of others. */
static int add_routes(struct netlink *netlink, int family, struct kernel_route **routes,
		      size_t *count, struct sp_error *err)
{
	struct nl_cache *cache = NULL;
	int result = rtnl_route_alloc_cache(netlink_ready(netlink), family, 0, &cache);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not list the routes");
	*routes = sp_realloc(*routes,
			     (*count + (size_t)nl_cache_nitems(cache) + 1) * sizeof(**routes));
	for (struct nl_object *at = nl_cache_get_first(cache); at != NULL;
	     at = nl_cache_get_next(at))
		if (rtnl_route_get_family((struct rtnl_route *)at) == family)
			(*routes)[(*count)++] = read_route((struct rtnl_route *)at);
	nl_cache_free(cache);
	return 0;
}

int routes_list(struct netlink *netlink, struct kernel_route **out, size_t *out_count,
		struct sp_error *err)
{
	SP_AUTO_FREE struct kernel_route *routes = NULL;
	size_t count = 0;
	for (size_t i = 0; i < SP_COUNT_OF(families); i++)
		if (add_routes(netlink, families[i], &routes, &count, err) != 0)
			return -1;
	*out = sp_take_pointer(&routes);
	*out_count = count;
	return 0;
}

bool route_is_at(const struct kernel_route *a, const struct kernel_route *b)
{
	return a->table == b->table && cidr_equal(&a->to, &b->to) &&
	       metric_of(&a->to, a->metric) == metric_of(&b->to, b->metric);
}

bool route_is_same(const struct kernel_route *a, const struct kernel_route *b)
{
	return route_is_at(a, b) && a->kind == b->kind && a->link == b->link &&
	       ip_equal(a->via, b->via);
}

/* ---- changing them --------------------------------------------------------------------------------------------- */

static void release_route(struct rtnl_route **route)
{
	rtnl_route_put(*route);
}

#define AUTO_ROUTE __attribute__((cleanup(release_route))) struct rtnl_route

static void add_hop(struct rtnl_route *item, const struct kernel_route *route)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	if (hop == NULL)
		return;
	rtnl_route_nh_set_ifindex(hop, route->link);
	if (route->on_link)
		rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	struct nl_addr *via =
		ip_is_none(route->via) ? NULL : nl_address(route->via, ip_bits(route->via));
	if (via != NULL)
		rtnl_route_nh_set_gateway(hop, via);
	nl_addr_put(via);
	rtnl_route_add_nexthop(item, hop); /* owns it from here on */
}

/* Owned by the caller; NULL: no memory. */
static struct rtnl_route *put_together(const struct kernel_route *route)
{
	struct rtnl_route *item = rtnl_route_alloc();
	struct nl_addr *to = nl_address(route->to.address, route->to.bits);
	if (item == NULL || to == NULL) {
		rtnl_route_put(item);
		nl_addr_put(to);
		return NULL;
	}
	rtnl_route_set_family(item, (uint8_t)ip_family(route->to.address));
	rtnl_route_set_table(item, route->table);
	rtnl_route_set_type(item, types[route->kind]);
	rtnl_route_set_priority(item, metric_of(&route->to, route->metric));
	rtnl_route_set_protocol(item, RTPROT_STATIC);
	rtnl_route_set_scope(item, route->kind == ROUTE_TO_HOP && ip_is_none(route->via)
					   ? RT_SCOPE_LINK
					   : RT_SCOPE_UNIVERSE);
	rtnl_route_set_dst(item, to);
	nl_addr_put(to);
	if (route->kind == ROUTE_TO_HOP)
		add_hop(item, route);
	return item;
}

int route_put(struct netlink *netlink, const struct kernel_route *route, struct sp_error *err)
{
	assert(route->kind != ROUTE_OTHER);
	AUTO_ROUTE *item = put_together(route);
	if (item == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a route together");
	int result = rtnl_route_add(netlink_ready(netlink), item, NLM_F_CREATE | NLM_F_REPLACE);
	if (result >= 0)
		return 0;
	char block[CIDR_TEXT_SIZE], via[ADDRESS_TEXT_SIZE];
	cidr_text(&route->to, block);
	ip_text(route->via, via);
	if (route->kind == ROUTE_TO_HOP && !ip_is_none(route->via))
		return netlink_fail(netlink, result, err, "could not set the route %s by %s", block,
				    via);
	return netlink_fail(netlink, result, err, "could not set the route %s", block);
}

int route_remove(struct netlink *netlink, const struct kernel_route *route, struct sp_error *err)
{
	AUTO_ROUTE *item = put_together(route);
	if (item == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a route together");
	rtnl_route_set_protocol(item, RTPROT_UNSPEC); /* whoever set it */
	int result = rtnl_route_delete(netlink_ready(netlink), item, 0);
	char block[CIDR_TEXT_SIZE];
	cidr_text(&route->to, block);
	if (result < 0 && netlink->refusal != ESRCH)
		return netlink_fail(netlink, result, err, "could not remove the route %s", block);
	return 0;
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static int add_rules(struct netlink *netlink, int family, struct kernel_rule **rules, size_t *count,
		     struct sp_error *err)
{
	struct nl_cache *cache = NULL;
	int result = rtnl_rule_alloc_cache(netlink_ready(netlink), family, &cache);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not list the policy rules");
	*rules =
		sp_realloc(*rules, (*count + (size_t)nl_cache_nitems(cache) + 1) * sizeof(**rules));
	for (struct nl_object *at = nl_cache_get_first(cache); at != NULL;
	     at = nl_cache_get_next(at)) {
		struct rtnl_rule *item = (struct rtnl_rule *)at;
		const char *link = rtnl_rule_get_iif(item);
		if (rtnl_rule_get_prio(item) != RULE_PRIORITY || link == NULL ||
		    strlen(link) >= INTERFACE_NAME_SIZE || rtnl_rule_get_family(item) != family)
			continue;
		struct kernel_rule *rule = &(*rules)[(*count)++];
		*rule = (struct kernel_rule){ .table = rtnl_rule_get_table(item),
					      .is_v6 = family == AF_INET6 };
		snprintf(rule->link, sizeof(rule->link), "%s", link);
	}
	nl_cache_free(cache);
	return 0;
}

int kernel_rules_list(struct netlink *netlink, struct kernel_rule **out, size_t *out_count,
		      struct sp_error *err)
{
	SP_AUTO_FREE struct kernel_rule *rules = NULL;
	size_t count = 0;
	for (size_t i = 0; i < SP_COUNT_OF(families); i++)
		if (add_rules(netlink, families[i], &rules, &count, err) != 0)
			return -1;
	*out = sp_take_pointer(&rules);
	*out_count = count;
	return 0;
}

static struct rtnl_rule *rule_item(const struct kernel_rule *rule)
{
	struct rtnl_rule *item = rtnl_rule_alloc();
	if (item == NULL)
		return NULL;
	rtnl_rule_set_family(item, rule->is_v6 ? AF_INET6 : AF_INET);
	rtnl_rule_set_prio(item, RULE_PRIORITY);
	rtnl_rule_set_iif(item, rule->link);
	rtnl_rule_set_table(item, rule->table);
	rtnl_rule_set_action(item, FR_ACT_TO_TBL);
	return item;
}

int kernel_rule_add(struct netlink *netlink, const struct kernel_rule *rule, struct sp_error *err)
{
	struct rtnl_rule *item = rule_item(rule);
	if (item == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a policy rule together");
	int result = rtnl_rule_add(netlink_ready(netlink), item, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_rule_put(item);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not add a policy rule for \"%s\"",
				    rule->link);
	return 0;
}

int kernel_rule_remove(struct netlink *netlink, const struct kernel_rule *rule,
		       struct sp_error *err)
{
	struct rtnl_rule *item = rule_item(rule);
	if (item == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a policy rule together");
	int result = rtnl_rule_delete(netlink_ready(netlink), item, 0);
	rtnl_rule_put(item);
	if (result < 0 && netlink->refusal != ENOENT)
		return netlink_fail(netlink, result, err,
				    "could not remove the policy rule of \"%s\"", rule->link);
	return 0;
}
