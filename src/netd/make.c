#include "netd/make.h"

#include <string.h>

#include "netd/names.h"
#include "netd/place.h"
#include "netd/remove.h"
#include "netd/tables.h"
#include "network/cidr.h"

int maker_open(struct maker *out, const char *why_no_uplinks, bool leads_to_host,
	       struct sp_error *err)
{
	*out = (struct maker){ .lock = { .fd = -1 },
			       .why_no_uplinks = why_no_uplinks,
			       .leads_to_host = leads_to_host };
	return namespaces_open(&out->namespaces, err);
}

void maker_reset(struct maker *maker)
{
	plan_finish(&maker->plan);
	owner_lock_release(&maker->lock);
}

void maker_close(struct maker *maker)
{
	maker_reset(maker);
	namespaces_close(&maker->namespaces);
}

/* ---- VPCs ------------------------------------------------------------------------------------------------------ */

int make_vpc(struct maker *maker, const struct thing *vpc, const struct netd_message *message,
	     struct sp_error *err)
{
	(void)message;
	AUTO_PLACE router = { .fd = -1 };
	/* What leads nowhere stands on the loopback. */
	static const struct sysctl voice = { "ipv6/conf/lo/disable_ipv6", "0" };
	bool speaks_v6 = !cidr_is_none(&vpc->cidr6);
	if (place_make(maker, vpc->id, PLACE_FORWARDS, speaks_v6, &voice, speaks_v6 ? 1 : 0,
		       &router, err) != 0)
		return sp_wrap(err, "could not make %s", vpc->id);
	return 0;
}

/* ---- subnets --------------------------------------------------------------------------------------------------- */

/* The table says where its packets go before there can be any. */
static int make_bridge(struct maker *maker, struct place *router, const struct thing *subnet,
		       bool *out_is_new, struct sp_error *err)
{
	struct netlink *netlink = &router->netlink;
	char name[INTERFACE_NAME_SIZE], mac[MAC_TEXT_SIZE];
	bridge_name(subnet->id, name);
	own_mac(subnet->id, mac);
	struct link_facts bridge;
	bool is_there;
	if (link_find(netlink, name, &bridge, &is_there, err) != 0)
		return -1;
	if (is_there && strcmp(bridge.kind, "bridge") != 0)
		return sp_fail(err, SP_CONFLICT,
			       "cannot use \"%s\" in the VPC's namespace: it is no bridge", name);
	int led = subnet->table[0] == '\0' ? table_leave(router, name, err)
					   : table_lead(maker, router, subnet, err);
	if (led != 0 || (!is_there && (link_add_bridge(netlink, name, mac, err) != 0 ||
				       place_find_link(router, name, &bridge, err) != 0)))
		return -1;
	bool has_v6 = !cidr_is_none(&subnet->cidr6);
	const struct link_address firsts[] = {
		{ subnet_first_address(subnet), subnet->cidr.bits },
		{ subnet_first_address6(subnet), subnet->cidr6.bits },
	};
	if ((has_v6 ? place_voice_link : place_quiet_link)(maker, router, name, err) != 0 ||
	    addresses_settle(netlink, bridge.index, firsts, has_v6 ? 2 : 1, false, NULL, err) != 0)
		return -1;
	*out_is_new = !is_there;
	/* Without a hardware address of its own a bridge takes that of a port, and another one when the port goes:
	 * whoever had asked for its address would talk to nobody. */
	const struct link_wish wish = { .mac = mac, .alias = subnet->id, .up = true };
	return link_settle(netlink, &bridge, &wish, err);
}

/* It has no part in the router any more. */
static int unmake_bridge(struct maker *maker, struct place *router, const struct thing *subnet,
			 struct sp_error *err)
{
	AUTO_PLACE host = { .fd = -1 };
	struct link_facts uplink;
	if (place_find_uplink(maker, subnet, &host, &uplink, err) != 0)
		return -1;
	return remove_bridge(router, subnet->id, err);
}

int make_subnet(struct maker *maker, const struct thing *subnet, const struct netd_message *message,
		struct sp_error *err)
{
	(void)message;
	AUTO_PLACE router = { .fd = -1 };
	bool is_new = false;
	int result = place_open(maker, subnet->parent, &router, err);
	if (result == 0 && subnet->uplink[0] == '\0')
		result = make_bridge(maker, &router, subnet, &is_new, err);
	else if (result == 0)
		result = unmake_bridge(maker, &router, subnet, err);
	if (result == 0 && is_new)
		tables_settle(maker, &router, subnet->parent);
	if (result != 0)
		return sp_wrap(err, "could not make %s", subnet->id);
	return 0;
}
