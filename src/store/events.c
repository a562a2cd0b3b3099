#include "store/events.h"

#include <assert.h>
#include <string.h>

#include "base/id.h"
#include "model/connector.h"
#include "model/failure.h"
#include "store/event_rows_inside.h"
#include "store/rows.h"

/* States and directions stand in the SQL as numbers. */
static_assert(FILE_COMPLETED == 3 && TRANSFER_RETRIEVE == 1 && CONNECTOR_PORT_DEFAULT == 22,
	      "a store that is there means these");

static void read_event(struct db_rows *rows, struct event *out)
{
	*out = (struct event){
		.number = db_rows_integer(rows, 0),
		.direction = (enum transfer_direction)db_rows_integer(rows, 3),
		.state = (enum file_state)db_rows_integer(rows, 4),
		.time_ms = db_rows_integer(rows, 5),
		.is_logged = db_rows_integer(rows, 6) != 0,
		.url = db_rows_copy_text(rows, 7),
		.configuration_arn = db_rows_copy_text(rows, 8),
		.port = (int)db_rows_integer(rows, 9),
		.path = db_rows_copy_text(rows, 12),
		.local_directory = db_rows_copy_text(rows, 13),
		.remote_directory = db_rows_copy_text(rows, 14),
		.bucket = db_rows_copy_text(rows, 15),
		.key = rows_copy_bytes(rows, 16),
		.bytes = db_rows_integer(rows, 17),
		.queued_ms = db_rows_integer(rows, 18),
		.started_ms = db_rows_integer(rows, 19),
		.ended_ms = db_rows_integer(rows, 20),
		.failure_code = failure_code_from_name(db_rows_text(rows, 21)),
		.failure_message = db_rows_copy_text(rows, 22),
		.items_max = (int)db_rows_integer(rows, 23),
		.items = (int)db_rows_integer(rows, 24),
		.truncated = db_rows_integer(rows, 25) != 0,
	};
	rows_copy(rows, 1, out->id, sizeof(out->id));
	rows_copy(rows, 2, out->connector_id, sizeof(out->connector_id));
	rows_copy(rows, 10, out->transfer_id, sizeof(out->transfer_id));
	rows_copy(rows, 11, out->file_id, sizeof(out->file_id));
}

/*
 * One statement makes the row of what is there: this is part of every file's last commit. A fetched file's object is
 * called as it was published.
 */
int events_put_file(struct db *db, const char *file_id, int64_t now_ms, struct sp_error *err)
{
	char id[SP_UUID_SIZE];
	sp_random_uuid(id);
	if (db_run(db, err, "UPDATE counters SET value = value + 1 WHERE name = 'event number'",
		   "") != 0 ||
	    db_run(db, err,
		   "INSERT INTO events (" EVENT_COLUMNS ") SELECT"
		   " (SELECT value FROM counters WHERE name = 'event number'),"
		   " ?2, f.connector_id, f.direction, f.state, ?3,"
		   " CASE WHEN c.logging_role IS NULL THEN 0 ELSE 1 END,"
		   " c.url, c.configuration_arn,"
		   " CASE WHEN c.configuration_arn IS NULL THEN 0"
		   "  WHEN c.port = 0 THEN 22 ELSE c.port END,"
		   " f.transfer_id, f.id, f.path, t.local_directory, t.remote_directory, f.bucket,"
		   " CASE WHEN f.direction = 1 AND f.state = 3 AND f.published_name IS NOT NULL"
		   "  THEN f.published_name ELSE f.object_key END,"
		   " CASE f.state WHEN 3 THEN f.size ELSE 0 END,"
		   " t.created_ms, f.started_ms, f.ended_ms, f.failure_code, f.failure_message,"
		   " f.items_max, CASE f.state WHEN 3 THEN f.items ELSE 0 END, f.truncated"
		   " FROM files f JOIN transfers t ON t.id = f.transfer_id"
		   " JOIN connectors c ON c.id = f.connector_id WHERE f.id = ?1",
		   "ssi", file_id, id, now_ms) != 0)
		return sp_wrap(err, "could not keep the event of file \"%s\"", file_id);
	if (db_changes(db) != 1)
		return sp_fail(err, SP_INTERNAL,
			       "could not keep the event of file \"%s\": it has no connector",
			       file_id);
	return 0;
}

int events_find_logger(struct db *db, int64_t after, char out_connector_id[CONNECTOR_ID_SIZE],
		       char **out_role, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out_role = NULL;
	if (db_query(db, &rows, err,
		     "SELECT c.id, c.logging_role FROM events e JOIN connectors c"
		     " ON c.id = e.connector_id WHERE e.number > ?1 AND e.is_logged = 1 LIMIT 1",
		     "i", after) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1) {
		rows_copy(rows, 0, out_connector_id, CONNECTOR_ID_SIZE);
		*out_role = db_rows_copy_text(rows, 1);
	}
	return got < 0 ? -1 : 0;
}

int events_withhold_records(struct db *db, int64_t after, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE events SET is_logged = 0 WHERE number > ?1 AND is_logged = 1", "i",
		      after);
}

int event_rows_read(struct db_rows *rows, struct event *out, size_t max, size_t *out_count,
		    struct sp_error *err)
{
	size_t count = 0;
	int got = 0;
	while (count < max && (got = db_rows_next(rows, err)) == 1)
		read_event(rows, &out[count++]);
	while (got < 0 && count > 0)
		event_finish(&out[--count]);
	*out_count = count;
	return got < 0 ? -1 : 0;
}

int events_list(struct db *db, const char *connector_id, int64_t after, struct event *out,
		size_t max, size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	int result =
		connector_id == NULL
			? db_query(db, &rows, err,
				   "SELECT " EVENT_COLUMNS " FROM events WHERE number > ?1"
				   " ORDER BY number LIMIT ?2",
				   "ii", after, (int64_t)max)
			: db_query(db, &rows, err,
				   "SELECT " EVENT_COLUMNS " FROM events WHERE connector_id = ?1"
				   " AND number > ?2 ORDER BY number LIMIT ?3",
				   "sii", connector_id, after, (int64_t)max);
	return result != 0 ? -1 : event_rows_read(rows, out, max, out_count, err);
}

int events_last_number(struct db *db, int64_t *out, struct sp_error *err)
{
	return rows_count(db, "SELECT value FROM counters WHERE name = 'event number'", NULL, out,
			  err);
}

int events_each_news(struct db *db, int64_t after, event_news_fn *fn, void *ctx,
		     struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(
		    db, &rows, err,
		    "SELECT connector_id, MAX(number) FROM (SELECT connector_id, number FROM events"
		    " WHERE number > ?1 ORDER BY number LIMIT ?2) AS news GROUP BY connector_id",
		    "ii", after, (int64_t)EVENTS_NEWS_MAX) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1)
		fn(ctx, db_rows_text(rows, 0), db_rows_integer(rows, 1));
	return got;
}

int events_time_behind(struct db *db, int64_t number, int64_t *out_ms, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT time_ms FROM events WHERE number > ?1 ORDER BY number LIMIT 1", "i",
		     number) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	*out_ms = got == 1 ? db_rows_integer(rows, 0) : 0;
	return got < 0 ? -1 : 0;
}

int events_find_old(struct db *db, const struct events_keeping *keeping, int64_t *out_up_to,
		    struct sp_error *err)
{
	int64_t last;
	*out_up_to = 0;
	if (events_last_number(db, &last, err) != 0)
		return -1;
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT number, time_ms FROM events ORDER BY number LIMIT ?1",
		     "i", keeping->batch) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1) {
		int64_t number = db_rows_integer(rows, 0);
		bool is_old = db_rows_integer(rows, 1) < keeping->since_ms &&
			      number <= keeping->delivered;
		if (!is_old && number > last - keeping->records_max)
			break;
		*out_up_to = number;
	}
	return got < 0 ? -1 : 0;
}

int events_forget(struct db *db, int64_t up_to, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM events WHERE number <= ?1", "i", up_to);
}
