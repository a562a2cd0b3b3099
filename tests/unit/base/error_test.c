#include "test.h"

#include "base/error.h"
#include "base/text.h"

static void a_sentence_cut_short_ends_with_a_whole_character(void **state)
{
	(void)state;
	char text[SP_ERROR_MESSAGE_MAX + 8];
	for (size_t start = 0; start < 4; start++) {
		memset(text, 'a', sizeof(text));
		for (size_t i = start; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 3);
		text[sizeof(text) - 1] = '\0';
		struct sp_error err = { 0 };
		assert_int_equal(sp_fail(&err, SP_INVALID, "%s", text), -1);
		assert_true(sp_utf8_valid(err.message, strlen(err.message)));
		assert_true(strlen(err.message) >= SP_ERROR_MESSAGE_MAX - 4);
	}
}

static void a_sentence_is_text_of_one_line_whatever_it_quotes(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	sp_fail(&err, SP_INVALID, "cannot read \"%s\" and \"%.2s\"", "a\xff\nb", "\xe2\x82\xac");
	assert_string_equal(err.message, "cannot read \"a??b\" and \"??\"");
	sp_wrap(&err, "could not use %s", "c\rd");
	assert_string_equal(err.message, "could not use c?d: cannot read \"a??b\" and \"??\"");
}

static void what_was_there_stays_behind_what_is_put_in_front(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	sp_fail(&err, SP_DENIED, "the door is locked");
	assert_int_equal(sp_wrap(&err, "could not fetch \"%s\"", "a.csv"), -1);
	assert_int_equal(err.code, SP_DENIED);
	assert_string_equal(err.message, "could not fetch \"a.csv\": the door is locked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sentence_cut_short_ends_with_a_whole_character),
		cmocka_unit_test(a_sentence_is_text_of_one_line_whatever_it_quotes),
		cmocka_unit_test(what_was_there_stays_behind_what_is_put_in_front),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
