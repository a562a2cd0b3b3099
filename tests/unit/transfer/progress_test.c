/* The board that says how far files are. */
#include "test.h"

#include <string.h>

#include "transfer/progress.h"

#define FILE_ID  "0123456789abcdef0123456789abcdef"
#define OTHER_ID "1123456789abcdef0123456789abcdef"

static struct transfer_file file(const char *id)
{
	struct transfer_file file = { .attempt = 1 };
	strcpy(file.id, id);
	strcpy(file.transfer_id, "t");
	strcpy(file.connector_id, "c");
	return file;
}

static void only_files_under_way_are_on_it(void **state)
{
	(void)state;
	struct progress_board *board = progress_board_create();
	struct transfer_file one = file(FILE_ID);
	struct progress progress;
	progress_note(board, FILE_ID, 5); /* nobody's */
	assert_false(progress_find(board, FILE_ID, &progress));
	progress_begin(board, &one, 100, 1000);
	progress_note(board, FILE_ID, 400);
	assert_true(progress_find(board, FILE_ID, &progress));
	assert_int_equal(progress.bytes_done, 400);
	assert_int_equal(progress.size, 1000);
	assert_int_equal(progress.eta_ms, -1); /* no rate is known after so short a time */
	progress_note(board, FILE_ID, 1000);
	assert_true(progress_find(board, FILE_ID, &progress));
	assert_int_equal(progress.eta_ms, 0);
	assert_int_equal(progress_files(board), 1);
	progress_end(board, FILE_ID);
	progress_end(board, FILE_ID);
	assert_false(progress_find(board, FILE_ID, &progress));
	assert_int_equal(progress_files(board), 0);
	progress_board_destroy(board);
}

static void who_looks_again_sees_what_moved_since(void **state)
{
	(void)state;
	struct progress_board *board = progress_board_create();
	struct transfer_file one = file(FILE_ID), other = file(OTHER_ID);
	struct progress seen[4];
	uint64_t last = 0;
	progress_begin(board, &one, 0, -1);
	progress_begin(board, &other, 0, -1);
	assert_int_equal(progress_since(board, last, seen, 4, &last), 2);
	assert_int_equal(progress_since(board, last, seen, 4, &last), 0);
	progress_note(board, OTHER_ID, 7);
	progress_note(board, OTHER_ID, 9);
	progress_note(board, FILE_ID, 0); /* it stands still */
	assert_int_equal(progress_since(board, last, seen, 4, &last), 1);
	assert_string_equal(seen[0].file_id, OTHER_ID);
	assert_int_equal(seen[0].bytes_done, 9);
	progress_board_destroy(board);
}

static void ends_are_counted_by_direction(void **state)
{
	(void)state;
	struct progress_board *board = progress_board_create();
	struct transfer_file one = file(FILE_ID);
	one.bytes_moved = 10;
	one.state = FILE_QUEUED;
	progress_count(board, &one);
	one.state = FILE_COMPLETED;
	progress_count(board, &one);
	one.direction = TRANSFER_RETRIEVE;
	one.state = FILE_FAILED;
	progress_count(board, &one);
	struct progress_totals totals = progress_totals(board);
	assert_int_equal(totals.retries, 1);
	assert_int_equal(totals.of[TRANSFER_SEND].completed, 1);
	assert_int_equal(totals.of[TRANSFER_SEND].bytes_moved, 10);
	assert_int_equal(totals.of[TRANSFER_RETRIEVE].failed, 1);
	progress_board_destroy(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_files_under_way_are_on_it),
		cmocka_unit_test(who_looks_again_sees_what_moved_since),
		cmocka_unit_test(ends_are_counted_by_direction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
