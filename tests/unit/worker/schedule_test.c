#include "test.h"

#include <stdio.h>

#include "worker/schedule.h"

/* Runners that wait until they have seen what they want, and a log of who ran. */
static char ran[256];
static struct runner *runners[26];

static void note(const struct runner *runner)
{
	size_t length = strlen(ran);
	assert_true(length + 1 < sizeof(ran));
	ran[length] = (char)('a' + runner->letter->file);
}

static void until_permitted(void *ctx, struct runner *runner)
{
	(void)ctx;
	for (note(runner); !runner->permitted && !runner->cancelled; note(runner))
		runner_wait(runner);
	runners[runner->letter->file] = NULL;
}

static void begin(struct schedule *schedule, unsigned number)
{
	struct letter *letter = letter_create(LETTER_MESSAGE, NULL, -1);
	struct sp_error err = { 0 };
	letter->file = number;
	assert_int_equal(schedule_begin(schedule, letter, &runners[number], &err), 0);
}

static const char *turn(struct schedule *schedule)
{
	memset(ran, 0, sizeof(ran));
	schedule_turn(schedule);
	return ran;
}

static void only_who_was_woken_runs_and_in_that_order(void **state)
{
	(void)state;
	struct schedule schedule;
	schedule_init(&schedule, until_permitted, NULL);
	for (unsigned i = 0; i < 5; i++)
		begin(&schedule, i);
	assert_string_equal(turn(&schedule), "abcde");
	assert_string_equal(turn(&schedule), "");
	runner_wake(runners[3]);
	runner_wake(runners[1]);
	runner_wake(runners[3]);
	assert_string_equal(turn(&schedule), "db");
	schedule_wake_all(&schedule);
	for (unsigned i = 0; i < 5; i++)
		runners[i]->permitted = true;
	assert_int_equal(strlen(turn(&schedule)), 5);
	assert_int_equal(schedule.count, 0);
	schedule_finish(&schedule);
}

static void ends_of_some_leave_the_others_where_they_are(void **state)
{
	(void)state;
	struct schedule schedule;
	schedule_init(&schedule, until_permitted, NULL);
	for (unsigned i = 0; i < 5; i++)
		begin(&schedule, i);
	turn(&schedule);
	const unsigned order[] = { 2, 0, 4, 1, 3 };
	for (size_t i = 0; i < 5; i++) {
		runners[order[i]]->cancelled = true;
		runner_wake(runners[order[i]]);
		const char expected[] = { (char)('a' + order[i]), '\0' };
		assert_string_equal(turn(&schedule), expected);
		assert_int_equal(schedule.count, 4 - i);
		assert_null(runners[order[i]]);
	}
	schedule_finish(&schedule);
}

/* Wakes itself and its neighbour as it runs. */
static void wakes_others(void *ctx, struct runner *runner)
{
	for (int *turns = ctx; *turns > 0;) {
		--*turns;
		note(runner);
		runner_wake(runner);
		runner_wake(runners[1 - runner->letter->file]);
		runner_wait(runner);
	}
	runners[runner->letter->file] = NULL;
}

static void who_is_woken_in_a_turn_runs_in_the_next(void **state)
{
	(void)state;
	struct schedule schedule;
	int turns = 6;
	schedule_init(&schedule, wakes_others, &turns);
	begin(&schedule, 0);
	begin(&schedule, 1);
	assert_string_equal(turn(&schedule), "ab");
	assert_string_equal(turn(&schedule), "ab");
	assert_string_equal(turn(&schedule), "ab");
	turn(&schedule);
	assert_int_equal(schedule.count, 0);
	schedule_finish(&schedule);
}

/* Woken for something in the very turn in which it ends. */
static void ends_awake(void *ctx, struct runner *runner)
{
	(void)ctx;
	note(runner);
	runner_wake(runner);
}

static void who_ends_is_not_run_again_whatever_woke_it(void **state)
{
	(void)state;
	struct schedule schedule;
	schedule_init(&schedule, ends_awake, NULL);
	for (unsigned i = 0; i < 3; i++)
		begin(&schedule, i);
	assert_string_equal(turn(&schedule), "abc");
	assert_string_equal(turn(&schedule), "");
	begin(&schedule, 3);
	assert_string_equal(turn(&schedule), "d");
	schedule_finish(&schedule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_was_woken_runs_and_in_that_order),
		cmocka_unit_test(ends_of_some_leave_the_others_where_they_are),
		cmocka_unit_test(who_is_woken_in_a_turn_runs_in_the_next),
		cmocka_unit_test(who_ends_is_not_run_again_whatever_woke_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
