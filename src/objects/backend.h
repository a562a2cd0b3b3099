#pragma once
/** What stands behind the door of objects/objects.h: one const instance per kind of bucket. */

#include "objects/objects.h"

/**
 * Every function is required but the last three, which only storage has; what they do is said in objects.h. Keys were
 * checked.
 */
struct object_backend {
	const char *name;
	int (*check_key)(const struct objects *objects, const char *bucket, const char *key,
			 struct sp_error *err);
	int (*open_source)(struct objects *objects, const char *bucket, const char *key,
			   struct object_way *out, struct object_identity *out_identity,
			   struct sp_error *err);
	int (*open_bytes)(struct objects *objects, const char *bucket, const char *key,
			  uint64_t max, int *out_fd, struct object_identity *out_identity,
			  struct sp_error *err);
	int (*check_source)(struct objects *objects, const char *bucket, const char *key,
			    const struct object_identity *identity, struct sp_error *err);
	int (*create_staging)(struct objects *objects, const char *bucket, const char *key,
			      const char *file_id, int attempt, struct object_way *out,
			      struct sp_error *err);
	int (*open_staging)(struct objects *objects, const char *bucket, const char *file_id,
			    int attempt, uint64_t size, struct object_way *out,
			    struct sp_error *err);
	char *(*staging_key)(struct objects *objects, const char *bucket, const char *file_id,
			     int attempt);
	int (*sync_staging)(struct objects *objects, const char *bucket, const char *file_id,
			    int attempt, uint64_t size, struct sp_error *err);
	int (*publish)(struct objects *objects, const char *bucket, const char *key,
		       const char *file_id, int attempt, uint64_t size, bool replaces,
		       struct sp_error *err);
	bool (*is_taken)(struct objects *objects, const char *bucket, const char *key,
			 const char *but_of);
	size_t (*sweep)(struct objects *objects, size_t storage, int64_t before_ms, size_t max,
			objects_needed_fn *is_needed, void *ctx);
	void (*remove_staging)(struct objects *objects, const char *bucket, const char *file_id);

	int (*source_url)(struct objects *objects, const char *bucket, const char *key,
			  char **out_url, struct sp_error *err);
	int (*part_urls)(struct objects *objects, const char *bucket, const char *key,
			 const char *file_id, int attempt, uint32_t first, uint32_t count,
			 char **out_urls, struct sp_error *err);
	int (*allow_put)(struct objects *objects, const char *bucket, const char *key,
			 struct object_put *put, struct sp_error *err);
};

extern const struct object_backend folder_backend, s3_backend;

/** @objects NULL: whoever is asked before the buckets are there asks for what a folder takes. */
const struct object_backend *object_backend_of(const struct objects *objects, const char *bucket);

/** What each kind asks of a key: that there is one, and that it fits. */
int object_check_length(const char *key, struct sp_error *err);
