/* The door: which backend a bucket has, and what all of them need not check again. */

#include "objects/objects.h"

#include "base/scope.h"
#include "objects/backend.h"
#include "objects/bucket.h"
#include "objects/folder.h"

bool objects_is_remote(const struct objects *objects, const char *bucket)
{
	return bucket_place(objects, bucket) != NULL;
}

void object_way_finish(struct object_way *way)
{
	sp_close_fd(&way->fd);
	free(way->url);
	*way = (struct object_way){ .fd = -1 };
}

int objects_check_new_key(const struct objects *objects, const char *bucket, const char *key,
			  struct sp_error *err)
{
	if (objects_check_key(objects, bucket, key, err) != 0)
		return -1;
	return objects_is_remote(objects, bucket) ? 0 : folder_check_depth(key, err);
}

int objects_open_source(struct objects *objects, const char *bucket, const char *key,
			struct object_way *out, struct object_identity *out_identity,
			struct sp_error *err)
{
	if (objects_check_key(objects, bucket, key, err) != 0)
		return -1;
	return object_backend_of(objects, bucket)
		->open_source(objects, bucket, key, out, out_identity, err);
}

int objects_open_bytes(struct objects *objects, const char *bucket, const char *key, uint64_t max,
		       int *out_fd, struct object_identity *out_identity, struct sp_error *err)
{
	if (objects_check_key(objects, bucket, key, err) != 0)
		return -1;
	return object_backend_of(objects, bucket)
		->open_bytes(objects, bucket, key, max, out_fd, out_identity, err);
}

int objects_check_source(struct objects *objects, const char *bucket, const char *key,
			 const struct object_identity *identity, struct sp_error *err)
{
	if (objects_check_key(objects, bucket, key, err) != 0)
		return -1;
	return object_backend_of(objects, bucket)
		->check_source(objects, bucket, key, identity, err);
}

int objects_create_staging(struct objects *objects, const char *bucket, const char *key,
			   const char *file_id, int attempt, struct object_way *out,
			   struct sp_error *err)
{
	if (objects_check_key(objects, bucket, key, err) != 0)
		return -1;
	return object_backend_of(objects, bucket)
		->create_staging(objects, bucket, key, file_id, attempt, out, err);
}

int objects_open_staging(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt, uint64_t size, struct object_way *out, struct sp_error *err)
{
	return object_backend_of(objects, bucket)
		->open_staging(objects, bucket, file_id, attempt, size, out, err);
}

char *objects_staging_key(struct objects *objects, const char *bucket, const char *file_id,
			  int attempt)
{
	return object_backend_of(objects, bucket)->staging_key(objects, bucket, file_id, attempt);
}

int objects_sync_staging(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt, uint64_t size, struct sp_error *err)
{
	return object_backend_of(objects, bucket)
		->sync_staging(objects, bucket, file_id, attempt, size, err);
}

int objects_publish(struct objects *objects, const char *bucket, const char *key,
		    const char *file_id, int attempt, uint64_t size, bool replaces,
		    struct sp_error *err)
{
	if (objects_check_key(objects, bucket, key, err) != 0)
		return -1;
	return object_backend_of(objects, bucket)
		->publish(objects, bucket, key, file_id, attempt, size, replaces, err);
}

bool objects_is_taken(struct objects *objects, const char *bucket, const char *key,
		      const char *but_of)
{
	return objects_check_key(objects, bucket, key, NULL) == 0 &&
	       object_backend_of(objects, bucket)->is_taken(objects, bucket, key, but_of);
}

size_t objects_sweep_staging(struct objects *objects, size_t storage, int64_t before_ms, size_t max,
			     objects_needed_fn *is_needed, void *ctx)
{
	const struct object_backend *backend =
		storage == OBJECTS_FOLDERS ? &folder_backend : &s3_backend;
	return backend->sweep(objects, storage, before_ms, max, is_needed, ctx);
}

void objects_remove_staging(struct objects *objects, const char *bucket, const char *file_id)
{
	object_backend_of(objects, bucket)->remove_staging(objects, bucket, file_id);
}

/* ---- storage only ------------------------------------------------------------------------------------------------ */

static int fail_local(const char *bucket, struct sp_error *err)
{
	return sp_fail(err, SP_UNSUPPORTED, "bucket \"%s\" is a folder: nobody needs a URL for it",
		       bucket);
}

int objects_source_url(struct objects *objects, const char *bucket, const char *key, char **out_url,
		       struct sp_error *err)
{
	const struct object_backend *backend = object_backend_of(objects, bucket);
	return backend->source_url == NULL
		       ? fail_local(bucket, err)
		       : backend->source_url(objects, bucket, key, out_url, err);
}

int objects_part_urls(struct objects *objects, const char *bucket, const char *key,
		      const char *file_id, int attempt, uint32_t first, uint32_t count,
		      char **out_urls, struct sp_error *err)
{
	const struct object_backend *backend = object_backend_of(objects, bucket);
	return backend->part_urls == NULL
		       ? fail_local(bucket, err)
		       : backend->part_urls(objects, bucket, key, file_id, attempt, first, count,
					    out_urls, err);
}

int objects_allow_put(struct objects *objects, const char *bucket, const char *key,
		      struct object_put *put, struct sp_error *err)
{
	const struct object_backend *backend = object_backend_of(objects, bucket);
	return backend->allow_put == NULL ? fail_local(bucket, err)
					  : backend->allow_put(objects, bucket, key, put, err);
}
