#pragma once
/** Within objects/: buckets that are folders; the files of this backend. What the calls do is said in objects.h. */

#include "objects/objects.h"

int folder_check_part(const char *part, size_t length, struct sp_error *err);
int folder_check_key(const char *key, struct sp_error *err);
/** Of a key that is to come; of a folder's with the slash at its end. SP_INVALID: it would be too deep to be listed. */
int folder_check_depth(const char *key, struct sp_error *err);
int folder_open_source(struct objects *objects, const char *bucket, const char *key, int *out_fd,
		       struct object_identity *out, struct sp_error *err);
int folder_check_source(struct objects *objects, const char *bucket, const char *key,
			const struct object_identity *identity, struct sp_error *err);
int folder_create_staging(struct objects *objects, const char *bucket, const char *key,
			  const char *file_id, int attempt, int *out_fd, struct sp_error *err);
int folder_open_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, int *out_fd, struct sp_error *err);
int folder_sync_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, struct sp_error *err);
int folder_publish(struct objects *objects, const char *bucket, const char *key,
		   const char *file_id, int attempt, uint64_t size, bool replaces,
		   struct sp_error *err);
bool folder_is_taken(struct objects *objects, const char *bucket, const char *key,
		     const char *but_of);
size_t folder_sweep_staging(struct objects *objects, size_t storage, int64_t before_ms, size_t max,
			    objects_needed_fn *is_needed, void *ctx);
void folder_remove_staging(struct objects *objects, const char *bucket, const char *file_id);
