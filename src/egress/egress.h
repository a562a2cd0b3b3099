#pragma once
/**
 * The way out: from a target's name to a connected socket, through the door that was chosen or not at all.
 * Everything on the loop's thread; nothing blocks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "egress/flows.h"
#include "egress/networks.h"
#include "egress/trace.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "model/failure.h"
#include "model/network.h"
#include "store/store.h"

struct egress;
struct egress_attempt;

enum { EGRESS_SOURCES_MAX = 16, EGRESS_ADDRESS_TEXT_MAX = 64 };

/** Where to. */
struct egress_target {
	const char *host; /* service-managed: a name or an address */
	const char *
		configuration_arn; /* or VPC_LATTICE: a resource configuration; then host is NULL */
	uint16_t port;
	bool dual_stack; /* service-managed: IPv6 first, then IPv4; else IPv4 alone */
	/* For the flow log; NULL: nothing is said. */
	const char *connector_id;
	const char *transfer_id; /* NULL: a test of the connector */
	const void *holder;      /* whoever has the socket: for egress_flow_end() */
};

struct egress_options {
	/* Service-managed: connections leave from one of these. Borrowed for the call. */
	const char *const *source_addresses;
	size_t source_address_count; /* 0: the kernel chooses */
	bool allow_private_targets; /* else private, loopback, link-local and multicast targets are refused (after resolution) */
	int64_t connect_timeout_ms; /* name resolution and all addresses together */
	struct flow_log *flows;     /* kept; NULL: nothing is recorded */
	/* "192.0.2.1, 192.0.2.2:5353"; NULL: those of this host. Copied. */
	const char *dns_servers;
};

/** @store, @reads and @networks are kept; NULL, all three, where there are no private paths. */
int egress_open(struct loop *loop, struct store *store, struct pool *reads,
		struct networks *networks, const struct egress_options *options,
		struct egress **out, struct sp_error *err);
void egress_close(struct egress *egress); /* cancels what is under way. NULL is fine */

struct egress_result {
	int fd; /* connected, non-blocking, close-on-exec, TCP_NODELAY; taken. -1 on failure */
	char source[EGRESS_ADDRESS_TEXT_MAX]; /* "192.0.2.7:40112", "" on failure */
	char target[EGRESS_ADDRESS_TEXT_MAX];
	/* A private path, also one that failed, as far as it came: */
	char interface_id[NETWORK_ID_SIZE];     /* the network interface it leaves by; "" else */
	char public_address[ADDRESS_TEXT_SIZE]; /* that the routes give it; "" when none */
	char *way; /* in words: "by the route 0.0.0.0/0 of rtb-… …"; NULL when not known. Freed after @fn, which may take it */
	char *between; /* the same: "behind the appliance eni-… (10.0.3.4)"; NULL when nobody is */
	enum failure_step step; /* the step that failed */
	struct sp_error error;  /* code SP_OK on success */
	struct trace
		trace; /* the steps up to the connected socket; finished after @fn, which may move it */
};

typedef void egress_fn(void *ctx, struct egress_result *result);

/**
 * @fn is called once, unless it is cancelled before. All addresses of a name are tried in turn; the error names each
 * address and its reason. A private path is read from the store anew: what was changed holds for this connection.
 */
struct egress_attempt *egress_connect(struct egress *egress, const struct egress_target *target,
				      egress_fn *fn, void *ctx);
void egress_cancel(struct egress_attempt *attempt); /* not after @fn was called. NULL is fine */

/**
 * Whoever had the sockets that were connected for @holder is gone: those that are open are shut down, so that the
 * partners hear of it, and their flows end. Called once for each holder, when nobody can use its sockets any more.
 */
void egress_flow_end(struct egress *egress, const void *holder);

/** The configured source addresses, for DescribeConnector's ServiceManagedEgressIpAddresses. */
size_t egress_source_count(const struct egress *egress);
const char *egress_source_at(const struct egress *egress, size_t index);
