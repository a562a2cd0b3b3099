#include "test.h"

#include "base/backoff.h"

static void waiting_doubles_up_to_its_bound_with_a_quarter_either_way(void **state)
{
	(void)state;
	assert_int_equal(sp_backoff_ms(1000, 60000, 1, 0), 750);
	assert_int_equal(sp_backoff_ms(1000, 60000, 1, 500), 1250);
	assert_int_equal(sp_backoff_ms(1000, 60000, 3, 0), 3000);
	assert_int_equal(sp_backoff_ms(1000, 60000, 1000, 0), 45000);
	for (uint32_t random = 0; random < 5000; random++)
		assert_in_range(sp_backoff_ms(1000, 60000, 2, random), 1500, 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_doubles_up_to_its_bound_with_a_quarter_either_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
