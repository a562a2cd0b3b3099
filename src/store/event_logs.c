#include "store/event_logs.h"

#include "store/event_rows_inside.h"
#include "store/rows.h"

/* The partial index events_logged knows records by just this condition. */
#define IN_RANGE                                                                                   \
	"SELECT " EVENT_COLUMNS " FROM events WHERE is_logged = 1 AND connector_id = ?1"           \
	" AND time_ms >= ?2 AND time_ms < ?3"

int event_logs_list(struct db *db, const struct event_log_range *range, struct event *out,
		    size_t max, size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	const char *sql = range->backward ? IN_RANGE " AND (time_ms, number) < (?4, ?5)"
						     " ORDER BY time_ms DESC, number DESC LIMIT ?6"
					  : IN_RANGE " AND (time_ms, number) > (?4, ?5)"
						     " ORDER BY time_ms, number LIMIT ?6";
	if (db_query(db, &rows, err, sql, "siiiii", range->connector_id, range->from_ms,
		     range->to_ms, range->beside.time_ms, range->beside.number, (int64_t)max) != 0)
		return -1;
	return event_rows_read(rows, out, max, out_count, err);
}

int event_logs_span(struct db *db, const char *connector_id, int64_t *out_first_ms,
		    int64_t *out_last_ms, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT COALESCE((SELECT MIN(time_ms) FROM events WHERE is_logged = 1"
		     " AND connector_id = ?1), -1), COALESCE((SELECT MAX(time_ms) FROM events"
		     " WHERE is_logged = 1 AND connector_id = ?1), -1)",
		     "s", connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	*out_first_ms = db_rows_integer(rows, 0);
	*out_last_ms = db_rows_integer(rows, 1);
	return *out_first_ms >= 0;
}

int event_logs_next_connector(struct db *db, const char *after, char out[CONNECTOR_ID_SIZE],
			      struct sp_error *err)
{
	return rows_text(db,
			 "SELECT connector_id FROM events WHERE is_logged = 1"
			 " AND connector_id > ?1 ORDER BY connector_id LIMIT 1",
			 after, out, CONNECTOR_ID_SIZE, err);
}
