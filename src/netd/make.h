#pragma once
/**
 * Makes what the plan names, and takes away what it does not. Each step looks first and changes only what differs, so
 * that it can be done again at any time: over what is whole, what a crash left half made, and what somebody broke.
 *
 *   sp-<owner>-vpc-…   the router: forwards between its bridges
 *      sn-…            a bridge per subnet without uplink, with the subnet's first address
 *      ni-…            its port to an ENI
 *      ig-…            the cable to its internet gateway
 *      rule            "iif sn-… lookup T", per bridge: T is the subnet's route table
 *      table T         per route table: its routes, behind each one "unreachable", and "throw <the VPC's block>": to the
 *                      bridges. What none of them matches goes by the table main, which is the administrator's
 *   sp-<owner>-eni-…   an ENI: rules first, then
 *      eth0            the other end of the port, or a macvlan on the uplink
 *   sp-<owner>-igw-…   an internet gateway: translates public addresses, one to one. What it knows of connections must
 *                      not be the router's, which sees those through an appliance twice
 *      vpc             the other end of ig-…
 *      internet        a macvlan on the uplink, or the other end of sh-…; it has the public addresses
 *   this host
 *      sh-…            of an internet gateway without uplink, with a route to each of its public addresses
 */

#include <stdbool.h>
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
	bool leads_to_host;         /* internet gateways without uplink may */
};

/** Where this process belongs is home. */
int maker_open(struct maker *out, const char *why_no_uplinks, bool leads_to_host,
	       struct sp_error *err);
/** Forgets the plan: another daemon may come. What was made stays. */
void maker_reset(struct maker *maker);
void maker_close(struct maker *maker); /* also a half-open one */

/** Brings the kernel to @thing, which is in the plan as @message has it. */
typedef int make_fn(struct maker *maker, const struct thing *thing,
		    const struct netd_message *message, struct sp_error *err);

make_fn make_vpc;
make_fn make_subnet;
/** With the message's mappings. What cannot be made is left out; the first of it is told. */
make_fn make_internet;
/** A route that cannot be made leads nowhere, and is told; the others are made. */
make_fn make_table;
/** With the message's role, rules and name servers. */
make_fn make_interface;

/** Of whatever kind the id is, and what stands on it. Not being there is fine. */
int make_gone(struct maker *maker, const char *id, struct sp_error *err);

/** Takes away all of the owner's that the plan does not name. */
int make_tidy(struct maker *maker, struct sp_error *err);
