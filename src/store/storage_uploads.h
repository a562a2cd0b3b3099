#pragma once
/** Multipart uploads of ours that were begun at storage, until they are completed or aborted. */

#include "db/db.h"
#include "model/object_upload.h"

int storage_uploads_add(struct db *db, const struct object_upload *upload, struct sp_error *err);

/** The newest of that attempt. SP_NOT_FOUND. @out is the caller's to finish. */
int storage_uploads_find(struct db *db, const char *file_id, int attempt, struct object_upload *out,
			 struct sp_error *err);

/**
 * Those of a file (NULL: of all), begun before @before_ms, behind the id @after ("": from the first), ordered by id.
 * @out  room for @max; the caller's to finish
 */
int storage_uploads_list(struct db *db, const char *file_id, int64_t before_ms, const char *after,
			 struct object_upload *out, size_t max, size_t *out_count,
			 struct sp_error *err);

int storage_uploads_forget(struct db *db, const char *upload_id, struct sp_error *err);
