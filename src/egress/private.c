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

#include "base/scope.h"
#include "egress/private_inside.h"

static_assert((int)LOOKUP_ADDRESSES_MAX <= (int)NETWORKS_SOCKETS_MAX,
	      "every address gets a socket");

/* ---- whom to connect to ------------------------------------------------------------------------------------------ */

/* The gateway's kind cannot change, and a configuration is held against it: this is for what was kept otherwise. */
static void refuse_family(struct egress_attempt *attempt, const char *family)
{
	const struct path *path = &attempt->way->path;
	struct sp_error err = { 0 };
	sp_fail(&err, SP_UNSUPPORTED,
		"cannot connect to %s: it is an address of %s, and the resource gateway \"%s\" "
		"(%s) "
		"is %s",
		path->configuration.target, family, path->gateway.name, path->gateway.id,
		address_type_name(path->gateway.address_type));
	attempt_fail(attempt, STEP_CONFIGURATION, &err);
}

static bool is_of_gateway(const struct path *path, const struct address *address)
{
	return address_family(address) == AF_INET6
		       ? address_type_has_v6(path->gateway.address_type)
		       : address_type_has_v4(path->gateway.address_type);
}

static void resolve(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	const char *target = way->path.configuration.target;
	if (address_parse(target, attempt->port, &way->addresses[0])) {
		if (!is_of_gateway(&way->path, &way->addresses[0])) {
			refuse_family(attempt, address_family(&way->addresses[0]) == AF_INET6
						       ? "IPv6"
						       : "IPv4");
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
