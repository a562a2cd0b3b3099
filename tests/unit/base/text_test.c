#include "test.h"

#include "base/text.h"

static void numbers_are_digits_within_bounds(void **state)
{
	(void)state;
	uint64_t out = 99;
	assert_true(sp_text_to_u64("0", 0, 10, &out));
	assert_int_equal(out, 0);
	assert_true(sp_text_to_u64("18446744073709551615", 0, UINT64_MAX, &out));
	out = 99;
	static const char *const bad[] = { "",   "-1",  "+1", " 1",
					   "1 ", "0x1", "11", "18446744073709551616",
					   "1e3" };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(sp_text_to_u64(bad[i], 0, 10, &out));
	assert_int_equal(out, 99);
}

static void utf8_knows_its_malformed_forms(void **state)
{
	(void)state;
	static const char *const bad[] = { "\x80",
					   "\xc3",
					   "\xc0\xaf",
					   "\xe0\x80\xaf",
					   "\xed\xa0\x80",
					   "\xf4\x90\x80\x80",
					   "\xf8\x88\x80\x80\x80",
					   "a\xff" };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(sp_utf8_valid(bad[i], strlen(bad[i])));
	assert_true(sp_utf8_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	assert_int_equal(sp_utf8_count("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4);
}

static void what_people_cannot_read_becomes_question_marks(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "" },
		{ "a\xc3\xa9\xe2\x82\xac", "a\xc3\xa9\xe2\x82\xac" },
		{ "a\xff\xc3z\xe2\x82", "a??z??" },
		{ "one\r\ntwo\tthree\x7f\x1b[2J", "one??two?three??[2J" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		char text[64];
		strcpy(text, cases[i].text);
		sp_text_make_readable(text);
		assert_string_equal(text, cases[i].expected);
	}
}

static void hex_goes_there_and_back(void **state)
{
	(void)state;
	unsigned char bytes[3] = { 0x00, 0xab, 0xff };
	unsigned char back[3];
	char text[7];
	sp_hex_encode(bytes, 3, text);
	assert_string_equal(text, "00abff");
	assert_true(sp_hex_decode("00ABff", back, 3));
	assert_memory_equal(bytes, back, 3);
	assert_false(sp_hex_decode("00abf", back, 3));
	assert_false(sp_hex_decode("00abfg", back, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_within_bounds),
		cmocka_unit_test(utf8_knows_its_malformed_forms),
		cmocka_unit_test(what_people_cannot_read_becomes_question_marks),
		cmocka_unit_test(hex_goes_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
