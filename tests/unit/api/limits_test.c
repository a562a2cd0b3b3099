#include "test.h"

#include <stdio.h>

#include "api/limits.h"

enum { SECOND = 1000000, NOW = 5 * SECOND };

static void counts_each_key_for_itself(void **state)
{
	(void)state;
	struct api_limits *limits = api_limits_create(5);
	for (int i = 0; i < 5 * LIMITS_BURST_S; i++)
		assert_true(api_limits_let(limits, "AKIA1", NOW));
	assert_false(api_limits_let(limits, "AKIA1", NOW));
	assert_true(api_limits_let(limits, "AKIA2", NOW));
	assert_true(api_limits_let(limits, "AKIA1", NOW + SECOND / 5));
	assert_false(api_limits_let(limits, "AKIA1", NOW + SECOND / 5));
	api_limits_destroy(limits);
}

static void lets_all_through_without_a_limit(void **state)
{
	(void)state;
	struct api_limits *limits = api_limits_create(0);
	for (int i = 0; i < 100000; i++)
		assert_true(api_limits_let(limits, "AKIA1", NOW));
	api_limits_destroy(limits);
}

/* Whoever has asked too often is not let in again because many others came. */
static void forgets_those_who_rested_first(void **state)
{
	(void)state;
	struct api_limits *limits = api_limits_create(1);
	char id[32];
	while (api_limits_let(limits, "AKIABUSY", NOW))
		;
	for (int i = 0; i < 10 * LIMITS_KEYS_MAX; i++) {
		snprintf(id, sizeof(id), "AKIA%d", i);
		api_limits_let(limits, id, NOW);
	}
	assert_false(api_limits_let(limits, "AKIABUSY", NOW));
	api_limits_destroy(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each_key_for_itself),
		cmocka_unit_test(lets_all_through_without_a_limit),
		cmocka_unit_test(forgets_those_who_rested_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
