#include "test.h"

#include <string.h>

#include "model/bucket_name.h"

static void takes_what_s3_would_take(void **state)
{
	(void)state;
	static const char *const good[] = { "abc", "in-2024.q1", "0ab", "a-b", "a.b" };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!bucket_name_is_valid(good[i]))
			fail_msg("\"%s\" is refused", good[i]);
	char longest[64];
	memset(longest, 'x', 63);
	longest[63] = '\0';
	assert_true(bucket_name_is_valid(longest));
}

static void refuses_everything_else(void **state)
{
	(void)state;
	static const char *const bad[] = { "",     "ab",   "Invoices", "in_voices",    "in voices",
					   "a..b", ".abc", "abc.",     "-abc",         "abc-",
					   "a/b",  "..",   "...",      "b\303\274cher" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bucket_name_is_valid(bad[i]))
			fail_msg("\"%s\" is taken", bad[i]);
	char longer[65];
	memset(longer, 'x', 64);
	longer[64] = '\0';
	assert_false(bucket_name_is_valid(longer));
}

static void the_sentence_names_all_parts_of_the_rule(void **state)
{
	(void)state;
	assert_string_equal(bucket_name_rule,
			    "a bucket's name has 3 to 63 characters of a-z, 0-9, \".\" and \"-\", "
			    "begins and ends with a letter or digit, and has no two dots in a row");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_s3_would_take),
		cmocka_unit_test(refuses_everything_else),
		cmocka_unit_test(the_sentence_names_all_parts_of_the_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
