#include "test.h"

#include "base/text.h"
#include "egress/address.h"

static void knows_which_addresses_are_not_public(void **state)
{
	(void)state;
	static const struct {
		const char *text, *kind;
	} cases[] = {
		{ "0.0.0.0", "unspecified" },
		{ "10.0.0.1", "private" },
		{ "100.64.0.1", "provider" },
		{ "100.127.255.255", "provider" },
		{ "127.0.0.1", "loopback" },
		{ "127.255.255.254", "loopback" },
		{ "169.254.169.254", "link-local" },
		{ "172.16.0.1", "private" },
		{ "172.31.255.255", "private" },
		{ "192.168.1.1", "private" },
		{ "198.19.0.1", "benchmarks" },
		{ "224.0.0.1", "multicast" },
		{ "255.255.255.255", "reserved" },
		{ "::", "unspecified" },
		{ "::1", "loopback" },
		{ "::127.0.0.1", "reserved" },
		{ "::ffff:127.0.0.1", "IPv4 address" },
		{ "::ffff:8.8.8.8", "IPv4 address" },
		{ "64:ff9b::10.0.0.1", "private" },
		{ "64:ff9b:1::1", "private" },
		{ "2002:7f00:1::1", "loopback" },
		{ "2002:a9fe:a9fe::1", "link-local" },
		{ "fc00::1", "private" },
		{ "fdff::1", "private" },
		{ "fe80::1", "link-local" },
		{ "febf::1", "link-local" },
		{ "fec0::1", "private" },
		{ "ff02::1", "multicast" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct address address;
		assert_true(address_parse(cases[i].text, 22, &address));
		const char *kind = address_private_kind(&address);
		if (kind == NULL || strstr(kind, cases[i].kind) == NULL)
			fail_msg("%s: %s", cases[i].text, kind == NULL ? "public" : kind);
	}
}

static void leaves_the_neighbours_of_those_ranges_alone(void **state)
{
	(void)state;
	static const char *const public[] = {
		"1.0.0.1",         "9.255.255.255",    "11.0.0.0",        "100.63.255.255",
		"100.128.0.0",     "126.0.0.1",        "128.0.0.1",       "169.253.255.255",
		"169.255.0.0",     "172.15.255.255",   "172.32.0.0",      "192.167.255.255",
		"192.169.0.0",     "198.17.255.255",   "198.20.0.0",      "223.255.255.255",
		"2001:4860::8888", "64:ff9b::8.8.8.8", "2002:808:808::1", "fbff::1",
	};
	for (size_t i = 0; i < SP_COUNT_OF(public); i++) {
		struct address address;
		assert_true(address_parse(public[i], 22, &address));
		const char *kind = address_private_kind(&address);
		if (kind != NULL)
			fail_msg("%s: %s", public[i], kind);
	}
}

static void writes_addresses_as_people_do(void **state)
{
	(void)state;
	struct address address;
	char text[EGRESS_ADDRESS_TEXT_MAX];
	assert_true(address_parse("192.0.2.7", 40112, &address));
	address_text(&address, text);
	assert_string_equal(text, "192.0.2.7:40112");
	assert_true(address_parse("2001:db8:0:0:1:2:3:4", 22, &address));
	address_text(&address, text);
	assert_string_equal(text, "[2001:db8::1:2:3:4]:22");
	assert_true(address_parse("1111:2222:3333:4444:5555:6666:7777:8888", 65535, &address));
	address_text(&address, text);
	assert_string_equal(text, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}

static void a_name_is_no_address(void **state)
{
	(void)state;
	static const char *const names[] = { "",           "localhost",  "127.1",
					     "0x7f.0.0.1", "1.2.3.4.",   "[::1]",
					     "fe80::1%lo", "2130706433", "1.2.3.256" };
	struct address address;
	for (size_t i = 0; i < SP_COUNT_OF(names); i++)
		assert_false(address_parse(names[i], 22, &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_which_addresses_are_not_public),
		cmocka_unit_test(leaves_the_neighbours_of_those_ranges_alone),
		cmocka_unit_test(writes_addresses_as_people_do),
		cmocka_unit_test(a_name_is_no_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
