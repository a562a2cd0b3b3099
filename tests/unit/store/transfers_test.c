#include "connector_row.h"
#include "database.h"

#include <sqlite3.h>

#include "base/id.h"
#include "base/scope.h"
#include "store/connectors.h"
#include "store/tags.h"
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

/* @count files "path 0" … of one transfer. */
static void insert_transfer(const char *connector_id, size_t count, struct transfer *transfer)
{
	*transfer = (struct transfer){ .direction = TRANSFER_SEND,
				       .remote_directory = "/in",
				       .created_ms = 5 };
	sp_random_uuid(transfer->id);
	strcpy(transfer->connector_id, connector_id);
	struct transfer_file files[TRANSFER_PATHS_MAX] = { 0 };
	char paths[TRANSFER_PATHS_MAX][16];
	for (size_t i = 0; i < count; i++) {
		sp_random_hex(files[i].id, FILE_ID_SIZE - 1);
		strcpy(files[i].transfer_id, transfer->id);
		strcpy(files[i].connector_id, connector_id);
		snprintf(paths[i], sizeof(paths[i]), "path %zu", i);
		files[i].path = paths[i];
		files[i].bucket = "bucket";
		files[i].key = "k\xe9y";
		files[i].remote_name = "n\xff";
		files[i].size = -1;
	}
	assert_int_equal(transfers_insert(db, transfer, files, count, &err), 0);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(files[i].position, files[i - 1].position + 1);
}

static struct transfer_file next_file(const char *connector_id, int64_t after, int64_t now_ms)
{
	struct transfer_file file = { 0 };
	size_t count;
	assert_int_equal(
		transfers_next_files(db, connector_id, after, now_ms, &file, 1, &count, &err), 0);
	return file; /* position 0 when there is none */
}

static void move(struct transfer_file *file, enum file_state to)
{
	enum file_state from = file->state;
	file->state = to;
	assert_int_equal(transfers_move_file(db, file, from, &err), 0);
}

static int64_t pending(const char *connector_id)
{
	int64_t count;
	assert_int_equal(transfers_count_pending(db, connector_id, &count, &err), 0);
	return count;
}

static void files_come_in_the_order_of_the_requests(void **state)
{
	(void)state;
	struct transfer first, other, second;
	insert_transfer(CONNECTOR, 3, &first);
	insert_transfer(OTHER, 2, &other);
	insert_transfer(CONNECTOR, 2, &second);
	assert_int_equal(pending(CONNECTOR), 5);

	struct transfer_file files[8];
	size_t count;
	assert_int_equal(transfers_next_files(db, CONNECTOR, 0, 0, files, 8, &count, &err), 0);
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(files[i].transfer_id, i < 3 ? first.id : second.id);
		assert_int_equal(files[i].state, FILE_QUEUED);
		assert_string_equal(files[i].key, "k\xe9y"); /* bytes, whatever they are */
		assert_string_equal(files[i].remote_name, "n\xff");
		assert_null(files[i].remote_directory);
		assert_null(files[i].failure_code);
		assert_int_equal(files[i].size, -1);
	}
	int64_t third = files[2].position;
	for (size_t i = 0; i < count; i++)
		transfer_file_finish(&files[i]);

	assert_int_equal(transfers_next_files(db, CONNECTOR, third, 0, files, 1, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(files[0].transfer_id, second.id);
	transfer_file_finish(&files[0]);
}

static void a_waiting_file_is_passed_until_its_time(void **state)
{
	(void)state;
	struct transfer transfer;
	insert_transfer(CONNECTOR, 2, &transfer);
	int64_t earliest;
	assert_int_equal(transfers_earliest_wait(db, CONNECTOR, &earliest, &err), 0);
	assert_int_equal(earliest, 0);

	struct transfer_file file = next_file(CONNECTOR, 0, 1000);
	int64_t position = file.position;
	file.attempt = 1;
	move(&file, FILE_RUNNING);
	file.tries = 1;
	file.not_before_ms = 5000;
	move(&file, FILE_QUEUED);
	transfer_file_finish(&file);

	file = next_file(CONNECTOR, 0, 4999);
	assert_int_equal(file.position, position + 1);
	transfer_file_finish(&file);
	assert_int_equal(transfers_earliest_wait(db, CONNECTOR, &earliest, &err), 0);
	assert_int_equal(earliest, 5000);

	file = next_file(CONNECTOR, position, 5000); /* those in front of it are in hand */
	assert_int_equal(file.position, position);   /* its old place */
	assert_int_equal(file.attempt, 1);
	assert_int_equal(file.tries, 1);
	transfer_file_finish(&file);
}

static void a_start_requeues_what_ran_and_keeps_what_was_published(void **state)
{
	(void)state;
	struct transfer transfer;
	insert_transfer(CONNECTOR, 2, &transfer);
	struct transfer_file running = next_file(CONNECTOR, 0, 0);
	move(&running, FILE_RUNNING);
	struct transfer_file publishing = next_file(CONNECTOR, 0, 0);
	move(&publishing, FILE_RUNNING);
	publishing.size = 42;
	strcpy(publishing.sha256, "abcd");
	move(&publishing, FILE_PUBLISHING);
	assert_int_equal(transfers_requeue_running(db, 9, &err), 0);

	struct transfer_file file = next_file(CONNECTOR, 0, 0);
	assert_int_equal(file.position, running.position);
	assert_int_equal(file.state, FILE_QUEUED);
	transfer_file_finish(&file);
	size_t count;
	assert_int_equal(transfers_publishing_files(db, CONNECTOR, 0, &file, 1, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(file.position, publishing.position);
	assert_int_equal(file.state, FILE_PUBLISHING);
	assert_int_equal(file.size, 42);
	assert_string_equal(file.sha256, "abcd");
	transfer_file_finish(&file);
	transfer_file_finish(&running);
	transfer_file_finish(&publishing);
}

static void a_start_after_the_clock_went_back_ends_waits_that_no_retry_has(void **state)
{
	(void)state;
	struct transfer transfer;
	insert_transfer(CONNECTOR, 2, &transfer);
	for (int64_t until_ms = 1000; until_ms <= 5000; until_ms += 4000) {
		struct transfer_file file = next_file(CONNECTOR, 0, 0);
		move(&file, FILE_RUNNING);
		file.not_before_ms = until_ms;
		move(&file, FILE_QUEUED);
		transfer_file_finish(&file);
	}
	assert_int_equal(transfers_end_waits(db, 4999, &err), 0);
	int64_t earliest;
	assert_int_equal(transfers_earliest_wait(db, CONNECTOR, &earliest, &err), 0);
	assert_int_equal(earliest, 1);
	struct transfer_file file = next_file(CONNECTOR, 0, 999); /* the other one still waits */
	assert_int_equal(file.not_before_ms, 1);
	transfer_file_finish(&file);
}

static void a_file_moves_only_from_where_it_is_and_as_the_table_says(void **state)
{
	(void)state;
	struct transfer transfer;
	insert_transfer(CONNECTOR, 1, &transfer);
	struct transfer_file file = next_file(CONNECTOR, 0, 0);

	file.state = FILE_PUBLISHING; /* QUEUED never goes there at once */
	assert_int_equal(transfers_move_file(db, &file, FILE_QUEUED, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	file.state = FILE_PUBLISHING; /* allowed from RUNNING, but it is not */
	assert_int_equal(transfers_move_file(db, &file, FILE_RUNNING, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);

	file.state = FILE_QUEUED;
	move(&file, FILE_RUNNING);
	file.failure_code = "WRITE_FILE_ERROR";
	file.failure_message = strdup("could not write");
	file.ended_ms = 77;
	move(&file, FILE_FAILED);
	assert_int_equal(pending(CONNECTOR), 0);
	file.state = FILE_QUEUED;
	assert_int_equal(transfers_move_file(db, &file, FILE_FAILED, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);

	struct transfer_file found;
	assert_int_equal(transfers_find_file(db, file.id, &found, &err), 0);
	assert_int_equal(found.state, FILE_FAILED);
	assert_string_equal(found.failure_code, "WRITE_FILE_ERROR");
	assert_string_equal(found.failure_message, "could not write");
	assert_int_equal(found.ended_ms, 77);
	transfer_file_finish(&found);

	memset(file.id, '0', FILE_ID_SIZE - 1);
	file.state = FILE_FAILED;
	assert_int_equal(transfers_move_file(db, &file, FILE_QUEUED, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	transfer_file_finish(&file);
}

static void a_transfer_is_found_under_its_connector_only(void **state)
{
	(void)state;
	struct transfer transfer, found;
	insert_transfer(CONNECTOR, 2, &transfer);
	assert_int_equal(transfers_find(db, CONNECTOR, transfer.id, &found, &err), 0);
	assert_string_equal(found.remote_directory, "/in");
	assert_null(found.local_directory);
	assert_int_equal(found.created_ms, 5);
	transfer_finish(&found);
	assert_int_equal(transfers_find(db, OTHER, transfer.id, &found, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);

	struct transfer_file file;
	size_t count;
	assert_int_equal(transfers_list_files(db, transfer.id, 0, &file, 1, &count, &err), 0);
	assert_string_equal(file.path, "path 0");
	int64_t after = file.position;
	transfer_file_finish(&file);
	assert_int_equal(transfers_list_files(db, transfer.id, after, &file, 1, &count, &err), 0);
	assert_string_equal(file.path, "path 1");
	after = file.position;
	transfer_file_finish(&file);
	assert_int_equal(transfers_list_files(db, transfer.id, after, &file, 1, &count, &err), 0);
	assert_int_equal(count, 0);
}

static void a_file_that_failed_from_the_start_is_kept_and_waits_for_nobody(void **state)
{
	(void)state;
	struct transfer transfer = { .direction = TRANSFER_SEND, .created_ms = 5 };
	sp_random_uuid(transfer.id);
	strcpy(transfer.connector_id, CONNECTOR);
	struct transfer_file files[2] = { { .path = "/bucket/../x",
					    .state = FILE_FAILED,
					    .size = -1,
					    .ended_ms = 5,
					    .failure_code = "READ_FILE_ERROR",
					    .failure_message = "cannot use the path" },
					  { .path = "/bucket/x",
					    .bucket = "bucket",
					    .key = "x",
					    .remote_name = "x",
					    .size = -1 } };
	for (size_t i = 0; i < 2; i++) {
		sp_random_hex(files[i].id, FILE_ID_SIZE - 1);
		strcpy(files[i].transfer_id, transfer.id);
		strcpy(files[i].connector_id, CONNECTOR);
	}
	int64_t pending = -1;
	assert_int_equal(transfers_insert(db, &transfer, files, 2, &err), 0);
	assert_int_equal(transfers_count_pending(db, CONNECTOR, &pending, &err), 0);
	assert_int_equal(pending, 1);

	struct transfer_file kept = { 0 };
	assert_int_equal(transfers_find_file(db, files[0].id, &kept, &err), 0);
	assert_int_equal(kept.state, FILE_FAILED);
	assert_string_equal(kept.failure_code, "READ_FILE_ERROR");
	assert_string_equal(kept.failure_message, "cannot use the path");
	assert_null(kept.bucket);
	assert_null(kept.key);
	assert_null(kept.remote_name);
	transfer_file_finish(&kept);

	struct transfer_file next[2];
	size_t count = 0;
	assert_int_equal(transfers_next_files(db, CONNECTOR, 0, 9, next, 2, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(next[0].id, files[1].id);
	transfer_file_finish(&next[0]);
}

static void a_transfer_needs_its_connector(void **state)
{
	(void)state;
	struct transfer transfer = { .id = "x", .connector_id = "c-nobody" };
	assert_int_equal(transfers_insert(db, &transfer, NULL, 0, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

static void note_busy(void *ctx, const char *connector_id)
{
	strcat(ctx, connector_id);
}

static void only_connectors_with_work_are_busy(void **state)
{
	(void)state;
	char busy[128] = "";
	assert_int_equal(transfers_each_busy_connector(db, note_busy, busy, &err), 0);
	assert_string_equal(busy, "");

	struct transfer transfer;
	insert_transfer(OTHER, 1, &transfer);
	assert_int_equal(transfers_each_busy_connector(db, note_busy, busy, &err), 0);
	assert_string_equal(busy, OTHER);

	struct transfer_file file = next_file(OTHER, 0, 0);
	move(&file, FILE_RUNNING);
	busy[0] = '\0';
	assert_int_equal(transfers_each_busy_connector(db, note_busy, busy, &err), 0);
	assert_string_equal(busy, "");
	move(&file, FILE_PUBLISHING);
	assert_int_equal(transfers_each_busy_connector(db, note_busy, busy, &err), 0);
	assert_string_equal(busy, OTHER);
	transfer_file_finish(&file);
}

static void a_deleted_connector_takes_everything_with_it(void **state)
{
	(void)state;
	struct transfer transfer, found;
	insert_transfer(CONNECTOR, 3, &transfer);
	struct transfer_file file = next_file(CONNECTOR, 0, 0), same;
	move(&file, FILE_RUNNING);
	const char *arn = "arn:aws:transfer:eu-central-1:000000000000:connector/" CONNECTOR;
	const char *other = "arn:aws:transfer:eu-central-1:000000000000:connector/" OTHER;
	assert_int_equal(tags_put(db, arn, "k", "v", &err), 0);
	assert_int_equal(tags_put(db, other, "k", "v", &err), 0);
	assert_int_equal(connectors_delete(db, CONNECTOR, 1, &err), 0);

	assert_int_equal(transfers_find(db, CONNECTOR, transfer.id, &found, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(transfers_find_file(db, file.id, &same, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	/* Nothing of it is published any more. */
	file.state = FILE_PUBLISHING;
	assert_int_equal(transfers_move_file(db, &file, FILE_RUNNING, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	transfer_file_finish(&file);
	char busy[64] = "";
	assert_int_equal(transfers_each_busy_connector(db, note_busy, busy, &err), 0);
	assert_string_equal(busy, "");

	struct tag tags[TAGS_MAX];
	size_t count;
	assert_int_equal(tags_list(db, arn, tags, &count, &err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(tags_list(db, other, tags, &count, &err), 0);
	assert_int_equal(count, 1);
	tag_finish(&tags[0]);
	assert_int_equal(connectors_delete(db, CONNECTOR, 2, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

/* ---- what a long queue costs ---- */

struct plan_check {
	sqlite3 *handle;
	size_t statements;
};

/* No step may walk through a table, nor sort one; "SCAN f" and the like name the table that is walked. */
static void check_plan(void *ctx, const char *sql)
{
	static const char *const walks[] = { "SCAN f", "SCAN t", "SCAN files", "SCAN transfers" };
	struct plan_check *check = ctx;
	char explain[4096];
	sqlite3_stmt *statement;
	if (strstr(sql, "files") == NULL || strstr(sql, "DELETE") == sql)
		return;
	check->statements++;
	snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(check->handle, explain, -1, &statement, NULL),
			 SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(statement, 3);
		for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
			size_t length = strlen(walks[i]);
			if (strncmp(detail, walks[i], length) == 0 &&
			    (detail[length] == '\0' || detail[length] == ' '))
				fail_msg("\"%s\" in the plan of: %s", detail, sql);
		}
	}
	sqlite3_finalize(statement);
}

static void no_step_walks_through_a_long_queue(void **state)
{
	(void)state;
	struct transfer transfer, found;
	assert_int_equal(db_begin(db, &err), 0);
	for (int i = 0; i < 10000; i++)
		insert_transfer(CONNECTOR, TRANSFER_PATHS_MAX, &transfer);
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(pending(CONNECTOR), 100000);

	struct transfer_file files[64];
	size_t count;
	int64_t wait;
	char busy[128] = "";
	int64_t after = 0;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(
			transfers_next_files(db, CONNECTOR, after, 1, files, 64, &count, &err), 0);
		assert_int_equal(count, 64);
		after = files[0].position;
		move(&files[0], FILE_RUNNING);
		if (i % 2 == 0)
			move(&files[0], FILE_PUBLISHING);
		for (size_t k = 0; k < count; k++)
			transfer_file_finish(&files[k]);
	}
	assert_int_equal(transfers_publishing_files(db, CONNECTOR, 0, files, 64, &count, &err), 0);
	assert_int_equal(count, 50);
	for (size_t k = 0; k < count; k++)
		transfer_file_finish(&files[k]);
	assert_int_equal(transfers_earliest_wait(db, CONNECTOR, &wait, &err), 0);
	assert_int_equal(transfers_requeue_running(db, 9, &err), 0);
	assert_int_equal(transfers_each_busy_connector(db, note_busy, busy, &err), 0);
	assert_int_equal(transfers_find(db, CONNECTOR, transfer.id, &found, &err), 0);
	transfer_finish(&found);
	assert_int_equal(transfers_list_files(db, transfer.id, 0, files, 64, &count, &err), 0);
	for (size_t k = 0; k < count; k++)
		transfer_file_finish(&files[k]);

	struct plan_check check = { 0 };
	assert_int_equal(sqlite3_open(folder_file(&folder, "store.db"), &check.handle), SQLITE_OK);
	db_each_statement(db, check_plan, &check);
	sqlite3_close(check.handle);
	assert_true(check.statements >= 8);
}

/* ---- connectors and tags ---- */

static void a_connector_comes_back_as_it_was_kept(void **state)
{
	(void)state;
	struct connector connector;
	assert_int_equal(connectors_find(db, CONNECTOR, &connector, &err), 0);
	assert_string_equal(connector.url, "sftp://partner.example");
	assert_null(connector.logging_role);
	assert_null(connector.user_secret_id);
	assert_int_equal(connector.trusted_key_count, 2);
	assert_string_equal(connector.trusted_keys[1], "ssh-rsa BBBB note");
	assert_int_equal(connector.max_connections, 3);
	assert_int_equal(connector.created_ms, 1700000000123);

	free(connector.trusted_keys[1]);
	connector.trusted_key_count = 1;
	connector.user_secret_id = strdup("a secret");
	connector.created_ms = 1;
	assert_int_equal(connectors_update(db, &connector, &err), 0);
	connector_finish(&connector);
	assert_int_equal(connectors_find(db, CONNECTOR, &connector, &err), 0);
	assert_int_equal(connector.trusted_key_count, 1);
	assert_string_equal(connector.user_secret_id, "a secret");
	assert_int_equal(connector.created_ms, 1700000000123);

	strcpy(connector.id, "c-nobody");
	assert_int_equal(connectors_update(db, &connector, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	connector_finish(&connector);
	assert_int_equal(connectors_find(db, "c-nobody", &connector, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

static void connectors_are_listed_page_by_page(void **state)
{
	(void)state;
	struct connector connector;
	size_t count;
	assert_int_equal(connectors_list(db, NULL, &connector, 1, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(connector.id, CONNECTOR);
	connector_finish(&connector);
	assert_int_equal(connectors_list(db, CONNECTOR, &connector, 1, &count, &err), 0);
	assert_string_equal(connector.id, OTHER);
	assert_int_equal(connector.trusted_key_count, 2);
	connector_finish(&connector);
	assert_int_equal(connectors_list(db, OTHER, &connector, 1, &count, &err), 0);
	assert_int_equal(count, 0);
}

static void a_resource_has_at_most_fifty_tags(void **state)
{
	(void)state;
	char key[16];
	for (int i = 0; i < TAGS_MAX; i++) {
		snprintf(key, sizeof(key), "key %02d", i);
		assert_int_equal(tags_put(db, "arn:a", key, "", &err), 0);
	}
	assert_int_equal(tags_put(db, "arn:a", "one more", "", &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_int_equal(tags_put(db, "arn:a", "key 07", "new", &err), 0);
	assert_int_equal(tags_put(db, "arn:b", "one more", "", &err), 0);

	struct tag tags[TAGS_MAX];
	size_t count;
	assert_int_equal(tags_list(db, "arn:a", tags, &count, &err), 0);
	assert_int_equal(count, TAGS_MAX);
	assert_string_equal(tags[7].key, "key 07");
	assert_string_equal(tags[7].value, "new");
	for (size_t i = 0; i < count; i++)
		tag_finish(&tags[i]);
	assert_int_equal(tags_remove(db, "arn:a", "key 07", &err), 0);
	assert_int_equal(tags_remove(db, "arn:a", "was never there", &err), 0);
	assert_int_equal(tags_put(db, "arn:a", "one more", "", &err), 0);
	assert_int_equal(tags_remove_all(db, "arn:a", &err), 0);
	assert_int_equal(tags_list(db, "arn:a", tags, &count, &err), 0);
	assert_int_equal(count, 0);
}

/* ---- listings, moves and deletions -------------------------------------------------------------------------------- */

static struct transfer_file insert_errand(enum transfer_direction direction)
{
	struct transfer transfer = { .direction = direction, .created_ms = 5 };
	sp_random_uuid(transfer.id);
	strcpy(transfer.connector_id, CONNECTOR);
	bool moves = direction == TRANSFER_MOVE, lists = direction == TRANSFER_LIST;
	struct transfer_file file = {
		.direction = direction,
		.path = "/in/a",
		.remote_name = "/in/\xff",
		.target_path = moves ? "/in/\xfe" : NULL,
		.bucket = lists ? "bucket" : NULL,
		.key = lists ? "listing.json" : NULL,
		.items_max = lists ? 7 : 0,
		.size = -1,
	};
	sp_random_hex(file.id, FILE_ID_SIZE - 1);
	strcpy(file.transfer_id, transfer.id);
	strcpy(file.connector_id, CONNECTOR);
	assert_int_equal(transfers_insert(db, &transfer, &file, 1, &err), 0);
	struct transfer_file kept;
	assert_int_equal(transfers_find_file(db, file.id, &kept, &err), 0);
	return kept;
}

static void a_listing_and_a_move_come_back_as_they_were_kept(void **state)
{
	(void)state;
	struct transfer_file listing = insert_errand(TRANSFER_LIST);
	struct transfer_file moved = insert_errand(TRANSFER_MOVE);
	assert_string_equal(moved.target_path, "/in/\xfe");
	assert_string_equal(moved.remote_name, "/in/\xff");
	assert_null(listing.target_path);
	assert_int_equal(listing.items_max, 7);
	move(&listing, FILE_RUNNING);
	listing.items = 7;
	listing.truncated = true;
	move(&listing, FILE_PUBLISHING);
	struct transfer_file kept;
	assert_int_equal(transfers_find_file(db, listing.id, &kept, &err), 0);
	assert_int_equal(kept.items, 7);
	assert_true(kept.truncated);
	transfer_file_finish(&kept);
	transfer_file_finish(&listing);
	transfer_file_finish(&moved);
}

/* It may have been done since the backup, to whatever was there then. */
static void after_a_restore_a_move_or_deletion_is_looked_for_and_a_listing_made_anew(void **state)
{
	(void)state;
	struct transfer_file files[] = { insert_errand(TRANSFER_LIST), insert_errand(TRANSFER_MOVE),
					 insert_errand(TRANSFER_DELETE) };
	int64_t count;
	assert_int_equal(transfers_after_restore(db, RESTORED_TRY_AGAIN, 99, &count, &err), 0);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		struct transfer_file now;
		bool lists = files[i].direction == TRANSFER_LIST;
		assert_int_equal(transfers_find_file(db, files[i].id, &now, &err), 0);
		assert_int_equal(now.state, lists ? FILE_QUEUED : FILE_PUBLISHING);
		assert_int_equal(now.attempt, TRANSFERS_ATTEMPTS_LOST);
		assert_int_equal(now.started_ms, lists ? 0 : 99);
		assert_null(now.source_identity);
		transfer_file_finish(&now);
		transfer_file_finish(&files[i]);
	}
}

/* Nothing is published by it. */
static void an_end_that_was_inferred_of_a_move_is_no_ambiguous_publish(void **state)
{
	(void)state;
	struct transfer_file file = insert_errand(TRANSFER_MOVE);
	move(&file, FILE_RUNNING);
	move(&file, FILE_PUBLISHING);
	file.outcome = PUBLISH_INFERRED;
	file.size = 0;
	move(&file, FILE_COMPLETED);
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(db, &rows, &err,
				  "SELECT inferred_publishes FROM connectors WHERE id = ?1", "s",
				  CONNECTOR),
			 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	assert_int_equal(db_rows_integer(rows, 0), 0);
	transfer_file_finish(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, database_tear_down)
		WITH_DB(files_come_in_the_order_of_the_requests),
		WITH_DB(a_waiting_file_is_passed_until_its_time),
		WITH_DB(a_start_requeues_what_ran_and_keeps_what_was_published),
		WITH_DB(a_start_after_the_clock_went_back_ends_waits_that_no_retry_has),
		WITH_DB(a_file_moves_only_from_where_it_is_and_as_the_table_says),
		WITH_DB(a_transfer_is_found_under_its_connector_only),
		WITH_DB(a_file_that_failed_from_the_start_is_kept_and_waits_for_nobody),
		WITH_DB(a_transfer_needs_its_connector),
		WITH_DB(only_connectors_with_work_are_busy),
		WITH_DB(a_deleted_connector_takes_everything_with_it),
		WITH_DB(no_step_walks_through_a_long_queue),
		WITH_DB(a_connector_comes_back_as_it_was_kept),
		WITH_DB(connectors_are_listed_page_by_page),
		WITH_DB(a_resource_has_at_most_fifty_tags),
		WITH_DB(a_listing_and_a_move_come_back_as_they_were_kept),
		WITH_DB(after_a_restore_a_move_or_deletion_is_looked_for_and_a_listing_made_anew),
		WITH_DB(an_end_that_was_inferred_of_a_move_is_no_ambiguous_publish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
