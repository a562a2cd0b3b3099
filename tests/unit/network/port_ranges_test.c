#include "test.h"

#include <stdio.h>

#include "base/text.h"
#include "network/port_ranges.h"

static struct port_range range(const char *text)
{
	struct port_range out;
	assert_int_equal(port_range_parse(text, &out, NULL), 0);
	return out;
}

static void ranges_are_one_port_or_two(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint16_t from, to;
		const char *back;
	} cases[] = {
		{ "22", 22, 22, "22-22" },
		{ "1", 1, 1, "1-1" },
		{ "65535", 65535, 65535, "65535-65535" },
		{ "1-65535", 1, 65535, "1-65535" },
		{ "1000-2000", 1000, 2000, "1000-2000" },
		{ "22-22", 22, 22, "22-22" },
		{ "00022", 22, 22, "22-22" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct port_range got = range(cases[i].text);
		char back[PORT_RANGE_TEXT_SIZE];
		port_range_text(&got, back);
		assert_int_equal(got.from, cases[i].from);
		assert_int_equal(got.to, cases[i].to);
		assert_string_equal(back, cases[i].back);
	}
}

static void what_is_no_range_is_quoted(void **state)
{
	(void)state;
	static const char *const bad[] = { "",      "0",        "65536",      "-",        "22-",
					   "-22",   "22-23-24", "0-22",       "22-65536", " 22",
					   "22 ",   "22 - 23",  "ssh",        "+22",      "2e1",
					   "22,23", "000022",   "99999999999" };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct sp_error err = { 0 };
		struct port_range out = { 7, 8 };
		assert_int_equal(port_range_parse(bad[i], &out, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		char quoted[64];
		snprintf(quoted, sizeof(quoted), "\"%s\" is no port range", bad[i]);
		assert_non_null(strstr(err.message, quoted));
		assert_int_equal(out.from, 7);
	}
	struct sp_error err = { 0 };
	struct port_range out;
	assert_int_equal(port_range_parse("23-22", &out, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_string_equal(err.message, "the port range \"23-22\" ends before it begins");
}

static void overlapping_ranges_are_both_named(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "22", "22" }, { "20-22", "22-30" }, { "1-65535", "443" }, { "443", "1-65535" }
	};
	for (size_t i = 0; i < SP_COUNT_OF(pairs); i++) {
		struct port_range both[3] = { range("9"), range(pairs[i][0]), range(pairs[i][1]) };
		if (i >= 2)
			both[0] = both[1];
		struct sp_error err = { 0 };
		assert_int_equal(port_ranges_check(both, 3, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
	}
	struct port_range both[] = { range("100"), range("20-22"), range("22-30") };
	struct sp_error err = { 0 };
	assert_int_equal(port_ranges_check(both, 3, &err), -1);
	assert_string_equal(err.message, "the port ranges \"20-22\" and \"22-30\" overlap");

	const struct port_range apart[] = { range("23"), range("22"), range("24-65535"),
					    range("1-21") };
	assert_int_equal(port_ranges_check(apart, 4, NULL), 0);
	assert_int_equal(port_ranges_check(NULL, 0, NULL), 0);
}

static void a_range_contains_both_of_its_ends(void **state)
{
	(void)state;
	const struct port_range ranges[] = { range("22"), range("2200-2299"), range("65535") };
	static const uint16_t in[] = { 22, 2200, 2250, 2299, 65535 };
	static const uint16_t out[] = { 0, 1, 21, 23, 2199, 2300, 65534 };
	for (size_t i = 0; i < SP_COUNT_OF(in); i++)
		assert_true(port_ranges_contain(ranges, 3, in[i]));
	for (size_t i = 0; i < SP_COUNT_OF(out); i++)
		assert_false(port_ranges_contain(ranges, 3, out[i]));
	assert_false(port_ranges_contain(NULL, 0, 22));
}

static void a_list_of_ranges_reads_as_a_sentence_wants_it(void **state)
{
	(void)state;
	const struct port_range ranges[] = { range("22"), range("2200-2299") };
	struct sp_buffer text = { 0 };
	port_ranges_describe(ranges, 2, &text);
	assert_string_equal(sp_buffer_text(&text), "22, 2200-2299");
	sp_buffer_clear(&text);
	port_ranges_describe(ranges, 1, &text);
	assert_string_equal(sp_buffer_text(&text), "22");
	sp_buffer_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_one_port_or_two),
		cmocka_unit_test(what_is_no_range_is_quoted),
		cmocka_unit_test(overlapping_ranges_are_both_named),
		cmocka_unit_test(a_range_contains_both_of_its_ends),
		cmocka_unit_test(a_list_of_ranges_reads_as_a_sentence_wants_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
