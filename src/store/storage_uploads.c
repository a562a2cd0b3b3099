#include "store/storage_uploads.h"

#include "store/rows.h"

#define COLUMNS "file_id, attempt, bucket, object_key, upload_id, created_ms"

static struct object_upload read_row(struct db_rows *rows)
{
	struct object_upload upload = { .attempt = (int)db_rows_integer(rows, 1),
					.bucket = db_rows_copy_text(rows, 2),
					.key = db_rows_copy_text(rows, 3),
					.id = db_rows_copy_text(rows, 4),
					.created_ms = db_rows_integer(rows, 5) };
	rows_copy(rows, 0, upload.file_id, sizeof(upload.file_id));
	return upload;
}

int storage_uploads_add(struct db *db, const struct object_upload *upload, struct sp_error *err)
{
	if (db_run(db, err,
		   "INSERT INTO storage_uploads (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		   "sisssi", upload->file_id, (int64_t)upload->attempt, upload->bucket, upload->key,
		   upload->id, upload->created_ms) != 0)
		return sp_wrap(err, "could not note the upload of file \"%s\"", upload->file_id);
	return 0;
}

int storage_uploads_find(struct db *db, const char *file_id, int attempt, struct object_upload *out,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " COLUMNS " FROM storage_uploads WHERE file_id = ?1 AND attempt = ?2"
		     " ORDER BY created_ms DESC LIMIT 1",
		     "si", file_id, (int64_t)attempt) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "file \"%s\" has no upload", file_id);
	if (got == 1)
		*out = read_row(rows);
	return got == 1 ? 0 : -1;
}

int storage_uploads_list(struct db *db, const char *file_id, int64_t before_ms, const char *after,
			 struct object_upload *out, size_t max, size_t *out_count,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out_count = 0;
	if (db_query(db, &rows, err,
		     "SELECT " COLUMNS
		     " FROM storage_uploads WHERE upload_id > ?1 AND created_ms < ?2"
		     " AND (?3 IS NULL OR file_id = ?3) ORDER BY upload_id LIMIT ?4",
		     "sisi", after, before_ms, file_id, (int64_t)max) != 0)
		return -1;
	int got = 0;
	while (*out_count < max && (got = db_rows_next(rows, err)) == 1)
		out[(*out_count)++] = read_row(rows);
	return got < 0 ? -1 : 0;
}

int storage_uploads_forget(struct db *db, const char *upload_id, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM storage_uploads WHERE upload_id = ?1", "s", upload_id);
}
