#include "test.h"

#include <stdio.h>

#include "worker/roll.h"

static struct worker_message order_of(char id[FILE_ID_SIZE], unsigned number, uint32_t attempt,
				      enum worker_kind kind)
{
	snprintf(id, FILE_ID_SIZE, "%032x", number);
	return (struct worker_message){ .kind = kind, .file_id = id, .attempt = attempt };
}

static unsigned add(struct roll *roll, unsigned number, uint32_t attempt, enum worker_kind kind)
{
	char id[FILE_ID_SIZE];
	struct worker_message order = order_of(id, number, attempt, kind);
	return roll_add(roll, &order);
}

static unsigned find(const struct roll *roll, unsigned number, uint32_t attempt)
{
	char id[FILE_ID_SIZE];
	struct worker_message message = order_of(id, number, attempt, WORKER_PERMIT);
	return roll_find(roll, &message);
}

static struct roll *new_roll(void)
{
	static struct roll roll;
	roll_init(&roll);
	return &roll;
}

static void finds_each_file_by_its_id_and_try(void **state)
{
	(void)state;
	struct roll *roll = new_roll();
	unsigned numbers[WORKER_FILES_MAX];
	for (unsigned i = 0; i < WORKER_FILES_MAX; i++)
		numbers[i] = add(roll, i, 1, WORKER_SEND);
	for (unsigned i = 0; i < WORKER_FILES_MAX; i++)
		assert_int_equal(find(roll, i, 1), numbers[i]);
	assert_int_equal(find(roll, 7, 2), ROLL_MAX);
	assert_int_equal(find(roll, WORKER_FILES_MAX, 1), ROLL_MAX);
	for (unsigned i = 0; i < WORKER_FILES_MAX; i += 2)
		roll_remove(roll, numbers[i]);
	for (unsigned i = 0; i < WORKER_FILES_MAX; i++)
		assert_int_equal(find(roll, i, 1), i % 2 == 0 ? ROLL_MAX : numbers[i]);
}

static void takes_no_more_files_than_were_agreed_on(void **state)
{
	(void)state;
	struct roll *roll = new_roll();
	for (unsigned i = 0; i < WORKER_FILES_MAX; i++)
		assert_true(add(roll, i, 1, i % 2 == 0 ? WORKER_SEND : WORKER_RECOVER) < ROLL_MAX);
	assert_int_equal(add(roll, WORKER_FILES_MAX, 1, WORKER_RETRIEVE), ROLL_MAX);
	roll_note_told(roll, find(roll, 3, 1));
	assert_true(add(roll, WORKER_FILES_MAX, 1, WORKER_RETRIEVE) < ROLL_MAX);
}

static void what_is_to_be_removed_takes_nobodys_place(void **state)
{
	(void)state;
	struct roll *roll = new_roll();
	for (unsigned i = 0; i < WORKER_FILES_MAX; i++)
		assert_true(add(roll, i, 1, WORKER_REMOVE) < ROLL_MAX);
	assert_int_equal(add(roll, WORKER_FILES_MAX, 1, WORKER_REMOVE), ROLL_MAX);
	for (unsigned i = 0; i < WORKER_FILES_MAX; i++)
		assert_true(add(roll, i, 2, WORKER_SEND) < ROLL_MAX);
}

static void a_file_whose_end_was_told_may_come_again_at_once(void **state)
{
	(void)state;
	struct roll *roll = new_roll();
	unsigned first = add(roll, 5, 1, WORKER_SEND);
	roll_note_told(roll, first);
	assert_int_equal(find(roll, 5, 1), ROLL_MAX);
	unsigned second = add(roll, 5, 1, WORKER_RECOVER);
	assert_int_not_equal(second, first);
	assert_int_equal(find(roll, 5, 1), second);
	roll_remove(roll, first);
	assert_int_equal(find(roll, 5, 1), second);
	roll_remove(roll, second);
	assert_int_equal(roll->unanswered, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_file_by_its_id_and_try),
		cmocka_unit_test(takes_no_more_files_than_were_agreed_on),
		cmocka_unit_test(what_is_to_be_removed_takes_nobodys_place),
		cmocka_unit_test(a_file_whose_end_was_told_may_come_again_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
