/*
 * Private egress: through a network interface (ENI) of a resource gateway, inside its VPC.
 *
 *   read the path ──► look the name up ──► sockets of the ENI ──► groups ──► routes ──► dial
 *          │  │            (IN_VPC: by sockets of the ENI)  ▲
 *          │  └──────────── the target is an address ───────┘
 *          └─ which ENI: each connection takes the next one of the gateway's
 *
 * A connection leaves by the ENI whose turn it is, or fails: no other one is tried in its place. What is worth another
 * attempt makes it by the next.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "egress/private_inside.h"
#include "network/cidr.h"

static_assert((int)LOOKUP_ADDRESSES_MAX <= (int)NETWORKS_SOCKETS_MAX,
	      "every address gets a socket");

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

void private_fill_stock(struct private_way *way, const struct networks_sockets *sockets,
			size_t streams)
{
	way->stock = *sockets;
	way->streams = streams;
	way->next_stream = 0;
	way->next_datagram = streams;
}

int private_take_socket(void *ctx, bool stream)
{
	struct private_way *way = ctx;
	size_t *next = stream ? &way->next_stream : &way->next_datagram;
	size_t end = stream ? way->streams : way->stock.count;
	return *next < end ? sp_take_fd(&way->stock.fds[(*next)++]) : -1;
}

void private_empty_stock(struct private_way *way)
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
	private_empty_stock(way);
	path_finish(&way->path);
	sp_buffer_finish(&way->at);
	free(way);
}

void private_tell(const struct egress_attempt *attempt, struct egress_result *result)
{
	const struct private_way *way = attempt->way;
	if (way == NULL || way->interface == NULL)
		return;
	memcpy(result->interface_id, way->interface->id, sizeof(result->interface_id));
	const struct way *route = &way->ways[0];
	for (size_t i = 0; i < way->address_count; i++) {
		char target[EGRESS_ADDRESS_TEXT_MAX];
		address_text(&way->addresses[i], target);
		if (strcmp(target, result->target) == 0)
			route = &way->ways[i];
	}
	if (route->count == 0)
		return;
	SP_AUTO_BUFFER words = { 0 };
	SP_AUTO_BUFFER between = { 0 };
	way_describe(route, &words);
	result->way = sp_buffer_take(&words);
	way_describe_between(route, &between);
	if (between.length > 0)
		result->between = sp_buffer_take(&between);
	if (route->end == WAY_PUBLIC)
		ipv4_text(route->source, result->public_address);
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

/* ---- whom to connect to ------------------------------------------------------------------------------------------ */

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
		private_leave(attempt);
	} else if (host_is_localhost(target)) {
		address_parse("127.0.0.1", attempt->port, &way->addresses[0]);
		way->address_count = 1;
		attempt_note_found(attempt, target, "", way->addresses, 1);
		private_leave(attempt);
	} else {
		private_find_name(attempt);
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
