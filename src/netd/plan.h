#pragma once
/**
 * What there shall be, as the daemon has said it since OWNER. Pure: nothing is made. What is noted made sense (judge.h) and
 * is safe to make: ids, names, blocks and addresses have the form that they must have.
 *
 * Each BEGIN opens a round; what was not named in it when END comes is forgotten.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ipc/netd_message.h"
#include "model/network.h"

enum { PLAN_THINGS_MAX = 65536 };

enum thing_kind { THING_VPC, THING_SUBNET, THING_INTERNET, THING_TABLE, THING_INTERFACE };

struct thing {
	enum thing_kind kind;
	char id[NETWORK_ID_SIZE];
	char parent[NETWORK_ID_SIZE];     /* an interface's subnet; the others' VPC */
	struct cidr cidr;                 /* of a VPC, of a subnet */
	struct cidr cidr6;                /* the same of IPv6; maybe none */
	char uplink[INTERFACE_NAME_SIZE]; /* of a subnet, of an internet gateway */
	struct ip_address router;         /* the same */
	struct ip_address router6;        /* of a subnet with cidr6 */
	char table[NETWORK_ID_SIZE];      /* of a subnet */
	struct ip_address address;        /* of an interface; an internet gateway's own */
	struct ip_address address6;       /* of an interface; maybe none */
	uint32_t bits;                    /* of an internet gateway's own address */
	char mac[MAC_TEXT_SIZE];
	struct netd_route
		*routes; /* of a table: what stands on links is set anew when these are. Owned */
	uint32_t route_count;
	uint64_t round; /* in which it was named last */
};

struct plan {
	char owner[NETD_OWNER_SIZE]; /* "": nobody has said OWNER yet */
	struct thing *things;        /* owned */
	size_t count, room;
	uint64_t round;
	bool is_naming; /* between BEGIN and END */
};

void plan_finish(struct plan *plan);

/** Whose things are ours. Forgets what was said before. SP_CONFLICT when it is another owner than before. */
int plan_own(struct plan *plan, const char *owner, struct sp_error *err);
void plan_begin(struct plan *plan);
/** SP_CONFLICT without a BEGIN. */
int plan_end(struct plan *plan, struct sp_error *err);

/**
 * A VPC, SUBNET, INTERNET, TABLE or ENI that makes sense and gets along with the rest is noted.
 * @out  borrowed until the plan changes
 * SP_INVALID: malformed. SP_NOT_FOUND: what it stands on was not named. SP_CONFLICT: another one is in its way.
 */
int plan_put(struct plan *plan, const struct netd_message *message, const struct thing **out,
	     struct sp_error *err);

/** NULL: it was not named, in this round if one is open. */
const struct thing *plan_find(const struct plan *plan, const char *id);

/** The same, also what an open round has not named yet. Borrowed until the plan changes. */
struct thing *plan_find_any(const struct plan *plan, const char *id);

/** What an open round has not named yet may be on its way out: it is in nobody's way and carries nothing. */
bool plan_is_named(const struct plan *plan, const struct thing *thing);

/** The subnet of this VPC with a bridge in which an address is; NULL: none that was named. */
const struct thing *plan_bridge_of(const struct plan *plan, const char *vpc_id,
				   struct ip_address address);
/** The VPC's internet gateway; NULL: none that was named. */
const struct thing *plan_internet_of(const struct plan *plan, const char *vpc_id);

/** Forgets it and what stands on it. */
void plan_drop(struct plan *plan, const char *id);

/** Whether an interface of our own naming stands for something that was named. */
bool plan_has_link(const struct plan *plan, const char *link_name);
/** Whether a bridge of our own naming goes by tables, as its subnet was named. */
bool plan_has_bridge(const struct plan *plan, const char *link_name);
/** Whether the kernel's table of this VPC's router stands for one that was named. */
bool plan_has_table(const struct plan *plan, const char *vpc_id, uint32_t number);

/** The addresses that a bridge has: the first of each block. */
struct ip_address subnet_first_address(const struct thing *subnet);
struct ip_address subnet_first_address6(const struct thing *subnet); /* none without cidr6 */
