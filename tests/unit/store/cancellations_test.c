/* Files that somebody wants to end; attempts that were followed by others; usage; pauses; names. */
#include "connector_row.h"
#include "database.h"

#include "base/id.h"
#include "base/scope.h"
#include "store/attempts.h"
#include "store/cancellations.h"
#include "store/connectors.h"
#include "store/tags.h"
#include "store/transfers.h"
#include "store/usage.h"

#define CONNECTOR "c-0123456789abcdef0"
#define OTHER     "c-0123456789abcdef1"
#define PREFIX    "arn:aws:transfer:eu-central-1:000000000000:connector/"

static int set_up(void **state)
{
	database_set_up(state);
	assert_int_equal(connector_row_insert(db, CONNECTOR, &err), 0);
	assert_int_equal(connector_row_insert(db, OTHER, &err), 0);
	return 0;
}

static void insert(char id[FILE_ID_SIZE])
{
	struct transfer transfer = { .direction = TRANSFER_SEND, .created_ms = 5 };
	struct transfer_file file = { .path = "/b/a.csv", .size = -1 };
	sp_random_uuid(transfer.id);
	strcpy(transfer.connector_id, CONNECTOR);
	sp_random_hex(file.id, FILE_ID_SIZE - 1);
	strcpy(file.transfer_id, transfer.id);
	strcpy(file.connector_id, CONNECTOR);
	strcpy(id, file.id);
	assert_int_equal(transfers_insert(db, &transfer, &file, 1, &err), 0);
}

static struct transfer_file find(const char *id)
{
	struct transfer_file file;
	if (transfers_find_file(db, id, &file, &err) != 0)
		fail_msg("%s", err.message);
	return file;
}

static int move(const char *id, enum file_state to)
{
	struct transfer_file file = find(id);
	enum file_state from = file.state;
	file.state = to;
	file.attempt += to == FILE_RUNNING;
	file.attempt_ms = to == FILE_RUNNING ? 100 * file.attempt : file.attempt_ms;
	file.ended_ms = to == FILE_COMPLETED || to == FILE_FAILED ? 7200001 : 0;
	if (to == FILE_QUEUED)
		file.attempt_failure = sp_strdup("it was cut");
	if (to == FILE_COMPLETED) {
		file.size = 10;
		file.bytes_moved = 12;
	}
	int result = transfers_move_file(db, &file, from, &err);
	transfer_file_finish(&file);
	return result;
}

static enum cancel_outcome ask(const char *id)
{
	enum cancel_outcome outcome;
	if (cancellations_ask(db, id, "AKIA1", 1000, &outcome, &err) != 0)
		fail_msg("%s", err.message);
	return outcome;
}

static void expect_cancelled(const char *id)
{
	struct transfer_file file = find(id);
	assert_int_equal(file.state, FILE_FAILED);
	assert_string_equal(file.failure_code, "CANCELLED");
	assert_string_equal(file.failure_message,
			    "could not send \"/b/a.csv\": it was cancelled at "
			    "1970-01-01T00:00:01.000Z by AKIA1");
	transfer_file_finish(&file);
}

static void what_waits_ends_at_once(void **state)
{
	(void)state;
	char id[FILE_ID_SIZE];
	insert(id);
	assert_int_equal(ask(id), CANCEL_DONE);
	expect_cancelled(id);
	assert_int_equal(ask(id), CANCEL_NOT_NEEDED);
	int64_t pending;
	assert_int_equal(transfers_count_pending(db, CONNECTOR, &pending, &err), 0);
	assert_int_equal(pending, 0);
	enum cancel_outcome outcome;
	assert_int_equal(cancellations_ask(db, "nobody", "a", 1, &outcome, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

static void what_runs_may_not_be_published_any_more(void **state)
{
	(void)state;
	char id[FILE_ID_SIZE];
	insert(id);
	assert_int_equal(move(id, FILE_RUNNING), 0);
	assert_int_equal(ask(id), CANCEL_ASKED);
	assert_int_equal(ask(id), CANCEL_ASKED);
	assert_int_equal(move(id, FILE_PUBLISHING), -1);
	assert_int_equal(err.code, SP_CANCELLED);
	struct transfer_file file = find(id);
	assert_int_equal(file.state, FILE_RUNNING);
	assert_string_equal(file.cancelled_by, "AKIA1");
	transfer_file_finish(&file);
}

static void what_is_published_is_not_cancelled(void **state)
{
	(void)state;
	char id[FILE_ID_SIZE];
	insert(id);
	assert_int_equal(move(id, FILE_RUNNING), 0);
	assert_int_equal(move(id, FILE_PUBLISHING), 0);
	assert_int_equal(ask(id), CANCEL_TOO_LATE);
	assert_int_equal(move(id, FILE_COMPLETED), 0);
}

static void a_wish_is_not_forgotten_by_a_new_start(void **state)
{
	(void)state;
	char id[FILE_ID_SIZE], other[FILE_ID_SIZE];
	insert(id);
	insert(other);
	assert_int_equal(move(id, FILE_RUNNING), 0);
	assert_int_equal(ask(id), CANCEL_ASKED);
	assert_int_equal(transfers_requeue_running(db, 50, &err), 0);
	assert_int_equal(cancellations_settle(db, OTHER, 2000, &err), 0);
	struct transfer_file file = find(id);
	assert_int_equal(file.state, FILE_QUEUED);
	transfer_file_finish(&file);
	assert_int_equal(cancellations_settle(db, NULL, 2000, &err), 0);
	expect_cancelled(id);
	file = find(other);
	assert_int_equal(file.state, FILE_QUEUED);
	transfer_file_finish(&file);
}

static void of_many_attempts_the_newest_are_kept(void **state)
{
	(void)state;
	char id[FILE_ID_SIZE];
	insert(id);
	for (int i = 0; i < ATTEMPTS_KEPT + 5; i++) {
		assert_int_equal(move(id, FILE_RUNNING), 0);
		assert_int_equal(move(id, FILE_QUEUED), 0);
	}
	struct transfer_file file = find(id);
	struct attempt attempts[ATTEMPTS_KEPT];
	size_t count;
	assert_int_equal(attempts_list(db, file.position, attempts, &count, &err), 0);
	assert_int_equal(count, ATTEMPTS_KEPT);
	assert_int_equal(attempts[0].number, 6);
	assert_int_equal(attempts[0].began_ms, 600);
	assert_int_equal(attempts[ATTEMPTS_KEPT - 1].number, ATTEMPTS_KEPT + 5);
	assert_string_equal(attempts[0].reason, "it was cut");
	for (size_t i = 0; i < count; i++)
		free(attempts[i].reason);
	transfer_file_finish(&file);
}

static void ends_add_up_by_the_hour(void **state)
{
	(void)state;
	char id[FILE_ID_SIZE];
	for (int i = 0; i < 3; i++) {
		insert(id);
		assert_int_equal(move(id, FILE_RUNNING), 0);
		assert_int_equal(move(id, i == 2 ? FILE_FAILED : FILE_PUBLISHING), 0);
		if (i < 2)
			assert_int_equal(move(id, FILE_COMPLETED), 0);
	}
	struct usage_row rows[4];
	size_t count;
	assert_int_equal(usage_list(db, 0, INT64_MAX, NULL, rows, 4, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].hour_ms, 7200000);
	assert_string_equal(rows[0].connector_id, CONNECTOR);
	assert_string_equal(rows[0].gateway_id, "");
	assert_int_equal(rows[0].files_completed, 2);
	assert_int_equal(rows[0].files_failed, 1);
	assert_int_equal(rows[0].bytes, 20);
	assert_int_equal(rows[0].bytes_moved, 24);
	struct usage_position after = { .hour_ms = 7200000, .direction = 0 };
	strcpy(after.connector_id, CONNECTOR);
	assert_int_equal(usage_list(db, 0, INT64_MAX, &after, rows, 4, &count, &err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(usage_forget(db, 7200001, &err), 0);
	assert_int_equal(usage_list(db, 0, INT64_MAX, NULL, rows, 4, &count, &err), 0);
	assert_int_equal(count, 0);
}

static void note_lifetime(void *ctx, const char *id, enum lifetime_kind kind, int64_t created_ms,
			  int64_t deleted_ms)
{
	int *ended = ctx;
	assert_int_equal(kind, LIFETIME_CONNECTOR);
	assert_int_equal(created_ms, 1700000000123);
	if (deleted_ms > 0) {
		assert_string_equal(id, OTHER);
		++*ended;
	}
}

static void a_connector_that_is_gone_was_there(void **state)
{
	(void)state;
	int ended = 0;
	assert_int_equal(connectors_delete(db, OTHER, 1700000000999, &err), 0);
	assert_int_equal(lifetimes_each(db, 0, INT64_MAX, "", 10, note_lifetime, &ended, &err), 0);
	assert_int_equal(ended, 1);
	assert_int_equal(usage_forget(db, INT64_MAX, &err), 0);
	ended = 0;
	assert_int_equal(lifetimes_each(db, 0, INT64_MAX, "", 10, note_lifetime, &ended, &err), 0);
	assert_int_equal(ended, 0);
}

static void a_pause_lasts_until_it_is_ended(void **state)
{
	(void)state;
	struct connector_pause pause;
	assert_int_equal(connectors_pause(db, CONNECTOR, 10, &err), 0);
	assert_int_equal(connectors_pause(db, CONNECTOR, 20, &err), 0);
	assert_int_equal(connectors_find_pause(db, CONNECTOR, &pause, &err), 0);
	assert_int_equal(pause.paused_ms, 10);
	assert_int_equal(connectors_resume(db, CONNECTOR, 30, &err), 0);
	assert_int_equal(connectors_resume(db, CONNECTOR, 40, &err), 0);
	assert_int_equal(connectors_find_pause(db, CONNECTOR, &pause, &err), 0);
	assert_int_equal(pause.paused_ms, 0);
	assert_int_equal(pause.resumed_ms, 30);
	assert_int_equal(connectors_find_pause(db, "c-nobody", &pause, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

static void a_name_that_two_have_is_refused_with_both_ids(void **state)
{
	(void)state;
	char id[CONNECTOR_ID_SIZE];
	assert_int_equal(connectors_find_name(db, PREFIX, "acme", id, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(tags_put(db, PREFIX OTHER, "Name", "acme", &err), 0);
	/* Another thing's, and another tag. */
	assert_int_equal(tags_put(db, "arn:aws:transfer:eu-central-1:000000000000:server/s-1",
				  "Name", "acme", &err),
			 0);
	assert_int_equal(tags_put(db, PREFIX CONNECTOR, "name", "acme", &err), 0);
	assert_int_equal(connectors_find_name(db, PREFIX, "acme", id, &err), 0);
	assert_string_equal(id, OTHER);
	assert_int_equal(tags_put(db, PREFIX CONNECTOR, "Name", "acme", &err), 0);
	assert_int_equal(connectors_find_name(db, PREFIX, "acme", id, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_string_equal(err.message,
			    "more than one connector has the Name \"acme\": " CONNECTOR ", " OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, set_up, database_tear_down)
		WITH_DATABASE(what_waits_ends_at_once),
		WITH_DATABASE(what_runs_may_not_be_published_any_more),
		WITH_DATABASE(what_is_published_is_not_cancelled),
		WITH_DATABASE(a_wish_is_not_forgotten_by_a_new_start),
		WITH_DATABASE(of_many_attempts_the_newest_are_kept),
		WITH_DATABASE(ends_add_up_by_the_hour),
		WITH_DATABASE(a_connector_that_is_gone_was_there),
		WITH_DATABASE(a_pause_lasts_until_it_is_ended),
		WITH_DATABASE(a_name_that_two_have_is_refused_with_both_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
