#pragma once
/** Within egress/: what a gateway's security groups let its network interfaces send. Judged at connecting, and what netd makes the kernel hold. */

#include "db/db.h"
#include "model/network.h"

/**
 * In one snapshot with what the caller reads besides.
 * @out  an array, owned by the caller: the gateway's groups together, groups that rules name as addresses of their members
 * SP_LIMIT past EGRESS_RULES_MAX.
 */
int gateway_rules_read(struct db *db, const struct resource_gateway *gateway,
		       struct egress_rule **out, size_t *out_count, struct sp_error *err);
