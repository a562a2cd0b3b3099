#pragma once
/**
 * Within egress/: the difference between what is wanted of sallyport-netd and what it has made. Says what is to be
 * told next; the client (netd_client.h) tells it and brings the answers back. No I/O; one thread.
 *
 *   begin again ──► OWNER ──► BEGIN ──► all that is wanted ──► END ──► what left, what is new, what has changed …
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "egress/netd_wishes.h"

struct things;

struct things *things_create(const char owner[NETD_OWNER_SIZE]);
void things_destroy(struct things *things); /* NULL is fine */

/**
 * From now on it shall be like this.
 * @wishes  taken; what they borrow from must live until the next call, or things_destroy()
 * @round   rising: for things_can_open()
 */
void things_want(struct things *things, struct netd_wishes *wishes, uint64_t round);

/** Another netd: it is told everything, and what was told before is not answered any more. */
void things_begin_again(struct things *things);

/**
 * The next message; nothing is said before it is known what is wanted, because END removes all the rest.
 * @out  without a request number; borrows. The same comes again until things_told()
 * False: nothing, for now.
 */
bool things_next(const struct things *things, struct netd_message *out);

/** What things_next() gave was sent, with its request number. */
void things_told(struct things *things, const struct netd_message *message);

/** To the message that was told with this number. @failure: copied; NULL: it was done. */
void things_answered(struct things *things, enum netd_kind kind, const char *id, uint32_t request,
		     const char *failure);

/** Whether anything failed that things_retry() would tell again. */
bool things_have_failed(const struct things *things);

/** What failed is told once more. Returns whether anything had. */
bool things_retry(struct things *things);

/** Somebody has changed an ENI, or its VPC, by hand: all that its connections need is told once more. */
void things_doubt(struct things *things, const char *eni_id);

enum { THINGS_DOUBT_PAUSE_MS = 10000 /* partners that are away are no news of the ways to them */ };

/**
 * A connection did not come through: all that ways of its VPC lead through is told once more, should somebody have
 * changed it by hand. False: it was, a short while ago, or there is no such VPC.
 */
bool things_doubt_ways(struct things *things, const char *vpc_id, int64_t now_ms);

/**
 * An ENI and what must be good with it. @out_failure: of NETWORK_FAILED, the sentence of what failed first; borrowed
 * until the next call that changes things.
 */
enum network_state things_state_of(const struct things *things, const char *eni_id,
				   const char **out_failure);

/** Why it is not as it is wanted; NULL: it is, or nobody wants it. Borrowed as above. */
const char *things_failure_of(const struct things *things, const char *id);

/**
 * Whether the netd that we speak to has made the ENI as it was wanted in @round, rules and all, and knows all routes, public
 * addresses and hops of its VPC: it can open sockets there, and they go the way that was wished for or none. What came to
 * be wanted later is not waited for, or a VPC that changes all the time would never let anybody out.
 */
bool things_can_open(struct things *things, const char *eni_id, uint64_t round);
