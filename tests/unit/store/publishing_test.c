/** What is kept of how files were published, of servers, and of what is left at partners. */
#include "connector_row.h"
#include "database.h"

#include "base/id.h"
#include "base/text.h"
#include "store/parts_left.h"
#include "store/removal.h"
#include "store/servers.h"
#include "store/transfers.h"

#define CONNECTOR "c-0123456789abcdef0"

static int set_up(void **state)
{
	database_set_up(state);
	assert_int_equal(connector_row_insert(db, CONNECTOR, &err), 0);
	return 0;
}

/* A file of a transfer of its own, RUNNING for the first time. */
static struct transfer_file insert_running(void)
{
	struct transfer transfer = { .connector_id = CONNECTOR, .created_ms = 5 };
	struct transfer_file file = {
		.connector_id = CONNECTOR,
		.path = "/bucket/key",
		.bucket = "bucket",
		.key = "key",
		.remote_name = "name.csv",
		.size = -1,
	};
	sp_random_uuid(transfer.id);
	sp_random_hex(file.id, FILE_ID_SIZE - 1);
	strcpy(file.transfer_id, transfer.id);
	assert_int_equal(transfers_insert(db, &transfer, &file, 1, &err), 0);
	file.state = FILE_RUNNING;
	file.attempt = 1;
	assert_int_equal(transfers_move_file(db, &file, FILE_QUEUED, &err), 0);
	return file;
}

static void move(struct transfer_file *file, enum file_state to)
{
	enum file_state from = file->state;
	file->state = to;
	assert_int_equal(transfers_move_file(db, file, from, &err), 0);
}

static struct transfer_file found(const char *file_id)
{
	struct transfer_file file;
	assert_int_equal(transfers_find_file(db, file_id, &file, &err), 0);
	return file;
}

static size_t count_left(int64_t now_ms, struct part_left *out)
{
	struct part_left parts[8];
	size_t count;
	assert_int_equal(parts_left_list(db, CONNECTOR, now_ms, parts, 8, &count, &err), 0);
	if (count > 0 && out != NULL)
		*out = parts[0];
	return count;
}

static void a_file_keeps_how_it_is_published(void **state)
{
	(void)state;
	struct transfer_file file = insert_running();
	file.publishing = (struct publishing){ .conflict = CONFLICT_KEEP_BOTH,
					       .upload = UPLOAD_STRIPED,
					       .staging = "tmp\xff",
					       .temp_pattern = "{id}" };
	assert_int_equal(transfers_note_publishing(db, &file, &err), 0);

	struct transfer_file kept = found(file.id);
	assert_int_equal(kept.publishing.conflict, CONFLICT_KEEP_BOTH);
	assert_int_equal(kept.publishing.upload, UPLOAD_STRIPED);
	assert_string_equal(kept.publishing.staging, "tmp\xff");
	assert_string_equal(kept.publishing.temp_pattern, "{id}");
	transfer_file_finish(&kept);
}

static void what_is_meant_with_a_taken_name_is_kept_while_it_is_published(void **state)
{
	(void)state;
	struct transfer_file file = insert_running();
	file.published_name = "name (2).csv";
	assert_int_equal(transfers_note_intent(db, &file, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);

	file.published_name = NULL;
	move(&file, FILE_PUBLISHING);
	file.published_name = "name (2).csv";
	file.replaces = true;
	assert_int_equal(transfers_note_intent(db, &file, &err), 0);
	struct transfer_file kept = found(file.id);
	assert_string_equal(kept.published_name, "name (2).csv");
	assert_true(kept.replaces);
	transfer_file_finish(&kept);
}

static void ambiguous_publishes_are_counted_by_connector(void **state)
{
	(void)state;
	static const enum publish_outcome outcomes[] = { PUBLISH_RENAMED, PUBLISH_CONFIRMED,
							 PUBLISH_INFERRED, PUBLISH_INFERRED };
	int64_t confirmed, inferred;
	for (size_t i = 0; i < SP_COUNT_OF(outcomes); i++) {
		struct transfer_file file = insert_running();
		move(&file, FILE_PUBLISHING);
		file.outcome = outcomes[i];
		move(&file, FILE_COMPLETED);
	}
	assert_int_equal(servers_count_ambiguous(db, CONNECTOR, &confirmed, &inferred, &err), 0);
	assert_int_equal(confirmed, 1);
	assert_int_equal(inferred, 2);
}

static void a_part_that_was_left_is_listed_until_it_is_gone(void **state)
{
	(void)state;
	struct transfer_file clean = insert_running();
	move(&clean, FILE_FAILED);
	struct transfer_file file = insert_running();
	file.leaves_part = true;
	file.ended_ms = 77;
	move(&file, FILE_FAILED);

	struct part_left part;
	assert_int_equal(count_left(0, &part), 1);
	assert_string_equal(part.file_id, file.id);
	assert_int_equal(part.since_ms, 77);
	assert_int_equal(parts_left_note_try(db, file.id, 1000, &err), 0);
	assert_int_equal(count_left(999, NULL), 0);
	assert_int_equal(count_left(1000, &part), 1);
	assert_int_equal(part.tries, 1);
	assert_int_equal(parts_left_end_waits(db, 1000, &err), 0);
	assert_int_equal(count_left(999, NULL), 0);
	assert_int_equal(parts_left_end_waits(db, 999, &err), 0);
	assert_int_equal(count_left(1, NULL), 1);
	assert_int_equal(parts_left_forget(db, file.id, &err), 0);
	assert_int_equal(count_left(1000, NULL), 0);
}

static void a_start_knows_that_what_ran_may_have_left_a_part(void **state)
{
	(void)state;
	struct transfer_file file = insert_running();
	assert_int_equal(transfers_requeue_running(db, 9, &err), 0);
	struct transfer_file kept = found(file.id);
	assert_int_equal(kept.state, FILE_QUEUED);
	assert_true(kept.leaves_part);
	transfer_file_finish(&kept);
}

static void a_server_is_known_by_its_banner_and_key(void **state)
{
	(void)state;
	struct known_server none, kept;
	assert_int_equal(servers_find(db, CONNECTOR, &none, &err), 0);
	assert_null(none.banner);
	struct known_server server = { "SSH-2.0-x", "SHA256:y", "posix-rename", 5 };
	assert_int_equal(servers_put(db, CONNECTOR, &server, &err), 0);
	server.features = "posix-rename fsync";
	assert_int_equal(servers_put(db, CONNECTOR, &server, &err), 0);
	assert_int_equal(servers_find(db, CONNECTOR, &kept, &err), 0);
	assert_string_equal(kept.banner, "SSH-2.0-x");
	assert_string_equal(kept.host_key, "SHA256:y");
	assert_string_equal(kept.features, "posix-rename fsync");
	known_server_finish(&kept);
}

static void a_connection_is_found_by_its_id_as_long_as_its_connector_is_there(void **state)
{
	(void)state;
	char *text = NULL;
	assert_int_equal(servers_put_connection(db, "0123456789abcdef", CONNECTOR, "{}", &err), 0);
	assert_int_equal(servers_find_connection(db, "0123456789abcdef", &text, &err), 0);
	assert_string_equal(text, "{}");
	free(text);
	assert_int_equal(connectors_delete(db, CONNECTOR, 1, &err), 0);
	for (bool more = true; more;) /* what it leaves goes in pieces */
		assert_int_equal(removal_of_deleted(db, 2, &more, &err), 0);
	assert_int_equal(servers_find_connection(db, "0123456789abcdef", &text, &err), 0);
	assert_null(text);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, database_tear_down)
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_file_keeps_how_it_is_published),
		WITH_STORE(what_is_meant_with_a_taken_name_is_kept_while_it_is_published),
		WITH_STORE(ambiguous_publishes_are_counted_by_connector),
		WITH_STORE(a_part_that_was_left_is_listed_until_it_is_gone),
		WITH_STORE(a_start_knows_that_what_ran_may_have_left_a_part),
		WITH_STORE(a_server_is_known_by_its_banner_and_key),
		WITH_STORE(a_connection_is_found_by_its_id_as_long_as_its_connector_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
