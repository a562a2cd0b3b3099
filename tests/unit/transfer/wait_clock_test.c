#include "test.h"

#include "transfer/wait_clock.h"

enum { HOUR = 3600 * 1000 };

static const int64_t start_ms =
	1000ll * HOUR; /* of the wall clock; the monotonic one begins at 7 */

static struct wait_clock started(void)
{
	struct wait_clock clock;
	wait_clock_start(&clock, start_ms, 7);
	return clock;
}

static void a_clock_that_goes_right_is_believed(void **state)
{
	(void)state;
	struct wait_clock clock = started();
	assert_int_equal(wait_clock_early(&clock, start_ms + HOUR, 7 + HOUR), start_ms + HOUR);
	assert_int_equal(wait_clock_late(&clock, start_ms + HOUR, 7 + HOUR), start_ms + HOUR);
}

static void a_clock_that_jumped_ahead_makes_nobody_late(void **state)
{
	(void)state;
	struct wait_clock clock = started();
	int64_t wall_ms = start_ms + 24 * HOUR;
	assert_int_equal(wait_clock_early(&clock, wall_ms, 7 + HOUR), start_ms + HOUR);
	assert_int_equal(wait_clock_late(&clock, wall_ms, 7 + HOUR), wall_ms);
}

static void a_clock_that_jumped_back_makes_nobody_wait(void **state)
{
	(void)state;
	struct wait_clock clock = started();
	int64_t wall_ms = start_ms - 24 * HOUR;
	assert_int_equal(wait_clock_early(&clock, wall_ms, 7 + HOUR), wall_ms);
	assert_int_equal(wait_clock_late(&clock, wall_ms, 7 + HOUR), start_ms + HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_goes_right_is_believed),
		cmocka_unit_test(a_clock_that_jumped_ahead_makes_nobody_late),
		cmocka_unit_test(a_clock_that_jumped_back_makes_nobody_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
