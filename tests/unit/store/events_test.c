/* Every end of a file has its event, with it and never without it. */
#include "connector_row.h"
#include "database.h"

#include "base/id.h"
#include "store/connectors.h"
#include "store/event_cursors.h"
#include "store/events.h"
#include "store/removal.h"
#include "store/transfers.h"

#define CONNECTOR     "c-0123456789abcdef0"
#define OTHER         "c-0123456789abcdef1"
#define CONFIGURATION "arn:aws:vpc-lattice:eu-central-1:000000000000:resourceconfiguration/rcfg-1"

enum { EVENTS = 16 };

static struct event events[EVENTS];
static size_t count;

static int set_up(void **state)
{
	database_set_up(state);
	assert_int_equal(connector_row_insert(db, CONNECTOR, &err), 0);
	assert_int_equal(connector_row_insert(db, OTHER, &err), 0);
	return 0;
}

static void forget_list(void)
{
	while (count > 0)
		event_finish(&events[--count]);
}

static int tear_down(void **state)
{
	forget_list();
	return database_tear_down(state);
}

static void list(const char *connector_id, int64_t after)
{
	forget_list();
	assert_int_equal(events_list(db, connector_id, after, events, EVENTS, &count, &err), 0);
}

/* Its one file is the caller's to finish. */
static struct transfer_file insert(const char *connector_id, enum transfer_direction direction)
{
	bool sends = direction == TRANSFER_SEND;
	struct transfer transfer = { .direction = direction,
				     .local_directory = sends ? NULL : (char[]){ "/bucket/down" },
				     .remote_directory = sends ? (char[]){ "/in" } : NULL,
				     .created_ms = 5 };
	struct transfer_file file = { .direction = direction,
				      .path = (char[]){ "/some/path" },
				      .bucket = (char[]){ "bucket" },
				      .key = (char[]){ "k\xe9y" },
				      .size = -1 };
	sp_random_uuid(transfer.id);
	strcpy(transfer.connector_id, connector_id);
	strcpy(file.transfer_id, transfer.id);
	strcpy(file.connector_id, connector_id);
	sp_random_hex(file.id, FILE_ID_SIZE - 1);
	assert_int_equal(transfers_insert(db, &transfer, &file, 1, &err), 0);
	struct transfer_file out;
	assert_int_equal(transfers_find_file(db, file.id, &out, &err), 0);
	return out;
}

static void move(struct transfer_file *file, enum file_state to)
{
	enum file_state from = file->state;
	file->state = to;
	assert_int_equal(transfers_move_file(db, file, from, &err), 0);
}

static void complete(struct transfer_file *file)
{
	file->started_ms = 7;
	move(file, FILE_RUNNING);
	file->size = 42;
	move(file, FILE_PUBLISHING);
	file->ended_ms = 9;
	move(file, FILE_COMPLETED);
}

static void fail_file(struct transfer_file *file)
{
	file->ended_ms = 9;
	file->failure_code = "WRITE_FILE_ERROR";
	free(file->failure_message);
	file->failure_message = strdup("no room");
	move(file, FILE_FAILED);
}

static void what_was_sent_has_its_event_with_all_that_is_told(void **state)
{
	(void)state;
	struct transfer_file file = insert(CONNECTOR, TRANSFER_SEND);
	list(NULL, 0);
	assert_int_equal(count, 0);
	complete(&file);
	list(NULL, 0);
	assert_int_equal(count, 1);

	const struct event *event = &events[0];
	assert_int_equal(event->number, 1);
	assert_int_equal(strlen(event->id), SP_UUID_SIZE - 1);
	assert_string_equal(event->connector_id, CONNECTOR);
	assert_int_equal(event->direction, TRANSFER_SEND);
	assert_int_equal(event->state, FILE_COMPLETED);
	assert_true(event->time_ms > 0);
	assert_false(event->is_logged);
	assert_string_equal(event->url, "sftp://partner.example");
	assert_null(event->configuration_arn);
	assert_int_equal(event->port, 0);
	assert_string_equal(event->transfer_id, file.transfer_id);
	assert_string_equal(event->file_id, file.id);
	assert_string_equal(event->path, "/some/path");
	assert_null(event->local_directory);
	assert_string_equal(event->remote_directory, "/in");
	assert_string_equal(event->bucket, "bucket");
	assert_string_equal(event->key, "k\xe9y");
	assert_int_equal(event->bytes, 42);
	assert_int_equal(event->queued_ms, 5);
	assert_int_equal(event->started_ms, 7);
	assert_int_equal(event->ended_ms, 9);
	assert_null(event->failure_code);
	assert_null(event->failure_message);
	transfer_file_finish(&file);
}

static void what_was_fetched_names_the_object_that_it_became(void **state)
{
	(void)state;
	struct transfer_file file = insert(CONNECTOR, TRANSFER_RETRIEVE);
	file.published_name = strdup("k\xe9y-2");
	complete(&file);
	list(NULL, 0);
	assert_int_equal(count, 1);
	assert_string_equal(events[0].local_directory, "/bucket/down");
	assert_null(events[0].remote_directory);
	assert_string_equal(events[0].key, "k\xe9y-2");
	transfer_file_finish(&file);
}

static void a_retry_has_no_event_and_the_failure_after_it_has_one(void **state)
{
	(void)state;
	struct transfer_file file = insert(CONNECTOR, TRANSFER_SEND);
	move(&file, FILE_RUNNING);
	move(&file, FILE_QUEUED);
	move(&file, FILE_RUNNING);
	file.size = 42;
	list(NULL, 0);
	assert_int_equal(count, 0);
	fail_file(&file);
	list(NULL, 0);
	assert_int_equal(count, 1);
	assert_int_equal(events[0].state, FILE_FAILED);
	assert_int_equal(events[0].bytes, 0);
	assert_string_equal(events[0].failure_code, "WRITE_FILE_ERROR");
	assert_string_equal(events[0].failure_message, "no room");
	transfer_file_finish(&file);
}

static void an_end_that_is_not_committed_has_no_event(void **state)
{
	(void)state;
	struct transfer_file file = insert(CONNECTOR, TRANSFER_SEND);
	assert_int_equal(db_begin(db, &err), 0);
	fail_file(&file);
	db_rollback(db);
	list(NULL, 0);
	assert_int_equal(count, 0);

	/* And one that came too late adds none. */
	file.state = FILE_QUEUED;
	fail_file(&file);
	assert_int_equal(transfers_move_file(db, &file, FILE_QUEUED, &err), -1);
	list(NULL, 0);
	assert_int_equal(count, 1);
	transfer_file_finish(&file);
}

static void a_file_that_failed_from_the_start_has_its_event(void **state)
{
	(void)state;
	struct transfer transfer = { .id = "t", .connector_id = CONNECTOR, .created_ms = 5 };
	struct transfer_file files[] = {
		{ .id = "a", .transfer_id = "t", .connector_id = CONNECTOR, .path = "/b/a" },
		{ .id = "b",
		  .transfer_id = "t",
		  .connector_id = CONNECTOR,
		  .path = "nonsense",
		  .state = FILE_FAILED,
		  .ended_ms = 5,
		  .failure_code = "READ_FILE_ERROR",
		  .failure_message = "it is none" },
	};
	assert_int_equal(transfers_insert(db, &transfer, files, 2, &err), 0);
	list(NULL, 0);
	assert_int_equal(count, 1);
	assert_string_equal(events[0].file_id, "b");
	assert_null(events[0].bucket);
	assert_null(events[0].key);
	assert_int_equal(events[0].started_ms, 0);
}

static void a_deleted_connector_ends_its_files_and_its_events_stay(void **state)
{
	(void)state;
	struct transfer_file done = insert(CONNECTOR, TRANSFER_SEND);
	struct transfer_file publishing = insert(CONNECTOR, TRANSFER_SEND);
	struct transfer_file running = insert(CONNECTOR, TRANSFER_RETRIEVE);
	struct transfer_file waiting = insert(CONNECTOR, TRANSFER_SEND);
	struct transfer_file others = insert(OTHER, TRANSFER_SEND);
	complete(&done);
	move(&running, FILE_RUNNING);
	move(&publishing, FILE_RUNNING);
	move(&publishing, FILE_PUBLISHING);
	assert_int_equal(connectors_delete(db, CONNECTOR, 1000, &err), 0);
	bool more = true;
	while (more)
		assert_int_equal(removal_of_deleted(db, 2000, &more, &err), 0);

	list(NULL, 0);
	assert_int_equal(count, 4);
	const char *const ids[] = { done.id, waiting.id, running.id, publishing.id };
	for (size_t i = 1; i < count; i++) {
		assert_int_equal(events[i].number, (int64_t)i + 1);
		assert_string_equal(events[i].file_id, ids[i]);
		assert_int_equal(events[i].state, FILE_FAILED);
		assert_string_equal(events[i].failure_code, "UNKNOWN_ERROR");
		assert_string_equal(events[i].url, "sftp://partner.example");
		assert_true(events[i].ended_ms > 0);
	}
	assert_string_equal(events[2].failure_message,
			    "could not retrieve \"/some/path\": its connector was deleted");
	assert_string_equal(events[3].failure_message,
			    "could not send \"/some/path\": its connector was deleted; it "
			    "may have been published already");
	struct transfer_file *files[] = { &done, &publishing, &running, &waiting, &others };
	for (size_t i = 0; i < 5; i++)
		transfer_file_finish(files[i]);
}

static void an_event_has_the_way_that_the_connector_had_then(void **state)
{
	(void)state;
	struct connector connector;
	struct transfer_file first = insert(CONNECTOR, TRANSFER_SEND);
	struct transfer_file second = insert(CONNECTOR, TRANSFER_SEND);
	struct transfer_file third = insert(CONNECTOR, TRANSFER_SEND);
	complete(&first);
	assert_int_equal(connectors_find(db, CONNECTOR, &connector, &err), 0);
	free(connector.url);
	connector.url = NULL;
	connector.configuration_arn = strdup(CONFIGURATION);
	connector.logging_role = strdup("arn:aws:iam::000000000000:role/logs");
	assert_int_equal(connectors_update(db, &connector, &err), 0);
	complete(&second);
	connector.port = 2222;
	assert_int_equal(connectors_update(db, &connector, &err), 0);
	complete(&third);
	connector_finish(&connector);

	list(NULL, 0);
	assert_int_equal(count, 3);
	assert_string_equal(events[0].url, "sftp://partner.example");
	assert_false(events[0].is_logged);
	assert_null(events[1].url);
	assert_string_equal(events[1].configuration_arn, CONFIGURATION);
	assert_int_equal(events[1].port, 22); /* what it means when none is given */
	assert_true(events[1].is_logged);
	assert_int_equal(events[2].port, 2222);

	/* The last one's role turns out not to be allowed to. */
	char logger[CONNECTOR_ID_SIZE];
	char *role;
	assert_int_equal(events_find_logger(db, events[1].number, logger, &role, &err), 0);
	assert_string_equal(logger, CONNECTOR);
	assert_string_equal(role, "arn:aws:iam::000000000000:role/logs");
	free(role);
	assert_int_equal(events_withhold_records(db, events[1].number, &err), 0);
	assert_int_equal(events_find_logger(db, events[1].number, logger, &role, &err), 0);
	assert_null(role);
	list(NULL, 0);
	assert_int_equal(count, 3);
	assert_true(events[1].is_logged);
	assert_false(events[2].is_logged);
	transfer_file_finish(&first);
	transfer_file_finish(&second);
	transfer_file_finish(&third);
}

static void events_are_listed_in_the_order_of_the_ends_and_by_connector(void **state)
{
	(void)state;
	struct transfer_file a = insert(CONNECTOR, TRANSFER_SEND);
	struct transfer_file b = insert(OTHER, TRANSFER_SEND);
	struct transfer_file c = insert(CONNECTOR, TRANSFER_SEND);
	complete(&c);
	complete(&b);
	complete(&a);
	list(CONNECTOR, 0);
	assert_int_equal(count, 2);
	assert_string_equal(events[0].file_id, c.id);
	assert_string_equal(events[1].file_id, a.id);
	list(CONNECTOR, 1);
	assert_int_equal(count, 1);
	assert_string_equal(events[0].file_id, a.id);
	list(NULL, 1);
	assert_int_equal(count, 2);
	assert_string_equal(events[0].file_id, b.id);
	transfer_file_finish(&a);
	transfer_file_finish(&b);
	transfer_file_finish(&c);
}

static void numbers_go_on_when_all_are_forgotten(void **state)
{
	(void)state;
	int64_t last;
	struct transfer_file first = insert(CONNECTOR, TRANSFER_SEND);
	struct transfer_file second = insert(CONNECTOR, TRANSFER_SEND);
	complete(&first);
	assert_int_equal(events_forget(db, 1, &err), 0);
	list(NULL, 0);
	assert_int_equal(count, 0);
	assert_int_equal(events_last_number(db, &last, &err), 0);
	assert_int_equal(last, 1);
	complete(&second);
	list(NULL, 0);
	assert_int_equal(count, 1);
	assert_int_equal(events[0].number, 2);
	transfer_file_finish(&first);
	transfer_file_finish(&second);
}

/* ---- what may go --------------------------------------------------------------------------------------------------- */

/* Event number n came at n hundred milliseconds. */
static void complete_many(const char *connector_id, int64_t first, int64_t last)
{
	for (int64_t number = first; number <= last; number++) {
		struct transfer_file file = insert(connector_id, TRANSFER_SEND);
		complete(&file);
		transfer_file_finish(&file);
		assert_int_equal(db_run(db, &err,
					"UPDATE events SET time_ms = ?2 WHERE number = ?1", "ii",
					number, number * 100),
				 0);
	}
}

static int64_t find_old(int64_t since_ms, int64_t delivered, int64_t records_max, int64_t batch)
{
	const struct events_keeping keeping = { .since_ms = since_ms,
						.delivered = delivered,
						.records_max = records_max,
						.batch = batch };
	int64_t up_to;
	assert_int_equal(events_find_old(db, &keeping, &up_to, &err), 0);
	return up_to;
}

static void events_go_when_they_are_old_and_delivered_or_too_many(void **state)
{
	(void)state;
	assert_int_equal(find_old(10000, 10, 100, 10), 0); /* there is none */
	complete_many(CONNECTOR, 1, 10);
	assert_int_equal(find_old(500, INT64_MAX, 100, 10), 4);
	assert_int_equal(find_old(500, 2, 100, 10), 2); /* the others wait for somebody */
	assert_int_equal(find_old(500, 0, 100, 10), 0);
	assert_int_equal(find_old(500, 2, 7, 10), 3); /* there is no room for them all */
	assert_int_equal(find_old(0, 0, 10, 10), 0);
	assert_int_equal(find_old(10000, INT64_MAX, 100, 6), 6); /* a batch at a time */
	assert_int_equal(events_forget(db, 6, &err), 0);
	assert_int_equal(find_old(10000, INT64_MAX, 100, 6), 10);
	assert_int_equal(find_old(0, 0, 3, 10), 7); /* numbers go on, whatever has gone */

	int64_t time_ms;
	assert_int_equal(events_time_behind(db, 7, &time_ms, &err), 0);
	assert_int_equal(time_ms, 800);
	assert_int_equal(events_time_behind(db, 10, &time_ms, &err), 0);
	assert_int_equal(time_ms, 0);
}

/* ---- cursors ------------------------------------------------------------------------------------------------------- */

static void assert_cursor(const char *sink, const char *connector_id, int64_t expected)
{
	int64_t number = -1;
	int got = event_cursors_find(db, sink, connector_id, &number, &err);
	assert_int_equal(got, expected >= 0);
	assert_int_equal(number, expected);
}

static void a_cursor_stays_where_it_was_put_and_settles_with_its_sink(void **state)
{
	(void)state;
	assert_cursor("hook a", "", -1);
	assert_int_equal(event_cursors_settle(db, "hook a", 3, &err), 0);
	assert_int_equal(event_cursors_put(db, "hook a", CONNECTOR, 5, &err), 0);
	assert_int_equal(event_cursors_put(db, "hook a", OTHER, 8, &err), 0);
	assert_int_equal(event_cursors_put(db, "hook b", OTHER, 2, &err), 0);
	assert_int_equal(event_cursors_put(db, "hook a", CONNECTOR, 6, &err), 0);
	assert_cursor("hook a", "", 3);
	assert_cursor("hook a", CONNECTOR, 6);
	assert_int_equal(event_cursors_settle(db, "hook a", 7, &err), 0);
	assert_cursor("hook a", "", 7);
	assert_cursor("hook a", CONNECTOR, -1);
	assert_cursor("hook a", OTHER, 8);
	assert_cursor("hook b", OTHER, 2);
}

static void cursors_of_sinks_that_are_gone_go(void **state)
{
	(void)state;
	const char *const sinks[] = { "c", "a" };
	static const char *const all[] = { "a", "b", "c", "d" };
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(event_cursors_settle(db, all[i], 1, &err), 0);
		assert_int_equal(event_cursors_put(db, all[i], OTHER, 2, &err), 0);
	}
	assert_int_equal(event_cursors_keep(db, sinks, 2, &err), 0);
	assert_cursor("a", "", 1);
	assert_cursor("a", OTHER, 2);
	assert_cursor("b", "", -1);
	assert_cursor("b", OTHER, -1);
	assert_cursor("c", OTHER, 2);
	assert_cursor("d", "", -1);
	assert_int_equal(event_cursors_keep(db, NULL, 0, &err), 0);
	assert_cursor("a", "", -1);
}

static void what_a_sink_has_not_had_is_counted(void **state)
{
	(void)state;
	int64_t behind;
	complete_many(CONNECTOR, 1, 5);
	complete_many(OTHER, 6, 10);
	assert_int_equal(event_cursors_settle(db, "hook", 2, &err), 0);
	assert_int_equal(event_cursors_put(db, "hook", OTHER, 8, &err), 0);
	assert_int_equal(event_cursors_count_behind(db, "hook", 1, &behind, &err), 0);
	assert_int_equal(behind, 0);
	assert_int_equal(event_cursors_count_behind(db, "hook", 4, &behind, &err), 0);
	assert_int_equal(behind, 2);
	assert_int_equal(event_cursors_count_behind(db, "hook", 10, &behind, &err), 0);
	assert_int_equal(behind, 5); /* 3 to 5, 9 and 10 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_DB(what_was_sent_has_its_event_with_all_that_is_told),
		WITH_DB(what_was_fetched_names_the_object_that_it_became),
		WITH_DB(a_retry_has_no_event_and_the_failure_after_it_has_one),
		WITH_DB(an_end_that_is_not_committed_has_no_event),
		WITH_DB(a_file_that_failed_from_the_start_has_its_event),
		WITH_DB(a_deleted_connector_ends_its_files_and_its_events_stay),
		WITH_DB(an_event_has_the_way_that_the_connector_had_then),
		WITH_DB(events_are_listed_in_the_order_of_the_ends_and_by_connector),
		WITH_DB(numbers_go_on_when_all_are_forgotten),
		WITH_DB(events_go_when_they_are_old_and_delivered_or_too_many),
		WITH_DB(a_cursor_stays_where_it_was_put_and_settles_with_its_sink),
		WITH_DB(cursors_of_sinks_that_are_gone_go),
		WITH_DB(what_a_sink_has_not_had_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
