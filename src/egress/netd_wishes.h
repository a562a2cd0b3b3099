#pragma once
/** Within egress/: what is wanted, as messages for sallyport-netd. Pure; any thread. */

#include "base/digest.h"
#include "egress/wanted.h"
#include "ipc/netd_message.h"

/** In the order in which they are told: what stands on others comes after them. */
enum netd_layer {
	LAYER_VPC,
	LAYER_SUBNET,
	LAYER_INTERNET,
	LAYER_TABLE,
	LAYER_ENI,
	NETD_LAYERS,
};

extern const enum netd_kind netd_layer_kinds[NETD_LAYERS];

enum { NETD_SUPPORTS_MAX = 2 };

/**
 * What a thing needs.
 *
 *   VPC ◄── SUBNET ◄── ENI ◄─ ─ its subnet's TABLE      ◄── made of it: made again when that is another one
 *    ▲◄─── INTERNET ◄── TABLE that leads there             ◄─ ─ works with it: is as good as that is
 *    ▲◄─── TABLE
 */
struct netd_support {
	enum netd_layer layer;
	const char *id;    /* borrowed */
	bool is_ground;    /* it is made of that */
	bool must_be_good; /* it works with that */
};

struct netd_wish {
	char id[NETWORK_ID_SIZE];    /* first: lists are searched by it */
	struct netd_message message; /* without a request number; borrows from what is wanted */
	const char *vpc_id;          /* borrowed */
	struct netd_support supports[NETD_SUPPORTS_MAX];
	size_t support_count;
	unsigned char digest[SP_SHA256_SIZE]; /* of the message and of what it is made of */
	/* The same without what can change while things stand on it: a subnet's table, public addresses, routes. */
	unsigned char shape[SP_SHA256_SIZE];
	const char *refusal; /* it is not to be told; borrowed. NULL: none */
	const char *flaw;    /* it is told, and is not all that was wished; borrowed. NULL: none */
};

struct netd_wishes {
	struct netd_wish *at[NETD_LAYERS]; /* ascending ids */
	size_t count[NETD_LAYERS];
};

/** Borrows from @wanted as long as it is used. */
void netd_wishes_make(const struct wanted *wanted, struct netd_wishes *out);
void netd_wishes_finish(struct netd_wishes *wishes);
