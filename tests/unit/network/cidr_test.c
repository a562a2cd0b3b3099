#include "addresses.h"

#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"

static struct cidr block(const char *text)
{
	struct cidr cidr;
	assert_true(cidr_parse(text, &cidr, NULL));
	return cidr;
}

static void blocks_go_there_and_back(void **state)
{
	(void)state;
	static const char *const texts[] = { "0.0.0.0/0",         "128.0.0.0/1",    "10.0.0.0/8",
					     "192.168.4.0/22",    "192.0.2.254/31", "192.0.2.7/32",
					     "255.255.255.255/32" };
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++) {
		struct cidr cidr;
		bool cleared = true;
		char back[CIDR_TEXT_SIZE];
		assert_true(cidr_parse(texts[i], &cidr, &cleared));
		assert_false(cleared);
		cidr_text(&cidr, back);
		assert_string_equal(back, texts[i]);
	}
}

static void host_bits_are_cleared_and_said(void **state)
{
	(void)state;
	static const struct {
		const char *text, *canonical;
	} cases[] = {
		{ "10.1.2.3/8", "10.0.0.0/8" },
		{ "1.2.3.4/0", "0.0.0.0/0" },
		{ "192.0.2.7/31", "192.0.2.6/31" },
		{ "255.255.255.255/1", "128.0.0.0/1" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct cidr cidr;
		bool cleared = false;
		char back[CIDR_TEXT_SIZE];
		assert_true(cidr_parse(cases[i].text, &cidr, &cleared));
		assert_true(cleared);
		cidr_text(&cidr, back);
		assert_string_equal(back, cases[i].canonical);
	}
}

static void what_is_no_block_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"/",
		"10.0.0.0",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/8 ",
		" 10.0.0.0/8",
		"10.0.0/8",
		"10.0.0.0.0/8",
		"10.0.0.256/8",
		"010.0.0.0/8",
		"10.0.0.0/8/8",
		"10.0.0.0/0x8",
		"::/129",
		"::/0064",
		"2001:db8::",
		"2001:db8:/32",
		"::ffff:10.0.0.0/104",
		"example.com/8",
		"10.0.0.0/008",
		"/8",
		"1000.1000.1000.1000.1000/8",
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct cidr cidr = { .address = { 99 }, .bits = 9 };
		if (cidr_parse(bad[i], &cidr, NULL))
			fail_msg("\"%s\" was taken for a block", bad[i]);
		assert_int_equal(cidr.address.number, 99);
		assert_int_equal(cidr.bits, 9);
	}
}

static void addresses_are_four_numbers_and_nothing_else(void **state)
{
	(void)state;
	static const char *const bad[] = { "",         "1.2.3",    "1.2.3.4.5", "1.2.3.256",
					   "1.2.3.4 ", " 1.2.3.4", "01.2.3.4",  "1.2.3.-4",
					   "a.b.c.d",  "16909060", "::1",       "1.2.3.4/32" };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct ip_address out;
		assert_false(ip_parse_v4(bad[i], &out));
	}
	char text[ADDRESS_TEXT_SIZE];
	assert_address(address("1.2.3.4"), ip_of_v4(0x01020304));
	ip_text(ip_of_v4(0x01020304), text);
	assert_string_equal(text, "1.2.3.4");
	ip_text(address("255.255.255.255"), text);
	assert_string_equal(text, "255.255.255.255");
	ip_text(ip_of_v4(0), text);
	assert_string_equal(text, "0.0.0.0");
}

static void a_block_contains_its_first_and_last_address_and_no_neighbour(void **state)
{
	(void)state;
	struct cidr cidr = block("10.1.0.0/16");
	assert_true(cidr_contains(&cidr, address("10.1.0.0")));
	assert_true(cidr_contains(&cidr, address("10.1.255.255")));
	assert_false(cidr_contains(&cidr, address("10.0.255.255")));
	assert_false(cidr_contains(&cidr, address("10.2.0.0")));

	struct cidr all = block("0.0.0.0/0"), one = block("192.0.2.7/32");
	assert_true(cidr_contains(&all, ip_of_v4(0)));
	assert_true(cidr_contains(&all, ip_of_v4(UINT32_MAX)));
	assert_true(cidr_contains(&one, address("192.0.2.7")));
	assert_false(cidr_contains(&one, address("192.0.2.6")));
	assert_false(cidr_contains(&one, address("192.0.2.8")));
}

static void blocks_of_ipv6_are_the_same_as_those_of_ipv4(void **state)
{
	(void)state;
	static const char *const texts[] = { "::/0",
					     "fd00::/8",
					     "fd12:3456:789a:bc00::/56",
					     "2001:db8:0:1::/64",
					     "2001:db8::7/128",
					     "8000::/1" };
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++) {
		struct cidr cidr = block(texts[i]);
		char back[CIDR_TEXT_SIZE];
		assert_true(cidr_is_v6(&cidr));
		cidr_text(&cidr, back);
		assert_string_equal(back, texts[i]);
	}
	struct cidr net = block("fd00:0:0:1::/64"), cut;
	bool cleared = false;
	assert_true(cidr_contains(&net, address("fd00:0:0:1::")));
	assert_true(cidr_contains(&net, address("fd00:0:0:1:ffff:ffff:ffff:ffff")));
	assert_false(cidr_contains(&net, address("fd00:0:0:2::")));
	assert_address(cidr_last(&net), address("fd00:0:0:1:ffff:ffff:ffff:ffff"));
	assert_true(cidr_parse("FD00:0:0:1::17/64", &cut, &cleared));
	assert_true(cleared && cidr_equal(&cut, &net));
}

static void no_block_has_addresses_of_the_other_family(void **state)
{
	(void)state;
	struct cidr all4 = block("0.0.0.0/0"), all6 = block("::/0");
	assert_true(cidr_equal(&all4, &cidr_all_v4) && cidr_equal(&all6, &cidr_all_v6));
	assert_false(cidr_contains(&all6, address("10.0.0.1")));
	assert_false(cidr_contains(&all4, address("fd00::1")));
	assert_false(cidr_covers(&all6, &all4) || cidr_covers(&all4, &all6));
	assert_false(cidr_overlaps(&all6, &all4));
}

/* 2^64 less five: no counting finds out which, so the ends are looked at. */
static void an_address_of_an_ipv6_subnet_is_drawn_from_all_of_it(void **state)
{
	(void)state;
	struct cidr subnet = block("fd00:0:0:1::/64"), small = block("fd00::/125");
	struct ip_address drawn, last = { 0 };
	bool reaches_high = false;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(address_draw(&subnet, NULL, 0, &drawn, NULL), 0);
		assert_true(cidr_contains(&subnet, drawn));
		assert_false(ip_equal(drawn, last));
		reaches_high = reaches_high || (uint64_t)drawn.number >> 63 == 1;
		last = drawn;
	}
	assert_true(reaches_high);
	const struct ip_address taken[] = { address("fd00::4"), address("fd00::6") };
	assert_int_equal(address_draw(&small, taken, 2, &drawn, NULL), 0);
	assert_address(drawn, address("fd00::5"));
}

static void covering_and_overlapping_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool covers, overlaps;
	} cases[] = {
		{ "10.0.0.0/16", "10.0.1.0/24", true, true },
		{ "10.0.1.0/24", "10.0.0.0/16", false, true },
		{ "10.0.0.0/16", "10.0.0.0/16", true, true },
		{ "10.0.0.0/16", "10.1.0.0/16", false, false },
		{ "10.0.0.0/24", "10.0.1.0/24", false, false },
		{ "0.0.0.0/0", "255.255.255.255/32", true, true },
		{ "255.255.255.255/32", "0.0.0.0/0", false, true },
		{ "0.0.0.0/1", "128.0.0.0/1", false, false },
		{ "192.0.2.6/32", "192.0.2.7/32", false, false },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct cidr a = block(cases[i].a), b = block(cases[i].b);
		assert_int_equal(cidr_covers(&a, &b), cases[i].covers);
		assert_int_equal(cidr_overlaps(&a, &b), cases[i].overlaps);
		assert_int_equal(cidr_overlaps(&b, &a), cases[i].overlaps);
	}
}

static void five_addresses_of_a_subnet_are_not_usable(void **state)
{
	(void)state;
	static const struct {
		const char *subnet;
		uint32_t usable;
	} cases[] = {
		{ "10.0.0.0/16", 65531 },     { "10.0.0.0/28", 11 }, { "10.0.0.0/29", 3 },
		{ "10.0.0.0/30", 0 },         { "10.0.0.0/31", 0 },  { "10.0.0.0/32", 0 },
		{ "0.0.0.0/0", 4294967291u },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct cidr subnet = block(cases[i].subnet);
		assert_int_equal(cidr_usable(&subnet), cases[i].usable);
	}
}

/* A hundred thousand draws of eight free addresses: each comes 12500 times, give or take six deviations (628). */
static void every_free_address_is_as_likely_as_any_other(void **state)
{
	(void)state;
	enum { DRAWS = 100000, FREE = 8, EXPECTED = DRAWS / FREE, SIX_DEVIATIONS = 628 };
	struct cidr subnet = block("10.0.0.0/28");
	const struct ip_address taken[] = { address("10.0.0.14"), address("10.0.0.4"),
					    address("10.0.0.9") };
	unsigned seen[16] = { 0 };
	for (int i = 0; i < DRAWS; i++) {
		struct ip_address drawn;
		assert_int_equal(address_draw(&subnet, taken, 3, &drawn, NULL), 0);
		assert_true(cidr_contains(&subnet, drawn));
		seen[(unsigned)drawn.number & 15]++;
	}
	for (unsigned i = 0; i < 16; i++) {
		bool is_free = i >= 4 && i < 15 && i != 14 && i != 4 && i != 9;
		if (is_free)
			assert_in_range(seen[i], EXPECTED - SIX_DEVIATIONS,
					EXPECTED + SIX_DEVIATIONS);
		else
			assert_int_equal(seen[i], 0);
	}
}

static void the_last_free_address_is_found_and_then_it_is_full(void **state)
{
	(void)state;
	struct cidr subnet = block("10.0.0.0/20");
	uint32_t usable = (uint32_t)cidr_usable(&subnet);
	SP_AUTO_FREE struct ip_address *taken = sp_alloc(usable * sizeof(*taken));
	bool seen[4096] = { 0 };
	for (uint32_t i = 0; i < usable; i++) {
		struct ip_address drawn;
		assert_int_equal(address_draw(&subnet, taken, i, &drawn, NULL), 0);
		assert_in_range((uint32_t)drawn.number, 0x0a000004, 0x0a000ffe);
		assert_false(seen[(unsigned)drawn.number & 4095]);
		seen[(unsigned)drawn.number & 4095] = true;
		taken[i] = drawn;
	}
	struct sp_error err = { 0 };
	struct ip_address drawn = { 77 };
	assert_int_equal(address_draw(&subnet, taken, usable, &drawn, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_string_equal(err.message, "all 4091 usable addresses of 10.0.0.0/20 are taken");
	assert_int_equal(drawn.number, 77);
}

/* What is taken may be told twice, and may lie outside of what can be drawn: neither makes a free address taken. */
static void only_what_is_really_taken_counts(void **state)
{
	(void)state;
	struct cidr subnet = block("10.0.0.0/29"); /* .4, .5 and .6 are usable */
	const struct ip_address taken[] = {
		address("10.0.0.4"), address("10.0.0.4"), address("10.0.0.6"), address("10.0.0.1"),
		address("10.0.0.7"), address("10.9.9.9"), address("9.0.0.5"),
	};
	for (int i = 0; i < 100; i++) {
		struct ip_address drawn;
		assert_int_equal(address_draw(&subnet, taken, SP_COUNT_OF(taken), &drawn, NULL), 0);
		assert_address(drawn, address("10.0.0.5"));
	}
}

static void blocks_of_reserved_addresses_and_the_widest_one_end_too(void **state)
{
	(void)state;
	static const char *const reserved[] = { "10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32" };
	struct ip_address drawn;
	for (size_t i = 0; i < SP_COUNT_OF(reserved); i++) {
		struct sp_error err = { 0 };
		struct cidr subnet = block(reserved[i]);
		assert_int_equal(address_draw(&subnet, NULL, 0, &drawn, &err), -1);
		assert_int_equal(err.code, SP_LIMIT);
		assert_non_null(strstr(err.message, reserved[i]));
	}
	struct cidr all = block("0.0.0.0/0"), top = block("255.255.255.248/29");
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(address_draw(&all, NULL, 0, &drawn, NULL), 0);
		assert_in_range((uint32_t)drawn.number, 4, UINT32_MAX - 1);
		assert_int_equal(address_draw(&top, NULL, 0, &drawn, NULL), 0);
		assert_in_range((uint32_t)drawn.number, UINT32_MAX - 3, UINT32_MAX - 1);
	}
}

static void a_draw_among_candidates_takes_only_them(void **state)
{
	(void)state;
	struct cidr subnet = block("127.77.0.0/30"); /* reserved addresses are drawn too */
	const struct ip_address candidates[] = { address("127.77.0.0"), address("127.77.0.1"),
						 address("127.77.0.3"), address("127.77.0.3"),
						 address("192.0.2.1") };
	const struct ip_address taken[] = { address("127.77.0.1") };
	unsigned seen[4] = { 0 };
	for (int i = 0; i < 10000; i++) {
		struct ip_address drawn;
		assert_int_equal(address_draw_among(&subnet, candidates, 5, taken, 1, &drawn, NULL),
				 0);
		assert_true(cidr_contains(&subnet, drawn));
		seen[(unsigned)drawn.number & 3]++;
	}
	assert_int_equal(seen[1] + seen[2], 0);
	assert_in_range(seen[0], 4700, 5300); /* six deviations */
}

static void candidates_that_are_all_taken_are_named(void **state)
{
	(void)state;
	struct cidr subnet = block("127.77.0.0/16");
	struct ip_address candidates[20], drawn;
	for (uint32_t i = 0; i < 20; i++)
		candidates[i] = ip_of_v4(0x7f4d0014 - i);

	struct sp_error err = { 0 };
	assert_int_equal(
		address_draw_among(&subnet, candidates + 18, 2, candidates, 20, &drawn, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_string_equal(err.message, "every address that this host owns in 127.77.0.0/16 is "
					 "taken: 127.77.0.1, 127.77.0.2");

	assert_int_equal(address_draw_among(&subnet, candidates, 20, candidates, 20, &drawn, &err),
			 -1);
	assert_non_null(strstr(err.message, ", 127.77.0.12 and 8 more"));

	assert_int_equal(address_draw_among(&subnet, NULL, 0, NULL, 0, &drawn, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_string_equal(err.message, "this host owns no address in 127.77.0.0/16");
}

static void hardware_addresses_are_local_unicast_and_differ(void **state)
{
	(void)state;
	char a[MAC_TEXT_SIZE], b[MAC_TEXT_SIZE];
	mac_draw(a);
	mac_draw(b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), MAC_TEXT_SIZE - 1);
	assert_int_equal(strncmp(a, "02:", 3), 0);
	for (size_t i = 0; i < MAC_TEXT_SIZE - 1; i++)
		assert_true(i % 3 == 2 ? a[i] == ':' : sp_hex_value(a[i]) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_go_there_and_back),
		cmocka_unit_test(host_bits_are_cleared_and_said),
		cmocka_unit_test(what_is_no_block_is_refused),
		cmocka_unit_test(addresses_are_four_numbers_and_nothing_else),
		cmocka_unit_test(a_block_contains_its_first_and_last_address_and_no_neighbour),
		cmocka_unit_test(blocks_of_ipv6_are_the_same_as_those_of_ipv4),
		cmocka_unit_test(no_block_has_addresses_of_the_other_family),
		cmocka_unit_test(an_address_of_an_ipv6_subnet_is_drawn_from_all_of_it),
		cmocka_unit_test(covering_and_overlapping_are_told_apart),
		cmocka_unit_test(five_addresses_of_a_subnet_are_not_usable),
		cmocka_unit_test(every_free_address_is_as_likely_as_any_other),
		cmocka_unit_test(the_last_free_address_is_found_and_then_it_is_full),
		cmocka_unit_test(only_what_is_really_taken_counts),
		cmocka_unit_test(blocks_of_reserved_addresses_and_the_widest_one_end_too),
		cmocka_unit_test(a_draw_among_candidates_takes_only_them),
		cmocka_unit_test(candidates_that_are_all_taken_are_named),
		cmocka_unit_test(hardware_addresses_are_local_unicast_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
