#include "addresses.h"

#include "network/address_pools.h"
#include "network/cidr.h"

static struct sp_error err;
static struct address_pools pools;

static void assert_refused(const char *text, const char *words)
{
	err = (struct sp_error){ 0 };
	assert_int_equal(-1, address_pools_parse(text, &pools, &err));
	if (strstr(err.message, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.message, words);
}

static void ranges_blocks_and_addresses_are_read(void **state)
{
	(void)state;
	assert_int_equal(0, address_pools_parse(" office = 203.0.113.8/29, 198.51.100.7 ;"
						"lab=192.0.2.1-192.0.2.9;",
						&pools, &err));
	assert_int_equal(2, pools.count);
	assert_string_equal("office", pools.pools[0].name);
	assert_int_equal(9, address_pool_size(&pools.pools[0]));
	assert_int_equal(9, address_pool_size(&pools.pools[1]));
	assert_ptr_equal(&pools.pools[0], address_pools_owner(&pools, address("203.0.113.15")));
	assert_ptr_equal(&pools.pools[0], address_pools_owner(&pools, address("198.51.100.7")));
	assert_ptr_equal(&pools.pools[1], address_pools_owner(&pools, address("192.0.2.1")));
	assert_null(address_pools_owner(&pools, address("203.0.113.16")));
	assert_int_equal(0, address_pools_parse(NULL, &pools, &err));
	assert_int_equal(0, pools.count);
}

static void an_id_follows_from_the_name(void **state)
{
	(void)state;
	char id[ADDRESS_POOL_ID_SIZE];
	assert_int_equal(0, address_pools_parse("a=192.0.2.1;b=192.0.2.2", &pools, &err));
	strcpy(id, pools.pools[1].id);
	assert_int_equal(strlen("ipv4pool-ec2-") + 17, strlen(id));
	assert_string_not_equal(pools.pools[0].id, id);
	assert_int_equal(0, address_pools_parse("b=198.51.100.1", &pools, &err));
	assert_ptr_equal(&pools.pools[0], address_pools_find(&pools, id));
	assert_null(address_pools_find(&pools, "ipv4pool-ec2-00000000000000000"));
}

static void the_lowest_free_address_is_drawn(void **state)
{
	(void)state;
	const struct ip_address taken[] = { address("192.0.2.8"), address("192.0.2.9"),
					    address("192.0.2.1") };
	struct ip_address drawn;
	assert_int_equal(0,
			 address_pools_parse("a=192.0.2.8/31,192.0.2.1-192.0.2.2", &pools, &err));
	assert_true(address_pool_draw(&pools.pools[0], taken, 1, &drawn));
	assert_address(drawn, address("192.0.2.9"));
	assert_true(address_pool_draw(&pools.pools[0], taken, 3, &drawn));
	assert_address(drawn, address("192.0.2.2"));
	assert_int_equal(0, address_pools_parse("a=192.0.2.1", &pools, &err));
	assert_false(address_pool_draw(&pools.pools[0], taken, 3, &drawn));
}

static void what_cannot_be_read_is_quoted(void **state)
{
	(void)state;
	assert_refused("203.0.113.7", "\"203.0.113.7\"");
	assert_refused("a=203.0.113.300", "\"203.0.113.300\"");
	assert_refused("a=192.0.2.9-192.0.2.1", "\"192.0.2.9-192.0.2.1\"");
	assert_refused("a=", "\"a\"");
	assert_refused("=192.0.2.1", "\"\"");
	assert_refused("a=192.0.2.1;a=192.0.2.2", "there twice");
	assert_refused("a=192.0.2.0/24;b=192.0.2.7", "192.0.2.7 is in two places");
	assert_refused("a=192.0.2.7,192.0.2.7", "192.0.2.7 is in two places");
	assert_refused("a=10.0.0.0/8", "more than 4096 addresses");
	assert_refused("a=0.0.0.0/0", "more than 4096 addresses");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_blocks_and_addresses_are_read),
		cmocka_unit_test(an_id_follows_from_the_name),
		cmocka_unit_test(the_lowest_free_address_is_drawn),
		cmocka_unit_test(what_cannot_be_read_is_quoted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
