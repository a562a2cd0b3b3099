#include "test.h"

#include <limits.h>

#include "loop/timers.h"

enum { MANY = 1000, FIRED_MAX = 8, SEED = 7 };

/* Who fired, in their order. */
struct log {
	char names[FIRED_MAX + 1];
	size_t count;
};

struct named {
	struct log *log;
	char name;
	struct timers *timers; /* it adds another one there, whose name is the next letter … */
	struct loop_timer *victim; /* … and cancels this one */
};

static void note(void *ctx)
{
	const struct named *named = ctx;
	assert_true(named->log->count < FIRED_MAX);
	named->log->names[named->log->count++] = named->name;
	named->log->names[named->log->count] = '\0';
}

static void note_and_cancel(void *ctx)
{
	note(ctx);
	loop_cancel_timer(((struct named *)ctx)->victim);
}

static void note_and_add(void *ctx)
{
	struct named *named = ctx;
	note(named);
	named->name++;
	timers_add(named->timers, 0, note, named);
}

static void without_timers_nobody_waits_for_one(void **state)
{
	(void)state;
	struct timers timers = { 0 };
	assert_int_equal(timers_wait_ms(&timers, 5), -1);
	timers_fire(&timers, 5);
	loop_cancel_timer(NULL);
	timers_finish(&timers);
}

static void the_wait_is_for_the_earliest_and_never_negative(void **state)
{
	(void)state;
	struct timers timers = { 0 };
	struct log log = { 0 };
	struct named one = { .log = &log, .name = 'a' };
	timers_add(&timers, 300, note, &one);
	struct loop_timer *earlier = timers_add(&timers, 200, note, &one);
	assert_int_equal(timers_wait_ms(&timers, 150), 50);
	assert_int_equal(timers_wait_ms(&timers, 200), 0);
	assert_int_equal(timers_wait_ms(&timers, 900), 0);
	loop_cancel_timer(earlier);
	assert_int_equal(timers_wait_ms(&timers, 150), 150);
	timers_finish(&timers);

	timers_add(&timers, INT64_MAX, note, &one);
	assert_int_equal(timers_wait_ms(&timers, 0), INT_MAX);
	timers_finish(&timers);
	assert_int_equal(log.count, 0);
}

static void timers_of_one_deadline_fire_in_the_order_in_which_they_were_added(void **state)
{
	(void)state;
	struct timers timers = { 0 };
	struct log log = { 0 };
	struct named all[] = { { &log, 'c', NULL, NULL },
			       { &log, 'a', NULL, NULL },
			       { &log, 'd', NULL, NULL },
			       { &log, 'b', NULL, NULL } };
	static const int64_t deadlines[] = { 20, 10, 20, 10 };
	for (size_t i = 0; i < 4; i++)
		timers_add(&timers, deadlines[i], note, &all[i]);
	timers_fire(&timers, 9);
	assert_string_equal(log.names, "");
	timers_fire(&timers, 10);
	assert_string_equal(log.names, "ab");
	timers_fire(&timers, 1000);
	assert_string_equal(log.names, "abcd");
	assert_int_equal(timers_wait_ms(&timers, 0), -1);
	timers_finish(&timers);
}

static void one_that_is_added_by_another_waits_for_the_next_call(void **state)
{
	(void)state;
	struct timers timers = { 0 };
	struct log log = { 0 };
	struct named first = { &log, 'a', &timers, NULL };
	timers_add(&timers, 10, note_and_add, &first);
	timers_fire(&timers, 10);
	assert_string_equal(log.names,
			    "a"); /* or a timer that adds itself would hold everybody up */
	timers_fire(&timers, 10);
	assert_string_equal(log.names, "ab");
	timers_finish(&timers);
}

static void one_that_fires_may_cancel_another_that_is_due(void **state)
{
	(void)state;
	struct timers timers = { 0 };
	struct log log = { 0 };
	struct named first = { &log, 'a', NULL, NULL }, second = { &log, 'b', NULL, NULL };
	timers_add(&timers, 10, note_and_cancel, &first);
	first.victim = timers_add(&timers, 10, note, &second);
	timers_fire(&timers, 10);
	assert_string_equal(log.names, "a");
	timers_finish(&timers);
}

static void one_that_fires_may_cancel_itself(void **state)
{
	(void)state;
	struct timers timers = { 0 };
	struct log log = { 0 };
	struct named first = { &log, 'a', NULL, NULL };
	first.victim = timers_add(&timers, 10, note_and_cancel, &first);
	timers_fire(&timers, 10);
	assert_string_equal(log.names, "a");
	timers_finish(&timers);
}

/* ---- many ------------------------------------------------------------------------------------------------------ */

struct clock {
	int64_t last; /* deadline that fired last */
	size_t fired;
};

struct ticket {
	struct clock *clock;
	int64_t deadline;
	struct loop_timer *timer;
};

static void come_in_turn(void *ctx)
{
	struct ticket *ticket = ctx;
	assert_true(ticket->deadline >= ticket->clock->last);
	ticket->clock->last = ticket->deadline;
	ticket->clock->fired++;
	ticket->timer = NULL;
}

static void of_many_timers_all_that_were_not_cancelled_fire_in_their_order(void **state)
{
	(void)state;
	struct timers timers = { 0 };
	struct clock clock = { 0 };
	struct ticket tickets[MANY];
	unsigned int dice = SEED;
	for (size_t i = 0; i < MANY; i++) {
		tickets[i] = (struct ticket){ .clock = &clock, .deadline = rand_r(&dice) % MANY };
		tickets[i].timer =
			timers_add(&timers, tickets[i].deadline, come_in_turn, &tickets[i]);
	}
	size_t cancelled = 0;
	for (int64_t now = 0; now < MANY; now += 50) {
		timers_fire(&timers, now);
		assert_true(clock.last <= now);
		/* From the middle of the heap, where the last one fills the gap. */
		for (size_t i = 0; i < MANY; i += 17) {
			if (tickets[i].timer == NULL || (rand_r(&dice) & 1) != 0)
				continue;
			loop_cancel_timer(tickets[i].timer);
			tickets[i].timer = NULL;
			cancelled++;
		}
	}
	timers_fire(&timers, MANY);
	assert_true(cancelled > 0);
	assert_int_equal(clock.fired + cancelled, MANY);
	assert_int_equal(timers_wait_ms(&timers, 0), -1);
	timers_finish(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_timers_nobody_waits_for_one),
		cmocka_unit_test(the_wait_is_for_the_earliest_and_never_negative),
		cmocka_unit_test(timers_of_one_deadline_fire_in_the_order_in_which_they_were_added),
		cmocka_unit_test(one_that_is_added_by_another_waits_for_the_next_call),
		cmocka_unit_test(one_that_fires_may_cancel_another_that_is_due),
		cmocka_unit_test(one_that_fires_may_cancel_itself),
		cmocka_unit_test(of_many_timers_all_that_were_not_cancelled_fire_in_their_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
