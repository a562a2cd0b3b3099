#include "test.h"

#include "network/cidr.h"
#include "network/routes.h"

#define TABLE "rtb-00000000000000001"
#define OTHER "rtb-00000000000000002"

static const struct route routes[] = {
	{ TABLE, "0.0.0.0/0", ROUTE_NAT_GATEWAY, "nat-1" },
	{ TABLE, "192.0.2.0/24", ROUTE_INTERFACE, "eni-1" },
	{ TABLE, "192.0.2.128/25", ROUTE_INTERFACE, "eni-2" },
	{ TABLE, "192.0.2.7/32", ROUTE_INTERNET_GATEWAY, "igw-1" },
	{ OTHER, "198.51.100.0/24", ROUTE_INTERFACE, "eni-3" },
};

/** The target to @address, "local", or "none". */
static const char *way(const char *table, const char *address)
{
	struct cidr local;
	struct ip_address number;
	bool is_local;
	assert_true(cidr_parse("10.0.0.0/16", &local, NULL));
	assert_true(ip_parse_v4(address, &number));
	const struct route *route = routes_choose(routes, sizeof(routes) / sizeof(routes[0]), table,
						  &local, number, &is_local);
	if (is_local) {
		assert_null(route);
		return "local";
	}
	return route != NULL ? route->target_id : "none";
}

static void the_longest_prefix_wins(void **state)
{
	(void)state;
	assert_string_equal("nat-1", way(TABLE, "203.0.113.9"));
	assert_string_equal("eni-1", way(TABLE, "192.0.2.8"));
	assert_string_equal("eni-2", way(TABLE, "192.0.2.200"));
	assert_string_equal("igw-1", way(TABLE, "192.0.2.7"));
}

static void the_range_of_the_vpc_is_in_every_table(void **state)
{
	(void)state;
	assert_string_equal("local", way(TABLE, "10.0.255.255"));
	assert_string_equal("local", way(OTHER, "10.0.0.0"));
	assert_string_equal("local", way("rtb-of-nobody", "10.0.3.1"));
	assert_string_equal("nat-1", way(TABLE, "10.1.0.0"));
}

static void routes_of_other_tables_lead_nowhere(void **state)
{
	(void)state;
	assert_string_equal("none", way(OTHER, "192.0.2.8"));
	assert_string_equal("none", way("rtb-of-nobody", "192.0.2.8"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_wins),
		cmocka_unit_test(the_range_of_the_vpc_is_in_every_table),
		cmocka_unit_test(routes_of_other_tables_lead_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
