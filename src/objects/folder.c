/* The backend of buckets that are folders: bytes go through descriptors. */

#include "objects/folder.h"

#include "objects/backend.h"

static int open_source(struct objects *objects, const char *bucket, const char *key,
		       struct object_way *out, struct object_identity *out_identity,
		       struct sp_error *err)
{
	return folder_open_source(objects, bucket, key, &out->fd, out_identity, err);
}

static int open_bytes(struct objects *objects, const char *bucket, const char *key, uint64_t max,
		      int *out_fd, struct object_identity *out_identity, struct sp_error *err)
{
	(void)max; /* nothing is fetched */
	return folder_open_source(objects, bucket, key, out_fd, out_identity, err);
}

static int create_staging(struct objects *objects, const char *bucket, const char *key,
			  const char *file_id, int attempt, struct object_way *out,
			  struct sp_error *err)
{
	return folder_create_staging(objects, bucket, key, file_id, attempt, &out->fd, err);
}

static int open_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, struct object_way *out, struct sp_error *err)
{
	return folder_open_staging(objects, bucket, file_id, attempt, size, &out->fd, err);
}

static char *staging_key(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt)
{
	(void)objects;
	(void)bucket;
	(void)file_id;
	(void)attempt;
	return NULL; /* a rename takes any name */
}

static int check_key(const struct objects *objects, const char *bucket, const char *key,
		     struct sp_error *err)
{
	(void)objects;
	(void)bucket;
	return folder_check_key(key, err);
}

const struct object_backend folder_backend = {
	.name = "folder",
	.check_key = check_key,
	.open_source = open_source,
	.open_bytes = open_bytes,
	.check_source = folder_check_source,
	.create_staging = create_staging,
	.open_staging = open_staging,
	.staging_key = staging_key,
	.sync_staging = folder_sync_staging,
	.publish = folder_publish,
	.is_taken = folder_is_taken,
	.sweep = folder_sweep_staging,
	.remove_staging = folder_remove_staging,
};
