#pragma once
/** Within service/ec2/: the private addresses of new network interfaces. */

#include "service/ec2/request.h"

/**
 * Inside a write: the address @asked for, which must be one that the subnet has to give, or with NULL any. @is_v6: of its
 * IPv6 range, which it must have.
 * SP_LIMIT without a code: the subnet has no address left.
 */
int ec2_private_address_choose(struct ec2_request *request, struct db *db,
			       const struct subnet *subnet, bool is_v6, const char *asked,
			       char out[ADDRESS_TEXT_SIZE], struct sp_error *err);
