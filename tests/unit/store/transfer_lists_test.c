/* Lists of transfers and changes of files, also where there are very many. */
#include "connector_row.h"
#include "database.h"

#include <sqlite3.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "store/connectors.h"
#include "store/transfer_lists.h"
#include "store/transfers.h"

#define CONNECTOR "c-0123456789abcdef0"
#define OTHER     "c-0123456789abcdef1"

enum { MANY = 100000, PAGE = 1000 };

static int set_up(void **state)
{
	database_set_up(state);
	assert_int_equal(connector_row_insert(db, CONNECTOR, &err), 0);
	assert_int_equal(connector_row_insert(db, OTHER, &err), 0);
	return 0;
}

/* @count files of one transfer; the path of the first is @path. */
static void insert(const char *connector_id, const char *path, int64_t created_ms, size_t count,
		   struct transfer *transfer)
{
	*transfer = (struct transfer){ .direction = TRANSFER_SEND, .created_ms = created_ms };
	sp_random_uuid(transfer->id);
	strcpy(transfer->connector_id, connector_id);
	struct transfer_file files[TRANSFER_PATHS_MAX] = { 0 };
	char paths[TRANSFER_PATHS_MAX][64];
	for (size_t i = 0; i < count; i++) {
		sp_random_hex(files[i].id, FILE_ID_SIZE - 1);
		strcpy(files[i].transfer_id, transfer->id);
		strcpy(files[i].connector_id, connector_id);
		snprintf(paths[i], sizeof(paths[i]), i == 0 ? "%s" : "%s %zu", path, i);
		files[i].path = paths[i];
		files[i].size = -1;
	}
	assert_int_equal(transfers_insert(db, transfer, files, count, &err), 0);
}

static struct transfer_file file_of(const struct transfer *transfer, size_t place)
{
	struct transfer_file files[TRANSFER_PATHS_MAX];
	size_t count;
	assert_int_equal(
		transfers_list_files(db, transfer->id, 0, files, TRANSFER_PATHS_MAX, &count, &err),
		0);
	assert_true(place < count);
	for (size_t i = 0; i < count; i++)
		if (i != place)
			transfer_file_finish(&files[i]);
	return files[place];
}

static void move(struct transfer_file *file, enum file_state to)
{
	enum file_state from = file->state;
	file->state = to;
	file->ended_ms = to == FILE_COMPLETED || to == FILE_FAILED ? 7200001 : 0;
	if (transfers_move_file(db, file, from, &err) != 0)
		fail_msg("%s", err.message);
}

static void end(const struct transfer *transfer, size_t place, enum file_state how)
{
	struct transfer_file file = file_of(transfer, place);
	file.attempt = 1;
	move(&file, FILE_RUNNING);
	if (how == FILE_COMPLETED) {
		file.size = 10;
		move(&file, FILE_PUBLISHING);
	}
	move(&file, how);
	transfer_file_finish(&file);
}

static enum transfer_state state_of(const struct transfer *transfer)
{
	struct transfer found;
	assert_int_equal(transfers_find(db, NULL, transfer->id, &found, &err), 0);
	enum transfer_state known = found.state;
	transfer_finish(&found);
	return known;
}

/* The ids of one page, with a space behind each. */
static char *list(const struct transfer_filter *filter)
{
	struct transfer transfers[16];
	struct transfer_list page = { .transfers = transfers, .max = 16 };
	struct sp_buffer out = { 0 };
	if (transfers_list(db, filter, NULL, &page, &err) != 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < page.count; i++) {
		sp_buffer_format(&out, "%s ", transfers[i].id);
		transfer_finish(&transfers[i]);
	}
	return sp_buffer_take(&out);
}

static void expect(struct transfer_filter filter, const struct transfer *first,
		   const struct transfer *second)
{
	if (filter.until_ms == 0)
		filter.until_ms = INT64_MAX;
	SP_AUTO_FREE char *found = list(&filter);
	SP_AUTO_BUFFER expected = { 0 };
	sp_buffer_format(&expected, "%s%s%s%s", first == NULL ? "" : first->id,
			 first == NULL ? "" : " ", second == NULL ? "" : second->id,
			 second == NULL ? "" : " ");
	assert_string_equal(found, sp_buffer_text(&expected));
}

static void a_transfer_is_what_its_files_are(void **state)
{
	(void)state;
	struct transfer transfer;
	insert(CONNECTOR, "a", 1, 3, &transfer);
	assert_int_equal(state_of(&transfer), TRANSFER_QUEUED);
	end(&transfer, 0, FILE_FAILED);
	assert_int_equal(state_of(&transfer), TRANSFER_IN_PROGRESS);
	end(&transfer, 1, FILE_COMPLETED);
	assert_int_equal(state_of(&transfer), TRANSFER_IN_PROGRESS);
	struct transfer_file last = file_of(&transfer, 2);
	move(&last, FILE_RUNNING);
	move(&last, FILE_QUEUED); /* it was begun */
	assert_int_equal(state_of(&transfer), TRANSFER_IN_PROGRESS);
	transfer_file_finish(&last);
	end(&transfer, 2, FILE_COMPLETED);
	assert_int_equal(state_of(&transfer), TRANSFER_FAILED);
	insert(CONNECTOR, "b", 2, 1, &transfer);
	end(&transfer, 0, FILE_COMPLETED);
	assert_int_equal(state_of(&transfer), TRANSFER_COMPLETED);
}

static void filters_choose_and_the_newest_come_first(void **state)
{
	(void)state;
	struct transfer old, newer, other;
	const enum transfer_state queued = TRANSFER_QUEUED, completed = TRANSFER_COMPLETED;
	const enum transfer_direction retrieve = TRANSFER_RETRIEVE;
	insert(CONNECTOR, "/in/old%.csv", 1000, 2, &old);
	insert(OTHER, "/in/other_.csv", 2000, 1, &other);
	insert(CONNECTOR, "/in/newer.csv", 3000, 1, &newer);
	end(&newer, 0, FILE_COMPLETED);

	expect((struct transfer_filter){ .connector_id = CONNECTOR }, &newer, &old);
	expect((struct transfer_filter){ .state = &completed }, &newer, NULL);
	expect((struct transfer_filter){ .state = &queued }, &other, &old);
	expect((struct transfer_filter){ .state = &queued, .connector_id = OTHER }, &other, NULL);
	expect((struct transfer_filter){ .direction = &retrieve }, NULL, NULL);
	expect((struct transfer_filter){ .path = "%" }, &old, NULL); /* a letter like others */
	expect((struct transfer_filter){ .path = "csv 1" }, &old, NULL);
	expect((struct transfer_filter){ .since_ms = 2000 }, &newer, &other);
	expect((struct transfer_filter){ .until_ms = 3000 }, &other, &old);
}

/* Rows as they come to be, but at once; every thousandth is FAILED. */
static void insert_many(void)
{
	static const char sql[] =
		"BEGIN;"
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
		" INSERT INTO transfers (id, connector_id, direction, created_ms, state)"
		" SELECT printf('t-%08d', i), '" CONNECTOR
		"', 0, i / 10, CASE WHEN i % 1000 = 0 THEN 4 ELSE 3 END FROM n;"
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
		" INSERT INTO files (position, id, transfer_id, connector_id, direction, path, "
		"state,"
		" attempt, tries, worker_deaths, not_before_ms, size, sha256, started_ms, ended_ms,"
		" changed) SELECT i, printf('%032x', i), printf('t-%08d', i), '" CONNECTOR
		"', 0, '/in/' || i, CASE WHEN i % 1000 = 0 THEN 4 ELSE 3 END, 1, 0, 0, 0, 1, '', "
		"1, 1,"
		" i FROM n;"
		"UPDATE counters SET value = 100000;"
		"COMMIT;";
	if (db_script(db, sql, &err) != 0)
		fail_msg("%s", err.message);
}

/* Pages until there are no more; returns how many transfers came, each behind the one before. */
static size_t walk(const struct transfer_filter *filter, size_t *out_pages)
{
	SP_AUTO_FREE struct transfer *transfers = sp_alloc(PAGE * sizeof(*transfers));
	struct transfer_list page = { .transfers = transfers, .max = PAGE, .more = true };
	struct transfer_position after;
	size_t seen = 0;
	for (*out_pages = 0; page.more; ++*out_pages) {
		assert_int_equal(
			transfers_list(db, filter, *out_pages == 0 ? NULL : &after, &page, &err),
			0);
		for (size_t i = 0; i < page.count; i++, seen++) {
			if (i + 1 < page.count)
				assert_true(strcmp(transfers[i].id, transfers[i + 1].id) > 0);
			transfer_finish(&transfers[i]);
		}
		after = page.last;
	}
	return seen;
}

struct plan_check {
	sqlite3 *handle;
	size_t statements;
};

static void check_plan(void *ctx, const char *sql)
{
	static const char *const bad[] = { "SCAN t", "SCAN f", "SCAN files", "SCAN transfers",
					   "USE TEMP B-TREE" };
	struct plan_check *check = ctx;
	char explain[4096];
	sqlite3_stmt *statement;
	if (strstr(sql, "SELECT") != sql ||
	    (strstr(sql, " files") == NULL && strstr(sql, " transfers") == NULL))
		return;
	check->statements++;
	/* Besides the bound at which the index is entered: all that is newer would be compared with it. */
	assert_null(strstr(sql, "t.created_ms < ?"));
	snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(check->handle, explain, -1, &statement, NULL),
			 SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(statement, 3);
		for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
			if (strncmp(detail, bad[i], strlen(bad[i])) == 0)
				fail_msg("\"%s\" in the plan of: %s", detail, sql);
	}
	sqlite3_finalize(statement);
}

static bool count_change(void *ctx, int64_t change, const struct transfer_file *file)
{
	int64_t *count = ctx;
	(void)change;
	(void)file;
	++*count;
	return true;
}

static void nobody_walks_through_many_transfers_to_list_some(void **state)
{
	(void)state;
	static const enum transfer_state states[] = { TRANSFER_QUEUED, TRANSFER_IN_PROGRESS,
						      TRANSFER_COMPLETED, TRANSFER_FAILED };
	static const size_t expected[] = { 0, 0, MANY - MANY / 1000, MANY / 1000 };
	size_t pages;
	insert_many();
	const struct transfer_filter all = { .until_ms = INT64_MAX };
	assert_int_equal(walk(&all, &pages), MANY);
	assert_int_equal(pages, MANY / PAGE); /* the last row ends the last page */
	for (size_t i = 0; i < SP_COUNT_OF(states); i++) {
		struct transfer_filter filter = { .until_ms = INT64_MAX, .state = &states[i] };
		assert_int_equal(walk(&filter, &pages), expected[i]);
		if (states[i] != TRANSFER_COMPLETED)
			assert_int_equal(pages, 1);
		filter.connector_id = CONNECTOR;
		assert_int_equal(walk(&filter, &pages), expected[i]);
		filter.connector_id = OTHER;
		assert_int_equal(walk(&filter, &pages), 0);
		assert_int_equal(pages, 1);
	}
	/* What is rare is looked for in steps of bounded length. */
	const struct transfer_filter rare = { .until_ms = INT64_MAX, .path = "/in/777" };
	assert_int_equal(walk(&rare, &pages), 111);
	assert_in_range(pages, MANY / TRANSFERS_LOOKED_AT_MAX, MANY / TRANSFERS_LOOKED_AT_MAX + 1);

	int64_t changes = 0, last = 0;
	assert_int_equal(transfers_each_change(db, 99990, 256, count_change, &changes, &last, &err),
			 0);
	assert_int_equal(changes, 10);
	assert_int_equal(last, MANY);
	char retry[TRANSFER_ID_SIZE];
	struct transfer_counts counts;
	assert_int_equal(transfers_find_retry(db, "t-00000001", retry, &err), 0);
	assert_int_equal(transfers_count_files(db, "t-00000001", &counts, &err), 0);
	assert_int_equal(counts.completed, 1);

	struct plan_check check = { 0 };
	assert_int_equal(sqlite3_open(folder_file(&folder, "store.db"), &check.handle), SQLITE_OK);
	db_each_statement(db, check_plan, &check);
	sqlite3_close(check.handle);
	assert_true(check.statements >= 8);
}

/* ---- changes --------------------------------------------------------------------------------------------------- */

struct heard {
	struct sp_buffer text;
	size_t most;
};

static bool hear(void *ctx, int64_t change, const struct transfer_file *file)
{
	struct heard *heard = ctx;
	(void)change;
	if (heard->most-- == 0)
		return false;
	sp_buffer_format(&heard->text, "%s %s, ", file->path, file_state_name(file->state));
	return true;
}

static int64_t expect_changes(int64_t after, size_t most, const char *expected)
{
	struct heard heard = { .most = most };
	int64_t last;
	assert_int_equal(transfers_each_change(db, after, 100, hear, &heard, &last, &err), 0);
	assert_string_equal(sp_buffer_text(&heard.text), expected);
	sp_buffer_finish(&heard.text);
	return last;
}

static void who_looks_again_hears_of_each_file_that_changed_as_it_is_now(void **state)
{
	(void)state;
	struct transfer transfer;
	insert(CONNECTOR, "a", 1, 2, &transfer);
	int64_t seen = expect_changes(0, 9, "a QUEUED, a 1 QUEUED, ");
	assert_int_equal(expect_changes(seen, 9, ""), seen);
	end(&transfer, 0, FILE_COMPLETED);
	struct transfer_file file = file_of(&transfer, 1);
	move(&file, FILE_RUNNING);
	transfer_file_finish(&file);
	int64_t first = expect_changes(seen, 1, "a COMPLETED, ");
	assert_true(first > seen);
	int64_t newest;
	assert_int_equal(transfers_last_change(db, &newest, &err), 0);
	assert_int_equal(expect_changes(first, 9, "a 1 RUNNING, "), newest);

	/* All that changes at once, when the daemon starts, is heard of too. */
	assert_int_equal(transfers_requeue_running(db, 5, &err), 0);
	int64_t after_start = expect_changes(newest, 9, "a 1 QUEUED, ");
	assert_int_equal(transfers_last_change(db, &newest, &err), 0);
	assert_in_range(after_start, 1, newest);
	end(&transfer, 1, FILE_FAILED);
	expect_changes(after_start, 9, "a 1 FAILED, ");
}

static void numbers_from_before_a_restore_are_none_of_the_new_ones(void **state)
{
	(void)state;
	struct transfer transfer;
	int64_t newest, begun;
	insert(CONNECTOR, "a", 1, 1, &transfer);
	assert_int_equal(transfers_last_change(db, &newest, &err), 0);
	assert_int_equal(transfers_after_restore(db, RESTORED_TRY_AGAIN, 9, &begun, &err), 0);
	expect_changes(newest + 1000000, 9, "a QUEUED, "); /* whatever was heard since the backup */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, set_up, database_tear_down)
		WITH_DATABASE(a_transfer_is_what_its_files_are),
		WITH_DATABASE(filters_choose_and_the_newest_come_first),
		WITH_DATABASE(nobody_walks_through_many_transfers_to_list_some),
		WITH_DATABASE(who_looks_again_hears_of_each_file_that_changed_as_it_is_now),
		WITH_DATABASE(numbers_from_before_a_restore_are_none_of_the_new_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
