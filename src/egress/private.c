/*
 * Private egress: through a network interface (ENI) of a resource gateway, inside its VPC.
 *
 *   read the path ──► look the name up ──► sockets of the ENI ──► judge ──► dial
 *          │  │            ▲    (IN_VPC: by sockets of the ENI)     ▲
 *          │  └────────────┴──── the target is an address ──────────┘
 *          └─ which ENI: each connection takes the next one of the gateway's
 *
 * A connection leaves by the ENI whose turn it is, or fails: no other one is tried in its place. What is worth another
 * attempt makes it by the next.
 */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/attempt.h"
#include "egress/host_addresses.h"
#include "egress/path.h"
#include "network/cidr.h"

enum {
	NAME_SERVERS_MAX = 4, /* that get sockets: each wants datagrams and a stream */
};

static_assert((int)LOOKUP_ADDRESSES_MAX <= (int)NETWORKS_SOCKETS_MAX,
	      "every address gets a socket");
static_assert(NAME_SERVERS_MAX * (LOOKUP_DATAGRAMS_A_SERVER + 1) <= (int)NETWORKS_SOCKETS_MAX,
	      "every name server gets its sockets");

/* What a time-out or a refusal inside a VPC may come from. */
static const struct dial_hint hints[] = {
	{ ECONNREFUSED, "its host answers, but nothing listens on this port" },
	{ EHOSTUNREACH, "its host is off, or nobody has this address" },
	{ ENETUNREACH, "no route leads there from the gateway's subnet" },
	{ ETIMEDOUT,
	  "its host may be off, a firewall may drop the packets, or the way back may be missing" },
	{ 0, NULL },
};

struct private_way {
	struct path path;
	const struct network_interface *interface; /* of the path: whose turn it was */
	/* Sockets that are not used yet: streams first. */
	struct networks_sockets stock;
	size_t streams, next_stream, next_datagram;
	struct lookup_supply supply;
	struct sp_buffer at; /* who was asked for the name, for sentences */
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	size_t address_count;
};

struct path_reading {
	struct egress_attempt *attempt; /* NULL: it was cancelled */
	struct store *store;
	char *arn;
	uint16_t port;
	struct path path;
	struct trace trace;
	struct sp_error err; /* code SP_OK: it went well */
};

/* ---- sockets --------------------------------------------------------------------------------------------------- */

static void fill_stock(struct private_way *way, const struct networks_sockets *sockets,
		       size_t streams)
{
	way->stock = *sockets;
	way->streams = streams;
	way->next_stream = 0;
	way->next_datagram = streams;
}

static int take_socket(void *ctx, bool stream)
{
	struct private_way *way = ctx;
	size_t *next = stream ? &way->next_stream : &way->next_datagram;
	size_t end = stream ? way->streams : way->stock.count;
	return *next < end ? sp_take_fd(&way->stock.fds[(*next)++]) : -1;
}

static void empty_stock(struct private_way *way)
{
	for (size_t i = 0; i < way->stock.count; i++)
		sp_close_fd(&way->stock.fds[i]);
	way->stock.count = 0;
}

void private_drop(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	if (attempt->reading != NULL)
		attempt->reading->attempt = NULL; /* it frees itself */
	networks_cancel(attempt->sockets);
	if (way == NULL)
		return;
	empty_stock(way);
	path_finish(&way->path);
	sp_buffer_finish(&way->at);
	free(way);
}

void private_tell(const struct egress_attempt *attempt, struct egress_result *result)
{
	const struct private_way *way = attempt->way;
	if (way != NULL && way->interface != NULL)
		memcpy(result->interface_id, way->interface->id, sizeof(result->interface_id));
}

/* A name and a port until it is known better. */
void private_note(const struct egress_attempt *attempt, struct flow *out)
{
	const struct private_way *way = attempt->way;
	if (way == NULL || way->interface == NULL)
		return;
	snprintf(out->source, sizeof(out->source), "%s", way->interface->address);
	if (way->address_count > 0)
		address_text(&way->addresses[0], out->target);
	else
		snprintf(out->target, sizeof(out->target), "%s:%u", way->path.configuration.target,
			 attempt->port);
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static uint32_t v4_of(const struct address *address)
{
	return ntohl(address->at.v4.sin_addr.s_addr);
}

static int open_socket(void *ctx, const struct address *address, int *out_fd, struct sp_error *err)
{
	const struct egress_attempt *attempt = ctx;
	struct private_way *way = attempt->way;
	uint32_t from;
	if (path_judge(&way->path, v4_of(address), attempt->port, NULL, err) != 0)
		return -1;
	if (way->path.vpc.provider == PROVIDER_HOST && ipv4_parse(way->interface->address, &from) &&
	    host_addresses_check_reach(from, v4_of(address), err) != 0)
		return -1;
	int fd = take_socket(way, true);
	if (fd < 0)
		return sp_fail(err, SP_INTERNAL, "there is no socket of %s for it",
			       way->interface->id);
	*out_fd = fd;
	return 0;
}

static void dial(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	SP_AUTO_BUFFER from = { 0 };
	sp_buffer_format(&from, " from %s (%s)", way->interface->address, way->interface->id);
	const struct dial_plan plan = {
		.host = way->path.configuration.target,
		.from = sp_buffer_text(&from),
		.port = attempt->port,
		.addresses = way->addresses,
		.address_count = way->address_count,
		.deadline_ms = attempt->deadline_ms,
		.hints = hints,
		.open = open_socket,
	};
	attempt->dial = dial_start(attempt->egress->loop, &plan, attempt_dialled, attempt);
}

/* Of several addresses those that may be reached go on, and the first of them is the trace's. */
static void judge(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	struct address allowed[LOOKUP_ADDRESSES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < way->address_count; i++)
		if (path_judge(&way->path, v4_of(&way->addresses[i]), attempt->port, NULL, NULL) ==
		    0)
			allowed[count++] = way->addresses[i];

	struct sp_error err = { 0 };
	const struct address *first = count > 0 ? &allowed[0] : &way->addresses[0];
	if (path_judge(&way->path, v4_of(first), attempt->port, &attempt->trace, &err) != 0) {
		attempt_end(attempt, STEP_GROUPS, &err);
		return;
	}
	memcpy(way->addresses, allowed, count * sizeof(allowed[0]));
	way->address_count = count;
	dial(attempt);
}

static void note_interface(struct egress_attempt *attempt)
{
	const struct private_way *way = attempt->way;
	const struct network_interface *interface = way->interface;
	char device[INTERFACE_NAME_SIZE] = "";
	socklen_t length = sizeof(device);
	getsockopt(way->stock.fds[0], SOL_SOCKET, SO_BINDTODEVICE, device, &length);
	json_t *details = json_pack("{s:s, s:s, s:s, s:s}", "NetworkInterfaceId", interface->id,
				    "SubnetId", interface->subnet_id, "VpcId", interface->vpc_id,
				    "PrivateIpAddress", interface->address);
	sp_json_set_text(details, "Interface", device[0] == '\0' ? NULL : device);
	trace_passed(&attempt->trace, STEP_INTERFACE, details, "leaves from %s by %s in %s%s%s",
		     interface->address, interface->id, interface->subnet_id,
		     device[0] == '\0' ? "" : ", interface ", device);
}

static void on_streams(void *ctx, struct networks_sockets *sockets)
{
	struct egress_attempt *attempt = ctx;
	attempt->sockets = NULL;
	if (sockets->error.code != SP_OK) {
		attempt_fail(attempt, STEP_INTERFACE, &sockets->error);
		return;
	}
	fill_stock(attempt->way, sockets, sockets->count);
	note_interface(attempt);
	judge(attempt);
}

static void get_streams(struct egress_attempt *attempt)
{
	attempt->sockets = networks_open_sockets(attempt->egress->networks, attempt->way->interface,
						 attempt->way->address_count, 0,
						 attempt_left_ms(attempt), on_streams, attempt);
}

/* ---- the name -------------------------------------------------------------------------------------------------- */

static void on_lookup(void *ctx, const struct lookup_result *found)
{
	struct egress_attempt *attempt = ctx;
	struct private_way *way = attempt->way;
	attempt->lookup = NULL;
	empty_stock(way);
	if (found->error.code != SP_OK) {
		attempt_fail(attempt, STEP_RESOLVE, &found->error);
		return;
	}
	memcpy(way->addresses, found->addresses, sizeof(way->addresses));
	way->address_count = found->count;
	attempt_note_found(attempt, way->path.configuration.target, sp_buffer_text(&way->at),
			   found->addresses, found->count);
	get_streams(attempt);
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

static void on_lookup_sockets(void *ctx, struct networks_sockets *sockets)
{
	struct egress_attempt *attempt = ctx;
	struct private_way *way = attempt->way;
	attempt->sockets = NULL;
	if (sockets->error.code != SP_OK) {
		attempt_fail(attempt, STEP_INTERFACE, &sockets->error);
		return;
	}
	fill_stock(way, sockets, way->streams);
	way->supply = (struct lookup_supply){ .ctx = way, .take = take_socket };
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

static void resolve_in_vpc(struct egress_attempt *attempt)
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

static void refuse_v6(struct egress_attempt *attempt)
{
	struct sp_error err = { 0 };
	sp_fail(&err, SP_UNSUPPORTED,
		"cannot connect to %s: inside a VPC only IPv4 addresses are offered yet",
		attempt->way->path.configuration.target);
	attempt_fail(attempt, STEP_CONFIGURATION, &err);
}

static void resolve(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	const char *target = way->path.configuration.target;
	if (address_parse(target, attempt->port, &way->addresses[0])) {
		if (address_family(&way->addresses[0]) != AF_INET) {
			refuse_v6(attempt);
			return;
		}
		way->address_count = 1;
		get_streams(attempt);
	} else if (host_is_localhost(target)) {
		address_parse("127.0.0.1", attempt->port, &way->addresses[0]);
		way->address_count = 1;
		attempt_note_found(attempt, target, "", way->addresses, 1);
		get_streams(attempt);
	} else if (way->path.gateway.resolves_in_vpc) {
		resolve_in_vpc(attempt);
	} else {
		look_up(attempt, attempt->egress->dns_servers, NULL);
	}
}

/* ---- the path -------------------------------------------------------------------------------------------------- */

static const struct network_interface *choose_interface(struct egress *egress,
							const struct path *path)
{
	uint32_t hash = 2166136261u; /* FNV-1a: two gateways that share a turn do no harm */
	for (const char *at = path->gateway.id; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	return &path->interfaces[egress->turns[hash % TURNS]++ % path->interface_count];
}

static int read_path(struct db *db, void *ctx, struct sp_error *err)
{
	struct path_reading *reading = ctx;
	return path_read(db, reading->arn, reading->port, &reading->path, &reading->trace, err);
}

static void reading_work(void *ctx)
{
	struct path_reading *reading = ctx;
	if (store_read(reading->store, read_path, reading, &reading->err) == 0 ||
	    reading->trace.count > 0)
		return;
	/* The store could not be read at all. */
	reading->path.step = STEP_CONFIGURATION;
	trace_failed(&reading->trace, STEP_CONFIGURATION, NULL, reading->err.message);
}

static void reading_free(struct path_reading *reading)
{
	path_finish(&reading->path);
	trace_finish(&reading->trace);
	free(reading->arn);
	free(reading);
}

static void reading_done(void *ctx)
{
	struct path_reading *reading = ctx;
	struct egress_attempt *attempt = reading->attempt;
	if (attempt == NULL) {
		reading_free(reading);
		return;
	}
	attempt->reading = NULL;
	trace_move(&attempt->trace, &reading->trace);
	if (reading->err.code != SP_OK) {
		enum failure_step step =
			reading->path.step == STEP_ROLE ? STEP_CONFIGURATION : reading->path.step;
		const struct sp_error err = reading->err;
		reading_free(reading);
		attempt_end(attempt, step, &err);
		return;
	}
	struct private_way *way = attempt->way = sp_alloc(sizeof(*way));
	way->path = reading->path;
	reading->path = (struct path){ 0 };
	reading_free(reading);
	way->interface = choose_interface(attempt->egress, &way->path);
	resolve(attempt);
}

void private_begin(struct egress_attempt *attempt)
{
	struct egress *egress = attempt->egress;
	if (egress->store == NULL || egress->networks == NULL) {
		struct sp_error err = { 0 };
		sp_fail(&err, SP_UNSUPPORTED, "cannot use \"%s\": there are no private paths here",
			attempt->configuration_arn);
		attempt_fail(attempt, STEP_CONFIGURATION, &err);
		return;
	}
	struct path_reading *reading = attempt->reading = sp_alloc(sizeof(*reading));
	reading->attempt = attempt;
	reading->store = egress->store;
	reading->arn = sp_strdup(attempt->configuration_arn);
	reading->port = attempt->port;
	trace_begin(&reading->trace);
	pool_run(egress->reads, egress->loop, reading_work, reading_done, reading);
}
