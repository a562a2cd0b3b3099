/* Private egress: the target's name, asked inside the VPC by sockets of its interface, or at whom this host asks. */

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "egress/private_inside.h"
#include "network/cidr.h"
#include "network/tag_values.h"

enum {
	NAME_SERVERS_MAX = 4, /* that get sockets: each wants datagrams and a stream */
};

static_assert(NAME_SERVERS_MAX * (LOOKUP_DATAGRAMS_A_SERVER + 1) <= (int)NETWORKS_SOCKETS_MAX,
	      "every name server gets its sockets");

static void on_lookup(void *ctx, const struct lookup_result *found)
{
	struct egress_attempt *attempt = ctx;
	struct private_way *way = attempt->way;
	attempt->lookup = NULL;
	private_empty_stock(way);
	if (found->error.code != SP_OK) {
		attempt_fail(attempt, STEP_RESOLVE, &found->error);
		return;
	}
	addresses_prefer_v6(found->addresses, found->count, way->addresses);
	way->address_count = found->count;
	attempt_note_found(attempt, way->path.configuration.target, sp_buffer_text(&way->at),
			   found->addresses, found->count);
	private_leave(attempt);
}

/* What the configuration wants to know of the name, as far as the gateway can go there. */
static enum address_type families(const struct path *path)
{
	enum address_type wanted = path->configuration.name_type;
	return wanted == ADDRESS_TYPE_DUALSTACK ? path->gateway.address_type : wanted;
}

static void look_up(struct egress_attempt *attempt, const char *servers,
		    const struct lookup_supply *supply)
{
	struct private_way *way = attempt->way;
	const struct lookup_question question = {
		.host = way->path.configuration.target,
		.port = attempt->port,
		.servers = servers,
		.at = sp_buffer_text(&way->at),
		.families = families(&way->path),
		.supply = supply,
		.timeout_ms = attempt_left_ms(attempt) / LOOKUP_SHARE,
	};
	attempt->lookup = lookup_start(attempt->egress->loop, &question, on_lookup, attempt);
}

/* Inside the VPC: those of its tag. A VPC that this host itself is may ask whom the host asks. */
static const char *name_servers(const struct egress_attempt *attempt)
{
	const struct path *path = &attempt->way->path;
	return path->name_servers != NULL ? path->name_servers : attempt->egress->dns_servers;
}

/* Whether a route leads to any of the VPC's name servers: else nobody would answer, and the time-out would not say why. */
static int check_routes(const struct egress_attempt *attempt, struct sp_error *err)
{
	const struct path *path = &attempt->way->path;
	struct name_server servers[TAG_SERVERS_MAX];
	struct sp_error first = { 0 };
	struct ip_address first_server = { 0 };
	char server[ADDRESS_TEXT_SIZE];
	size_t count;
	if (path->name_servers == NULL || !tag_value_servers(path->name_servers, servers, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct sp_error why = { 0 };
		struct way ignored;
		if (private_route(attempt, servers[i].address, &ignored, &why) == 0)
			return 0;
		if (first.code != SP_OK)
			continue;
		first = why;
		first_server = servers[i].address;
	}
	const struct network_interface *interface = attempt->way->interface;
	ip_text(first_server, server);
	return sp_fail(err, first.code,
		       "could not find the host \"%s\" inside %s: could not ask the name server %s "
		       "from %s (%s): %s",
		       path->configuration.target, path->vpc.id, server,
		       ip_is_v6(first_server) && interface->address6[0] != '\0'
			       ? interface->address6
			       : interface->address,
		       interface->id, first.message);
}

static void on_lookup_sockets(void *ctx, struct networks_sockets *sockets)
{
	struct egress_attempt *attempt = ctx;
	struct private_way *way = attempt->way;
	struct sp_error err = { 0 };
	attempt->sockets = NULL;
	if (sockets->error.code != SP_OK) {
		attempt_fail(attempt, STEP_INTERFACE, &sockets->error);
		return;
	}
	private_fill_stock(way, sockets);
	if (check_routes(attempt, &err) != 0) {
		attempt_fail(attempt, STEP_ROUTE, &err);
		return;
	}
	way->supply = (struct lookup_supply){ .ctx = way, .take = private_take_socket };
	look_up(attempt, name_servers(attempt), &way->supply);
}

static int check_name_servers(const struct egress_attempt *attempt, struct sp_error *err)
{
	const struct path *path = &attempt->way->path;
	if (path->name_servers == NULL && path->vpc.provider != PROVIDER_HOST)
		return sp_fail(err, SP_NOT_FOUND,
			       "cannot find the host \"%s\" inside %s: the VPC has no tag \"%s\" "
			       "that says which name servers to ask",
			       path->configuration.target, path->vpc.id, NETWORK_TAG_DNS);
	if (path->name_servers != NULL && lookup_check_servers(path->name_servers, err) != 0)
		return sp_wrap(err, "cannot find the host \"%s\" inside %s",
			       path->configuration.target, path->vpc.id);
	return 0;
}

static size_t at_most(size_t count, size_t most)
{
	return count < most ? count : most;
}

/* Who cannot be asked from an interface without an address of IPv6 gets no sockets. */
static struct socket_wish wish_for(const char *servers, const struct network_interface *interface)
{
	size_t v4 = servers == NULL ? NAME_SERVERS_MAX : lookup_count_servers(servers, AF_INET);
	size_t v6 = servers == NULL || interface->address6[0] == '\0'
			    ? 0
			    : lookup_count_servers(servers, AF_INET6);
	v4 = at_most(v4, NAME_SERVERS_MAX);
	v6 = at_most(v6, NAME_SERVERS_MAX - v4);
	return (struct socket_wish){ .streams = v4,
				     .datagrams = v4 * LOOKUP_DATAGRAMS_A_SERVER,
				     .streams6 = v6,
				     .datagrams6 = v6 * LOOKUP_DATAGRAMS_A_SERVER };
}

static void find_in_vpc(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	struct sp_error err = { 0 };
	if (check_name_servers(attempt, &err) != 0) {
		attempt_fail(attempt, STEP_RESOLVE, &err);
		return;
	}
	const char *servers = name_servers(attempt);
	const struct socket_wish wish = wish_for(servers, way->interface);
	if (servers == NULL)
		sp_buffer_format(&way->at, " at this host's name servers");
	else
		sp_buffer_format(&way->at, " at the name servers of %s (%s)", way->path.vpc.id,
				 servers);
	attempt->sockets =
		networks_open_sockets(attempt->egress->networks, way->interface, &wish,
				      attempt_left_ms(attempt), on_lookup_sockets, attempt);
}

void private_find_name(struct egress_attempt *attempt)
{
	if (attempt->way->path.gateway.resolves_in_vpc)
		find_in_vpc(attempt);
	else
		look_up(attempt, attempt->egress->dns_servers, NULL);
}
