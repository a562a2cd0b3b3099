#include "store/cancellations.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "model/failure.h"
#include "store/transfers_inside.h"

enum { SETTLED_AT_ONCE = 256 };

char *cancellation_sentence(const struct transfer_file *file)
{
	struct sp_buffer text = { 0 };
	char when[SP_ISO_TIME_SIZE];
	sp_time_to_iso(file->cancelled_ms, when);
	sp_buffer_format(&text, "could not %s \"%s\": it was cancelled at %s by %s",
			 transfer_direction_verb(file->direction), file->path, when,
			 file->cancelled_by == NULL ? "somebody" : file->cancelled_by);
	return sp_buffer_take(&text);
}

/* It is QUEUED, and cancelled_ms is set. */
static int end_queued(struct db *db, struct transfer_file *file, int64_t now_ms,
		      struct sp_error *err)
{
	free(file->failure_message);
	file->failure_message = cancellation_sentence(file);
	file->failure_code = failure_cancelled;
	file->ended_ms = now_ms;
	file->state = FILE_FAILED;
	return transfers_move_any_file(db, file, FILE_QUEUED, err);
}

static int note_wish(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE files SET cancelled_ms = ?2, cancelled_by = ?3 WHERE id = ?1", "sis",
		      file->id, file->cancelled_ms, file->cancelled_by);
}

static int ask(struct db *db, struct transfer_file *file, const char *by, int64_t now_ms,
	       enum cancel_outcome *out, struct sp_error *err)
{
	switch (file->state) {
	case FILE_PUBLISHING:
		*out = CANCEL_TOO_LATE;
		return 0;
	case FILE_COMPLETED:
	case FILE_FAILED:
		*out = CANCEL_NOT_NEEDED;
		return 0;
	case FILE_QUEUED:
	case FILE_RUNNING:
		break;
	}
	*out = file->state == FILE_QUEUED ? CANCEL_DONE : CANCEL_ASKED;
	if (file->cancelled_ms == 0) { /* who asked first is told */
		file->cancelled_ms = now_ms;
		file->cancelled_by = sp_strdup(by);
		if (note_wish(db, file, err) != 0)
			return -1;
	}
	return *out == CANCEL_DONE ? end_queued(db, file, now_ms, err) : 0;
}

int cancellations_ask(struct db *db, const char *file_id, const char *by, int64_t now_ms,
		      enum cancel_outcome *out, struct sp_error *err)
{
	struct transfer_file file;
	if (transfers_find_file(db, file_id, &file, err) != 0)
		return -1;
	int result = ask(db, &file, by, now_ms, out, err);
	transfer_file_finish(&file);
	return result;
}

/* A file that is moved leaves what is read here: so many first, then their moves. */
static int read_some(struct db *db, const char *connector_id, struct transfer_file *out,
		     size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out_count = 0;
	if (db_query(db, &rows, err,
		     "SELECT " FILE_COLUMNS " FROM files f WHERE f.cancelled_ms > 0 AND f.state = 0"
		     " AND (?1 IS NULL OR f.connector_id = ?1) ORDER BY f.position LIMIT ?2",
		     "si", connector_id, (int64_t)SETTLED_AT_ONCE) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1)
		transfers_read_file(rows, &out[(*out_count)++]);
	return got;
}

int cancellations_settle(struct db *db, const char *connector_id, int64_t now_ms,
			 struct sp_error *err)
{
	SP_AUTO_FREE struct transfer_file *files = sp_alloc(SETTLED_AT_ONCE * sizeof(*files));
	size_t count;
	int result;
	do {
		result = read_some(db, connector_id, files, &count, err);
		for (size_t i = 0; i < count; i++) {
			if (result == 0)
				result = end_queued(db, &files[i], now_ms, err);
			transfer_file_finish(&files[i]);
		}
	} while (result == 0 && count == SETTLED_AT_ONCE);
	return result;
}
