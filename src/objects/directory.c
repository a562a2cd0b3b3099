/* The backend of buckets that are folders: bytes go through descriptors. */

#include "objects/directory.h"

#include "objects/backend.h"

static int open_source(struct objects *objects, const char *bucket, const char *key,
		       struct object_way *out, struct object_identity *out_identity,
		       struct sp_error *err)
{
	return directory_open_source(objects, bucket, key, &out->fd, out_identity, err);
}

static int open_bytes(struct objects *objects, const char *bucket, const char *key, uint64_t max,
		      int *out_fd, struct object_identity *out_identity, struct sp_error *err)
{
	(void)max; /* nothing is fetched */
	return directory_open_source(objects, bucket, key, out_fd, out_identity, err);
}

static int create_staging(struct objects *objects, const char *bucket, const char *key,
			  const char *file_id, int attempt, struct object_way *out,
			  struct sp_error *err)
{
	return directory_create_staging(objects, bucket, key, file_id, attempt, &out->fd, err);
}

static int open_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, struct object_way *out, struct sp_error *err)
{
	return directory_open_staging(objects, bucket, file_id, attempt, size, &out->fd, err);
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

const struct object_backend directory_backend = {
	.name = "directory",
	.check_key = directory_check_key,
	.open_source = open_source,
	.open_bytes = open_bytes,
	.check_source = directory_check_source,
	.create_staging = create_staging,
	.open_staging = open_staging,
	.staging_key = staging_key,
	.sync_staging = directory_sync_staging,
	.publish = directory_publish,
	.is_taken = directory_is_taken,
	.sweep = directory_sweep_staging,
	.remove_staging = directory_remove_staging,
};
