#pragma once
/**
 * Within egress/: turning a host's name into addresses, by c-ares on the loop. The hosts file and the name servers are
 * read anew for every lookup, so that a change of the host's configuration needs no restart.
 */

#include "egress/address.h"
#include "loop/loop.h"

enum { LOOKUP_ADDRESSES_MAX = 16 };

struct lookup;

struct lookup_result {
	struct address addresses[LOOKUP_ADDRESSES_MAX]; /* IPv4 before IPv6 */
	size_t count;
	struct sp_error error; /* code SP_OK when there are addresses */
};

typedef void lookup_fn(void *ctx, const struct lookup_result *result);

/** Whether c-ares takes this list of servers: "192.0.2.1, 192.0.2.2:5353, [2001:db8::1]:53". */
int lookup_check_servers(const char *servers, struct sp_error *err);

/**
 * @servers     NULL: those of the host's configuration
 * @timeout_ms  after it, what arrived counts
 *
 * @fn is called once, on the loop, unless it is cancelled before.
 */
struct lookup *lookup_start(struct loop *loop, const char *servers, const char *host, uint16_t port,
			    int64_t timeout_ms, lookup_fn *fn, void *ctx);
void lookup_cancel(struct lookup *lookup); /* not after @fn was called. NULL is fine */
