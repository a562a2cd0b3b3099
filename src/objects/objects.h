#pragma once
/**
 * Object storage, the daemon's side: where an object path leads, opening sources, publishing what was fetched.
 * Calls may block on slow or hanging file systems: they run in the file pool. Any thread.
 *
 * A bucket is a folder. Its objects are the regular files in it; a key is a path below it. Nothing ever leaves the
 * folder (openat2, RESOLVE_BENEATH, no symbolic links out). BUCKET/.sallyport/ holds temporaries and is no key.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct objects;

enum { OBJECT_KEY_MAX = 1024 /* bytes */, BUCKETS_MAX = 1024 };

/** A bucket that the configuration names. */
struct bucket_option {
	const char *name, *path; /* borrowed for the call */
};

/**
 * @directory  DIR/buckets: each folder in it is a bucket, looked up anew at every call
 * @named      further buckets: existing folders elsewhere
 */
int objects_open(const char *directory, const struct bucket_option *named, size_t named_count,
		 struct objects **out, struct sp_error *err);
void objects_close(struct objects *objects); /* NULL is fine */

/**
 * "/bucket/key" or "bucket/key" (AWS's documents have both; text as in base/name.h) into its parts as bytes, owned by
 * the caller. Pure.
 * @need_key  false allows a folder: "/bucket" (@out_key is then "") and a slash at the end, which is taken off
 * SP_INVALID for empty parts, ".", "..", "//", a key below .sallyport, a trailing slash where a key is needed, a line
 * break, more than OBJECT_KEY_MAX bytes or 255 in one part.
 */
int objects_split_path(const char *path, bool need_key, char **out_bucket, char **out_key,
		       struct sp_error *err);

/** The same checks for a key that was put together from parts. The sentence goes behind "…: ". Pure. */
int objects_check_key(const char *key, struct sp_error *err);

/** What tells that a source is still the same. */
struct object_identity {
	uint64_t size; /* bytes */
	uint64_t device, inode;
	int64_t mtime_ns, ctime_ns;
};

/**
 * For reading: a regular file, opened O_NONBLOCK; @out_fd is owned by the caller.
 * SP_NOT_FOUND, SP_DENIED, SP_UNSUPPORTED (a folder, a pipe, a device …), each with a sentence.
 */
int objects_open_source(struct objects *objects, const char *bucket, const char *key, int *out_fd,
			struct object_identity *out, struct sp_error *err);

/** SP_CHANGED when the object is gone or no longer what @identity says, naming what changed. */
int objects_check_source(struct objects *objects, const char *bucket, const char *key,
			 const struct object_identity *identity, struct sp_error *err);

/**
 * A new temporary on the object's file system, BUCKET/.sallyport/<file id>-<attempt>: created EXCL, mode as the
 * object will have. Temporaries of older attempts of the file are removed. The object's folder need not exist yet.
 */
int objects_create_staging(struct objects *objects, const char *bucket, const char *key,
			   const char *file_id, int attempt, int *out_fd, struct sp_error *err);

/** A temporary of an earlier attempt, to be gone on with. -1 when it is not there or has fewer than @size bytes. */
int objects_open_staging(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt, uint64_t size, int *out_fd);

/**
 * Checks the temporary's size, fsync(file), creates missing folders of the key, rename over the final name,
 * fsync(folder and those above it). Safe to repeat: when the temporary is gone and the object has @size, it was
 * published before. SP_CHANGED when the temporary has another size; SP_NOT_FOUND when both are gone; SP_CONFLICT when
 * a folder has the object's name or a file that of a folder; SP_UNSUPPORTED when the folder is on another file system.
 *
 * @replaces  an object that has the name; otherwise it stays, and this one's temporary too: SP_EXISTS
 */
int objects_publish(struct objects *objects, const char *bucket, const char *key,
		    const char *file_id, int attempt, uint64_t size, bool replaces,
		    struct sp_error *err);

/** Whether something has the name, or may have: a look, no promise. */
bool objects_is_taken(struct objects *objects, const char *bucket, const char *key);

/**
 * fsync of the temporary and its name, before PUBLISHING is committed: what the commit speaks of must be on disk.
 * Checks the size: SP_CHANGED.
 */
int objects_sync_staging(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt, uint64_t size, struct sp_error *err);

/**
 * Temporaries that nobody needs any more, in all buckets: of our own user, written to for the last time before @before_ms
 * (wall clock), of a file that @is_needed does not know as needed. Other people's files are left alone, whatever they are
 * called. Uploads that were begun and that nobody has touched for UPLOADS_KEPT_MS before that (objects/uploads.h) go, too.
 * Returns how many went; at most @max.
 */
typedef bool objects_needed_fn(void *ctx, const char *file_id);
size_t objects_sweep_staging(struct objects *objects, int64_t before_ms, size_t max,
			     objects_needed_fn *is_needed, void *ctx);

/** Removes all temporaries of the file; those that are not there are no failure. */
void objects_remove_staging(struct objects *objects, const char *bucket, const char *file_id);
