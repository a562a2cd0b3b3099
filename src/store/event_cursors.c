#include "store/event_cursors.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"

int event_cursors_find(struct db *db, const char *sink, const char *connector_id, int64_t *out,
		       struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT number FROM event_cursors WHERE sink = ?1 AND connector_id = ?2", "ss",
		     sink, connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1)
		*out = db_rows_integer(rows, 0);
	return got;
}

int event_cursors_put(struct db *db, const char *sink, const char *connector_id, int64_t number,
		      struct sp_error *err)
{
	return db_run(db, err,
		      "INSERT INTO event_cursors (sink, connector_id, number) VALUES (?1, ?2, ?3)"
		      " ON CONFLICT (sink, connector_id) DO UPDATE SET number = excluded.number",
		      "ssi", sink, connector_id, number);
}

int event_cursors_settle(struct db *db, const char *sink, int64_t number, struct sp_error *err)
{
	if (db_run(db, err,
		   "DELETE FROM event_cursors WHERE sink = ?1 AND connector_id <> ''"
		   " AND number <= ?2",
		   "si", sink, number) != 0)
		return -1;
	return event_cursors_put(db, sink, "", number, err);
}

/* The first sink behind @after in the order of names; "" when there is none. Owned by the caller. */
static int next_sink(struct db *db, const char *after, char **out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT sink FROM event_cursors WHERE sink > ?1 ORDER BY sink LIMIT 1", "s",
		     after) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	*out = got == 1 ? db_rows_copy_text(rows, 0) : sp_strdup("");
	return 0;
}

static bool is_among(const char *name, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

int event_cursors_keep(struct db *db, const char *const sinks[], size_t count, struct sp_error *err)
{
	SP_AUTO_FREE char *sink = sp_strdup("");
	for (;;) {
		char *next;
		if (next_sink(db, sink, &next, err) != 0)
			return -1;
		free(sink);
		sink = next;
		if (sink[0] == '\0')
			return 0;
		if (!is_among(sink, sinks, count) &&
		    db_run(db, err, "DELETE FROM event_cursors WHERE sink = ?1", "s", sink) != 0)
			return -1;
	}
}

int event_cursors_count_behind(struct db *db, const char *sink, int64_t up_to, int64_t *out,
			       struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT COUNT(*) FROM event_cursors s JOIN events e ON e.number > s.number"
		     " AND e.number <= ?2 WHERE s.sink = ?1 AND s.connector_id = ''"
		     " AND e.number > COALESCE((SELECT c.number FROM event_cursors c"
		     " WHERE c.sink = ?1 AND c.connector_id = e.connector_id), 0)",
		     "si", sink, up_to) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1)
		*out = db_rows_integer(rows, 0);
	return got == 1 ? 0 : -1;
}
