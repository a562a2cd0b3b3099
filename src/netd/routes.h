#pragma once
/** Routes and policy rules of one network namespace, of both families, as the kernel has them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"
#include "netd/netlink.h"

enum {
	KERNEL_TABLE_MAIN = 254,
	/* Behind every route that an interface carries stands one that leads nowhere: should the interface go, nothing
	 * takes another way. */
	METRIC_BEHIND = 9999,
};

enum kernel_route_kind {
	ROUTE_TO_HOP,      /* by @via on @link; @via 0: its own network */
	ROUTE_BLACKHOLE,   /* dropped without a word */
	ROUTE_UNREACHABLE, /* refused: "no route to host" */
	ROUTE_THROW,       /* on to the next table */
	ROUTE_OTHER,       /* none that we make */
};

struct kernel_route {
	uint32_t table;
	struct cidr to;
	uint32_t metric; /* 0: the least that its family has */
	enum kernel_route_kind kind;
	int link;
	struct ip_address via;
	bool on_link; /* @via is there though no address of @link's says so. Not read back */
};

/** Of all tables. @out: an array, owned by the caller */
int routes_list(struct netlink *netlink, struct kernel_route **out, size_t *out_count,
		struct sp_error *err);
/** In place of another of the same table, block and metric. */
int route_put(struct netlink *netlink, const struct kernel_route *route, struct sp_error *err);
/** Not being there (any more) is fine. */
int route_remove(struct netlink *netlink, const struct kernel_route *route, struct sp_error *err);

/** Whether they are about the same packets, and whether they are the same. */
bool route_is_at(const struct kernel_route *a, const struct kernel_route *b);
bool route_is_same(const struct kernel_route *a, const struct kernel_route *b);

/** "iif <link> lookup <table>", at the priority of all that we make. */
struct kernel_rule {
	char link[INTERFACE_NAME_SIZE];
	uint32_t table;
	bool is_v6;
};

/** Those that we could have made. @out: an array, owned by the caller */
int kernel_rules_list(struct netlink *netlink, struct kernel_rule **out, size_t *out_count,
		      struct sp_error *err);
int kernel_rule_add(struct netlink *netlink, const struct kernel_rule *rule, struct sp_error *err);
/** Not being there (any more) is fine. */
int kernel_rule_remove(struct netlink *netlink, const struct kernel_rule *rule,
		       struct sp_error *err);
