/** The pools of public addresses that the configuration names: EC2's public IPv4 pools. */

#include "base/scope.h"
#include "network/address_pools.h"
#include "network/cidr.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"

struct allocated {
	struct ip_address *addresses;
	size_t count;
};

static size_t count_between(const struct allocated *allocated, struct ip_address first,
			    struct ip_address last)
{
	size_t count = 0;
	for (size_t i = 0; i < allocated->count; i++)
		if (ip_compare(allocated->addresses[i], first) >= 0 &&
		    ip_compare(allocated->addresses[i], last) <= 0)
			count++;
	return count;
}

static json_t *show(const struct service_context *context, const struct address_pool *pool,
		    const struct allocated *allocated)
{
	json_t *ranges = json_array();
	size_t total = 0, available = 0;
	for (size_t i = 0; i < pool->range_count; i++) {
		struct ip_address first = pool->ranges[i].first, last = pool->ranges[i].last;
		char first_text[ADDRESS_TEXT_SIZE], last_text[ADDRESS_TEXT_SIZE];
		size_t size = (size_t)(last.number - first.number) + 1;
		size_t free_here = size - count_between(allocated, first, last);
		ip_text(first, first_text);
		ip_text(last, last_text);
		json_array_append_new(ranges,
				      json_pack("{s:s, s:s, s:I, s:I}", "firstAddress", first_text,
						"lastAddress", last_text, "addressCount",
						(json_int_t)size, "availableAddressCount",
						(json_int_t)free_here));
		total += size;
		available += free_here;
	}
	return json_pack("{s:s, s:s, s:o, s:I, s:I, s:s}", "poolId", pool->id, "description",
			 pool->name, "poolAddressRangeSet", ranges, "totalAddressCount",
			 (json_int_t)total, "totalAvailableAddressCount", (json_int_t)available,
			 "networkBorderGroup", context->region);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	const struct service_context *context = view->request->context;
	SP_AUTO_FREE struct ip_address *addresses = NULL;
	struct allocated allocated;
	if (ec2_addresses_taken(db, &addresses, &allocated.count, err) != 0)
		return -1;
	allocated.addresses = addresses;
	for (size_t i = 0; i < context->pools->count; i++)
		if (ec2_view_add(view, db, context->pools->pools[i].id,
				 show(context, &context->pools->pools[i], &allocated), err) != 0)
			return -1;
	return 0;
}

static const struct ec2_filter filters[] = {
	EC2_TAG_FILTERS,
	{ 0 },
};

const struct ec2_kind ec2_address_pool = {
	.type = "ipv4pool-ec2",
	.id_prefix = "ipv4pool-ec2-",
	.malformed = "InvalidPublicIpv4PoolID.Malformed",
	.selectors = { { "PoolId", "poolId", "InvalidPublicIpv4PoolID.NotFound",
			 "public IPv4 pool" } },
	.set = "publicIpv4PoolSet",
	.page_min = 1,
	.page_max = 10,
	.filters = filters,
	.list = list,
};

void ec2_describe_public_ipv4_pools(struct api_call *call)
{
	ec2_describe(call, &ec2_address_pool);
}
