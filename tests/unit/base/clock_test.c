#include "test.h"

#include "base/clock.h"

static void every_form_of_one_moment(void **state)
{
	(void)state;
	char text[SP_ISO_TIME_SIZE];
	int64_t moment = 0;
	assert_true(sp_time_from_amz("20261123T154148Z", &moment));
	sp_time_to_amz(moment, text);
	assert_string_equal(text, "20261123T154148Z");
	sp_time_to_iso(moment + 7, text);
	assert_string_equal(text, "2026-11-23T15:41:48.007Z");
	int64_t again = 0;
	assert_true(sp_time_from_iso(text, &again));
	assert_int_equal(moment + 7, again);
	assert_true(sp_time_from_iso("2026-11-23T15:41:48Z", &again));
	assert_int_equal(moment, again);
	assert_true(sp_time_from_iso("2026-11-23", &again));
	assert_int_equal(moment - moment % 86400000, again);
	assert_true(sp_time_from_http("Mon, 23 Nov 2026 15:41:48 GMT", &again));
	assert_int_equal(moment, again);
}

static void refuses_what_is_no_time(void **state)
{
	(void)state;
	static const char *const bad[] = { "",
					   "20261123T154148",
					   "20261123T154148Zx",
					   "2026-11-23T15:41:48Z",
					   "20260231T000000Z",
					   "20261123T254148Z",
					   "00261123T154148Z",
					   "20261123 154148Z" };
	int64_t moment = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sp_time_from_amz(bad[i], &moment));
	static const char *const bad_iso[] = { "",
					       "2026-11-23T15:41:48",
					       "2026-11-23T15:41Z",
					       "2026-02-31",
					       "2026-11-23T25:41:48Z",
					       "2026-11-23 15:41:48Z",
					       "2026-11-23T15:41:48.1Z",
					       "1969-12-31",
					       "20261123T154148Z" };
	for (size_t i = 0; i < sizeof(bad_iso) / sizeof(bad_iso[0]); i++)
		assert_false(sp_time_from_iso(bad_iso[i], &moment));
	assert_false(sp_time_from_http("Mon, 23 Foo 2026 15:41:48 GMT", &moment));
	assert_false(sp_time_from_http("Mon, 23 Nov 2026 15:41:48 GMT trailing", &moment));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_one_moment),
		cmocka_unit_test(refuses_what_is_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
