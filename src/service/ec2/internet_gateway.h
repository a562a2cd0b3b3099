#pragma once
/** Within service/ec2/: internet gateways for other resources. */

#include "service/ec2/request.h"

/** Whether the VPC has one. */
int ec2_internet_is_attached(struct db *db, const char *vpc_id, bool *out, struct sp_error *err);
