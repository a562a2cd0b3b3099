#include "store/usage.h"

#include "store/rows.h"

/* A configuration's ARN ends with its id: "rcfg-" and 17 digits. */
#define GATEWAY_OF_CONNECTOR                                                                       \
	"COALESCE((SELECT g.gateway_id FROM connectors c JOIN configurations g"                    \
	" ON g.id = substr(c.configuration_arn, length(c.configuration_arn) - 21)"                 \
	" WHERE c.id = ?2), '')"

int usage_add(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	bool completed = file->state == FILE_COMPLETED;
	if (db_run(db, err,
		   "INSERT INTO usage (hour_ms, connector_id, gateway_id, direction,"
		   " files_completed, files_failed, bytes, bytes_moved)"
		   " VALUES (?1, ?2, " GATEWAY_OF_CONNECTOR ", ?3, ?4, ?5, ?6, ?7)"
		   " ON CONFLICT (hour_ms, connector_id, gateway_id, direction) DO UPDATE SET"
		   " files_completed = usage.files_completed + excluded.files_completed,"
		   " files_failed = usage.files_failed + excluded.files_failed,"
		   " bytes = usage.bytes + excluded.bytes,"
		   " bytes_moved = usage.bytes_moved + excluded.bytes_moved",
		   "isiiiii", file->ended_ms - file->ended_ms % USAGE_HOUR_MS, file->connector_id,
		   (int64_t)file->direction, (int64_t)completed, (int64_t)!completed,
		   completed ? file->size : 0, file->bytes_moved) != 0)
		return sp_wrap(err, "could not note what file \"%s\" has used", file->id);
	return 0;
}

int usage_list(struct db *db, int64_t from_ms, int64_t until_ms, const struct usage_position *after,
	       struct usage_row *out, size_t max, size_t *out_count, struct sp_error *err)
{
	const struct usage_position start = { .hour_ms = from_ms, .direction = -1 };
	const struct usage_position *at = after != NULL ? after : &start;
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT hour_ms, connector_id, gateway_id, direction, files_completed,"
		     " files_failed, bytes, bytes_moved FROM usage"
		     " WHERE (hour_ms, connector_id, gateway_id, direction) > (?1, ?2, ?3, ?4)"
		     " AND hour_ms < ?5 ORDER BY hour_ms, connector_id, gateway_id, direction"
		     " LIMIT ?6",
		     "issiii", at->hour_ms, at->connector_id, at->gateway_id,
		     (int64_t)at->direction, until_ms, (int64_t)max) != 0)
		return -1;
	int got;
	for (*out_count = 0; *out_count < max && (got = db_rows_next(rows, err)) != 0;
	     ++*out_count) {
		if (got < 0)
			return -1;
		struct usage_row *row = &out[*out_count];
		*row = (struct usage_row){
			.hour_ms = db_rows_integer(rows, 0),
			.direction = (enum transfer_direction)db_rows_integer(rows, 3),
			.files_completed = db_rows_integer(rows, 4),
			.files_failed = db_rows_integer(rows, 5),
			.bytes = db_rows_integer(rows, 6),
			.bytes_moved = db_rows_integer(rows, 7),
		};
		rows_copy(rows, 1, row->connector_id, sizeof(row->connector_id));
		rows_copy(rows, 2, row->gateway_id, sizeof(row->gateway_id));
	}
	return 0;
}

int lifetimes_begin(struct db *db, const char *id, enum lifetime_kind kind, int64_t now_ms,
		    struct sp_error *err)
{
	return db_run(db, err,
		      "INSERT INTO lifetimes (id, kind, created_ms, deleted_ms)"
		      " VALUES (?1, ?2, ?3, 0)",
		      "sii", id, (int64_t)kind, now_ms);
}

int lifetimes_end(struct db *db, const char *id, int64_t now_ms, struct sp_error *err)
{
	return db_run(db, err, "UPDATE lifetimes SET deleted_ms = ?2 WHERE id = ?1", "si", id,
		      now_ms);
}

int lifetimes_each(struct db *db, int64_t from_ms, int64_t until_ms, const char *after, size_t max,
		   lifetime_fn *fn, void *ctx, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT id, kind, created_ms, deleted_ms FROM lifetimes WHERE id > ?1"
		     " AND created_ms < ?2 AND (deleted_ms = 0 OR deleted_ms > ?3)"
		     " ORDER BY id LIMIT ?4",
		     "siii", after, until_ms, from_ms, (int64_t)max) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1)
		fn(ctx, db_rows_text(rows, 0), (enum lifetime_kind)db_rows_integer(rows, 1),
		   db_rows_integer(rows, 2), db_rows_integer(rows, 3));
	return got;
}

int usage_forget(struct db *db, int64_t before_ms, struct sp_error *err)
{
	if (db_run(db, err, "DELETE FROM usage WHERE hour_ms < ?1", "i", before_ms) != 0)
		return -1;
	return db_run(db, err, "DELETE FROM lifetimes WHERE deleted_ms > 0 AND deleted_ms < ?1",
		      "i", before_ms);
}
