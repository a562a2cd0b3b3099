#pragma once
/**
 * Within egress/: the ready VPC "host". It is there from the first start on, and its subnets mirror the IPv4 networks
 * of this machine's interfaces. A subnet keeps its id as long as it is there; one whose network has vanished goes when
 * nothing is in it any more.
 */

#include "db/db.h"
#include "egress/host_addresses.h"

struct host_vpc_options {
	const char *region, *account; /* of the ARNs that its tags hang on */
	const char *const *zones;     /* that its subnets are spread over; ends with NULL */
};

/** In a write. Makes what is missing and takes away what is too much. */
int host_vpc_mirror(struct db *db, const struct host_vpc_options *options,
		    const struct host_address *addresses, size_t count, struct sp_error *err);

/** Whether host_vpc_mirror() would change anything. */
int host_vpc_differs(struct db *db, const struct host_address *addresses, size_t count,
		     bool *out_differs, struct sp_error *err);
