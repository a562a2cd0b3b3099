#include "test.h"

#include "api/limits.h"

enum { SECOND = 1000000, NOW = 5 * SECOND };

static void counts_each_key_for_itself(void **state)
{
	(void)state;
	struct api_limits *limits = api_limits_create(5);
	for (int i = 0; i < 5 * LIMITS_BURST_S; i++)
		assert_true(api_limits_let(limits, "AKIA1", NOW, NULL));
	int64_t wait_us = 0;
	assert_false(api_limits_let(limits, "AKIA1", NOW, &wait_us));
	assert_int_equal(wait_us, SECOND / 5);
	assert_true(api_limits_let(limits, "AKIA2", NOW, NULL));
	assert_true(api_limits_let(limits, "AKIA1", NOW + SECOND / 5, NULL));
	assert_false(api_limits_let(limits, "AKIA1", NOW + SECOND / 5, NULL));
	api_limits_destroy(limits);
}

static void lets_all_through_without_a_limit(void **state)
{
	(void)state;
	struct api_limits *limits = api_limits_create(0);
	for (int i = 0; i < 100000; i++)
		assert_true(api_limits_let(limits, "AKIA1", NOW, NULL));
	api_limits_destroy(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each_key_for_itself),
		cmocka_unit_test(lets_all_through_without_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
