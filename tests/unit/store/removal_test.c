#include "connector_row.h"
#include "database.h"

#include <stdio.h>

#include "base/id.h"
#include "store/parts_left.h"
#include "store/removal.h"
#include "store/servers.h"
#include "store/transfers.h"

#define CONNECTOR "c-0123456789abcdef0"
#define OTHER     "c-0123456789abcdef1"

static int set_up(void **state)
{
	database_set_up(state);
	assert_int_equal(connector_row_insert(db, CONNECTOR, &err), 0);
	assert_int_equal(connector_row_insert(db, OTHER, &err), 0);
	return 0;
}

static int64_t count_rows(const char *table)
{
	char sql[64];
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s", table);
	assert_int_equal(db_query(db, &rows, &err, sql, ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	return db_rows_integer(rows, 0);
}

/* A transfer of @count files that came at @created_ms; they have ended at @ended_ms, unless it is 0. */
static void insert(const char *connector_id, size_t count, int64_t created_ms, int64_t ended_ms,
		   const char *connection, struct transfer *out)
{
	static char path[] = "path";
	struct transfer_file files[TRANSFER_PATHS_MAX] = { 0 };
	*out = (struct transfer){ .direction = TRANSFER_SEND, .created_ms = created_ms };
	sp_random_uuid(out->id);
	strcpy(out->connector_id, connector_id);
	for (size_t i = 0; i < count; i++) {
		sp_random_hex(files[i].id, FILE_ID_SIZE - 1);
		strcpy(files[i].transfer_id, out->id);
		strcpy(files[i].connector_id, connector_id);
		files[i].path = path;
		files[i].size = -1;
	}
	assert_int_equal(transfers_insert(db, out, files, count, &err), 0);
	for (size_t i = 0; i < count && ended_ms > 0; i++) {
		files[i].state = FILE_FAILED;
		files[i].ended_ms = ended_ms;
		files[i].connection = (char *)(uintptr_t)connection;
		assert_int_equal(transfers_move_file(db, &files[i], FILE_QUEUED, &err), 0);
	}
}

static bool is_there(const struct transfer *transfer)
{
	struct transfer found = { 0 };
	int result = transfers_find(db, transfer->connector_id, transfer->id, &found, &err);
	transfer_finish(&found);
	return result == 0;
}

/* All pieces; how many there were. */
static size_t remove_old(int64_t before_ms, size_t *out_transfers)
{
	struct removal_walk walk = { 0 };
	size_t pieces = 0, count;
	bool more = true;
	*out_transfers = 0;
	for (; more; pieces++) {
		assert_int_equal(removal_of_old(db, before_ms, &walk, &count, &more, &err), 0);
		*out_transfers += count;
	}
	return pieces;
}

static void a_transfer_goes_when_the_last_of_its_files_has_ended_long_ago(void **state)
{
	(void)state;
	struct transfer old, young, unfinished, mixed;
	size_t removed;
	insert(CONNECTOR, 3, 10, 100, NULL, &old);
	insert(CONNECTOR, 1, 20, 101, NULL, &young);
	insert(CONNECTOR, 2, 30, 0, NULL, &unfinished);
	insert(OTHER, 2, 40, 100, NULL, &mixed);
	assert_int_equal(db_run(db, &err,
				"UPDATE files SET state = 1, ended_ms = 0 WHERE transfer_id = ?1"
				" AND position = (SELECT MAX(position) FROM files)",
				"s", mixed.id),
			 0);
	assert_int_equal(remove_old(100, &removed), 1);
	assert_int_equal(removed, 1);
	assert_false(is_there(&old));
	assert_true(is_there(&young) && is_there(&unfinished) && is_there(&mixed));
	assert_int_equal(count_rows("files"), 5);
	assert_int_equal(remove_old(101, &removed), 1);
	assert_false(is_there(&young));
}

static void many_go_in_pieces_and_those_that_stay_hold_up_nobody(void **state)
{
	(void)state;
	enum { TRANSFERS = 120, FILES = 10 };
	struct transfer transfer, first;
	size_t removed;
	assert_int_equal(db_begin(db, &err), 0);
	insert(CONNECTOR, 1, 1, 0, NULL, &first);
	for (int i = 0; i < TRANSFERS; i++)
		insert(CONNECTOR, FILES, 10, 20, NULL, &transfer);
	assert_int_equal(db_commit(db, &err), 0);
	size_t pieces = remove_old(1000, &removed);
	assert_int_equal(removed, TRANSFERS);
	assert_true(pieces >= TRANSFERS * FILES / (REMOVAL_FILES_MAX + FILES));
	assert_true(is_there(&first));
}

static void what_may_lie_at_the_partner_keeps_its_transfer(void **state)
{
	(void)state;
	struct transfer transfer;
	struct transfer_file file;
	size_t removed, count;
	insert(CONNECTOR, 1, 10, 20, NULL, &transfer);
	assert_int_equal(transfers_list_files(db, transfer.id, 0, &file, 1, &count, &err), 0);
	assert_int_equal(parts_left_add(db, &file, &err), 0);
	remove_old(1000, &removed);
	assert_true(is_there(&transfer));
	assert_int_equal(parts_left_forget(db, file.id, &err), 0);
	transfer_file_finish(&file);
	remove_old(1000, &removed);
	assert_false(is_there(&transfer));
}

static void a_connection_goes_with_the_last_file_that_names_it(void **state)
{
	(void)state;
	struct transfer old, young;
	size_t removed;
	assert_int_equal(servers_put_connection(db, "aaaaaaaaaaaaaaaa", CONNECTOR, "{}", &err), 0);
	assert_int_equal(servers_put_connection(db, "bbbbbbbbbbbbbbbb", CONNECTOR, "{}", &err), 0);
	insert(CONNECTOR, 2, 10, 20, "aaaaaaaaaaaaaaaa", &old);
	insert(CONNECTOR, 1, 10, 90, "aaaaaaaaaaaaaaaa", &young);
	remove_old(50, &removed);
	assert_int_equal(removed, 1);
	assert_int_equal(count_rows("server_connections"), 2);
	remove_old(100, &removed);
	assert_int_equal(count_rows("server_connections"), 1); /* it may have a file any moment */
}

static void a_deleted_connector_goes_in_pieces_and_nobody_else_does(void **state)
{
	(void)state;
	enum { TRANSFERS = 60, FILES = 10 };
	struct transfer transfer, other;
	size_t pieces = 0;
	bool more;
	char connection[SERVER_CONNECTION_ID_SIZE];
	assert_int_equal(db_begin(db, &err), 0);
	insert(OTHER, 2, 10, 20, NULL, &other);
	for (int i = 0; i < TRANSFERS; i++)
		insert(CONNECTOR, FILES, 10, i % 2 == 0 ? 0 : 20, NULL, &transfer);
	for (int i = 0; i < REMOVAL_FILES_MAX + 1; i++) {
		snprintf(connection, sizeof(connection), "%016x", (unsigned)i);
		assert_int_equal(servers_put_connection(db, connection, CONNECTOR, "{}", &err), 0);
	}
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(removal_of_deleted(db, 2000, &more, &err), 0);
	assert_false(more); /* none was deleted */
	assert_int_equal(count_rows("files"), 2 + TRANSFERS * FILES);

	assert_int_equal(connectors_delete(db, CONNECTOR, 1000, &err), 0);
	assert_int_equal(count_rows("files"),
			 2 + TRANSFERS * FILES); /* the answer waits for no row */
	for (more = true; more; pieces++) {
		int64_t before = count_rows("files");
		assert_int_equal(removal_of_deleted(db, 2000, &more, &err), 0);
		assert_true(before - count_rows("files") < REMOVAL_FILES_MAX + FILES);
	}
	assert_true(pieces >= 5);
	assert_int_equal(count_rows("files"), 2);
	assert_int_equal(count_rows("server_connections"), 0);
	assert_int_equal(count_rows("connectors"), 1);
	assert_int_equal(count_rows("connector_trusted_keys"), 2);
	assert_true(is_there(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, database_tear_down)
		WITH_DB(a_transfer_goes_when_the_last_of_its_files_has_ended_long_ago),
		WITH_DB(many_go_in_pieces_and_those_that_stay_hold_up_nobody),
		WITH_DB(what_may_lie_at_the_partner_keeps_its_transfer),
		WITH_DB(a_connection_goes_with_the_last_file_that_names_it),
		WITH_DB(a_deleted_connector_goes_in_pieces_and_nobody_else_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
