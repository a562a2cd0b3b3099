#pragma once
/** Within service/ec2/: NAT gateways. */

#include "service/ec2/kinds.h"

/** Inside a write: those whose deletion need not be told of any more go, with their tags. */
int ec2_nat_gateways_forget(struct ec2_request *request, struct db *db, struct sp_error *err);
