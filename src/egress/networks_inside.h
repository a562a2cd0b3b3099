#pragma once
/** Within egress/: what the files of the networks share. Everything on the loop's thread unless it says otherwise. */

#include "egress/networks.h"

enum { NETWORKS_ZONES = 3 };

struct networks {
	struct loop *loop;
	struct store *store;
	struct pool *reads;
	enum network_provider default_provider;
	char *why_no_netd;                     /* for sentences */
	const char *zones[NETWORKS_ZONES + 1]; /* ends with NULL; owned, as all below */
	struct networks_request *requests;
};

/** Sockets that somebody waits for. */
struct networks_request {
	struct networks *networks;
	struct networks_request *next, **slot; /* its place in networks->requests */
	struct network_interface interface;
	size_t streams, datagrams;
	struct loop_timer *timer;
	networks_sockets_fn *fn;
	void *ctx;
};
