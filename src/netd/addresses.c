#include "netd/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sys/socket.h>

#include "network/cidr.h"

enum { ADDRESS_BITS = 32 };

/* Owned by the caller; NULL: no memory. */
static struct nl_addr *nl_address(uint32_t address, int bits)
{
	const uint32_t network_order = htonl(address);
	struct nl_addr *out = nl_addr_build(AF_INET, &network_order, sizeof(network_order));
	if (out != NULL)
		nl_addr_set_prefixlen(out, bits);
	return out;
}

static bool is_on(struct rtnl_addr *item, int index)
{
	return rtnl_addr_get_ifindex(item) == index && rtnl_addr_get_family(item) == AF_INET;
}

static bool is_address(struct rtnl_addr *item, uint32_t address)
{
	const struct nl_addr *local = rtnl_addr_get_local(item);
	return local != NULL && nl_addr_get_len(local) == sizeof(address) &&
	       ntohl(*(const uint32_t *)nl_addr_get_binary_addr(local)) == address;
}

/* Whether it is there with @bits (-1: any); others are taken away on the way when it shall be alone. */
static int look(struct netlink *netlink, int index, uint32_t address, int bits, bool alone,
		bool *out_found, struct sp_error *err)
{
	struct nl_cache *cache = NULL;
	int result = rtnl_addr_alloc_cache(netlink_ready(netlink), &cache);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not list the addresses");
	*out_found = false;
	for (struct nl_object *at = nl_cache_get_first(cache); at != NULL && result >= 0;
	     at = nl_cache_get_next(at)) {
		struct rtnl_addr *item = (struct rtnl_addr *)at;
		if (!is_on(item, index))
			continue;
		if (is_address(item, address) &&
		    (bits == -1 || rtnl_addr_get_prefixlen(item) == bits))
			*out_found = true;
		else if (alone)
			result = rtnl_addr_delete(netlink_ready(netlink), item, 0);
	}
	nl_cache_free(cache);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not remove an address");
	return 0;
}

int address_settle(struct netlink *netlink, int index, uint32_t address, int bits, bool alone,
		   struct sp_error *err)
{
	bool is_there = false;
	if (look(netlink, index, address, bits, alone, &is_there, err) != 0)
		return -1;
	if (is_there)
		return 0;

	struct nl_addr *local = nl_address(address, bits);
	struct rtnl_addr *wish = rtnl_addr_alloc();
	int result = -1;
	netlink_ready(netlink);
	if (local != NULL && wish != NULL) {
		rtnl_addr_set_ifindex(wish, index);
		rtnl_addr_set_local(wish, local);
		rtnl_addr_set_flags(wish, IFA_F_NODAD);
		result = rtnl_addr_add(netlink->socket, wish, NLM_F_CREATE | NLM_F_REPLACE);
	}
	rtnl_addr_put(wish);
	nl_addr_put(local);
	char text[ADDRESS_TEXT_SIZE];
	ipv4_text(address, text);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not add the address %s/%d", text,
				    bits);
	return 0;
}

int route_settle(struct netlink *netlink, int index, uint32_t router, struct sp_error *err)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *everywhere = nl_address(0, 0), *gateway = nl_address(router, ADDRESS_BITS);
	int result = -1;
	netlink_ready(netlink);
	if (route != NULL && hop != NULL && everywhere != NULL && gateway != NULL) {
		rtnl_route_nh_set_ifindex(hop, index);
		rtnl_route_nh_set_gateway(hop, gateway);
		rtnl_route_set_family(route, AF_INET);
		rtnl_route_set_table(route, RT_TABLE_MAIN);
		rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
		rtnl_route_set_protocol(route, RTPROT_STATIC);
		rtnl_route_set_dst(route, everywhere);
		rtnl_route_add_nexthop(route, hop); /* the route owns it from here on */
		hop = NULL;
		result = rtnl_route_add(netlink->socket, route, NLM_F_CREATE | NLM_F_REPLACE);
	}
	if (hop != NULL)
		rtnl_route_nh_free(hop);
	rtnl_route_put(route);
	nl_addr_put(everywhere);
	nl_addr_put(gateway);
	char text[ADDRESS_TEXT_SIZE];
	ipv4_text(router, text);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not set the default route by %s",
				    text);
	return 0;
}
