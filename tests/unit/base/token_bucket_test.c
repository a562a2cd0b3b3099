#include "test.h"

#include "base/token_bucket.h"

enum { SECOND = 1000000, NOW = 5 * SECOND };

static int take_many(struct token_bucket *bucket, int64_t rate, int64_t burst, int64_t now_us)
{
	int count = 0;
	while (count < 1000 && token_bucket_take(bucket, rate, burst, now_us, NULL))
		count++;
	return count;
}

static void gives_a_burst_after_a_rest_and_then_its_rate(void **state)
{
	(void)state;
	struct token_bucket bucket = { 0 };
	assert_int_equal(take_many(&bucket, 10, 25, NOW), 25);
	assert_int_equal(take_many(&bucket, 10, 25, NOW + SECOND / 10), 1);
	assert_int_equal(take_many(&bucket, 10, 25, NOW + SECOND), 9);
	assert_int_equal(take_many(&bucket, 10, 25, NOW + 60 * (int64_t)SECOND), 25);
}

static void says_how_long_to_wait(void **state)
{
	(void)state;
	struct token_bucket bucket = { 0 };
	int64_t wait = 0;
	assert_true(token_bucket_take(&bucket, 4, 1, NOW, &wait));
	assert_false(token_bucket_take(&bucket, 4, 1, NOW, &wait));
	assert_int_equal(wait, SECOND / 4);
	assert_false(token_bucket_take(&bucket, 4, 1, NOW + wait - 1, NULL));
	assert_true(token_bucket_take(&bucket, 4, 1, NOW + wait, NULL));
}

static void does_not_count_what_it_refuses(void **state)
{
	(void)state;
	struct token_bucket bucket = { 0 };
	assert_true(token_bucket_take(&bucket, 1, 1, NOW, NULL));
	for (int i = 0; i < 100; i++)
		assert_false(token_bucket_take(&bucket, 1, 1, NOW + i, NULL));
	assert_true(token_bucket_take(&bucket, 1, 1, NOW + SECOND, NULL));
}

static void takes_the_highest_rate(void **state)
{
	(void)state;
	struct token_bucket bucket = { 0 };
	assert_int_equal(take_many(&bucket, TOKEN_BUCKET_RATE_MAX, 3, NOW), 3);
	assert_int_equal(take_many(&bucket, TOKEN_BUCKET_RATE_MAX, 3, NOW + 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_a_burst_after_a_rest_and_then_its_rate),
		cmocka_unit_test(says_how_long_to_wait),
		cmocka_unit_test(does_not_count_what_it_refuses),
		cmocka_unit_test(takes_the_highest_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
