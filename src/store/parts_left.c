#include "store/parts_left.h"

#include "store/rows.h"

int parts_left_add(struct db *db, const struct transfer_file *file, struct sp_error *err)
{
	if (db_run(db, err,
		   "INSERT INTO parts_left (file_id, connector_id, since_ms, tries, not_before_ms)"
		   " VALUES (?1, ?2, ?3, 0, 0) ON CONFLICT (file_id) DO NOTHING",
		   "ssi", file->id, file->connector_id, file->ended_ms) != 0)
		return sp_wrap(err, "could not note that file \"%s\" may leave a part", file->id);
	return 0;
}

int parts_left_list(struct db *db, const char *connector_id, int64_t now_ms, struct part_left *out,
		    size_t max, size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out_count = 0;
	if (db_query(db, &rows, err,
		     "SELECT file_id, since_ms, tries FROM parts_left"
		     " WHERE connector_id = ?1 AND not_before_ms <= ?2"
		     " ORDER BY not_before_ms LIMIT ?3",
		     "sii", connector_id, now_ms, (int64_t)max) != 0)
		return -1;
	int got = 0;
	while (*out_count < max && (got = db_rows_next(rows, err)) == 1) {
		struct part_left *part = &out[(*out_count)++];
		rows_copy(rows, 0, part->file_id, sizeof(part->file_id));
		part->since_ms = db_rows_integer(rows, 1);
		part->tries = (int)db_rows_integer(rows, 2);
	}
	return got < 0 ? -1 : 0;
}

int parts_left_note_try(struct db *db, const char *file_id, int64_t not_before_ms,
			struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE parts_left SET tries = tries + 1, not_before_ms = ?2"
		      " WHERE file_id = ?1",
		      "si", file_id, not_before_ms);
}

int parts_left_end_waits(struct db *db, int64_t latest_ms, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE parts_left SET not_before_ms = 1"
		      " WHERE connector_id IN (SELECT id FROM connectors) AND not_before_ms > ?1",
		      "i", latest_ms);
}

int parts_left_forget(struct db *db, const char *file_id, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM parts_left WHERE file_id = ?1", "s", file_id);
}
