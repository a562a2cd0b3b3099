#pragma once
/**
 * Within egress/: turning a host's name into addresses, by c-ares on the loop. The hosts file and the name servers are
 * read anew for every lookup, so that a change of the host's configuration needs no restart.
 */

#include "egress/address.h"
#include "loop/loop.h"
#include "model/network.h"

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

/** Sockets that a lookup asks by, instead of its own: each is given once. */
struct lookup_supply {
	void *ctx;
	/** Of this family, non-blocking, bound; owned by the lookup from then on. -1: there is none left. */
	int (*take)(void *ctx, int family, bool stream);
};

struct lookup_question {
	const char *host; /* copied, as are the other texts */
	uint16_t port;
	const char *servers;        /* NULL: those of the host's configuration */
	const char *at;             /* for sentences: " at the name servers …"; NULL: not told */
	enum address_type families; /* that are asked for */
	/* Not NULL: asks by these sockets and nothing of this host's configuration counts: no hosts file, no search
	 * list, no options. Kept. */
	const struct lookup_supply *supply;
	int64_t timeout_ms; /* after it, what arrived counts */
};

/** How many name servers of a family a list has: each wants datagram sockets, and a stream for long answers. */
size_t lookup_count_servers(const char *servers, int family);

/** How many datagram sockets a lookup may use up with one server: c-ares takes a new one after a refusal. */
enum { LOOKUP_DATAGRAMS_A_SERVER = 3 };

/** @fn is called once, on the loop, unless it is cancelled before. */
struct lookup *lookup_start(struct loop *loop, const struct lookup_question *question,
			    lookup_fn *fn, void *ctx);
void lookup_cancel(struct lookup *lookup); /* not after @fn was called. NULL is fine */
