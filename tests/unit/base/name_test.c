#include "test.h"

#include "base/name.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_has_one_text_and_comes_back),
		cmocka_unit_test(refuses_an_escaped_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
