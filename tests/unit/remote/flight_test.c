#include "test.h"

#include "remote/flight.h"

enum { REQUEST = REMOTE_BLOCK_MAX, MIB = 1 << 20, MS = 1000 /* us */ };

/** A line as this test has it, with a clock of its own. */
struct line {
	int64_t now_us, round_trip_us;
	double rate; /* bytes a microsecond at most */
};

/** Fills the flight, and lets all of it arrive as the line carries it. */
static void round_trip(struct flight *flight, struct line *line)
{
	while (flight_allows(flight, REQUEST))
		flight_leave(flight, REQUEST, line->now_us);
	double carry_us = (double)flight->out / line->rate;
	line->now_us +=
		carry_us > (double)line->round_trip_us ? (int64_t)carry_us : line->round_trip_us;
	while (flight->out > 0)
		flight_arrive(flight, REQUEST, line->round_trip_us, line->now_us);
}

static void run(struct flight *flight, struct line *line, int rounds)
{
	for (int i = 0; i < rounds; i++)
		round_trip(flight, line);
}

static void a_line_without_delay_keeps_the_servers_buffers_small(void **state)
{
	(void)state;
	struct flight flight = flight_of(0, REQUEST, 0);
	struct line line = { .round_trip_us = MS / 10, .rate = 600 };
	run(&flight, &line, 50);
	assert_in_range(flight.max, 8 * REQUEST, 9 * REQUEST);
}

static void a_long_line_is_filled_within_a_few_round_trips(void **state)
{
	(void)state;
	struct flight flight = flight_of(0, REQUEST, 0);
	struct line line = { .round_trip_us = 50 * MS, .rate = 100 };
	run(&flight, &line, 4);
	assert_in_range(flight.max, 10 * MIB, 13 * MIB); /* twice 5 MB, and what a short line has */
	run(&flight, &line, 50);
	assert_in_range(flight.max, 10 * MIB, 13 * MIB);
}

static void a_long_line_that_is_known_to_be_one_begins_with_more(void **state)
{
	(void)state;
	assert_int_equal(8 * REQUEST, flight_of(0, REQUEST, FLIGHT_FAR_US - 1).max);
	assert_int_equal(4 * 8 * REQUEST, flight_of(0, REQUEST, FLIGHT_FAR_US).max);
	assert_int_equal(MIB, flight_of(MIB, REQUEST, FLIGHT_FAR_US).max);
}

static void no_line_takes_more_than_the_budget(void **state)
{
	(void)state;
	struct flight flight = flight_of(0, REQUEST, 0);
	struct line line = { .round_trip_us = 1000 * MS, .rate = 10000 };
	run(&flight, &line, 20);
	assert_int_equal(FLIGHT_MAX, flight.max);
}

static void a_server_that_gets_slower_has_less_on_its_hands(void **state)
{
	(void)state;
	struct flight flight = flight_of(0, REQUEST, 0);
	struct line line = { .round_trip_us = 50 * MS, .rate = 100 };
	run(&flight, &line, 10);
	line.rate = 1;
	run(&flight, &line, FLIGHT_ROUNDS + 1);
	assert_in_range(flight.max, 8 * REQUEST, 9 * REQUEST);
}

static void a_source_that_is_slow_for_a_while_costs_nothing(void **state)
{
	(void)state;
	struct flight flight = flight_of(0, REQUEST, 0);
	struct line line = { .round_trip_us = 50 * MS, .rate = 100 };
	run(&flight, &line, 10);
	size_t before = flight.max;
	for (int i = 0; i < 10; i++) {
		flight_leave(&flight, REQUEST, line.now_us);
		line.now_us += line.round_trip_us;
		flight_arrive(&flight, REQUEST, line.round_trip_us, line.now_us);
	}
	assert_int_equal(before, flight.max);
}

static void what_the_plan_says_is_kept(void **state)
{
	(void)state;
	struct flight flight = flight_of(MIB, REQUEST, 0);
	struct line line = { .round_trip_us = 50 * MS, .rate = 100 };
	run(&flight, &line, 10);
	assert_int_equal(MIB, flight.max);
}

static void one_request_may_always_be_on_the_way(void **state)
{
	(void)state;
	struct flight flight = flight_of(1, REQUEST, 0);
	assert_true(flight_allows(&flight, REQUEST));
	flight_leave(&flight, REQUEST, 0);
	assert_false(flight_allows(&flight, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_without_delay_keeps_the_servers_buffers_small),
		cmocka_unit_test(a_long_line_is_filled_within_a_few_round_trips),
		cmocka_unit_test(a_long_line_that_is_known_to_be_one_begins_with_more),
		cmocka_unit_test(no_line_takes_more_than_the_budget),
		cmocka_unit_test(a_server_that_gets_slower_has_less_on_its_hands),
		cmocka_unit_test(a_source_that_is_slow_for_a_while_costs_nothing),
		cmocka_unit_test(what_the_plan_says_is_kept),
		cmocka_unit_test(one_request_may_always_be_on_the_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
