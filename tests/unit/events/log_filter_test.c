#include "test.h"

#include "base/text.h"
#include "events/log_filter.h"

#define RECORD "{\"status-code\":\"FAILED\",\"failure-message\":\"could not connect: \\\"x\\\"\"}"

static struct sp_error err;

static bool matches(const char *pattern, const char *record)
{
	struct log_filter *filter;
	if (log_filter_parse(pattern, &filter, &err) != 0)
		fail_msg("%s: %s", pattern, err.message);
	bool result = log_filter_matches(filter, record);
	log_filter_free(filter);
	return result;
}

static void terms_are_looked_for_as_they_are(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		bool matches;
	} cases[] = {
		{ "", true },
		{ "  \t", true },
		{ "FAILED", true },
		{ "failed", false },
		{ "FAIL", true },
		{ "FAILED connect", true },
		{ " FAILED  DENIED ", false },
		{ "\"could not connect\"", true },
		{ "\"connect could\"", false },
		{ "\"status-code\" FAILED", true },
		{ "\"\\\\\\\"x\\\\\\\"\"", true }, /* \\ and \" in the pattern: \" in the record */
		{ "?DENIED ?FAILED", true },
		{ "?DENIED ?\"not there\"", false },
		{ "?FAILED connect", true },
		{ "?FAILED nowhere", false },
		{ "?DENIED connect", false },
		{ "-COMPLETED", true },
		{ "-FAILED", false },
		{ "FAILED -\"could not\"", false },
		{ "FAILED -\"cannot\"", true },
		{ "-COMPLETED ?FAILED", true },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++)
		if (matches(cases[i].pattern, RECORD) != cases[i].matches)
			fail_msg("%s", cases[i].pattern);
}

static void what_is_not_offered_or_makes_no_sense_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		enum sp_code code;
		const char *words;
	} bad[] = {
		{ "{ $.status-code = FAILED }", SP_UNSUPPORTED, "give terms" },
		{ " {", SP_UNSUPPORTED, "JSON" },
		{ "[a, b]", SP_UNSUPPORTED, "fields" },
		{ "%FAIL.*%", SP_UNSUPPORTED, "regular" },
		{ "status-code", SP_INVALID, "Invalid character(s) in term 'status-code'" },
		{ "a b.c", SP_INVALID, "term 'b.c'" },
		{ "ab\"c\"", SP_INVALID, "double quotes" },
		{ "-", SP_INVALID, "term ''" },
		{ "? a", SP_INVALID, "term ''" },
		{ "\"open", SP_INVALID, "must end with one" },
		{ "\"open\\\"", SP_INVALID, "must end with one" },
		{ "\"open\\", SP_INVALID, "must end with one" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct log_filter *filter;
		err = (struct sp_error){ 0 };
		if (log_filter_parse(bad[i].pattern, &filter, &err) == 0)
			fail_msg("\"%s\" was taken", bad[i].pattern);
		assert_int_equal(err.code, bad[i].code);
		if (strstr(err.message, bad[i].words) == NULL)
			fail_msg("\"%s\": %s", bad[i].pattern, err.message);
	}
}

static void there_are_not_more_terms_than_may_be(void **state)
{
	(void)state;
	char pattern[2 * LOG_FILTER_TERMS_MAX + 3];
	for (size_t i = 0; i < LOG_FILTER_TERMS_MAX + 1; i++)
		memcpy(pattern + 2 * i, "F ", 3);
	struct log_filter *filter;
	assert_int_equal(log_filter_parse(pattern, &filter, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	pattern[2 * LOG_FILTER_TERMS_MAX] = '\0';
	assert_true(matches(pattern, RECORD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_are_looked_for_as_they_are),
		cmocka_unit_test(what_is_not_offered_or_makes_no_sense_is_refused),
		cmocka_unit_test(there_are_not_more_terms_than_may_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
