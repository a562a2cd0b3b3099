#include "test.h"

#include "base/text.h"
#include "transfer/breaker.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static const int64_t wall_start_ms = 1000ll * HOUR;

static const struct breaker_options options = {
	.pause_ms = SECOND,
	.pause_max_ms = MINUTE,
	.probe_ms = 15 * SECOND,
	.probe_max_ms = 15 * MINUTE,
	.refused_ms = 15 * MINUTE,
};

static const struct breaker_failure no_answer = { .step = STEP_CONNECT,
						  .code = SP_TIMEOUT,
						  .reason = "no answer" };
static const struct breaker_failure gave_up = {
	.step = STEP_CONNECT, .code = SP_TIMEOUT, .reason = "no answer", .gave_up = true
};
static const struct breaker_failure wrong_password = {
	.step = STEP_AUTHENTICATE, .code = SP_AUTH, .reason = "wrong password", .gave_up = true
};

/* The clock that we turn by hand; the wall clock goes along, from another beginning. */
static struct breaker_moment at(int64_t now_ms)
{
	return (struct breaker_moment){ .now_ms = now_ms, .wall_ms = wall_start_ms + now_ms };
}

static bool fail_at(struct breaker *breaker, const struct breaker_failure *failure, int64_t now_ms)
{
	const struct breaker_moment moment = at(now_ms);
	return breaker_failed(breaker, &options, failure, &moment);
}

static void a_failed_connection_makes_a_pause_that_grows_with_each(void **state)
{
	(void)state;
	struct breaker breaker = { 0 };
	assert_int_equal(breaker_lets(&breaker, 0), BREAKER_LETS_ALL);
	assert_false(fail_at(&breaker, &no_answer, 0));
	assert_int_equal(breaker_lets(&breaker, 700), BREAKER_LETS_NONE);
	assert_int_equal(breaker_wait_ms(&breaker, 700), 50);
	assert_int_equal(breaker_lets(&breaker, 750), BREAKER_LETS_ALL);
	assert_false(fail_at(&breaker, &no_answer, 1000));
	assert_int_equal(breaker_wait_ms(&breaker, 1000), 1500);
	assert_false(breaker_answered(&breaker));
	assert_int_equal(breaker_lets(&breaker, 1000), BREAKER_LETS_ALL);
}

static void files_that_waited_for_the_same_connection_count_once(void **state)
{
	(void)state;
	struct breaker breaker = { 0 };
	for (int64_t file = 0; file < 100; file++)
		assert_false(fail_at(&breaker, &no_answer, file));
	assert_int_equal(breaker_wait_ms(&breaker, 0), 750);
}

static void it_opens_when_a_file_is_given_up_and_lets_one_try_at_growing_intervals(void **state)
{
	(void)state;
	struct breaker breaker = { 0 };
	int64_t now = 0;
	assert_true(fail_at(&breaker, &gave_up, now));
	assert_false(fail_at(&breaker, &gave_up, now)); /* another one of the same connection */
	static const int64_t waits[] = {
		11250, 22500, 45000, 90000, 180000, 360000, 675000, 675000
	};
	for (size_t i = 0; i < SP_COUNT_OF(waits); i++) {
		assert_int_equal(breaker_wait_ms(&breaker, now), waits[i]);
		assert_int_equal(breaker_lets(&breaker, now + waits[i] - 1), BREAKER_LETS_NONE);
		now += waits[i];
		assert_int_equal(breaker_lets(&breaker, now), BREAKER_LETS_ONE);
		assert_int_equal(breaker_lets(&breaker, now), BREAKER_LETS_ONE);
		assert_true(fail_at(&breaker, &no_answer, now));
	}
	assert_int_equal(breaker.record.since_ms, wall_start_ms);
	assert_string_equal(breaker.record.reason, "no answer");
	assert_true(breaker_answered(&breaker));
	assert_int_equal(breaker_lets(&breaker, now), BREAKER_LETS_ALL);
}

static void who_is_refused_does_not_come_back_soon(void **state)
{
	(void)state;
	static const struct {
		enum failure_step step;
		enum sp_code code;
		int64_t wait_ms;
	} cases[] = {
		{ STEP_AUTHENTICATE, SP_AUTH, 15 * MINUTE * 3 / 4 },
		{ STEP_AUTHENTICATE, SP_CLOSED, 2 * MINUTE * 3 / 4 },
		{ STEP_HOST_KEY, SP_UNTRUSTED, 15 * MINUTE * 3 / 4 },
		{ STEP_BANNER, SP_CLOSED, 2 * MINUTE * 3 / 4 },
		{ STEP_KEY_EXCHANGE, SP_CLOSED, 2 * MINUTE * 3 / 4 },
		{ STEP_CONNECT, SP_UNREACHABLE, 15 * SECOND * 3 / 4 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct breaker breaker = { 0 };
		const struct breaker_failure failure = {
			.step = cases[i].step, .code = cases[i].code, .reason = "", .gave_up = true
		};
		assert_true(fail_at(&breaker, &failure, 0));
		assert_int_equal(breaker_wait_ms(&breaker, 0), cases[i].wait_ms);
	}
}

static void a_refusal_opens_at_once_and_anything_else_when_a_file_is_given_up(void **state)
{
	(void)state;
	struct breaker breaker = { 0 };
	struct breaker_failure failure = { .step = STEP_HOST_KEY,
					   .code = SP_UNTRUSTED,
					   .reason = "" };
	assert_true(fail_at(&breaker, &failure, 0));

	/* A server that went away while it was spoken to has refused nobody. */
	breaker = (struct breaker){ 0 };
	failure = (struct breaker_failure){ .step = STEP_AUTHENTICATE,
					    .code = SP_CLOSED,
					    .reason = "" };
	assert_false(fail_at(&breaker, &failure, 0));
}

static void refusals_in_a_row_wait_at_most_sixteen_times_as_long(void **state)
{
	(void)state;
	struct breaker breaker = { 0 };
	int64_t now = 0;
	for (int i = 0; i < 20; i++) {
		assert_true(fail_at(&breaker, &wrong_password, now));
		now += breaker_wait_ms(&breaker, now);
		assert_int_equal(breaker_lets(&breaker, now), BREAKER_LETS_ONE);
	}
	assert_true(fail_at(&breaker, &wrong_password, now));
	assert_int_equal(breaker_wait_ms(&breaker, now), 4 * HOUR * 3 / 4);
}

static void asked_again_it_lets_one_go_at_once_and_remembers_how_long_it_was(void **state)
{
	(void)state;
	struct breaker breaker = { 0 };
	fail_at(&breaker, &wrong_password, 0);
	breaker_ask_again(&breaker);
	assert_int_equal(breaker_lets(&breaker, 1), BREAKER_LETS_ONE);
	assert_true(fail_at(&breaker, &wrong_password, 1));
	assert_int_equal(breaker_wait_ms(&breaker, 1), 2 * 15 * MINUTE * 3 / 4);
}

static void what_was_kept_holds_after_a_restart(void **state)
{
	(void)state;
	struct breaker before = { 0 };
	struct breaker after;
	struct breaker_record record;
	fail_at(&before, &wrong_password, 0);
	struct breaker_moment moment = at(MINUTE);
	breaker_record(&before, &moment, &record);

	/* The monotonic clock of another boot. */
	moment = (struct breaker_moment){ .now_ms = 77, .wall_ms = wall_start_ms + 2 * MINUTE };
	breaker_restore(&after, &options, &record, &moment);
	assert_int_equal(breaker_lets(&after, 77), BREAKER_LETS_NONE);
	assert_int_equal(breaker_wait_ms(&after, 77), 15 * MINUTE * 3 / 4 - 2 * MINUTE);
	assert_true(fail_at(&after, &wrong_password, 77 + HOUR));
	assert_int_equal(breaker_wait_ms(&after, 77 + HOUR), 2 * 15 * MINUTE * 3 / 4);
}

static void a_wall_clock_that_jumped_neither_hammers_nor_forgets(void **state)
{
	(void)state;
	struct breaker before = { 0 };
	struct breaker after;
	struct breaker_record record;
	fail_at(&before, &wrong_password, 0);
	struct breaker_moment moment = at(0);
	breaker_record(&before, &moment, &record);

	moment = (struct breaker_moment){ .now_ms = 77, .wall_ms = 0 }; /* long ago */
	breaker_restore(&after, &options, &record, &moment);
	assert_in_range(breaker_wait_ms(&after, 77), 15 * MINUTE * 3 / 4, 2 * 15 * MINUTE);

	moment.wall_ms = 2 * wall_start_ms; /* far in the future */
	breaker_restore(&after, &options, &record, &moment);
	assert_int_equal(breaker_lets(&after, 77), BREAKER_LETS_ONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_connection_makes_a_pause_that_grows_with_each),
		cmocka_unit_test(files_that_waited_for_the_same_connection_count_once),
		cmocka_unit_test(
			it_opens_when_a_file_is_given_up_and_lets_one_try_at_growing_intervals),
		cmocka_unit_test(who_is_refused_does_not_come_back_soon),
		cmocka_unit_test(a_refusal_opens_at_once_and_anything_else_when_a_file_is_given_up),
		cmocka_unit_test(refusals_in_a_row_wait_at_most_sixteen_times_as_long),
		cmocka_unit_test(asked_again_it_lets_one_go_at_once_and_remembers_how_long_it_was),
		cmocka_unit_test(what_was_kept_holds_after_a_restart),
		cmocka_unit_test(a_wall_clock_that_jumped_neither_hammers_nor_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
