#include "netd/make.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "netd/conntrack.h"
#include "netd/doors.h"
#include "netd/gateway_ends.h"
#include "netd/kernel_rules.h"
#include "netd/names.h"
#include "netd/place.h"
#include "netd/remove.h"
#include "netd/routes.h"
#include "netd/tables.h"
#include "network/cidr.h"

static const struct sysctl settings[] = {
	{ "ipv6/conf/all/disable_ipv6", "1" },
	{ "ipv6/conf/default/disable_ipv6", "1" },
	{ "ipv4/conf/all/accept_source_route", "0" },
	{ "ipv4/conf/default/accept_source_route", "0" },
	/* On the wire nobody asks for what is on the cables, and a public address that comes here is announced. */
	{ "ipv4/conf/all/arp_ignore", "1" },
	{ "ipv4/conf/all/arp_notify", "1" },
};

/* One internet gateway on its way. */
struct making {
	struct maker *maker;
	const struct thing *internet, *vpc;
	struct place inside, router, host;
	struct netd_mapping *mappings; /* that can be made; owned */
	size_t mapping_count;
	struct sp_error left_out; /* why the first one could not */
	bool has_new_way;         /* routes of the router's that led to an older one are gone */
};

static bool leads_to_host(const struct making *making)
{
	return making->internet->uplink[0] == '\0';
}

/* ---- what it may be -------------------------------------------------------------------------------------------- */

static int check(const struct making *making, struct sp_error *err)
{
	const char *vpc = making->vpc->id;
	if (making->maker->why_no_uplinks != NULL)
		return sp_fail(err, SP_UNSUPPORTED, "cannot lead %s to the internet: %s", vpc,
			       making->maker->why_no_uplinks);
	if (leads_to_host(making) && !making->maker->leads_to_host)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot lead %s to this host: sallyport-netd was started without "
			       "--internet, and the VPC names no uplink",
			       vpc);
	return 0;
}

/* What this host has already. */
struct host {
	struct ip_address *addresses;
	struct kernel_route *routes;
	struct link_facts *links;
	size_t address_count, route_count, link_count;
};

static void free_host(struct host *host)
{
	free(host->addresses);
	free(host->routes);
	free(host->links);
}

static bool has_address(const struct host *host, struct ip_address address)
{
	for (size_t i = 0; i < host->address_count; i++)
		if (ip_equal(host->addresses[i], address))
			return true;
	return false;
}

static bool is_end_of_ours(const struct host *host, int link)
{
	for (size_t i = 0; i < host->link_count; i++)
		if (host->links[i].index == link)
			return is_host_end(host->links[i].name);
	return false;
}

/* A route to this one address that somebody has set, and not we. */
static bool has_route(const struct host *host, struct ip_address address)
{
	const struct kernel_route wanted = { .table = KERNEL_TABLE_MAIN,
					     .to = { address, IPV4_BITS } };
	for (size_t i = 0; i < host->route_count; i++)
		if (route_is_at(&host->routes[i], &wanted) &&
		    !is_end_of_ours(host, host->routes[i].link))
			return true;
	return false;
}

static int check_mapping(const struct making *making, const struct host *host,
			 struct ip_address address, struct sp_error *err)
{
	char text[ADDRESS_TEXT_SIZE];
	ip_text(address, text);
	if (has_address(host, address))
		return sp_fail(err, SP_CONFLICT,
			       "cannot use %s as a public address: it is one of this host's own",
			       text);
	if (leads_to_host(making) && has_route(host, address))
		return sp_fail(err, SP_CONFLICT,
			       "cannot use %s as a public address: this host has a route to it "
			       "already",
			       text);
	return 0;
}

/* Those that cannot be are left out, so that they do not keep the others. */
static int choose_mappings(struct making *making, const struct netd_message *message,
			   struct sp_error *err)
{
	__attribute__((cleanup(free_host))) struct host host = { 0 };
	struct netlink *netlink = &making->host.netlink;
	if (place_open_host(making->maker, &making->host, err) != 0 ||
	    addresses_list(netlink, &host.addresses, &host.address_count, err) != 0 ||
	    routes_list(netlink, &host.routes, &host.route_count, err) != 0 ||
	    link_list(netlink, &host.links, &host.link_count, err) != 0)
		return -1;
	making->mappings = sp_alloc((message->mapping_count + 1) * sizeof(*making->mappings));
	for (uint32_t i = 0; i < message->mapping_count; i++) {
		struct sp_error why = { 0 };
		if (check_mapping(making, &host, message->mappings[i].public_address, &why) == 0)
			making->mappings[making->mapping_count++] = message->mappings[i];
		else if (making->left_out.code == SP_OK)
			making->left_out = why;
	}
	return 0;
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static int set_doors(struct making *making, struct sp_error *err)
{
	SP_AUTO_BUFFER text = { 0 };
	doors_text(making->mappings, making->mapping_count, &making->vpc->cidr, &text);
	if (kernel_rules_apply(making->inside.fd, sp_buffer_text(&text), err) != 0)
		return -1;
	return conntrack_forget(&making->maker->namespaces, making->inside.fd, making->mappings,
				making->mapping_count, err);
}

/* ---- cables ---------------------------------------------------------------------------------------------------- */

/*
 * A cable from @name at @near to @inside_name in the gateway's namespace, there or made.
 * @out_near  the near end
 */
static int settle_cable(struct making *making, struct place *near, const char *name,
			const char *inside_name, struct link_facts *out_near, bool *out_is_new,
			struct sp_error *err)
{
	struct link_facts inside;
	bool has_near, has_inside;
	char mac[MAC_TEXT_SIZE];
	own_mac(making->internet->id, mac);
	if (link_find(&near->netlink, name, out_near, &has_near, err) != 0 ||
	    link_find(&making->inside.netlink, inside_name, &inside, &has_inside, err) != 0)
		return -1;
	*out_is_new = !has_near || !has_inside || !is_same_cable(out_near, &inside);
	if (*out_is_new &&
	    ((has_near && link_remove(&near->netlink, out_near->index, err) != 0) ||
	     (has_inside && link_remove(&making->inside.netlink, inside.index, err) != 0) ||
	     link_add_cable(&near->netlink, name, 0, inside_name, mac, making->inside.fd, err) !=
		     0 ||
	     place_find_link(near, name, out_near, err) != 0))
		return -1;
	return place_quiet_link(making->maker, near, name, err);
}

/* Addresses of one interface, and up. */
static int settle_end(struct place *place, const char *name, const char *alias,
		      const struct link_address *addresses, size_t count, struct link_facts *out,
		      bool *out_added, struct sp_error *err)
{
	if (place_find_link(place, name, out, err) != 0 ||
	    addresses_settle(&place->netlink, out->index, addresses, count, true, out_added, err) !=
		    0)
		return -1;
	return link_settle(&place->netlink, out, &(struct link_wish){ .alias = alias, .up = true },
			   err);
}

static int lead_to_vpc(struct making *making, struct sp_error *err)
{
	char name[INTERFACE_NAME_SIZE];
	way_name(making->internet->id, name);
	const struct link_address router_end = { gateway_router_end, IPV4_BITS },
				  vpc_end = { gateway_vpc_end, IPV4_BITS };
	struct link_facts near, inside;
	if (place_open(making->maker, making->vpc->id, &making->router, err) != 0 ||
	    settle_cable(making, &making->router, name, TO_VPC_NAME, &near, &making->has_new_way,
			 err) != 0 ||
	    settle_end(&making->router, name, making->internet->id, &router_end, 1, &near, NULL,
		       err) != 0 ||
	    settle_end(&making->inside, TO_VPC_NAME, making->vpc->id, &vpc_end, 1, &inside, NULL,
		       err) != 0)
		return -1;
	return route_put(&making->inside.netlink,
			 &(struct kernel_route){ .table = KERNEL_TABLE_MAIN,
						 .to = making->vpc->cidr,
						 .kind = ROUTE_TO_HOP,
						 .link = inside.index,
						 .via = gateway_router_end,
						 .on_link = true },
			 err);
}

/* ---- the way out ----------------------------------------------------------------------------------------------- */

static int hang_on_uplink(struct making *making, struct sp_error *err)
{
	AUTO_PLACE host = { .fd = -1 };
	struct link_facts uplink, found;
	bool is_there;
	char mac[MAC_TEXT_SIZE];
	own_mac(making->internet->id, mac);
	if (place_find_uplink(making->maker, making->internet, &host, &uplink, err) != 0 ||
	    link_find(&making->inside.netlink, TO_INTERNET_NAME, &found, &is_there, err) != 0)
		return -1;
	if (is_there && strcmp(found.kind, "macvlan") == 0 && found.lower == uplink.index)
		return 0;
	if (is_there && link_remove(&making->inside.netlink, found.index, err) != 0)
		return -1;
	if (link_add_macvlan(&host.netlink, uplink.index, TO_INTERNET_NAME, mac, making->inside.fd,
			     err) == 0)
		return 0;
	return sp_wrap(err, "could not use the interface \"%s\"", making->internet->uplink);
}

static int hang_on_host(struct making *making, struct link_facts *out_end, struct sp_error *err)
{
	const struct link_address host_end = { gateway_host_end, IPV4_BITS };
	static const struct sysctl forwarding = { "ipv4/ip_forward", "1" };
	char name[INTERFACE_NAME_SIZE], alias[NAMESPACE_NAME_SIZE];
	host_end_name(making->internet->id, name);
	namespace_name(making->maker->plan.owner, making->internet->id, alias);
	bool is_new;
	if (settle_cable(making, &making->host, name, TO_INTERNET_NAME, out_end, &is_new, err) !=
		    0 ||
	    settle_end(&making->host, name, alias, &host_end, 1, out_end, NULL, err) != 0)
		return -1;
	return place_set(making->maker, &making->host, &forwarding, 1, err);
}

/* The public addresses are its own, so that neighbours who ask for them are answered. */
static int settle_way_out(struct making *making, struct sp_error *err)
{
	const struct thing *internet = making->internet;
	SP_AUTO_FREE struct link_address *addresses =
		sp_alloc((making->mapping_count + 1) * sizeof(*addresses));
	size_t count = 0;
	if (leads_to_host(making))
		addresses[count++] = (struct link_address){ gateway_internet_end, IPV4_BITS };
	else if (!ip_is_none(internet->address))
		addresses[count++] =
			(struct link_address){ internet->address, (int)internet->bits };
	for (size_t i = 0; i < making->mapping_count; i++)
		addresses[count++] =
			(struct link_address){ making->mappings[i].public_address, IPV4_BITS };
	struct link_facts link;
	bool has_new_address;
	struct ip_address router = leads_to_host(making) ? gateway_host_end : internet->router;
	if (place_quiet_link(making->maker, &making->inside, TO_INTERNET_NAME, err) != 0 ||
	    settle_end(&making->inside, TO_INTERNET_NAME, internet->id, addresses, count, &link,
		       &has_new_address, err) != 0 ||
	    (has_new_address && link_announce(&making->inside.netlink, &link, err) != 0))
		return -1;
	return route_put(&making->inside.netlink,
			 &(struct kernel_route){ .table = KERNEL_TABLE_MAIN,
						 .to = cidr_all_v4,
						 .kind = ROUTE_TO_HOP,
						 .link = link.index,
						 .via = router,
						 .on_link = true },
			 err);
}

/* On this host: a route to each public address, and no others by our end. */
static int lead_host_here(struct making *making, int link, struct sp_error *err)
{
	SP_AUTO_FREE struct kernel_route *there = NULL;
	size_t count = 0;
	if (routes_list(&making->host.netlink, &there, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < making->mapping_count; i++) {
		const struct kernel_route wanted = {
			.table = KERNEL_TABLE_MAIN,
			.to = { making->mappings[i].public_address, IPV4_BITS },
			.kind = ROUTE_TO_HOP,
			.link = link,
			.via = gateway_internet_end,
			.on_link = true,
		};
		bool is_there = false;
		for (size_t k = 0; k < count && !is_there; k++)
			if (route_is_same(&there[k], &wanted)) {
				is_there = true;
				there[k].link = 0; /* stays */
			}
		if (!is_there && route_put(&making->host.netlink, &wanted, err) != 0)
			return -1;
	}
	for (size_t k = 0; k < count; k++)
		if (there[k].link == link && there[k].table == KERNEL_TABLE_MAIN &&
		    route_remove(&making->host.netlink, &there[k], err) != 0)
			return -1;
	return 0;
}

static int lead_out(struct making *making, struct sp_error *err)
{
	if (!leads_to_host(making))
		return hang_on_uplink(making, err) != 0 ? -1 : settle_way_out(making, err);
	struct link_facts end;
	if (hang_on_host(making, &end, err) != 0 || settle_way_out(making, err) != 0)
		return -1;
	return lead_host_here(making, end.index, err);
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static int make(struct making *making, const struct netd_message *message, struct sp_error *err)
{
	struct maker *maker = making->maker;
	/* One that may not be any more must not stay from before. */
	if (check(making, err) != 0) {
		struct sp_error unheard;
		remove_internet(maker, making->internet->id, &unheard);
		return -1;
	}
	/* The rules come before what could pass, and also when the rest fails. */
	if (choose_mappings(making, message, err) != 0 ||
	    place_make(maker, making->internet->id, PLACE_FORWARDS, false, settings,
		       SP_COUNT_OF(settings), &making->inside, err) != 0 ||
	    set_doors(making, err) != 0 || lead_out(making, err) != 0 ||
	    lead_to_vpc(making, err) != 0)
		return -1;
	if (making->has_new_way)
		tables_settle(maker, &making->router, making->vpc->id);
	if (making->left_out.code == SP_OK)
		return 0;
	*err = making->left_out;
	return -1;
}

int make_internet(struct maker *maker, const struct thing *internet,
		  const struct netd_message *message, struct sp_error *err)
{
	struct making making = { .maker = maker,
				 .internet = internet,
				 .vpc = plan_find(&maker->plan, internet->parent),
				 .inside = { .fd = -1 },
				 .router = { .fd = -1 },
				 .host = { .fd = -1 } };
	int result = make(&making, message, err);
	place_close(&making.inside);
	place_close(&making.router);
	place_close(&making.host);
	free(making.mappings);
	if (result != 0)
		return sp_wrap(err, "could not make %s", internet->id);
	return 0;
}
