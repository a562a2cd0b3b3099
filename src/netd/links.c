#include "netd/netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/veth.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/scope.h"

enum { GOING_MS_MAX = 2000 /* that an interface of a namespace that is gone may take to go */ };

static void release_link(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}

#define AUTO_LINK __attribute__((cleanup(release_link))) struct rtnl_link

/* ---- looking --------------------------------------------------------------------------------------------------- */

static void copy_text(char *out, size_t room, const char *text)
{
	snprintf(out, room, "%s", text == NULL ? "" : text);
}

static struct link_facts facts_of(struct rtnl_link *link)
{
	struct link_facts facts = {
		.index = rtnl_link_get_ifindex(link),
		.lower = rtnl_link_get_link(link),
		.master = rtnl_link_get_master(link),
		.flags = rtnl_link_get_flags(link),
		.is_ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER,
	};
	copy_text(facts.name, sizeof(facts.name), rtnl_link_get_name(link));
	copy_text(facts.kind, sizeof(facts.kind), rtnl_link_get_type(link));
	copy_text(facts.alias, sizeof(facts.alias), rtnl_link_get_ifalias(link));
	struct nl_addr *mac = rtnl_link_get_addr(link);
	char text[64] = "";
	if (mac != NULL)
		nl_addr2str(mac, text, sizeof(text));
	if (strlen(text) < sizeof(facts.mac))
		copy_text(facts.mac, sizeof(facts.mac), text);
	return facts;
}

int link_find(struct netlink *netlink, const char *name, struct link_facts *out, bool *out_found,
	      struct sp_error *err)
{
	struct rtnl_link *link = NULL;
	int result = rtnl_link_get_kernel(netlink_ready(netlink), 0, name, &link);
	*out_found = result == 0;
	if (result == 0) {
		*out = facts_of(link);
		rtnl_link_put(link);
		return 0;
	}
	if (netlink->refusal == ENODEV || result == -NLE_NODEV || result == -NLE_OBJ_NOTFOUND)
		return 0;
	return netlink_fail(netlink, result, err, "could not look for the interface \"%s\"", name);
}

int link_list(struct netlink *netlink, struct link_facts **out, size_t *out_count,
	      struct sp_error *err)
{
	struct nl_cache *cache = NULL;
	int result = rtnl_link_alloc_cache(netlink_ready(netlink), AF_UNSPEC, &cache);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not list the interfaces");
	int items = nl_cache_nitems(cache);
	struct link_facts *facts = sp_alloc((size_t)(items + 1) * sizeof(*facts));
	size_t count = 0;
	for (struct nl_object *item = nl_cache_get_first(cache); item != NULL;
	     item = nl_cache_get_next(item))
		facts[count++] = facts_of((struct rtnl_link *)item);
	nl_cache_free(cache);
	*out = facts;
	*out_count = count;
	return 0;
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static int set_mac(struct rtnl_link *link, const char *mac, struct sp_error *err)
{
	struct nl_addr *address = NULL;
	if (nl_addr_parse(mac, AF_LLC, &address) < 0)
		return sp_fail(err, SP_INVALID, "cannot use the hardware address \"%s\"", mac);
	rtnl_link_set_addr(link, address);
	nl_addr_put(address);
	return 0;
}

static struct rtnl_link *new_link(const char *kind, const char *name, struct sp_error *err)
{
	struct rtnl_link *link = rtnl_link_alloc();
	if (link == NULL || rtnl_link_set_type(link, kind) < 0) {
		rtnl_link_put(link);
		sp_fail(err, SP_NO_MEMORY, "could not put an interface of kind %s together", kind);
		return NULL;
	}
	rtnl_link_set_name(link, name);
	return link;
}

static int add(struct netlink *netlink, struct rtnl_link *link, const char *what,
	       struct sp_error *err)
{
	int result = rtnl_link_add(netlink_ready(netlink), link, NLM_F_CREATE | NLM_F_EXCL);
	if (result < 0 && netlink->refusal == EOPNOTSUPP)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot make a %s: this kernel does not know how", what);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not make a %s", what);
	return 0;
}

int link_add_bridge(struct netlink *netlink, const char *name, const char *mac,
		    struct sp_error *err)
{
	AUTO_LINK *bridge = new_link("bridge", name, err);
	if (bridge == NULL || set_mac(bridge, mac, err) != 0)
		return -1;
	return add(netlink, bridge, "bridge", err);
}

int link_add_cable(struct netlink *netlink, const char *name, int master, const char *inside_name,
		   const char *inside_mac, int inside_fd, struct sp_error *err)
{
	AUTO_LINK *port = new_link("veth", name, err);
	if (port == NULL)
		return -1;
	AUTO_LINK *inside = rtnl_link_veth_get_peer(port);
	rtnl_link_set_name(inside, inside_name);
	rtnl_link_set_ns_fd(inside, inside_fd);
	if (master != 0)
		rtnl_link_set_master(port, master);
	if (set_mac(inside, inside_mac, err) != 0)
		return -1;
	return add(netlink, port, "veth", err);
}

int link_add_macvlan(struct netlink *netlink, int lower, const char *inside_name, const char *mac,
		     int inside_fd, struct sp_error *err)
{
	AUTO_LINK *link = new_link("macvlan", inside_name, err);
	if (link == NULL || set_mac(link, mac, err) != 0)
		return -1;
	rtnl_link_set_link(link, lower);
	rtnl_link_macvlan_set_mode(link, MACVLAN_MODE_BRIDGE);
	rtnl_link_set_ns_fd(link, inside_fd);
	return add(netlink, link, "macvlan", err);
}

/* ---- changing -------------------------------------------------------------------------------------------------- */

/*
 * The kernel takes a namespace's interfaces away some time after the namespace has gone. Until then a macvlan of before
 * holds its hardware address, and the one that follows it cannot be set up.
 */
static int change_when_free(struct netlink *netlink, struct rtnl_link *original,
			    struct rtnl_link *change)
{
	static const struct timespec step = { .tv_nsec = 10000000 };
	for (int64_t end_ms = sp_monotonic_ms() + GOING_MS_MAX;;) {
		int result = rtnl_link_change(netlink_ready(netlink), original, change, 0);
		if (result >= 0 || netlink->refusal != EADDRINUSE || sp_monotonic_ms() > end_ms)
			return result;
		nanosleep(&step, NULL);
	}
}

int link_settle(struct netlink *netlink, const struct link_facts *facts,
		const struct link_wish *wish, struct sp_error *err)
{
	AUTO_LINK *change = rtnl_link_alloc();
	if (change == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a change together");
	bool is_same = true;
	rtnl_link_set_ifindex(change, facts->index);
	if (wish->mac != NULL && strcasecmp(wish->mac, facts->mac) != 0) {
		if (set_mac(change, wish->mac, err) != 0)
			return -1;
		is_same = false;
	}
	if (wish->alias != NULL && strcmp(wish->alias, facts->alias) != 0) {
		rtnl_link_set_ifalias(change, wish->alias);
		is_same = false;
	}
	if (wish->master != 0 && wish->master != facts->master) {
		rtnl_link_set_master(change, wish->master);
		is_same = false;
	}
	if (wish->up && (facts->flags & IFF_UP) == 0) {
		rtnl_link_set_flags(change, IFF_UP);
		is_same = false;
	}
	if (is_same)
		return 0;

	AUTO_LINK *original = rtnl_link_alloc();
	if (original == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a change together");
	rtnl_link_set_ifindex(original, facts->index);
	rtnl_link_set_flags(original, facts->flags); /* those that are not changed stay */
	int result = change_when_free(netlink, original, change);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not set the interface \"%s\" up",
				    facts->name);
	return 0;
}

int link_remove(struct netlink *netlink, int index, struct sp_error *err)
{
	AUTO_LINK *link = rtnl_link_alloc();
	if (link == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a request together");
	rtnl_link_set_ifindex(link, index);
	int result = rtnl_link_delete(netlink_ready(netlink), link);
	if (result < 0 && netlink->refusal != ENODEV)
		return netlink_fail(netlink, result, err, "could not remove an interface");
	return 0;
}

/* The kernel announces addresses when the hardware's is set, also to the one that it is. */
int link_announce(struct netlink *netlink, const struct link_facts *facts, struct sp_error *err)
{
	AUTO_LINK *original = rtnl_link_alloc();
	AUTO_LINK *change = rtnl_link_alloc();
	if (original == NULL || change == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not put a change together");
	rtnl_link_set_ifindex(original, facts->index);
	rtnl_link_set_ifindex(change, facts->index);
	if (set_mac(change, facts->mac, err) != 0)
		return -1;
	int result = rtnl_link_change(netlink_ready(netlink), original, change, 0);
	if (result < 0)
		return netlink_fail(netlink, result, err,
				    "could not announce the addresses of \"%s\"", facts->name);
	return 0;
}
