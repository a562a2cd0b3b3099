#pragma once
/**
 * Within egress/: what its two ways out share. One attempt is one call of egress_connect().
 *
 *   egress.c ──► service_managed.c: lookup ──► dial                                    both end it by attempt.c
 *        └─────► private.c: path ──► (sockets ──► lookup) ──► sockets ──► dial
 */

#include "egress/address.h"
#include "egress/dial.h"
#include "egress/egress.h"
#include "egress/lookup.h"

enum {
	LOOKUP_SHARE = 2, /* of the time for everything, a name gets half */
	TURNS = 256,
};

struct source {
	char text[EGRESS_ADDRESS_TEXT_MAX];
	struct address address;
};

struct egress {
	struct loop *loop;
	struct store *store; /* NULL, with the next two, where there are no private paths */
	struct pool *reads;
	struct networks *networks;
	struct source sources[EGRESS_SOURCES_MAX];
	size_t source_count;
	unsigned source_turn; /* whose turn it is among the sources */
	bool allow_private_targets;
	int64_t connect_timeout_ms;
	char *dns_servers;
	struct flow_log *flows; /* NULL: nothing is recorded */
	struct egress_attempt *attempts;
	unsigned turns
		[TURNS]; /* whose turn it is among a gateway's interfaces; by a hash of its id */
};

struct private_way;
struct path_reading;

struct egress_attempt {
	struct egress *egress;
	struct egress_attempt *next, **slot; /* its place in egress->attempts */
	char *host;                          /* NULL: a private path */
	char *configuration_arn;             /* NULL: service-managed */
	uint16_t port;
	bool dual_stack;
	egress_fn *fn;
	void *ctx;
	int64_t deadline_ms; /* monotonic */
	/* For the flow log: */
	char *connector_id, *transfer_id; /* NULL: not told */
	const void *holder;
	int64_t began_ms;
	unsigned source_turn; /* service-managed: which of the sources it leaves from */
	struct trace trace;
	struct private_way *way; /* NULL: service-managed, or not read yet */

	/* At most one is under way. */
	struct loop_timer *timer;
	struct path_reading *reading;
	struct networks_request *sockets;
	struct lookup *lookup;
	struct dial *dial;
};

/* ---- service_managed.c, private.c ---- */

/* What begins when an attempt does, on the loop. */
void service_managed_begin(struct egress_attempt *attempt);
void private_begin(struct egress_attempt *attempt);

/** The source addresses of @options, which this host must have. */
int service_managed_open(struct egress *egress, const struct egress_options *options,
			 struct sp_error *err);

/* ---- private_way.c ---- */

/** Lets go of what is held of a private path. */
void private_drop(struct egress_attempt *attempt);

/** What it knows of the way: result's interface_id, public_address, way and between. Nothing when it is service-managed. */
void private_tell(const struct egress_attempt *attempt, struct egress_result *result);

/** The same for a record of it: its source and target, as far as they are known. */
void private_note(const struct egress_attempt *attempt, struct flow *out);

/* ---- attempt.c ---- */

/** The time that is left, at least 0. */
int64_t attempt_left_ms(const struct egress_attempt *attempt);

/** The trace's step for a name that was found. @at: " at the name servers …", or "". */
void attempt_note_found(struct egress_attempt *attempt, const char *host, const char *at,
			const struct address *addresses, size_t count);

/* All four end the attempt: it is gone when they return. */
void attempt_fail(struct egress_attempt *attempt, enum failure_step step,
		  const struct sp_error *err);
/** The same, when the trace has the failed step already. */
void attempt_end(struct egress_attempt *attempt, enum failure_step step,
		 const struct sp_error *err);
void attempt_dialled(void *attempt, struct dial_result *result);
/** Recorded as @err says, and nobody is told. */
void attempt_give_up(struct egress_attempt *attempt, const struct sp_error *err);

/** Names below "localhost" never leave this host (RFC 6761), and c-ares 1.18 leaks memory over them. */
bool host_is_localhost(const char *host);
