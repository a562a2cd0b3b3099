#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/token_table.h"

enum { SECOND = 1000000, NOW = 5 * SECOND };

static void counts_each_key_for_itself(void **state)
{
	(void)state;
	struct token_table *table = token_table_create(2, 5);
	int64_t wait = 0;
	for (int i = 0; i < 10; i++)
		assert_true(token_table_take(table, "a", NOW, NULL));
	assert_false(token_table_take(table, "a", NOW, &wait));
	assert_int_equal(wait, SECOND / 2);
	assert_true(token_table_take(table, "b", NOW, NULL));
	assert_true(token_table_take(table, "a", NOW + wait, NULL));
	assert_false(token_table_take(table, "a", NOW + wait, NULL));
	token_table_destroy(table);
}

static void lets_all_through_without_a_limit(void **state)
{
	(void)state;
	struct token_table *table = token_table_create(0, 5);
	for (int i = 0; i < 10000; i++)
		assert_true(token_table_take(table, "a", NOW, NULL));
	token_table_destroy(table);
}

/* Whoever has done too much is not let in again because many others came. */
static void forgets_those_who_rested_first(void **state)
{
	(void)state;
	struct token_table *table = token_table_create(1, 2);
	char key[32];
	while (token_table_take(table, "busy", NOW, NULL))
		;
	for (int i = 0; i < 10 * TOKEN_TABLE_KEYS_MAX; i++) {
		snprintf(key, sizeof(key), "%d", i);
		token_table_take(table, key, NOW, NULL);
	}
	assert_false(token_table_take(table, "busy", NOW, NULL));
	token_table_destroy(table);
}

static void long_keys_have_no_way_around(void **state)
{
	(void)state;
	struct token_table *table = token_table_create(1, 1);
	char key[2 * TOKEN_TABLE_KEY_SIZE];
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_true(token_table_take(table, key, NOW, NULL));
	assert_false(token_table_take(table, key, NOW, NULL));
	token_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each_key_for_itself),
		cmocka_unit_test(lets_all_through_without_a_limit),
		cmocka_unit_test(forgets_those_who_rested_first),
		cmocka_unit_test(long_keys_have_no_way_around),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
