#include "netd/make.h"

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "netd/kernel_rules.h"
#include "netd/names.h"
#include "netd/place.h"
#include "netd/remove.h"
#include "netd/routes.h"
#include "netd/rules.h"
#include "network/cidr.h"

/* Nobody but our routes says the way, and without an address of IPv6 nothing leaves by it. */
static const struct sysctl silence[] = {
	{ "ipv6/conf/all/disable_ipv6", "1" },
	{ "ipv6/conf/default/disable_ipv6", "1" },
};
static const struct sysctl voice[] = {
	{ "ipv6/conf/all/disable_ipv6", "0" },
	{ "ipv6/conf/default/disable_ipv6", "0" },
	{ "ipv6/conf/default/accept_ra", "0" },
	{ "ipv6/conf/default/accept_dad", "0" },
};
static const struct sysctl settings[] = {
	{ "ipv4/conf/all/accept_source_route", "0" },
	{ "ipv4/conf/default/accept_source_route", "0" },
	/* An address that another interface had before is announced by its new one. */
	{ "ipv4/conf/all/arp_notify", "1" },
};

/* What an appliance lets through is its owner's to say, also that it is nothing. */
static const enum place_forwarding forwardings[NETD_ROLE_COUNT] = {
	[NETD_ROLE_GATEWAY] = PLACE_STAYS,
	[NETD_ROLE_NAT] = PLACE_FORWARDS,
	[NETD_ROLE_APPLIANCE] = PLACE_BEGINS_TO_FORWARD,
};

/* One interface on its way into its namespace. */
struct plug {
	struct maker *maker;
	const struct thing *interface, *subnet;
	struct place inside;
	struct link_facts found; /* eth0, when there is one */
	bool is_there;
};

static bool speaks_v6(const struct plug *plug)
{
	return !ip_is_none(plug->interface->address6);
}

static int clear_for_new(struct plug *plug, struct sp_error *err)
{
	if (plug->is_there && link_remove(&plug->inside.netlink, plug->found.index, err) != 0)
		return -1;
	return remove_leftover_of_address(plug->maker, plug->interface, err);
}

static int plug_into_bridge(struct plug *plug, struct sp_error *err)
{
	AUTO_PLACE router = { .fd = -1 };
	struct netlink *netlink = &router.netlink;
	if (place_open(plug->maker, plug->subnet->parent, &router, err) != 0)
		return -1;
	char bridge_link[INTERFACE_NAME_SIZE], port_link[INTERFACE_NAME_SIZE];
	bridge_name(plug->subnet->id, bridge_link);
	port_name(plug->interface->id, port_link);
	struct link_facts bridge, port;
	bool has_port;
	if (place_find_link(&router, bridge_link, &bridge, err) != 0 ||
	    link_find(netlink, port_link, &port, &has_port, err) != 0)
		return -1;
	if (!plug->is_there || !has_port || !is_same_cable(&port, &plug->found)) {
		if (clear_for_new(plug, err) != 0 ||
		    (has_port && link_remove(netlink, port.index, err) != 0) ||
		    link_add_cable(netlink, port_link, bridge.index, INSIDE_NAME,
				   plug->interface->mac, plug->inside.fd, err) != 0 ||
		    place_find_link(&router, port_link, &port, err) != 0)
			return -1;
	}
	if (place_quiet_link(plug->maker, &router, port_link, err) != 0)
		return -1;
	const struct link_wish wish = { .master = bridge.index,
					.alias = plug->interface->id,
					.up = true };
	return link_settle(netlink, &port, &wish, err);
}

static int plug_into_uplink(struct plug *plug, struct sp_error *err)
{
	AUTO_PLACE host = { .fd = -1 };
	struct link_facts uplink;
	if (place_find_uplink(plug->maker, plug->subnet, &host, &uplink, err) != 0)
		return -1;
	if (plug->is_there && strcmp(plug->found.kind, "macvlan") == 0 &&
	    plug->found.lower == uplink.index)
		return 0;
	if (clear_for_new(plug, err) != 0)
		return -1;
	if (link_add_macvlan(&host.netlink, uplink.index, INSIDE_NAME, plug->interface->mac,
			     plug->inside.fd, err) == 0)
		return 0;
	return sp_wrap(err, "could not use the interface \"%s\"", plug->subnet->uplink);
}

/* Address and routes, once the interface is in. Up comes last: the address is announced then. */
static int settle_inside(struct plug *plug, struct sp_error *err)
{
	struct link_facts inside;
	char alias[LINK_ALIAS_SIZE];
	leftover_alias(plug->interface, alias);
	const struct link_wish wish = { .mac = plug->interface->mac, .alias = alias, .up = true };
	const struct link_address own[] = {
		{ plug->interface->address, plug->subnet->cidr.bits },
		{ plug->interface->address6, plug->subnet->cidr6.bits },
	};
	struct netlink *netlink = &plug->inside.netlink;
	if (place_find_link(&plug->inside, INSIDE_NAME, &inside, err) != 0 ||
	    (speaks_v6(plug) ? place_voice_link : place_quiet_link)(plug->maker, &plug->inside,
								    INSIDE_NAME, err) != 0 ||
	    addresses_settle(netlink, inside.index, own, speaks_v6(plug) ? 2 : 1, true, NULL,
			     err) != 0 ||
	    link_settle(netlink, &inside, &wish, err) != 0)
		return -1;
	struct kernel_route way = { .table = KERNEL_TABLE_MAIN,
				    .to = cidr_all_v4,
				    .kind = ROUTE_TO_HOP,
				    .link = inside.index,
				    .via = plug->subnet->router };
	if (route_put(netlink, &way, err) != 0)
		return -1;
	if (!speaks_v6(plug))
		return 0;
	way.to = cidr_all_v6;
	way.via = plug->subnet->router6;
	return route_put(netlink, &way, err);
}

static int apply_rules(struct plug *plug, const struct netd_message *message, struct sp_error *err)
{
	SP_AUTO_BUFFER text = { 0 };
	const struct thing *vpc = plan_find(&plug->maker->plan, plug->subnet->parent);
	rules_text(message, &vpc->cidr, &text);
	return kernel_rules_apply(plug->inside.fd, sp_buffer_text(&text), err);
}

static int plug_in(struct plug *plug, struct sp_error *err)
{
	if (link_find(&plug->inside.netlink, INSIDE_NAME, &plug->found, &plug->is_there, err) != 0)
		return -1;
	int result = plug->subnet->uplink[0] == '\0' ? plug_into_bridge(plug, err)
						     : plug_into_uplink(plug, err);
	return result == 0 ? settle_inside(plug, err) : -1;
}

int make_interface(struct maker *maker, const struct thing *interface,
		   const struct netd_message *message, struct sp_error *err)
{
	struct plug plug = { .maker = maker,
			     .interface = interface,
			     .subnet = plan_find(&maker->plan, interface->parent),
			     .inside = { .fd = -1 } };
	/* The rules are there before anything could leave. */
	int result = place_make(maker, interface->id, forwardings[message->role], speaks_v6(&plug),
				settings, SP_COUNT_OF(settings), &plug.inside, err);
	if (result == 0)
		result = speaks_v6(&plug)
				 ? place_set(maker, &plug.inside, voice, SP_COUNT_OF(voice), err)
				 : place_set(maker, &plug.inside, silence, SP_COUNT_OF(silence),
					     err);
	if (result == 0)
		result = apply_rules(&plug, message, err);
	if (result == 0)
		result = plug_in(&plug, err);
	place_close(&plug.inside);
	if (result != 0)
		return sp_wrap(err, "could not make %s", interface->id);
	return 0;
}
