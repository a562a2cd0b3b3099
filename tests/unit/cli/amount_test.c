#include "test.h"

#include "base/text.h"
#include "cli/amount.h"
#include "cli/bar.h"

static void bytes_have_three_digits_or_so(void **state)
{
	(void)state;
	static const struct {
		int64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 B" },         { 999, "999 B" },        { 1000, "1.0 kB" },
		{ 1049, "1.0 kB" },   { 12345678, "12.3 MB" }, { 999949, "999.9 kB" },
		{ 999999, "1.0 MB" }, { INT64_MAX, "9.2 EB" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		char text[AMOUNT_SIZE];
		amount_of_bytes(rows[i].bytes, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void things_have_commas_and_times_colons(void **state)
{
	(void)state;
	char text[AMOUNT_SIZE];
	amount_of_things(0, text);
	assert_string_equal(text, "0");
	amount_of_things(999, text);
	assert_string_equal(text, "999");
	amount_of_things(1234567, text);
	assert_string_equal(text, "1,234,567");
	amount_of_seconds(7, text);
	assert_string_equal(text, "0:07");
	amount_of_seconds(754, text);
	assert_string_equal(text, "12:34");
	amount_of_seconds(3723, text);
	assert_string_equal(text, "1:02:03");
}

static void rate_and_time_left_follow_what_was_moved_of_late(void **state)
{
	(void)state;
	struct amount_rate rate = { 0 };
	struct amount_done done = { .files = 10, .bytes = 10000000, .sizes_are_known = true };
	assert_int_equal(amount_rate_bytes(&rate, &done, 0), 0);
	assert_int_equal(amount_seconds_left(&rate, &done, 0), -1);
	/* ten seconds with nothing, then one megabyte a second: what was long ago does not count */
	for (int64_t now_ms = 0; now_ms <= 20000; now_ms += 100) {
		done.bytes_done = now_ms <= 10000 ? 0 : (now_ms - 10000) * 500;
		amount_rate_sample(&rate, &done, now_ms);
	}
	assert_in_range(amount_rate_bytes(&rate, &done, 20000), 490000, 510000);
	assert_in_range(amount_seconds_left(&rate, &done, 20000), 9, 11);
	/* it stands still for longer than the window */
	assert_int_equal(amount_rate_bytes(&rate, &done, 40000), 0);
	assert_int_equal(amount_seconds_left(&rate, &done, 40000), -1);
}

static void without_sizes_files_count(void **state)
{
	(void)state;
	struct amount_rate rate = { 0 };
	struct amount_done done = { .files = 100 };
	amount_rate_sample(&rate, &done, 0);
	done.files_ended = 25;
	assert_int_equal(amount_per_mille(&done), 250);
	assert_int_equal(amount_seconds_left(&rate, &done, 5000), 15);
}

static void it_is_all_done_only_when_the_last_file_has_ended(void **state)
{
	(void)state;
	struct amount_done done = {
		.files = 2, .files_ended = 1, .bytes = 5, .bytes_done = 5, .sizes_are_known = true
	};
	assert_int_equal(amount_per_mille(&done), 999);
	done.files_ended = 2;
	assert_int_equal(amount_per_mille(&done), 1000);
	done.bytes_done = 3; /* one has FAILED: it is over all the same */
	assert_int_equal(amount_per_mille(&done), 1000);
	const struct amount_done nothing = { .sizes_are_known = true };
	assert_int_equal(amount_per_mille(&nothing), 0);
}

static void the_bar_fits_any_terminal(void **state)
{
	(void)state;
	const struct amount_done done = { .files = 2000,
					  .files_ended = 1000,
					  .files_failed = 3,
					  .bytes = 2000000,
					  .bytes_done = 1000000,
					  .sizes_are_known = true };
	char text[BAR_TEXT_SIZE];
	bar_text(&done, 500000, 2, 200, text);
	assert_string_equal(text,
			    "[==========>         ]  50 %  1,000/2,000 files  1.0 MB of 2.0 MB "
			    " 500.0 kB/s  0:02 left  3 failed");
	for (int columns = 0; columns < 200; columns++) {
		bar_text(&done, 500000, 2, columns, text);
		assert_true(strlen(text) <= (size_t)columns);
	}
	bar_text(&done, 0, -1, 50, text);
	assert_non_null(strstr(text, "50 %"));
	assert_null(strchr(text, '['));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_have_three_digits_or_so),
		cmocka_unit_test(things_have_commas_and_times_colons),
		cmocka_unit_test(rate_and_time_left_follow_what_was_moved_of_late),
		cmocka_unit_test(without_sizes_files_count),
		cmocka_unit_test(it_is_all_done_only_when_the_last_file_has_ended),
		cmocka_unit_test(the_bar_fits_any_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
