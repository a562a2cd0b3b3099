#include "test.h"

#include "base/name.h"
#include "base/text.h"

static const struct {
	const char *name, *text;
} pairs[] = {
	{ "plain.csv", "plain.csv" },
	{ "with space 'and' \"quotes\"", "with space 'and' \"quotes\"" },
	{ "\xc3\xa9t\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac",
	  "\xc3\xa9t\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac" },
	{ "latin-\xe9", "latin-\\xe9" },
	{ "two\nlines\x7f", "two\\x0alines\\x7f" },
	{ "back\\slash", "back\\slash" },
	{ "looks\\x41like", "looks\\x5cx41like" },
	{ "\\x4", "\\x4" },
	{ "cut \xe6\x97", "cut \\xe6\\x97" },
	{ "", "" },
};

static void every_name_has_one_text_and_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct sp_error err = { 0 };
		char *text = sp_name_escape(pairs[i].name);
		char *name = NULL;
		assert_string_equal(text, pairs[i].text);
		assert_int_equal(sp_name_unescape(text, &name, &err), 0);
		assert_string_equal(name, pairs[i].name);
		free(text);
		free(name);
	}
}

static void refuses_an_escaped_nul(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	char *name = NULL;
	assert_int_equal(sp_name_unescape("a\\x00b", &name, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
}

static void a_long_name_is_shown_by_both_of_its_ends(void **state)
{
	(void)state;
	char name[1001];
	for (size_t start = 0; start < 3; start++) {
		memset(name, 'a', sizeof(name));
		for (size_t i = start; i + 3 < 1000; i += 3)
			memcpy(name + i, "\xe2\x82\xac", 3);
		strcpy(name + 990, "/end\xe9.csv");
		char *shown = sp_name_shown(name);
		assert_true(strlen(shown) < 160);
		assert_true(sp_utf8_valid(shown, strlen(shown)));
		assert_non_null(strstr(shown, "\xe2\x80\xa6"));
		assert_true(sp_text_ends_with(shown, "/end\\xe9.csv"));
		free(shown);
	}
	char *shown = sp_name_shown("short\n");
	assert_string_equal(shown, "short\\x0a");
	free(shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_has_one_text_and_comes_back),
		cmocka_unit_test(refuses_an_escaped_nul),
		cmocka_unit_test(a_long_name_is_shown_by_both_of_its_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
