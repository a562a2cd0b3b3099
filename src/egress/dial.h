#pragma once
/**
 * Within egress/: tries the addresses of one host in turn until one takes the connection. Where the sockets come from,
 * and whether an address may be tried at all, is the caller's.
 */

#include "egress/address.h"
#include "loop/loop.h"

struct dial;

/** What a refusal of the network usually means on this way, behind its own words. */
struct dial_hint {
	int number; /* errno; ETIMEDOUT: nobody answered */
	const char *text;
};

struct dial_plan {
	const char *host; /* for sentences; copied, as all below */
	const char *from; /* the same: " from 192.0.2.7"; NULL: not told */
	uint16_t port;
	const struct address *addresses; /* with their port */
	size_t address_count;
	int64_t deadline_ms;           /* monotonic */
	const struct dial_hint *hints; /* kept; ends with a NULL text. NULL: none */
	/** A TCP socket that may go to @address: non-blocking, bound. -1 with the reason why it may not. */
	int (*open)(void *ctx, const struct address *address, int *out_fd, struct sp_error *err);
};

struct dial_result {
	int fd; /* as in struct egress_result */
	char source[EGRESS_ADDRESS_TEXT_MAX];
	char target[EGRESS_ADDRESS_TEXT_MAX];
	struct sp_error error; /* code SP_OK on success; names each address and its reason */
};

typedef void dial_fn(void *ctx, struct dial_result *result);

/** @fn is called once, later, unless it is cancelled before; @ctx is plan->open's as well. */
struct dial *dial_start(struct loop *loop, const struct dial_plan *plan, dial_fn *fn, void *ctx);
void dial_cancel(struct dial *dial); /* not after @fn was called. NULL is fine */
