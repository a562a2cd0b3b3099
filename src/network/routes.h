#pragma once
/** Which route a packet takes: the longest prefix wins, as in EC2's route tables and in the kernel's. Pure. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/routing.h"

/**
 * The route of @table to @address among @routes (of any tables). NULL: none leads there.
 *
 * @local  the VPC's range of that family, which every table leads to itself; used when it is the longest. NULL: it has none
 * @out_local  set when the answer is that one; then the result is NULL
 */
const struct route *routes_choose(const struct route *routes, size_t count, const char *table_id,
				  const struct cidr *local, struct ip_address address,
				  bool *out_local);
