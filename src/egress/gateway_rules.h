#pragma once
/**
 * Within egress/: what security groups let the network interfaces that have them send. Judged at connecting, and what netd
 * makes the kernel hold. In one snapshot with what the caller reads besides.
 */

#include "db/db.h"
#include "model/network.h"

/**
 * @group_ids  of one interface
 * @out        an array, owned by the caller: the groups together, groups that rules name as addresses of their members
 * SP_LIMIT past EGRESS_RULES_MAX.
 */
int group_rules_read(struct db *db, const char (*group_ids)[NETWORK_ID_SIZE], size_t group_count,
		     struct egress_rule **out, size_t *out_count, struct sp_error *err);

/** The same of all network interfaces of a resource gateway. */
int gateway_rules_read(struct db *db, const struct resource_gateway *gateway,
		       struct egress_rule **out, size_t *out_count, struct sp_error *err);
