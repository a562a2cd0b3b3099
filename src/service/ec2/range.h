#pragma once
/** Within service/ec2/: the ranges of addresses that VPCs and subnets are made with. */

#include "model/network.h"
#include "service/ec2/request.h"

enum { EC2_RANGE_BITS_MIN = 16, EC2_RANGE_BITS_MAX = 28 };

/** The request's CidrBlock, host bits cleared. @code: of a range that is too small or too large. */
int ec2_range_read(struct ec2_request *request, const char *code, struct cidr *out,
		   struct sp_error *err);
