#pragma once
/**
 * Makes what the plan names, and takes away what it does not. Each step looks first and changes only what differs, so
 * that it can be done again at any time: over what is whole, what a crash left half made, and what somebody broke.
 *
 *   sp-<owner>-vpc-…   the router: forwards between its bridges
 *      sn-…            a bridge per subnet without uplink, with the subnet's first address
 *      ni-…            its port to an ENI
 *   sp-<owner>-eni-…   an ENI: rules first, then
 *      eth0            the other end of the port, or a macvlan on the uplink
 */

#include <stddef.h>

#include "base/error.h"
#include "ipc/netd_message.h"
#include "netd/namespaces.h"
#include "netd/owner_lock.h"
#include "netd/plan.h"

struct maker {
	struct namespaces namespaces;
	struct plan plan;
	struct owner_lock lock;
	const char *why_no_uplinks; /* NULL: real interfaces can be used. Borrowed */
};

/** Where this process belongs is home. */
int maker_open(struct maker *out, const char *why_no_uplinks, struct sp_error *err);
/** Forgets the plan: another daemon may come. What was made stays. */
void maker_reset(struct maker *maker);
void maker_close(struct maker *maker); /* also a half-open one */

int make_vpc(struct maker *maker, const struct thing *vpc, struct sp_error *err);
int make_subnet(struct maker *maker, const struct thing *subnet, struct sp_error *err);
/** @message  the ENI's, for its rules and name servers */
int make_interface(struct maker *maker, const struct thing *interface,
		   const struct netd_message *message, struct sp_error *err);

/** Of whatever kind the id is, and what stands on it. Not being there is fine. */
int make_gone(struct maker *maker, const char *id, struct sp_error *err);

/** Takes away all of the owner's that the plan does not name. */
int make_tidy(struct maker *maker, struct sp_error *err);
