#pragma once
/** Within egress/: what is wanted, as messages for sallyport-netd. Pure; any thread. */

#include "base/digest.h"
#include "egress/wanted.h"
#include "ipc/netd_message.h"

enum { NETD_LAYERS = 3 }; /* VPCs, subnets, ENIs: each stands on the one before */

extern const enum netd_kind netd_layer_kinds[NETD_LAYERS];

struct netd_wish {
	char id[NETWORK_ID_SIZE];    /* first: lists are searched by it */
	struct netd_message message; /* without a request number; borrows from what is wanted */
	unsigned char digest[SP_SHA256_SIZE]; /* of the message and of what it stands on */
	const char *refusal;                  /* it is not to be told; borrowed. NULL: none */
};

struct netd_wishes {
	struct netd_wish *at[NETD_LAYERS]; /* ascending ids */
	size_t count[NETD_LAYERS];
};

/** Borrows from @wanted as long as it is used. */
void netd_wishes_make(const struct wanted *wanted, struct netd_wishes *out);
void netd_wishes_finish(struct netd_wishes *wishes);
