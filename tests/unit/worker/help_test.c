#include "test.h"

#include "base/clock.h"
#include "worker/help.h"

enum { OPENING_US = 400 * 1000 };

#define MIB ((uint64_t)1 << 20)

static const struct worker_message configuration = { .connections = 2 };

/* Of a file that began @took_us ago, on a connection that took OPENING_US to open. */
static bool in_time(int64_t took_us, uint64_t done, uint64_t left)
{
	const struct connection connection = { .configuration = &configuration,
					       .opening_us = OPENING_US };
	struct help help = { .since_us = sp_monotonic_us() - took_us };
	return help_comes_in_time(&help, &connection, done, left);
}

static void nobody_is_called_before_it_is_known_how_fast_it_goes(void **state)
{
	(void)state;
	assert_false(in_time(0, 0, 1000 * MIB));
	assert_true(in_time(OPENING_US, MIB, 1000 * MIB));
	assert_true(in_time(OPENING_US, 0,
			    1000 * MIB)); /* not a byte: a server that is slow to begin */
}

static void who_is_done_before_others_are_there_calls_nobody(void **state)
{
	(void)state;
	/* As much is left as came in the time that another connection needs; then what takes three times as long. */
	assert_false(in_time(OPENING_US, 100 * MIB, 100 * MIB));
	assert_true(in_time(OPENING_US, 100 * MIB, 300 * MIB));
}

static void a_little_is_never_shared_however_slow(void **state)
{
	(void)state;
	assert_false(in_time(100 * OPENING_US, MIB, HELP_BYTES_MIN - 1));
	assert_true(in_time(100 * OPENING_US, MIB, HELP_BYTES_MIN));
}

static void without_further_connections_nobody_is_called(void **state)
{
	(void)state;
	const struct worker_message alone = { .connections = 1 };
	const struct connection connection = { .configuration = &alone };
	struct help help = { .since_us = sp_monotonic_us() - OPENING_US };
	assert_false(help_comes_in_time(&help, &connection, MIB, 1000 * MIB));
}

static void it_is_thought_of_from_the_first_question_on(void **state)
{
	(void)state;
	const struct connection connection = { .configuration = &configuration,
					       .opening_us = OPENING_US };
	struct help help = { 0 };
	assert_false(help_comes_in_time(&help, &connection, 0, 1000 * MIB));
	assert_true(help.since_us > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_called_before_it_is_known_how_fast_it_goes),
		cmocka_unit_test(who_is_done_before_others_are_there_calls_nobody),
		cmocka_unit_test(a_little_is_never_shared_however_slow),
		cmocka_unit_test(without_further_connections_nobody_is_called),
		cmocka_unit_test(it_is_thought_of_from_the_first_question_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
