#pragma once
/** Within service/ec2/: the ranges of addresses that VPCs and subnets are made with. */

#include "model/network.h"
#include "service/ec2/request.h"

enum {
	EC2_RANGE_BITS_MIN = 16,
	EC2_RANGE_BITS_MAX = 28,
	/* Of IPv6: a VPC's, in steps; and a subnet's. */
	EC2_RANGE6_BITS_MIN = 44,
	EC2_RANGE6_BITS_MAX = 60,
	EC2_RANGE6_BITS_STEP = 4,
	EC2_RANGE6_DRAWN_BITS = 56,
	EC2_RANGE6_SUBNET_BITS = 64,
};

/** The request's CidrBlock, host bits cleared. @code: of a range that is too small or too large. */
int ec2_range_read(struct ec2_request *request, const char *code, struct cidr *out,
		   struct sp_error *err);

/** @text, the request's Ipv6CidrBlock: a block of IPv6 in the form that is kept. */
int ec2_range6_read(struct ec2_request *request, const char *text, struct cidr *out,
		    struct sp_error *err);

/** Where one has no addresses of a provider: a /56 of unique local addresses (RFC 4193), at random. */
void ec2_range6_draw(struct cidr *out);
