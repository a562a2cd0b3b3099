#pragma once
/** Within service/ec2/: NAT gateways. */

#include "service/ec2/kinds.h"

/**
 * Inside a write: those whose deletion need not be told of any more go, with their tags. A round of egress/forget_nats.c does
 * the same in time, so that they go when nobody asks; here it is done so that the answer to a request does not depend on
 * whether that round has been.
 */
int ec2_nat_gateways_forget(struct ec2_request *request, struct db *db, struct sp_error *err);
