#include "network/address_pools.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/scope.h"
#include "network/cidr.h"

#define ID_PREFIX "ipv4pool-ec2-"

enum { ID_DIGITS = 17 };

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int fail_form(const char *text, struct sp_error *err)
{
	return sp_fail(err, SP_INVALID,
		       "cannot read the address pool \"%.200s\": NAME=ADDRESSES is expected, with "
		       "addresses such as 203.0.113.7, 203.0.113.8/29 or 203.0.113.1-203.0.113.9, "
		       "and a semicolon between pools",
		       text);
}

/* "192.0.2.1-192.0.2.9", "192.0.2.0/28", "192.0.2.7" */
static bool read_range(const char *text, struct ip_address *out_first, struct ip_address *out_last)
{
	struct cidr cidr;
	if (cidr_parse(text, &cidr, NULL) && !cidr_is_v6(&cidr)) {
		*out_first = cidr.address;
		*out_last = cidr_last(&cidr);
		return true;
	}
	const char *dash = strchr(text, '-');
	if (dash == NULL)
		return ip_parse_v4(text, out_first) && ip_parse_v4(text, out_last);
	char first[ADDRESS_TEXT_SIZE];
	if (dash - text >= ADDRESS_TEXT_SIZE)
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	return ip_parse_v4(first, out_first) && ip_parse_v4(dash + 1, out_last) &&
	       ip_compare(*out_first, *out_last) <= 0;
}

static void set_id(struct address_pool *pool)
{
	char digest[SP_SHA256_HEX_SIZE];
	sp_sha256_hex(pool->name, strlen(pool->name), digest);
	snprintf(pool->id, sizeof(pool->id), ID_PREFIX "%.*s", ID_DIGITS, digest);
}

static int add_range(struct address_pools *pools, struct address_pool *pool, const char *text,
		     struct sp_error *err)
{
	struct ip_address first, last;
	if (!read_range(text, &first, &last))
		return fail_form(text, err);
	if (pool->range_count == ADDRESS_POOL_RANGES_MAX)
		return sp_fail(err, SP_LIMIT,
			       "cannot use the address pool \"%s\": it has more than %d ranges",
			       pool->name, ADDRESS_POOL_RANGES_MAX);
	if (address_pool_size(pool) + (size_t)(last.number - first.number) + 1 >
	    ADDRESS_POOL_ADDRESSES_MAX)
		return sp_fail(err, SP_LIMIT,
			       "cannot use the address pool \"%s\": it has more than %d addresses",
			       pool->name, ADDRESS_POOL_ADDRESSES_MAX);
	for (struct ip_address at = first; ip_compare(at, last) <= 0; at = ip_after(at, 1)) {
		if (address_pools_owner(pools, at) == NULL)
			continue;
		char name[ADDRESS_TEXT_SIZE];
		ip_text(at, name);
		return sp_fail(err, SP_INVALID,
			       "cannot use the address pools: the address %s is in two places",
			       name);
	}
	pool->ranges[pool->range_count].first = first;
	pool->ranges[pool->range_count++].last = last;
	return 0;
}

/* "NAME=RANGE,RANGE"; @text is cut up. */
static int read_pool(struct address_pools *pools, char *text, struct sp_error *err)
{
	char *addresses = strchr(text, '=');
	if (addresses == NULL)
		return fail_form(text, err);
	*addresses++ = '\0';
	size_t length = strcspn(text, " \t");
	text[length] = '\0';
	if (length == 0 || length >= POOL_NAME_SIZE)
		return sp_fail(err, SP_INVALID,
			       "cannot use an address pool of the name \"%.80s\": 1 to %d "
			       "characters are expected",
			       text, POOL_NAME_SIZE - 1);
	for (size_t i = 0; i < pools->count; i++)
		if (strcmp(pools->pools[i].name, text) == 0)
			return sp_fail(err, SP_INVALID, "the address pool \"%s\" is there twice",
				       text);
	if (pools->count == ADDRESS_POOLS_MAX)
		return sp_fail(err, SP_LIMIT, "there cannot be more than %d address pools",
			       ADDRESS_POOLS_MAX);

	struct address_pool *pool = &pools->pools[pools->count++];
	*pool = (struct address_pool){ 0 };
	snprintf(pool->name, sizeof(pool->name), "%s", text);
	set_id(pool);
	char *range;
	while ((range = strsep(&addresses, ", \t")) != NULL)
		if (*range != '\0' && add_range(pools, pool, range, err) != 0)
			return -1;
	return pool->range_count > 0 ? 0 : fail_form(text, err);
}

int address_pools_parse(const char *text, struct address_pools *out, struct sp_error *err)
{
	SP_AUTO_FREE char *copy = sp_strdup(text);
	char *rest = copy, *pool;
	*out = (struct address_pools){ 0 };
	while ((pool = strsep(&rest, ";")) != NULL) {
		pool += strspn(pool, " \t");
		if (*pool != '\0' && read_pool(out, pool, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

const struct address_pool *address_pools_find(const struct address_pools *pools, const char *id)
{
	for (size_t i = 0; i < pools->count; i++)
		if (strcmp(pools->pools[i].id, id) == 0)
			return &pools->pools[i];
	return NULL;
}

static bool has(const struct address_pool *pool, struct ip_address address)
{
	for (size_t i = 0; i < pool->range_count; i++)
		if (ip_compare(address, pool->ranges[i].first) >= 0 &&
		    ip_compare(address, pool->ranges[i].last) <= 0)
			return true;
	return false;
}

const struct address_pool *address_pools_owner(const struct address_pools *pools,
					       struct ip_address address)
{
	for (size_t i = 0; i < pools->count; i++)
		if (has(&pools->pools[i], address))
			return &pools->pools[i];
	return NULL;
}

size_t address_pool_size(const struct address_pool *pool)
{
	size_t size = 0;
	for (size_t i = 0; i < pool->range_count; i++)
		size += (size_t)(pool->ranges[i].last.number - pool->ranges[i].first.number) + 1;
	return size;
}

static bool is_taken(const struct ip_address *taken, size_t count, struct ip_address address)
{
	for (size_t i = 0; i < count; i++)
		if (ip_equal(taken[i], address))
			return true;
	return false;
}

bool address_pool_draw(const struct address_pool *pool, const struct ip_address *taken,
		       size_t taken_count, struct ip_address *out)
{
	for (size_t i = 0; i < pool->range_count; i++) {
		const struct ip_address last = pool->ranges[i].last;
		for (struct ip_address at = pool->ranges[i].first; ip_compare(at, last) <= 0;
		     at = ip_after(at, 1)) {
			if (is_taken(taken, taken_count, at))
				continue;
			*out = at;
			return true;
		}
	}
	return false;
}
