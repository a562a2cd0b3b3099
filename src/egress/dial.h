#pragma once
/**
 * Within egress/: tries the addresses of one host in turn until one takes the connection. Where the sockets come from,
 * and whether an address may be tried at all, is the caller's.
 */

#include "base/buffer.h"
#include "egress/address.h"
#include "loop/loop.h"

struct dial;

struct dial_plan {
	const char *host; /* for sentences; copied, as all below */
	const char *from; /* the same: " from 192.0.2.7"; NULL: not told */
	uint16_t port;
	const struct address *addresses; /* with their port */
	size_t address_count;
	int64_t deadline_ms; /* monotonic */
	/** What errno @number (ETIMEDOUT: nobody answered) usually means on the way to @address; nothing: nobody knows.
	 * NULL: the same for all. */
	void (*explain)(void *ctx, const struct address *address, int number,
			struct sp_buffer *out);
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

/** @fn is called once, later, unless it is cancelled before; @ctx is that of plan->open and plan->explain as well. */
struct dial *dial_start(struct loop *loop, const struct dial_plan *plan, dial_fn *fn, void *ctx);
void dial_cancel(struct dial *dial); /* not after @fn was called. NULL is fine */
