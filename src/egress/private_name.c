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
	memcpy(way->addresses, found->addresses, sizeof(way->addresses));
	way->address_count = found->count;
	attempt_note_found(attempt, way->path.configuration.target, sp_buffer_text(&way->at),
			   found->addresses, found->count);
	private_leave(attempt);
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
		.only_v4 = true,
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
	char first_server[ADDRESS_TEXT_SIZE];
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
		ip_text(servers[i].address, first_server);
	}
	return sp_fail(err, first.code,
		       "could not find the host \"%s\" inside %s: could not ask the name server %s "
		       "from %s (%s): %s",
		       path->configuration.target, path->vpc.id, first_server,
		       attempt->way->interface->address, attempt->way->interface->id,
		       first.message);
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
	private_fill_stock(way, sockets, way->streams);
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

static void find_in_vpc(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	struct sp_error err = { 0 };
	if (check_name_servers(attempt, &err) != 0) {
		attempt_fail(attempt, STEP_RESOLVE, &err);
		return;
	}
	const char *servers = name_servers(attempt);
	size_t count = servers == NULL ? NAME_SERVERS_MAX : lookup_count_servers(servers);
	if (count > NAME_SERVERS_MAX)
		count = NAME_SERVERS_MAX;
	if (servers == NULL)
		sp_buffer_format(&way->at, " at this host's name servers");
	else
		sp_buffer_format(&way->at, " at the name servers of %s (%s)", way->path.vpc.id,
				 servers);
	way->streams = count;
	attempt->sockets = networks_open_sockets(
		attempt->egress->networks, way->interface, count, count * LOOKUP_DATAGRAMS_A_SERVER,
		attempt_left_ms(attempt), on_lookup_sockets, attempt);
}

void private_find_name(struct egress_attempt *attempt)
{
	if (attempt->way->path.gateway.resolves_in_vpc)
		find_in_vpc(attempt);
	else
		look_up(attempt, attempt->egress->dns_servers, NULL);
}
