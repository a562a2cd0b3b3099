#include "netd/netlink.h"

#include <linux/if_addr.h>
#include <netlink/addr.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "network/cidr.h"

/* The kernel gives every interface that speaks IPv6 one of these. */
static const struct cidr link_local6 = { { (ip_number)0xfe80 << 112 }, 10 };

/* Returns false when it is none that somebody gives. */
static bool read_address(struct rtnl_addr *item, struct link_address *out)
{
	const struct nl_addr *local = rtnl_addr_get_local(item);
	int family = rtnl_addr_get_family(item);
	if ((family != AF_INET && family != AF_INET6) || local == NULL)
		return false;
	*out = (struct link_address){ ip_of_bytes(nl_addr_get_binary_addr(local),
						  nl_addr_get_len(local)),
				      rtnl_addr_get_prefixlen(item) };
	return !cidr_contains(&link_local6, out->address);
}

/* The next one on an interface (0: on any) from @at on, or NULL. */
static struct rtnl_addr *next_address(struct nl_object **at, int index, struct link_address *out)
{
	while (*at != NULL) {
		struct rtnl_addr *item = (struct rtnl_addr *)*at;
		*at = nl_cache_get_next(*at);
		if ((index == 0 || rtnl_addr_get_ifindex(item) == index) && read_address(item, out))
			return item;
	}
	return NULL;
}

static int read_all(struct netlink *netlink, struct nl_cache **out, struct sp_error *err)
{
	int result = rtnl_addr_alloc_cache(netlink_ready(netlink), out);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not list the addresses");
	return 0;
}

int addresses_list(struct netlink *netlink, struct ip_address **out, size_t *out_count,
		   struct sp_error *err)
{
	struct nl_cache *cache = NULL;
	if (read_all(netlink, &cache, err) != 0)
		return -1;
	struct ip_address *addresses =
		sp_alloc((size_t)(nl_cache_nitems(cache) + 1) * sizeof(*addresses));
	size_t count = 0;
	struct link_address one;
	for (struct nl_object *at = nl_cache_get_first(cache); next_address(&at, 0, &one) != NULL;)
		addresses[count++] = one.address;
	nl_cache_free(cache);
	*out = addresses;
	*out_count = count;
	return 0;
}

/* ---- what an interface has ------------------------------------------------------------------------------------- */

/* Notes which of the wanted ones are there; others are taken away on the way when these shall be alone. */
static int look(struct netlink *netlink, int index, const struct link_address *wanted, size_t count,
		bool alone, bool *is_there, struct sp_error *err)
{
	struct nl_cache *cache = NULL;
	if (read_all(netlink, &cache, err) != 0)
		return -1;
	int result = 0;
	struct link_address one;
	struct nl_object *at = nl_cache_get_first(cache);
	for (struct rtnl_addr *item; result >= 0 && (item = next_address(&at, index, &one));) {
		size_t i = 0;
		while (i < count &&
		       (!ip_equal(wanted[i].address, one.address) || wanted[i].bits != one.bits))
			i++;
		if (i < count)
			is_there[i] = true;
		else if (alone)
			result = rtnl_addr_delete(netlink_ready(netlink), item, 0);
	}
	nl_cache_free(cache);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not remove an address");
	return 0;
}

static int add(struct netlink *netlink, int index, const struct link_address *wanted,
	       struct sp_error *err)
{
	uint8_t bytes[IP_BYTES_MAX];
	size_t length = ip_to_bytes(wanted->address, bytes);
	struct nl_addr *local = nl_addr_build(ip_family(wanted->address), bytes, length);
	struct rtnl_addr *wish = rtnl_addr_alloc();
	int result = -1;
	netlink_ready(netlink);
	if (local != NULL && wish != NULL) {
		nl_addr_set_prefixlen(local, wanted->bits);
		rtnl_addr_set_ifindex(wish, index);
		rtnl_addr_set_local(wish, local);
		rtnl_addr_set_flags(wish, IFA_F_NODAD);
		result = rtnl_addr_add(netlink->socket, wish, NLM_F_CREATE | NLM_F_REPLACE);
	}
	rtnl_addr_put(wish);
	nl_addr_put(local);
	char text[ADDRESS_TEXT_SIZE];
	ip_text(wanted->address, text);
	if (result < 0)
		return netlink_fail(netlink, result, err, "could not add the address %s/%d", text,
				    wanted->bits);
	return 0;
}

int addresses_settle(struct netlink *netlink, int index, const struct link_address *wanted,
		     size_t count, bool alone, bool *out_added, struct sp_error *err)
{
	SP_AUTO_FREE bool *is_there = sp_alloc(count + 1);
	if (look(netlink, index, wanted, count, alone, is_there, err) != 0)
		return -1;
	bool added = false;
	for (size_t i = 0; i < count; i++) {
		if (is_there[i])
			continue;
		if (add(netlink, index, &wanted[i], err) != 0)
			return -1;
		added = true;
	}
	if (out_added != NULL)
		*out_added = added;
	return 0;
}
