#pragma once
/** Within egress/: what the files of the networks share. Everything on the loop's thread unless it says otherwise. */

#include <pthread.h>
#include <stdatomic.h>

#include "egress/host_addresses.h"
#include "egress/host_watch.h"
#include "egress/netd_client.h"
#include "egress/networks.h"
#include "egress/settle.h"
#include "egress/things.h"
#include "egress/wanted.h"

enum {
	NETWORKS_ZONES = 3,
	NETWORKS_NETD_PATIENCE_MS = 5000, /* netd may be away for so long before anything fails */
};

struct networks {
	struct loop *loop;
	struct store *store;
	struct pool *reads;
	char *region, *account;                /* owned, as all below */
	bool leads_to_host;                    /* network.internet */
	const char *zones[NETWORKS_ZONES + 1]; /* ends with NULL */
	enum network_provider default_provider;
	bool chooses_itself; /* which provider is the default */

	struct wanted *wanted; /* as read last; NULL before the first time */
	struct host_address *addresses;
	size_t address_count;
	struct things *things;
	struct netd_client *client; /* NULL while it is being opened */
	struct host_watch *watch;
	struct networks_request *requests;

	/* Rounds (rounds.c): one at a time. */
	loop_fn *begin_round; /* whoever wakes holds, and a round lets go */
	atomic_bool is_woken; /* any thread: a round is on its way */
	atomic_int holds;     /* any thread: what comes back to us, and networks_close() */
	bool is_closed;
	bool is_round_running, is_another_due;
	uint64_t rounds_begun;
	uint64_t round_taken; /* the last one whose reading is in use */
	struct loop_timer *wake_soon, *serve_soon, *retry, *patience, *forget;
	int64_t netd_gone_ms; /* monotonic: since when; 0: it is not gone */

	/* What other threads ask for. */
	pthread_mutex_t lock;
	pthread_cond_t netd_changed;
	enum netd_condition netd;
	char *why_no_netd; /* NETD_GONE */
};

/* networks_wake.c, also networks_wake() */

/** One thing less that comes back. The last one frees it. */
void networks_let_go(struct networks *networks);
/** A round after a while: many answers come together. */
void networks_wake_soon(struct networks *networks, int64_t delay_ms);

/* rounds.c */

/** @networks: as everybody holds who has woken it. */
void networks_begin_round(void *networks);

/* judge.c */

/** netd was gone for too long for things to wait. @out_why: borrowed until the loop's next turn. */
bool networks_netd_is_lost(const struct networks *networks, const char **out_why);
/**
 * What has become of resource gateways and NAT gateways, as far as it is news.
 * Returns whether any has failed: it is looked at again.
 */
bool networks_judge(const struct networks *networks, struct settled *out);

/* networks_sockets.c */

/** Those that can be answered now are. */
void networks_serve_requests(struct networks *networks);
