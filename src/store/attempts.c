#include "store/attempts.h"

#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"

static char *short_reason(const char *text)
{
	char *reason = sp_strdup(text == NULL ? "it ended" : text);
	if (strlen(reason) > ATTEMPT_REASON_MAX)
		reason[ATTEMPT_REASON_MAX] = '\0';
	sp_text_make_readable(reason); /* a character may have been cut */
	return reason;
}

int attempts_add(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	SP_AUTO_FREE char *reason = short_reason(file->attempt_failure);
	if (db_run(db, err,
		   "INSERT INTO attempts (position, number, began_ms, ended_ms, reason)"
		   " SELECT position, ?2, ?3, ?4, ?5 FROM files WHERE id = ?1"
		   " ON CONFLICT (position, number) DO UPDATE SET ended_ms = excluded.ended_ms,"
		   " reason = excluded.reason",
		   "siiis", file->id, (int64_t)file->attempt, file->attempt_ms, sp_now_ms(),
		   reason) != 0)
		return sp_wrap(err, "could not note an attempt at file \"%s\"", file->id);
	if (file->attempt <= ATTEMPTS_KEPT)
		return 0;
	return db_run(db, err,
		      "DELETE FROM attempts WHERE position = (SELECT position FROM files"
		      " WHERE id = ?1) AND number <= ?2",
		      "si", file->id, (int64_t)(file->attempt - ATTEMPTS_KEPT));
}

int attempts_add_running(struct db *db, int64_t now_ms, struct sp_error *err)
{
	return db_run(db, err,
		      "INSERT INTO attempts (position, number, began_ms, ended_ms, reason)"
		      " SELECT position, attempt, attempt_ms, ?1,"
		      " 'the daemon ended while it was under way' FROM files"
		      " WHERE connector_id IN (SELECT id FROM connectors) AND state = 1"
		      " ON CONFLICT (position, number) DO UPDATE SET ended_ms = excluded.ended_ms,"
		      " reason = excluded.reason",
		      "i", now_ms);
}

int attempts_list(struct db *db, int64_t position, struct attempt out[ATTEMPTS_KEPT],
		  size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT number, began_ms, ended_ms, reason FROM attempts WHERE position = ?1"
		     " ORDER BY number",
		     "i", position) != 0)
		return -1;
	size_t count = 0;
	int got = 0;
	while (count < ATTEMPTS_KEPT && (got = db_rows_next(rows, err)) == 1)
		out[count++] = (struct attempt){ .number = (int)db_rows_integer(rows, 0),
						 .began_ms = db_rows_integer(rows, 1),
						 .ended_ms = db_rows_integer(rows, 2),
						 .reason = db_rows_copy_text(rows, 3) };
	while (got < 0 && count > 0)
		free(out[--count].reason);
	*out_count = count;
	return got < 0 ? -1 : 0;
}
