#include "test.h"

#include "base/text.h"
#include "netd/names.h"

#define OWNER     "0123abcd"
#define VPC       "vpc-0123456789abcdef0"
#define SUBNET    "subnet-0123456789abcdef0"
#define INTERFACE "eni-fedcba98765432100"
#define INTERNET  "igw-0123456789abcdef0"
#define TABLE     "rtb-0123456789abcdef0"

static void ids_have_one_form(void **state)
{
	(void)state;
	static const char *const good[] = { VPC, "vpc-00000000000000000" };
	static const char *const bad[] = {
		"",
		"vpc-",
		"vpc-0123456789abcdef",
		"vpc-0123456789abcdef01",
		"vpc-0123456789ABCDEF0",
		"vpc-0123456789abcde/0",
		"vpc-../../../../etc/p",
		" " VPC,
		VPC " ",
		SUBNET,
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++)
		assert_true(id_is(good[i], VPC_PREFIX));
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(id_is(bad[i], VPC_PREFIX));
}

static void owners_are_eight_hex_digits(void **state)
{
	(void)state;
	assert_true(owner_is_good(OWNER));
	assert_false(owner_is_good("0123abc"));
	assert_false(owner_is_good("0123abcde"));
	assert_false(owner_is_good("0123abcG"));
	assert_false(owner_is_good("../../ab"));
}

static void names_of_interfaces_are_those_that_the_kernel_takes(void **state)
{
	(void)state;
	static const char *const good[] = { "eth0", "eth1.120", "a", "fifteen-letters" };
	static const char *const bad[] = {
		"",     ".",      "..",       "a/b",  "a b",
		"a\nb", "eth0:1", "\xc3\xa4", "\x7f", "sixteen-letters0"
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++)
		assert_true(interface_name_is_good(good[i]));
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(interface_name_is_good(bad[i]));
}

static void a_namespace_is_known_by_its_owner_and_id(void **state)
{
	(void)state;
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(OWNER, VPC, name);
	assert_string_equal(name, "sp-" OWNER "-" VPC);
	assert_string_equal(namespace_name_id(name, OWNER), VPC);
	namespace_name(OWNER, INTERNET, name);
	assert_string_equal(namespace_name_id(name, OWNER), INTERNET);
	assert_null(namespace_name_id(name, "0123abce"));
	assert_null(namespace_name_id("sp-" OWNER "-" SUBNET, OWNER)); /* has none of its own */
	assert_null(namespace_name_id("sp-" OWNER "-" VPC "x", OWNER));
	assert_null(namespace_name_id("sp-" OWNER "-", OWNER));
	assert_null(namespace_name_id("by-hand", OWNER));
}

static void links_are_known_by_the_first_digits_of_their_ids(void **state)
{
	(void)state;
	char bridge[INTERFACE_NAME_SIZE], port[INTERFACE_NAME_SIZE];
	bridge_name(SUBNET, bridge);
	port_name(INTERFACE, port);
	assert_string_equal(bridge, "sn-0123456789ab");
	assert_string_equal(port, "ni-fedcba987654");
	assert_true(link_is_ours(bridge));
	assert_true(link_is_ours(port));
	assert_true(link_is_of(bridge, SUBNET));
	assert_true(link_is_of(port, INTERFACE));
	assert_false(link_is_of(bridge, INTERFACE));
	assert_false(link_is_of(port, "eni-0123456789abcdef0"));
	assert_false(link_is_of("sn-fedcba987654", INTERFACE)); /* a bridge is no port */

	char way[INTERFACE_NAME_SIZE], host_end[INTERFACE_NAME_SIZE];
	way_name(INTERNET, way);
	host_end_name(INTERNET, host_end);
	assert_string_equal(way, "ig-0123456789ab");
	assert_string_equal(host_end, "sh-0123456789ab");
	assert_true(link_is_ours(way));
	assert_true(link_is_of(way, INTERNET));
	assert_false(link_is_of(way, SUBNET));
	assert_false(link_is_ours(host_end)); /* it is on the host, not in a router */
	assert_true(is_host_end(host_end));
	assert_false(is_host_end("sh-eth0"));
}

static void a_route_table_has_a_number_that_nobody_else_gives(void **state)
{
	(void)state;
	assert_int_equal(table_number(TABLE), 0x10123456);
	assert_int_equal(table_number("rtb-fffffff0000000000"), 0x1fffffff);
	assert_true(table_number_is_ours(table_number(TABLE)));
	static const uint32_t others[] = { 0,    252,   253,        254,        255,
					   1000, 51820, 0x0fffffff, 0x20000000, UINT32_MAX };
	for (size_t i = 0; i < SP_COUNT_OF(others); i++)
		assert_false(table_number_is_ours(others[i]));
}

static void what_an_administrator_hung_there_is_not_ours(void **state)
{
	(void)state;
	static const char *const others[] = { "lo",  "eth0",           "wg0",
					      "sn-", "sn-0123456789a", "sn-0123456789aG",
					      "ni-", "ni-to-the-wall", "br-0123456789ab" };
	for (size_t i = 0; i < SP_COUNT_OF(others); i++)
		assert_false(link_is_ours(others[i]));
}

static void a_bridge_has_a_local_address_that_comes_from_its_subnet(void **state)
{
	(void)state;
	char mac[MAC_TEXT_SIZE];
	own_mac(SUBNET, mac);
	assert_string_equal(mac, "02:01:23:45:67:89");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_have_one_form),
		cmocka_unit_test(owners_are_eight_hex_digits),
		cmocka_unit_test(names_of_interfaces_are_those_that_the_kernel_takes),
		cmocka_unit_test(a_namespace_is_known_by_its_owner_and_id),
		cmocka_unit_test(links_are_known_by_the_first_digits_of_their_ids),
		cmocka_unit_test(a_route_table_has_a_number_that_nobody_else_gives),
		cmocka_unit_test(what_an_administrator_hung_there_is_not_ours),
		cmocka_unit_test(a_bridge_has_a_local_address_that_comes_from_its_subnet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
