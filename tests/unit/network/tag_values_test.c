#include "addresses.h"

#include "base/text.h"
#include "network/cidr.h"
#include "network/tag_values.h"

static void name_servers_are_addresses_with_or_without_a_port(void **state)
{
	(void)state;
	struct name_server servers[TAG_SERVERS_MAX];
	size_t count;
	assert_true(tag_value_servers("10.0.0.2:5353, 10.0.0.3", servers, &count));
	assert_int_equal(count, 2);
	assert_address(servers[0].address, address("10.0.0.2"));
	assert_int_equal(servers[0].port, 5353);
	assert_address(servers[1].address, address("10.0.0.3"));
	assert_int_equal(servers[1].port, TAG_SERVER_PORT);
	assert_true(tag_value_servers("10.0.0.1 10.0.0.2,10.0.0.3,, 10.0.0.4", servers, &count));
	assert_int_equal(count, TAG_SERVERS_MAX);

	assert_true(tag_value_servers("fd00::2, [fd00::3]:5353", servers, &count));
	assert_int_equal(count, 2);
	assert_address(servers[0].address, address("fd00::2"));
	assert_int_equal(servers[0].port, TAG_SERVER_PORT);
	assert_address(servers[1].address, address("fd00::3"));
	assert_int_equal(servers[1].port, 5353);

	static const char *const bad[] = {
		"",
		",",
		"dns.example",
		"10.0.0.300",
		"10.0.0.2:0",
		"10.0.0.2:65536",
		"10.0.0.2:",
		"10.0.0.2;10.0.0.3",
		"[fd00::2]",
		"[fd00::2]:0",
		"[10.0.0.2]:53",
		"fd00::2/64",
		"::",
		"10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5",
		"10.0.0.2 10.0.0.2.10.0.0.2.10.0.0.2.10.0.0.2.10.0.0.2",
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(tag_value_servers(bad[i], servers, &count));
}

static void routers_of_a_subnet_are_one_of_each_family(void **state)
{
	(void)state;
	struct cidr cidr, cidr6, none = { 0 };
	struct tag_routers routers;
	assert_true(cidr_parse("10.0.0.0/24", &cidr, NULL) &&
		    cidr_parse("fd00::/64", &cidr6, NULL));
	assert_true(tag_value_routers("10.0.0.9", &cidr, &cidr6, &routers));
	assert_true(ip_equal(routers.v4, address("10.0.0.9")) && ip_is_none(routers.v6));
	assert_true(tag_value_routers("fd00::9, 10.0.0.9", &cidr, &cidr6, &routers));
	assert_true(ip_equal(routers.v4, address("10.0.0.9")));
	assert_true(ip_equal(routers.v6, address("fd00::9")));
	static const char *const bad[] = {
		"", "router", "10.0.1.9", "fd00:0:0:1::9", "10.0.0.9 10.0.0.8", "10.0.0.9, fd01::1"
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(tag_value_routers(bad[i], &cidr, &cidr6, &routers));
	assert_false(tag_value_routers("fd00::9", &cidr, &none, &routers));
}

static void interfaces_have_names_that_the_kernel_takes(void **state)
{
	(void)state;
	static const char *const good[] = { "eth0", "eth1.120", "enp0s31f6", "a",
					    "fifteen-letters" };
	static const char *const bad[] = { "",      ".",      "..",     "a/b",
					   "eth 0", "eth0:1", "eth0\n", "sixteen--letters" };
	for (size_t i = 0; i < SP_COUNT_OF(good); i++)
		assert_true(tag_value_interface(good[i]));
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(tag_value_interface(bad[i]));
}

static void a_host_has_an_address_that_machines_answer_to(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",          "router",          "0.0.0.0",      "0.1.2.3",    "127.0.0.1",
		"224.0.0.5", "255.255.255.255", "192.0.2.1/24", " 192.0.2.1", "fe80::1"
	};
	struct ip_address host = { 0 };
	assert_true(tag_value_host("192.0.2.1", &host));
	assert_address(host, address("192.0.2.1"));
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(tag_value_host(bad[i], &host));
	assert_address(host, address("192.0.2.1"));
}

static void a_host_in_a_network_is_neither_its_first_nor_its_last(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		struct ip_address address;
		int bits;
	} good[] = {
		{ "192.0.2.2/30", IPV4(0xc0000202), 30 },
		{ "192.0.2.2/31", IPV4(0xc0000202), 31 },
		{ "192.0.2.0/31", IPV4(0xc0000200), 31 },
		{ "192.0.2.255/32", IPV4(0xc00002ff), 32 },
		{ "192.0.2.255/23", IPV4(0xc00002ff), 23 },
		{ "10.1.2.3/8", IPV4(0x0a010203), 8 },
	};
	static const char *const bad[] = {
		"192.0.2.2",    "192.0.2.0/30",     "192.0.2.3/30",
		"192.0.2.2/33", "192.0.2.2/0",      "192.0.2.2/",
		"/30",          "192.0.2.2/30/1",   "127.0.0.2/8",
		"224.0.0.2/30", "192.0.2/30",       "192.0.2.2/a",
		"10.0.0.0/8",   "10.255.255.255/8", "123456789012345678/30",
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++) {
		struct ip_address host;
		int bits;
		assert_true(tag_value_host_in_network(good[i].text, &host, &bits));
		assert_address(host, good[i].address);
		assert_int_equal(bits, good[i].bits);
	}
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct ip_address host;
		int bits;
		assert_false(tag_value_host_in_network(bad[i], &host, &bits));
	}
}

static void a_flag_is_yes_or_no(void **state)
{
	(void)state;
	bool flag = false;
	assert_true(tag_value_flag("yes", &flag));
	assert_true(flag);
	assert_true(tag_value_flag("no", &flag));
	assert_false(flag);
	assert_false(tag_value_flag("", &flag));
	assert_false(tag_value_flag("true", &flag));
	assert_false(tag_value_flag("Yes", &flag));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_servers_are_addresses_with_or_without_a_port),
		cmocka_unit_test(routers_of_a_subnet_are_one_of_each_family),
		cmocka_unit_test(interfaces_have_names_that_the_kernel_takes),
		cmocka_unit_test(a_host_has_an_address_that_machines_answer_to),
		cmocka_unit_test(a_host_in_a_network_is_neither_its_first_nor_its_last),
		cmocka_unit_test(a_flag_is_yes_or_no),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
