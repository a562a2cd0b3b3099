#pragma once
/**
 * Public addresses that the owner of this installation brings (EC2's public IPv4 pools, BYOIP), as the setting
 * egress.address_pools has them: "NAME=203.0.113.8/29,198.51.100.7; NAME2=192.0.2.1-192.0.2.9". Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/routing.h"

enum {
	ADDRESS_POOLS_MAX = 16,
	ADDRESS_POOL_RANGES_MAX = 16,
	ADDRESS_POOL_ADDRESSES_MAX = 4096, /* of one pool */
	ADDRESS_POOL_ID_SIZE = 40,         /* "ipv4pool-ec2-" and 17 hex digits */
};

struct address_pool {
	char name[POOL_NAME_SIZE];
	char id[ADDRESS_POOL_ID_SIZE]; /* follows from the name: the same after every start */
	struct {
		struct ip_address first, last;
	} ranges[ADDRESS_POOL_RANGES_MAX];
	size_t range_count;
};

struct address_pools {
	struct address_pool pools[ADDRESS_POOLS_MAX];
	size_t count;
};

/** @text NULL: no pools. SP_INVALID quotes what cannot be read; no address may be in two places. */
int address_pools_parse(const char *text, struct address_pools *out, struct sp_error *err);

/** By id; NULL when there is none. */
const struct address_pool *address_pools_find(const struct address_pools *pools, const char *id);
/** The pool that has the address; NULL: none. */
const struct address_pool *address_pools_owner(const struct address_pools *pools,
					       struct ip_address address);
size_t address_pool_size(const struct address_pool *pool);
/** The lowest address that is not among @taken; false when all are. */
bool address_pool_draw(const struct address_pool *pool, const struct ip_address *taken,
		       size_t taken_count, struct ip_address *out);
