#pragma once
/**
 * Within egress/: NAT gateways that were deleted are shown for a while, as EC2 does, and then forgotten with their tags,
 * also when nobody asks. Requests that cannot wait for the round do it themselves (service/ec2/nat_gateway.h).
 */

#include "db/db.h"
#include "egress/wanted.h"

/** Wall clock: when the next one is to be forgotten. 0: there is none. */
int64_t forget_due_ms(const struct wanted *wanted);

/** In a write. @region, @account: of the ARNs that tags hang on */
int forget_nats(struct db *db, const char *region, const char *account, int64_t now_ms,
		struct sp_error *err);
