#pragma once
/**
 * Makes real networks be what the store says: VPCs, subnets, network interfaces, their security groups. One thing
 * decides what is wanted (the store), one makes it so (a provider), and this room brings them together by difference:
 * after each change, after a restart of anything, and when netd comes back.
 *
 * Also moves states on: gateways become ACTIVE or FAILED, and VPC_LATTICE connectors that are PENDING become ACTIVE or
 * ERRORED.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "model/network.h"
#include "store/store.h"

struct networks;
struct networks_request;

struct networks_options {
	const char
		*state_directory; /* whose networks are ours: its path is hashed into their names */
	const char *region, *account; /* of zones and of the ARNs that tags hang on */
	const char *netd_socket;      /* netd listens there (systemd's socket); NULL: no */
	int netd_fd; /* or: the other end of the pair that a spawned netd has; -1: none. Taken */
	const char *why_no_netd; /* neither: why, for sentences */
	bool internet; /* network.internet: an internet gateway of a VPC without uplink leads to this host */
	const char
		*default_provider; /* "auto" (netns where netd works, else host), "netns", "host" */
	/** Spawns another netd when the last one is gone. -1 when that cannot be done any more. NULL: never. */
	int (*respawn)(void *ctx, struct sp_error *err);
	void *respawn_ctx;
};

/** Makes the ready VPC in the store when it is not there, and begins. All pointers are kept but the texts, which are copied. */
int networks_open(struct loop *loop, struct store *store, struct pool *reads,
		  const struct networks_options *options, struct networks **out,
		  struct sp_error *err);
/** What was made stays: running connections of workers go on. NULL is fine. */
void networks_close(struct networks *networks);

/** Any thread: something that networks are made of was committed. */
void networks_wake(struct networks *networks);

/**
 * Any thread: whether a VPC of this provider can be made here; the sentence says what stands in the way.
 * @name  "host", "netns"; NULL: the default
 */
int networks_choose_provider(struct networks *networks, const char *name,
			     enum network_provider *out, struct sp_error *err);

/** Any thread. @zone such as "eu-central-1a": a VPC's subnet may be in any of these. Ends with NULL. */
const char *const *networks_zones(const struct networks *networks);

/**
 * On the loop: why a thing that routes lead through ("igw-…", "rtb-…", "eni-…") is not as it shall be. NULL: it is, or
 * nobody wants it. Borrowed until the loop's next turn.
 */
const char *networks_failure_of(struct networks *networks, const char *id);

/** On the loop: whether this machine has the address itself, which is then nobody's Elastic IP. */
bool networks_host_owns(const struct networks *networks, struct ip_address address);

/**
 * On the loop: a connection through the VPC's routes failed. What they lead through is looked at again, now and then, and
 * made anew should it have been taken away by hand.
 */
void networks_doubt(struct networks *networks, const char *vpc_id);

enum { NETWORKS_SOCKETS_MAX = 16 }; /* asked for at once */

/** Sockets that belong to an ENI. */
/** How many sockets of each kind, and of each family: NETWORKS_SOCKETS_MAX together at most. */
struct socket_wish {
	size_t streams, datagrams;   /* of IPv4 */
	size_t streams6, datagrams6; /* of IPv6: the interface must have an address of it */
};

struct networks_sockets {
	int fds[NETWORKS_SOCKETS_MAX]; /* in the order of the wish; bound to the ENI's address (and, with the host provider, interface); non-blocking, close-on-exec; taken */
	size_t count;
	struct sp_error error; /* code SP_OK on success */
};
typedef void networks_sockets_fn(void *ctx, struct networks_sockets *sockets);

/**
 * On the loop. @fn is called once, later, unless it is cancelled before. Waits while the ENI is being made, at most
 * @timeout_ms.
 */
struct networks_request *networks_open_sockets(struct networks *networks,
					       const struct network_interface *interface,
					       const struct socket_wish *wish, int64_t timeout_ms,
					       networks_sockets_fn *fn, void *ctx);
void networks_cancel(struct networks_request *request); /* not after @fn was called. NULL is fine */
