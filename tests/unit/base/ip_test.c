#include "addresses.h"

#include <netinet/in.h>

#include "base/text.h"

static void texts_go_there_and_back_in_their_shortest_form(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shortest;
		int family;
	} rows[] = {
		{ "0.0.0.0", "0.0.0.0", AF_INET },
		{ "255.255.255.255", "255.255.255.255", AF_INET },
		{ "10.0.0.7", "10.0.0.7", AF_INET },
		{ "::1", "::1", AF_INET6 },
		{ "2001:DB8:0:0:0:0:0:7", "2001:db8::7", AF_INET6 },
		{ "fd00::1.2.3.4", "fd00::102:304", AF_INET6 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AF_INET6 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		char text[IP_TEXT_SIZE];
		ip_text(address(rows[i].text), text);
		assert_string_equal(text, rows[i].shortest);
		assert_int_equal(ip_family(address(rows[i].text)), rows[i].family);
	}
}

static void what_is_no_address_leaves_it_as_it_was(void **state)
{
	(void)state;
	static const char *const bad[] = { "",           "10.0.0", "10.0.0.1/8",
					   "::",         "fe80::", "::ffff:10.0.0.1",
					   "fe80::1%lo", "[::1]",  "1:2:3" };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct ip_address out = { 99 };
		bool is_one = ip_parse(bad[i], &out);
		assert_true(is_one == (strcmp(bad[i], "fe80::") == 0));
		assert_true(is_one || out.number == 99);
	}
	struct ip_address out = { 99 };
	assert_false(ip_parse_v4("fd00::1", &out));
	assert_int_equal(out.number, 99);
}

static void families_do_not_mix(void **state)
{
	(void)state;
	struct ip_address none = { 0 };
	assert_true(ip_is_none(none) && !ip_is_v4(none));
	assert_true(ip_is_v4(address("0.0.0.0")) && !ip_is_none(address("0.0.0.0")));
	assert_true(ip_is_v6(address("::1")) && !ip_is_v4(address("::fffe:a00:1")));
	assert_true(ip_compare(address("10.0.0.1"), address("10.0.0.2")) < 0);
	assert_true(ip_compare(address("255.255.255.255"), address("fd00::")) < 0);
	assert_true(ip_host_part(address("10.0.0.1"), 24) == 255);
	assert_true(ip_host_part(address("10.0.0.1"), 32) == 0);
	assert_true(ip_host_part(address("fd00::1"), 64) == UINT64_MAX);
	assert_true(ip_host_part(address("fd00::1"), 0) == ~(ip_number)0);
	assert_address(ip_after(address("10.0.0.255"), 1), address("10.0.1.0"));
	assert_address(ip_after(address("fd00::ffff:ffff:ffff:ffff"), 1), address("fd00:0:0:1::"));
}

static void bytes_and_socket_addresses_are_those_of_the_network(void **state)
{
	(void)state;
	static const char *const texts[] = { "192.0.2.7", "2001:db8::7" };
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++) {
		uint8_t bytes[IP_BYTES_MAX];
		size_t length = ip_to_bytes(address(texts[i]), bytes);
		assert_int_equal(length, i == 0 ? 4 : 16);
		assert_int_equal(bytes[length - 1], 7);
		assert_address(ip_of_bytes(bytes, length), address(texts[i]));
	}
	assert_true(ip_is_none(ip_of_bytes("12345", 5)));

	struct sockaddr_storage at;
	assert_int_equal(ip_sockaddr(address(texts[0]), 22, &at), sizeof(struct sockaddr_in));
	assert_int_equal(((struct sockaddr_in *)&at)->sin_port, htons(22));
	assert_int_equal(((struct sockaddr_in *)&at)->sin_addr.s_addr, htonl(0xc0000207));
	assert_int_equal(ip_sockaddr(address(texts[1]), 22, &at), sizeof(struct sockaddr_in6));
	assert_int_equal(at.ss_family, AF_INET6);
	assert_int_equal(((struct sockaddr_in6 *)&at)->sin6_addr.s6_addr[15], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_go_there_and_back_in_their_shortest_form),
		cmocka_unit_test(what_is_no_address_leaves_it_as_it_was),
		cmocka_unit_test(families_do_not_mix),
		cmocka_unit_test(bytes_and_socket_addresses_are_those_of_the_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
