#include "netd/make.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "netd/kernel_rules.h"
#include "netd/names.h"
#include "netd/netlink.h"
#include "netd/remove.h"
#include "netd/rules.h"
#include "netd/sysctl.h"
#include "network/cidr.h"

static void close_netlink(struct netlink *netlink)
{
	netlink_close(netlink);
}

#define AUTO_NETLINK __attribute__((cleanup(close_netlink))) struct netlink

enum { SETTING_SIZE = 64 };

/* A new namespace begins with what the host has set for itself, so everything that matters is said. */
static const struct sysctl router_settings[] = {
	{ "ipv4/ip_forward", "1" },
	{ "ipv4/conf/all/rp_filter", "0" },
	{ "ipv4/conf/default/rp_filter", "0" },
	{ "ipv4/conf/all/accept_redirects", "0" },
	{ "ipv4/conf/default/accept_redirects", "0" },
};

/* Nothing but the routes that we set may choose the way, and nothing leaves by IPv6. */
static const struct sysctl interface_settings[] = {
	{ "ipv6/conf/all/disable_ipv6", "1" },
	{ "ipv6/conf/default/disable_ipv6", "1" },
	{ "ipv4/ip_forward", "0" },
	{ "ipv4/conf/all/rp_filter", "0" },
	{ "ipv4/conf/default/rp_filter", "0" },
	{ "ipv4/conf/all/accept_redirects", "0" },
	{ "ipv4/conf/default/accept_redirects", "0" },
	{ "ipv4/conf/all/accept_source_route", "0" },
	{ "ipv4/conf/default/accept_source_route", "0" },
	/* An address that another interface had before is announced by its new one. */
	{ "ipv4/conf/all/arp_notify", "1" },
};

int maker_open(struct maker *out, const char *why_no_uplinks, struct sp_error *err)
{
	*out = (struct maker){ .lock = { .fd = -1 }, .why_no_uplinks = why_no_uplinks };
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

/* The namespace of a VPC or an ENI, there or made, with its settings. */
static int make_namespace(struct maker *maker, const char *id, const struct sysctl *settings,
			  size_t count, int *out_fd, struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, id, name);
	SP_AUTO_FD fd = -1;
	if (namespace_make(&maker->namespaces, name, &fd, err) != 0 ||
	    namespace_enter(fd, err) != 0)
		return -1;
	int result = sysctls_set(settings, count, err);
	namespace_leave(&maker->namespaces);
	if (result == 0)
		*out_fd = sp_take_fd(&fd);
	return result;
}

static int set_loopback_up(struct netlink *netlink, struct sp_error *err)
{
	struct link_facts loopback;
	bool is_there;
	if (link_find(netlink, "lo", &loopback, &is_there, err) != 0)
		return -1;
	return is_there ? link_settle(netlink, &loopback, &(struct link_wish){ .up = true }, err)
			: 0;
}

/* ---- VPCs ------------------------------------------------------------------------------------------------------ */

int make_vpc(struct maker *maker, const struct thing *vpc, struct sp_error *err)
{
	SP_AUTO_FD fd = -1;
	AUTO_NETLINK router = { 0 };
	if (make_namespace(maker, vpc->id, router_settings, SP_COUNT_OF(router_settings), &fd,
			   err) != 0 ||
	    netlink_open(&router, &maker->namespaces, fd, err) != 0 ||
	    set_loopback_up(&router, err) != 0)
		return sp_wrap(err, "could not make %s", vpc->id);
	return 0;
}

/* The namespace of a VPC, and a talk with it. */
struct router {
	int fd;
	struct netlink netlink;
};

static void close_router(struct router *router)
{
	netlink_close(&router->netlink);
	sp_close_fd(&router->fd);
}

#define AUTO_ROUTER __attribute__((cleanup(close_router))) struct router

static int open_router(struct maker *maker, const char *vpc_id, struct router *out,
		       struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, vpc_id, name);
	if (namespace_open(name, &out->fd, err) != 0)
		return -1;
	return netlink_open(&out->netlink, &maker->namespaces, out->fd, err);
}

/* What we hang into a router says nothing in IPv6; what others hang there is theirs. */
static int silence_ipv6(struct maker *maker, const struct router *router, const char *link,
			struct sp_error *err)
{
	char path[SETTING_SIZE];
	snprintf(path, sizeof(path), "ipv6/conf/%s/disable_ipv6", link);
	if (namespace_enter(router->fd, err) != 0)
		return -1;
	int result = sysctls_set(&(struct sysctl){ path, "1" }, 1, err);
	namespace_leave(&maker->namespaces);
	return result;
}

/* ---- subnets --------------------------------------------------------------------------------------------------- */

/* Finds what has just been made, or was there. */
static int find_known(struct netlink *netlink, const char *name, struct link_facts *out,
		      struct sp_error *err)
{
	bool is_there;
	if (link_find(netlink, name, out, &is_there, err) != 0)
		return -1;
	if (!is_there)
		return sp_fail(err, SP_NOT_FOUND, "cannot find the interface \"%s\"", name);
	return 0;
}

static int make_bridge(struct maker *maker, struct router *router, const struct thing *subnet,
		       struct sp_error *err)
{
	struct netlink *netlink = &router->netlink;
	char name[INTERFACE_NAME_SIZE], mac[MAC_TEXT_SIZE];
	bridge_name(subnet->id, name);
	bridge_mac(subnet->id, mac);
	struct link_facts bridge;
	bool is_there;
	if (link_find(netlink, name, &bridge, &is_there, err) != 0)
		return -1;
	if (is_there && strcmp(bridge.kind, "bridge") != 0)
		return sp_fail(err, SP_CONFLICT,
			       "cannot use \"%s\" in the VPC's namespace: it is no bridge", name);
	if (!is_there && (link_add_bridge(netlink, name, mac, err) != 0 ||
			  find_known(netlink, name, &bridge, err) != 0))
		return -1;
	if (silence_ipv6(maker, router, name, err) != 0 ||
	    address_settle(netlink, bridge.index, subnet_first_address(subnet), subnet->cidr.bits,
			   false, err) != 0)
		return -1;
	/* Without a hardware address of its own a bridge takes that of a port, and another one when the port goes:
	 * whoever had asked for its address would talk to nobody. */
	const struct link_wish wish = { .mac = mac, .alias = subnet->id, .up = true };
	return link_settle(netlink, &bridge, &wish, err);
}

static int check_uplink(struct maker *maker, const struct thing *subnet, struct link_facts *out,
			struct netlink *host, struct sp_error *err)
{
	if (maker->why_no_uplinks != NULL)
		return sp_fail(err, SP_UNSUPPORTED, "cannot use the interface \"%s\": %s",
			       subnet->uplink, maker->why_no_uplinks);
	bool is_there;
	if (netlink_open(host, &maker->namespaces, -1, err) != 0 ||
	    link_find(host, subnet->uplink, out, &is_there, err) != 0)
		return -1;
	if (!is_there)
		return sp_fail(err, SP_NOT_FOUND,
			       "cannot use the interface \"%s\": this host has none of that name",
			       subnet->uplink);
	if (!out->is_ethernet)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot use the interface \"%s\": it is no Ethernet",
			       subnet->uplink);
	if (out->master != 0)
		return sp_fail(err, SP_CONFLICT,
			       "cannot use the interface \"%s\": it is part of another one (a "
			       "bridge or bond); name that one",
			       subnet->uplink);
	return 0;
}

int make_subnet(struct maker *maker, const struct thing *subnet, struct sp_error *err)
{
	AUTO_ROUTER router = { .fd = -1 };
	int result = open_router(maker, subnet->parent, &router, err);
	if (result == 0 && subnet->uplink[0] == '\0') {
		result = make_bridge(maker, &router, subnet, err);
	} else if (result == 0) {
		AUTO_NETLINK host = { 0 };
		struct link_facts uplink;
		result = check_uplink(maker, subnet, &uplink, &host, err);
		if (result == 0)
			result = remove_bridge(&router.netlink, subnet->id, err);
	}
	if (result != 0)
		return sp_wrap(err, "could not make %s", subnet->id);
	return 0;
}

/* ---- ENIs ------------------------------------------------------------------------------------------------------ */

/* One interface on its way into its namespace. */
struct plug {
	struct maker *maker;
	const struct thing *interface, *subnet;
	int inside_fd;
	struct netlink inside;
	struct link_facts found; /* eth0, when there is one */
	bool is_there;
};

/* A cable is whole when each end says that the other is its other end. */
static bool is_same_cable(const struct link_facts *port, const struct link_facts *inside)
{
	return strcmp(port->kind, "veth") == 0 && strcmp(inside->kind, "veth") == 0 &&
	       port->lower == inside->index && inside->lower == port->index;
}

static int clear_for_new(struct plug *plug, struct sp_error *err)
{
	if (plug->is_there && link_remove(&plug->inside, plug->found.index, err) != 0)
		return -1;
	return remove_leftover_of_address(plug->maker, plug->interface, err);
}

static int plug_into_bridge(struct plug *plug, struct sp_error *err)
{
	AUTO_ROUTER router = { .fd = -1 };
	struct netlink *netlink = &router.netlink;
	if (open_router(plug->maker, plug->subnet->parent, &router, err) != 0)
		return -1;
	char bridge_link[INTERFACE_NAME_SIZE], port_link[INTERFACE_NAME_SIZE];
	bridge_name(plug->subnet->id, bridge_link);
	port_name(plug->interface->id, port_link);
	struct link_facts bridge, port;
	bool has_port;
	if (find_known(netlink, bridge_link, &bridge, err) != 0 ||
	    link_find(netlink, port_link, &port, &has_port, err) != 0)
		return -1;
	if (!plug->is_there || !has_port || !is_same_cable(&port, &plug->found)) {
		if (clear_for_new(plug, err) != 0 ||
		    (has_port && link_remove(netlink, port.index, err) != 0) ||
		    link_add_cable(netlink, port_link, bridge.index, INSIDE_NAME,
				   plug->interface->mac, plug->inside_fd, err) != 0 ||
		    find_known(netlink, port_link, &port, err) != 0)
			return -1;
	}
	if (silence_ipv6(plug->maker, &router, port_link, err) != 0)
		return -1;
	const struct link_wish wish = { .master = bridge.index,
					.alias = plug->interface->id,
					.up = true };
	return link_settle(netlink, &port, &wish, err);
}

static int plug_into_uplink(struct plug *plug, struct sp_error *err)
{
	AUTO_NETLINK host = { 0 };
	struct link_facts uplink;
	if (check_uplink(plug->maker, plug->subnet, &uplink, &host, err) != 0)
		return -1;
	if (plug->is_there && strcmp(plug->found.kind, "macvlan") == 0 &&
	    plug->found.lower == uplink.index)
		return 0;
	if (clear_for_new(plug, err) != 0)
		return -1;
	if (link_add_macvlan(&host, uplink.index, INSIDE_NAME, plug->interface->mac,
			     plug->inside_fd, err) == 0)
		return 0;
	return sp_wrap(err, "could not use the interface \"%s\"", plug->subnet->uplink);
}

/* Address and routes, once the interface is in. Up comes last: the address is announced then. */
static int settle_inside(struct plug *plug, struct sp_error *err)
{
	struct link_facts inside;
	char alias[LINK_ALIAS_SIZE], address[ADDRESS_TEXT_SIZE];
	ipv4_text(plug->interface->address, address);
	leftover_alias(plug->subnet->id, plug->interface->address, alias);
	const struct link_wish wish = { .mac = plug->interface->mac, .alias = alias, .up = true };
	if (find_known(&plug->inside, INSIDE_NAME, &inside, err) != 0 ||
	    address_settle(&plug->inside, inside.index, plug->interface->address,
			   plug->subnet->cidr.bits, true, err) != 0 ||
	    link_settle(&plug->inside, &inside, &wish, err) != 0)
		return -1;
	return route_settle(&plug->inside, inside.index, plug->subnet->router, err);
}

static int apply_rules(int fd, const struct netd_message *message, struct sp_error *err)
{
	SP_AUTO_BUFFER text = { 0 };
	rules_text(message->rules, message->rule_count, message->servers, message->server_count,
		   &text);
	return kernel_rules_apply(fd, sp_buffer_text(&text), err);
}

static int plug_in(struct plug *plug, struct sp_error *err)
{
	if (set_loopback_up(&plug->inside, err) != 0 ||
	    link_find(&plug->inside, INSIDE_NAME, &plug->found, &plug->is_there, err) != 0)
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
			     .subnet = plan_find(&maker->plan, interface->parent) };
	SP_AUTO_FD fd = -1;
	/* The rules are there before anything could leave. */
	int result = make_namespace(maker, interface->id, interface_settings,
				    SP_COUNT_OF(interface_settings), &fd, err);
	if (result == 0)
		result = apply_rules(fd, message, err);
	plug.inside_fd = fd;
	if (result == 0 && (result = netlink_open(&plug.inside, &maker->namespaces, fd, err)) == 0)
		result = plug_in(&plug, err);
	netlink_close(&plug.inside);
	if (result != 0)
		return sp_wrap(err, "could not make %s", interface->id);
	return 0;
}
