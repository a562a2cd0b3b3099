#include "store/transfers.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "model/failure.h"
#include "store/attempts.h"
#include "store/events.h"
#include "store/parts_left.h"
#include "store/rows.h"
#include "store/transfers_inside.h"
#include "store/usage.h"

/* States stand in the SQL as numbers. */
static_assert(FILE_QUEUED == 0 && FILE_RUNNING == 1 && FILE_PUBLISHING == 2 &&
		      FILE_COMPLETED == 3 && FILE_FAILED == 4,
	      "a store that is there means these");
static_assert(TRANSFER_SEND == 0 && TRANSFER_RETRIEVE == 1 && TRANSFER_LIST == 2 &&
		      TRANSFER_MOVE == 3 && TRANSFER_DELETE == 4,
	      "a store that is there means these");

/* And not of one that was deleted, of which there may be rows for a while. */
#define OF_A_CONNECTOR                                                                             \
	" EXISTS (SELECT 1 FROM connectors c WHERE c.id = connector_id AND c.deleted_ms = 0)"

/* Bytes of a C string; NULL stays NULL. */
#define BYTES(text) (const void *)(text), (text) != NULL ? strlen(text) : (size_t)0

/* Up to @max files; on failure none is left to finish. */
static int read_files(struct db_rows *rows, struct transfer_file *out, size_t max,
		      size_t *out_count, struct sp_error *err)
{
	size_t count = 0;
	int got = 0;
	while (count < max && (got = db_rows_next(rows, err)) == 1)
		transfers_read_file(rows, &out[count++]);
	if (got < 0) {
		while (count > 0)
			transfer_file_finish(&out[--count]);
	}
	*out_count = count;
	return got < 0 ? -1 : 0;
}

/* Reserves @count numbers that nobody ever has again; *out is the first. */
static int take_numbers(struct db *db, const char *counter, size_t count, int64_t *out,
			struct sp_error *err)
{
	if (db_run(db, err, "UPDATE counters SET value = value + ?2 WHERE name = ?1", "si", counter,
		   (int64_t)count) != 0)
		return -1;
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT value FROM counters WHERE name = ?1", "s", counter) !=
	    0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return sp_fail(err, SP_SYSTEM, "the store has lost its counter of files");
	*out = db_rows_integer(rows, 0) - (int64_t)count + 1;
	return 0;
}

static int add_pending(struct db *db, const char *connector_id, int64_t count, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE connectors SET pending_files = pending_files + ?2 WHERE id = ?1",
		      "si", connector_id, count);
}

static bool has_ended(enum file_state state)
{
	return state == FILE_COMPLETED || state == FILE_FAILED;
}

static int insert_file(struct db *db, const struct transfer_file *file, int64_t change,
		       struct sp_error *err)
{
	return db_run(
		db, err,
		"INSERT INTO files (id, transfer_id, connector_id, direction, position, path,"
		" bucket, object_key, remote_directory, remote_name, state, attempt, tries,"
		" worker_deaths, not_before_ms, size, sha256, started_ms, ended_ms, failure_code,"
		" failure_message, target_path, items_max, changed)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
		" ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
		"sssiissbbbiiiiiisiissbii", file->id, file->transfer_id, file->connector_id,
		(int64_t)file->direction, file->position, file->path, file->bucket,
		BYTES(file->key), BYTES(file->remote_directory), BYTES(file->remote_name),
		(int64_t)file->state, (int64_t)file->attempt, (int64_t)file->tries,
		(int64_t)file->worker_deaths, file->not_before_ms, file->size, file->sha256,
		file->started_ms, file->ended_ms, file->failure_code, file->failure_message,
		BYTES(file->target_path), (int64_t)file->items_max, change);
}

static enum transfer_state first_state(int64_t pending, size_t count)
{
	if (pending == 0 && count > 0)
		return TRANSFER_FAILED;
	return pending == (int64_t)count ? TRANSFER_QUEUED : TRANSFER_IN_PROGRESS;
}

int transfers_insert(struct db *db, const struct transfer *transfer, struct transfer_file *files,
		     size_t count, struct sp_error *err)
{
	int64_t position, change;
	int64_t pending = 0;
	for (size_t i = 0; i < count; i++)
		pending += !has_ended(files[i].state);
	if (take_numbers(db, "file position", count, &position, err) != 0 ||
	    take_numbers(db, "file change", count, &change, err) != 0 ||
	    db_run(db, err,
		   "INSERT INTO transfers (id, connector_id, direction, local_directory,"
		   " remote_directory, created_ms, state, retry_of)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		   "ssissiis", transfer->id, transfer->connector_id, (int64_t)transfer->direction,
		   transfer->local_directory, transfer->remote_directory, transfer->created_ms,
		   (int64_t)first_state(pending, count), transfer->retry_of) != 0 ||
	    add_pending(db, transfer->connector_id, pending, err) != 0)
		return sp_wrap(err, "could not keep the transfer");
	for (size_t i = 0; i < count; i++) {
		files[i].position = position + (int64_t)i;
		if (insert_file(db, &files[i], change + (int64_t)i, err) != 0 ||
		    (has_ended(files[i].state) &&
		     (events_put_file(db, files[i].id, sp_now_ms(), err) != 0 ||
		      usage_add(db, &files[i], err) != 0)))
			return sp_wrap(err, "could not keep a file of the transfer");
	}
	return 0;
}

int transfers_find(struct db *db, const char *connector_id, const char *transfer_id,
		   struct transfer *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " TRANSFER_COLUMNS " FROM transfers t WHERE t.id = ?1"
		     " AND (t.connector_id = ?2 OR ?2 IS NULL) AND" OF_A_CONNECTOR,
		     "ss", transfer_id, connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0 && connector_id == NULL)
		return sp_fail(err, SP_NOT_FOUND, "there is no transfer \"%s\"", transfer_id);
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "connector \"%s\" has no transfer \"%s\"",
			       connector_id, transfer_id);
	transfers_read_transfer(rows, out);
	return 0;
}

int transfers_list_files(struct db *db, const char *transfer_id, int64_t after,
			 struct transfer_file *out, size_t max, size_t *out_count,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " FILE_COLUMNS " FROM files f WHERE f.transfer_id = ?1"
		     " AND f.position > ?2 ORDER BY f.position LIMIT ?3",
		     "sii", transfer_id, after, (int64_t)max) != 0)
		return -1;
	return read_files(rows, out, max, out_count, err);
}

int transfers_count_pending(struct db *db, const char *connector_id, int64_t *out,
			    struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT pending_files FROM connectors WHERE id = ?1", "s",
		     connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	*out = got == 1 ? db_rows_integer(rows, 0) : 0;
	return 0;
}

/*
 * Two short walks along the index files_queue: what never waited, and what has waited long enough. Files that still
 * wait are not looked at, however many there are.
 */
int transfers_next_files(struct db *db, const char *connector_id, int64_t after, int64_t now_ms,
			 struct transfer_file *out, size_t max, size_t *out_count,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " FILE_COLUMNS " FROM files f WHERE f.position IN ("
		     "SELECT position FROM (SELECT position FROM files WHERE connector_id = ?1"
		     " AND state = 0 AND not_before_ms = 0 AND position > ?2"
		     " ORDER BY position LIMIT ?4) AS ready"
		     " UNION ALL "
		     "SELECT position FROM (SELECT position FROM files WHERE connector_id = ?1"
		     " AND state = 0 AND not_before_ms > 0 AND not_before_ms <= ?3"
		     " ORDER BY position LIMIT ?4) AS waited"
		     ") ORDER BY f.position LIMIT ?4",
		     "siii", connector_id, after, now_ms, (int64_t)max) != 0)
		return -1;
	return read_files(rows, out, max, out_count, err);
}

int transfers_publishing_files(struct db *db, const char *connector_id, int64_t after,
			       struct transfer_file *out, size_t max, size_t *out_count,
			       struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " FILE_COLUMNS " FROM files f WHERE f.connector_id = ?1"
		     " AND f.state = 2 AND f.position > ?2 ORDER BY f.position LIMIT ?3",
		     "sii", connector_id, after, (int64_t)max) != 0)
		return -1;
	return read_files(rows, out, max, out_count, err);
}

int transfers_earliest_wait(struct db *db, const char *connector_id, int64_t *out_ms,
			    struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT not_before_ms FROM files WHERE connector_id = ?1 AND state = 0"
		     " AND not_before_ms > 0 ORDER BY not_before_ms LIMIT 1",
		     "s", connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	*out_ms = got == 1 ? db_rows_integer(rows, 0) : 0;
	return 0;
}

int transfers_leave_numbers(struct db *db, int64_t gap, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE counters SET value = value + ?1 + (SELECT p.value FROM counters p"
		      " WHERE p.name = 'file position') WHERE name = 'file change'",
		      "i", gap);
}

int transfers_requeue_running(struct db *db, int64_t now_ms, struct sp_error *err)
{
	/* By connector, so that the index leads to the few that run past all that ever ended. */
	if (attempts_add_running(db, now_ms, err) != 0 || transfers_leave_numbers(db, 0, err) != 0)
		return -1;
	return db_run(db, err,
		      "UPDATE files SET state = 0, leaves_part = leaves_part | (direction = 0)"
		      "," CHANGED_AT_ONCE
		      " WHERE connector_id IN (SELECT id FROM connectors) AND state = 1",
		      "");
}

int transfers_end_waits(struct db *db, int64_t latest_ms, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE files SET not_before_ms = 1"
		      " WHERE connector_id IN (SELECT id FROM connectors) AND state = 0"
		      " AND not_before_ms > ?1",
		      "i", latest_ms);
}

static int find_file(struct db *db, const char *file_id, bool of_any, struct transfer_file *out,
		     struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " FILE_COLUMNS
		     " FROM files f WHERE f.id = ?1 AND (?2 = 1 OR" OF_A_CONNECTOR ")",
		     "si", file_id, (int64_t)of_any) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "there is no file \"%s\"", file_id);
	transfers_read_file(rows, out);
	return 0;
}

int transfers_find_file(struct db *db, const char *file_id, struct transfer_file *out,
			struct sp_error *err)
{
	return find_file(db, file_id, false, out, err);
}

int transfers_find_any_file(struct db *db, const char *file_id, struct transfer_file *out,
			    struct sp_error *err)
{
	return find_file(db, file_id, true, out, err);
}

int transfers_each_busy_connector(struct db *db, void (*fn)(void *ctx, const char *connector_id),
				  void *ctx, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT c.id FROM connectors c WHERE c.pending_files > 0 AND c.deleted_ms = 0 "
		     "AND"
		     " (EXISTS (SELECT 1 FROM files WHERE connector_id = c.id AND state = 0) OR"
		     " EXISTS (SELECT 1 FROM files WHERE connector_id = c.id AND state = 2))"
		     " ORDER BY c.id",
		     "") != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1)
		fn(ctx, db_rows_text(rows, 0));
	return got;
}

static int tell_why_not_moved(struct db *db, const char *file_id, enum file_state from,
			      struct sp_error *err)
{
	struct transfer_file there;
	if (transfers_find_file(db, file_id, &there, err) != 0)
		return -1;
	if (there.state == from && there.cancelled_ms > 0)
		sp_fail(err, SP_CANCELLED, "file \"%s\" was cancelled", file_id);
	else
		sp_fail(err, SP_CONFLICT, "file \"%s\" is %s, not %s as was thought", file_id,
			file_state_name(there.state), file_state_name(from));
	transfer_file_finish(&there);
	return -1;
}

static int begin_transfer(struct db *db, const char *transfer_id, struct sp_error *err)
{
	return db_run(db, err, "UPDATE transfers SET state = 1 WHERE id = ?1 AND state = 0", "s",
		      transfer_id);
}

static int end_transfer(struct db *db, const char *transfer_id, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE transfers SET state = CASE WHEN EXISTS (SELECT 1 FROM files f"
		      " WHERE f.transfer_id = ?1 AND f.state < 3) THEN 1 WHEN EXISTS"
		      " (SELECT 1 FROM files f WHERE f.transfer_id = ?1 AND f.state = 4) THEN 4"
		      " ELSE 3 END WHERE id = ?1",
		      "s", transfer_id);
}

/* What follows from an end, in the same commit. */
static int end_file(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	if (add_pending(db, file->connector_id, -1, err) != 0 ||
	    events_put_file(db, file->id, sp_now_ms(), err) != 0 ||
	    end_transfer(db, file->transfer_id, err) != 0 || usage_add(db, file, err) != 0)
		return -1;
	bool leaves = file->state == FILE_FAILED ? file->leaves_part : file->leaves_aside;
	if (leaves && parts_left_add(db, file, err) != 0)
		return -1;
	if (transfer_is_errand(file->direction))
		return 0; /* nothing was published */
	if (file->state == FILE_COMPLETED && file->outcome == PUBLISH_CONFIRMED)
		return db_run(db, err,
			      "UPDATE connectors SET confirmed_publishes = confirmed_publishes + 1"
			      " WHERE id = ?1",
			      "s", file->connector_id);
	if (file->state == FILE_COMPLETED && file->outcome == PUBLISH_INFERRED)
		return db_run(db, err,
			      "UPDATE connectors SET inferred_publishes = inferred_publishes + 1"
			      " WHERE id = ?1",
			      "s", file->connector_id);
	return 0;
}

/* What follows from a move, in the same commit. */
static int follow_move(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	switch (file->state) {
	case FILE_QUEUED:
		return attempts_add(db, file, err);
	case FILE_RUNNING:
		return begin_transfer(db, file->transfer_id, err);
	case FILE_PUBLISHING:
		return 0;
	case FILE_COMPLETED:
	case FILE_FAILED:
		return end_file(db, file, err);
	}
	return 0;
}

/* @of_any: also of a connector that was deleted. */
static int move_file(struct db *db, const struct transfer_file *file, enum file_state from,
		     bool of_any, struct sp_error *err)
{
	int64_t change;
	if (!file_state_may_move(from, file->state))
		return sp_fail(err, SP_CONFLICT, "file \"%s\" cannot go from %s to %s", file->id,
			       file_state_name(from), file_state_name(file->state));
	if (take_numbers(db, "file change", 1, &change, err) != 0)
		return -1;
	if (db_run(db, err,
		   "UPDATE files SET state = ?3, attempt = ?4, tries = ?5, worker_deaths = ?6,"
		   " not_before_ms = ?7, size = ?8, sha256 = ?9, started_ms = ?10, ended_ms = ?11,"
		   " failure_code = ?12, failure_message = ?13, part_attempt = ?14, watermark = "
		   "?15,"
		   " resume_state = ?16, source_identity = ?17, bytes_moved = ?18,"
		   " verification = ?19, outcome = ?20, published_name = ?21, connection = ?22,"
		   " replaces = ?23, leaves_part = ?24, items = ?25, truncated = ?26,"
		   " changed = ?27, attempt_ms = ?28, publishing_ms = ?29"
		   " WHERE id = ?1 AND state = ?2 AND (cancelled_ms = 0 OR ?3 <> 2)"
		   " AND (?30 = 1 OR" OF_A_CONNECTOR ")",
		   "siiiiiiisiissiissiiibsiiiiiiii", file->id, (int64_t)from, (int64_t)file->state,
		   (int64_t)file->attempt, (int64_t)file->tries, (int64_t)file->worker_deaths,
		   file->not_before_ms, file->size, file->sha256, file->started_ms, file->ended_ms,
		   file->failure_code, file->failure_message, (int64_t)file->part_attempt,
		   file->watermark, file->resume_state, file->source_identity, file->bytes_moved,
		   (int64_t)file->verification, (int64_t)file->outcome, BYTES(file->published_name),
		   file->connection, (int64_t)file->replaces, (int64_t)file->leaves_part,
		   (int64_t)file->items, (int64_t)file->truncated, change, file->attempt_ms,
		   file->publishing_ms, (int64_t)of_any) != 0)
		return sp_wrap(err, "could not move file \"%s\"", file->id);
	if (db_changes(db) == 0)
		return tell_why_not_moved(db, file->id, from, err);
	return follow_move(db, file, err);
}

int transfers_move_file(struct db *db, const struct transfer_file *file, enum file_state from,
			struct sp_error *err)
{
	return move_file(db, file, from, false, err);
}

int transfers_move_any_file(struct db *db, const struct transfer_file *file, enum file_state from,
			    struct sp_error *err)
{
	return move_file(db, file, from, true, err);
}

int transfers_note_publishing(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	const struct publishing *publishing = &file->publishing;
	if (db_run(db, err,
		   "UPDATE files SET conflict = ?2, upload_mode = ?3, staging = ?4, temp_pattern = "
		   "?5"
		   " WHERE id = ?1",
		   "siibb", file->id, (int64_t)publishing->conflict, (int64_t)publishing->upload,
		   BYTES(publishing->staging), BYTES(publishing->temp_pattern)) != 0)
		return sp_wrap(err, "could not note how file \"%s\" is published", file->id);
	return 0;
}

int transfers_note_intent(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE files SET published_name = ?4, replaces = ?5"
		   " WHERE id = ?1 AND state = ?2 AND attempt = ?3",
		   "siibi", file->id, (int64_t)FILE_PUBLISHING, (int64_t)file->attempt,
		   BYTES(file->published_name), (int64_t)file->replaces) != 0)
		return sp_wrap(err, "could not note what becomes of the name of file \"%s\"",
			       file->id);
	if (db_changes(db) == 0)
		return tell_why_not_moved(db, file->id, FILE_PUBLISHING, err);
	return 0;
}

int transfers_note_watermark(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE files SET watermark = ?4, resume_state = ?5, source_identity = ?6,"
		   " bytes_moved = ?7, part_attempt = ?8 WHERE id = ?1 AND state = ?2 AND attempt "
		   "= ?3",
		   "siiissii", file->id, (int64_t)FILE_RUNNING, (int64_t)file->attempt,
		   file->watermark, file->resume_state, file->source_identity, file->bytes_moved,
		   (int64_t)file->part_attempt) != 0)
		return sp_wrap(err, "could not note how far file \"%s\" is", file->id);
	return 0;
}
