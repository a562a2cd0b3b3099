/* Each connector goes its own way, in order, and waits alone. */
#include "test.h"

#include "base/text.h"
#include "events/lanes.h"

#define A "c-0000000000000000a"
#define B "c-0000000000000000b"
#define C "c-0000000000000000c"

static const struct lane_patience patience = { .delay_ms = 1000,
					       .delay_max_ms = 8000,
					       .attempts = 3 };

static struct lanes lanes;

static int tear_down(void **state)
{
	(void)state;
	lanes_finish(&lanes);
	return 0;
}

/* A connector with events up to @newest that has had none. */
static struct lane *add(const char *connector_id, int64_t newest)
{
	struct lane *lane = lanes_add(&lanes, connector_id, 0);
	lane->newest = newest;
	lanes.seen = lanes.seen > newest ? lanes.seen : newest;
	return lane;
}

static void a_lane_has_one_event_under_way_at_a_time(void **state)
{
	(void)state;
	struct lane *a = add(A, 3);
	assert_ptr_equal(lanes_find(&lanes, A), a);
	assert_null(lanes_find(&lanes, B));
	assert_ptr_equal(lanes_take_ready(&lanes, 0), a);
	assert_null(lanes_take_ready(&lanes, 0));
	lane_succeeded(a, 1);
	assert_ptr_equal(lanes_take_ready(&lanes, 0), a);
	lane_succeeded(a, 3);
	assert_null(lanes_take_ready(&lanes, 0)); /* it has had all */
	a->newest = 9;
	assert_ptr_equal(lanes_take_ready(&lanes, 0), a);
}

static void lanes_take_turns(void **state)
{
	(void)state;
	add(A, 9);
	add(B, 9);
	add(C, 9);
	const struct lane *order[6];
	for (size_t i = 0; i < SP_COUNT_OF(order); i++) {
		struct lane *lane = lanes_take_ready(&lanes, 0);
		order[i] = lane;
		lane_succeeded(lane, lane->delivered + 1);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_ptr_equal(order[i], order[i + 3]);
		assert_ptr_not_equal(order[i], order[(i + 1) % 3]);
	}
}

static void one_that_fails_waits_alone_and_longer_each_time(void **state)
{
	(void)state;
	struct lane *a = add(A, 9), *b = add(B, 9);
	while (lanes_take_ready(&lanes, 0) != a)
		;
	assert_true(b->under_way);
	lane_succeeded(b, 1);
	assert_int_equal(lane_failed(a, &patience, 100, 0, "why"), 750); /* 1000 less a quarter */
	assert_int_equal(lanes_next_ready_ms(&lanes), 0);                /* the other one */
	assert_ptr_equal(lanes_take_ready(&lanes, 849), b);
	assert_null(lanes_take_ready(&lanes, 849));
	assert_int_equal(lanes_next_ready_ms(&lanes), 850);
	assert_ptr_equal(lanes_take_ready(&lanes, 850), a);
	assert_int_equal(lane_failed(a, &patience, 1000, 0, "why"), 1500);
	assert_null(lanes_take_ready(&lanes, 2499));
	assert_ptr_equal(lanes_take_ready(&lanes, 2500), a);
	lane_succeeded(a, 1);
	assert_ptr_equal(lanes_take_ready(&lanes, 2500), a); /* patient again */
	assert_int_equal(lane_failed(a, &patience, 3000, 0, "why"), 750);
}

static void after_so_many_tries_it_is_parked_until_it_is_told_to_go_on(void **state)
{
	(void)state;
	struct lane *a = add(A, 9);
	for (int i = 1; i <= patience.attempts; i++) {
		assert_ptr_equal(lanes_take_ready(&lanes, INT64_MAX), a);
		int64_t delay_ms = lane_failed(a, &patience, 0, 0, "why");
		assert_int_equal(delay_ms == 0, i == patience.attempts);
	}
	assert_true(a->parked);
	assert_null(lanes_take_ready(&lanes, INT64_MAX));
	assert_int_equal(lanes_next_ready_ms(&lanes), INT64_MAX);
	assert_string_equal(a->failure, "why");
	assert_int_equal(lanes_go_on(&lanes, B), 0);
	assert_true(a->parked);
	assert_int_equal(lanes_go_on(&lanes, A), 1);
	assert_int_equal(lanes_go_on(&lanes, NULL), 0);
	assert_ptr_equal(lanes_take_ready(&lanes, 0), a);
	assert_int_equal(a->tries, 0);
	lane_succeeded(a, 1);
	assert_null(a->failure);
}

/* As somebody does who passes an event by. */
static void what_is_passed_by_parks_nothing(void **state)
{
	(void)state;
	struct lane *a = add(A, 9);
	for (int i = 1; i <= patience.attempts; i++) {
		assert_ptr_equal(lanes_take_ready(&lanes, INT64_MAX), a);
		lane_failed(a, &patience, 0, 0, "why");
	}
	a->under_way = true;
	lane_succeeded(a, 1);
	assert_false(a->parked);
	assert_ptr_equal(lanes_take_ready(&lanes, 0), a);
	assert_int_equal(a->delivered, 1);
}

static void what_all_have_had_is_what_the_slowest_has_had(void **state)
{
	(void)state;
	assert_int_equal(lanes_delivered(&lanes), 0);
	lanes.seen = 5;
	assert_int_equal(lanes_delivered(&lanes), 5);
	struct lane *a = add(A, 20), *b = add(B, 19);
	assert_int_equal(lanes_delivered(&lanes), 0);
	while (lanes_take_ready(&lanes, 0) != NULL)
		;
	lane_succeeded(b, 19);
	assert_int_equal(lanes_delivered(&lanes), 0);
	lane_succeeded(a, 7);
	assert_int_equal(lanes_delivered(&lanes), 7);
	assert_ptr_equal(lanes_take_ready(&lanes, 0), a);
	lane_succeeded(a, 20);
	assert_int_equal(lanes_delivered(&lanes), 20);
}

static void those_with_nothing_to_tell_go_when_the_others_have_caught_up(void **state)
{
	(void)state;
	struct lane *a = add(A, 3), *b = add(B, 9);
	add(C, 4);
	while (lanes_take_ready(&lanes, 0) != NULL)
		;
	lane_succeeded(a, 3);
	lane_succeeded(b, 9);
	lanes_forget_idle(&lanes, 2);
	assert_non_null(lanes_find(&lanes, A)); /* its place is further than that of all */
	lanes_forget_idle(&lanes, 3);
	assert_null(lanes_find(&lanes, A));
	assert_non_null(lanes_find(&lanes, B));
	lanes_forget_idle(&lanes, 9);
	assert_null(lanes_find(&lanes, B));
	assert_non_null(lanes_find(&lanes, C)); /* it is under way */
}

static void what_is_gone_before_it_was_told_is_passed_for_good(void **state)
{
	(void)state;
	struct lane *a = add(A, 3);
	assert_ptr_equal(lanes_take_ready(&lanes, 0), a);
	lane_passed(a);
	assert_null(lanes_take_ready(&lanes, 0));
	assert_int_equal(lanes_delivered(&lanes), 3);
	assert_false(a->is_noted); /* that has to be committed, or the sink seems to be behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ALONE(test) cmocka_unit_test_teardown(test, tear_down)
		ALONE(a_lane_has_one_event_under_way_at_a_time),
		ALONE(lanes_take_turns),
		ALONE(one_that_fails_waits_alone_and_longer_each_time),
		ALONE(after_so_many_tries_it_is_parked_until_it_is_told_to_go_on),
		ALONE(what_is_passed_by_parks_nothing),
		ALONE(what_all_have_had_is_what_the_slowest_has_had),
		ALONE(what_is_gone_before_it_was_told_is_passed_for_good),
		ALONE(those_with_nothing_to_tell_go_when_the_others_have_caught_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
