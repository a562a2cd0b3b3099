#pragma once
/**
 * Object storage, the daemon's side: where an object path leads, opening sources, publishing what was fetched.
 * Calls may block on slow or hanging file systems, or on a network: they run in a pool. Any thread.
 *
 * A bucket is a folder, or a place at storage that speaks S3 (the backends, objects/backend.h).
 *
 * A folder's objects are the regular files in it; a key is a path below it. Nothing ever leaves the folder (openat2,
 * RESOLVE_BENEATH, no symbolic links out). BUCKET/.sallyport/ holds temporaries and is no key. A temporary is a file
 * there, and whoever moves its bytes gets a descriptor.
 *
 * At storage any key is one. A temporary is a multipart upload, which is in the book of uploads from its beginning to its
 * end; one is begun when the first URL of a part is asked for. What is small has none: its bytes wait with whoever has
 * them until they may be PUT. Whoever moves bytes gets URLs that were signed for just that (doc/storage.md).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/object_upload.h"

struct objects;

enum {
	OBJECT_KEY_MAX = 1024, /* bytes */
	STORAGE_ETAG_SIZE = 128,
	OBJECT_PARTS_MAX = 10000, /* of one upload: S3's own limit */
	OBJECT_URLS_MAX =
		8, /* at a time: with the longest keys they fit one message between our processes */
	BUCKETS_MAX = 1024,
};

/** A bucket that the configuration names. All borrowed for the call. */
struct bucket_option {
	const char *name;
	const char *path; /* of a folder, or "s3://bucket/prefix" */
	/* Of the latter; NULL: not said. Files are absolute paths. */
	const char *endpoint, *region, *credentials, *ca, *style;
};

/** Where unfinished uploads are written down. All functions are required; any thread, and they block. */
struct upload_book {
	void *ctx;
	int (*add)(void *ctx, const struct object_upload *upload, struct sp_error *err);
	/** SP_NOT_FOUND. @out is the caller's to finish. */
	int (*find)(void *ctx, const char *file_id, int attempt, struct object_upload *out,
		    struct sp_error *err);
	/** Those of a file (NULL: all), begun before @before_ms, behind @after (its id; NULL: from the first). Ordered by id. */
	int (*list)(void *ctx, const char *file_id, int64_t before_ms, const char *after,
		    struct object_upload *out, size_t max, size_t *out_count, struct sp_error *err);
	/** It is completed or aborted. */
	int (*forget)(void *ctx, const char *upload_id, struct sp_error *err);
};

/**
 * @directory  DIR/buckets: each folder in it is a bucket, looked up anew at every call
 * @named      further buckets: existing folders elsewhere, or places at storage, whose credentials are read once to see them
 */
int objects_open(const char *directory, const struct bucket_option *named, size_t named_count,
		 struct objects **out, struct sp_error *err);

/** Before the first call about an object. Copied; its ctx is kept. Without one nothing can be uploaded in parts. */
void objects_set_book(struct objects *objects, const struct upload_book *book);
void objects_close(struct objects *objects); /* NULL is fine */

/** Whether the bucket is at storage that speaks S3: those who move its bytes get URLs. False for unknown ones. */
bool objects_is_remote(const struct objects *objects, const char *bucket);

/**
 * "/bucket/key" or "bucket/key" (AWS's documents have both; text as in base/name.h) into its parts as bytes, owned by
 * the caller. Pure.
 * @objects    for what the bucket takes as a key; NULL: what a folder takes
 * @need_key  false allows a folder: "/bucket" (@out_key is then "") and a slash at the end, which is taken off
 * SP_INVALID for a line break or more than OBJECT_KEY_MAX bytes, and, where the bucket is a folder, for empty parts, ".",
 * "..", "//", a key below .sallyport, a trailing slash where a key is needed, 255 bytes in one part.
 */
int objects_split_path(const struct objects *objects, const char *path, bool need_key,
		       char **out_bucket, char **out_key, struct sp_error *err);

/** The same checks for a key that was put together from parts. The sentence goes behind "…: ". Pure. */
int objects_check_key(const struct objects *objects, const char *bucket, const char *key,
		      struct sp_error *err);

/** The same of one that a client wants to store there: who may write in one folder must not make all of a bucket unlistable. */
int objects_check_new_key(const struct objects *objects, const char *bucket, const char *key,
			  struct sp_error *err);

/** What tells that a source is still the same. */
struct object_identity {
	uint64_t size; /* bytes */
	uint64_t device, inode;
	int64_t mtime_ns, ctime_ns;
	char etag
		[STORAGE_ETAG_SIZE]; /* at storage, where inode is made of it and the others are 0; "" in a folder */
};

/** How the bytes of an object or a temporary are reached. Starts as { .fd = -1 }. */
struct object_way {
	int fd; /* owned by the caller; -1: by … */
	char *url; /* … this: of a source what may be read, of a temporary whose storage it is ("https://host:port").
			   Owned by the caller. */
	uint32_t parts; /* of an upload that is gone on with: those that are there */
};
void object_way_finish(struct object_way *way);

/**
 * For reading: a regular file, opened O_NONBLOCK, or the URL of what is there now; @out is the caller's to finish.
 * SP_NOT_FOUND, SP_DENIED, SP_UNSUPPORTED (a folder, a pipe, a device …), each with a sentence.
 */
int objects_open_source(struct objects *objects, const char *bucket, const char *key,
			struct object_way *out, struct object_identity *out_identity,
			struct sp_error *err);

/** The same, and always a descriptor: what is elsewhere is fetched into memory, if it has no more than @max bytes: SP_LIMIT. */
int objects_open_bytes(struct objects *objects, const char *bucket, const char *key, uint64_t max,
		       int *out_fd, struct object_identity *out_identity, struct sp_error *err);

/** SP_CHANGED when the object is gone or no longer what @identity says, naming what changed. */
int objects_check_source(struct objects *objects, const char *bucket, const char *key,
			 const struct object_identity *identity, struct sp_error *err);

/**
 * A new temporary on the object's file system, BUCKET/.sallyport/<file id>-<attempt>: created EXCL, mode as the
 * object will have. Temporaries of older attempts of the file are removed. The object's folder need not exist yet.
 */
int objects_create_staging(struct objects *objects, const char *bucket, const char *key,
			   const char *file_id, int attempt, struct object_way *out,
			   struct sp_error *err);

/**
 * A temporary of an earlier attempt, to be gone on with. SP_NOT_FOUND when it is not there, SP_CHANGED when it has fewer
 * than @size bytes, or, as an upload, no parts that have just so many. With another code it may well be there.
 */
int objects_open_staging(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt, uint64_t size, struct object_way *out, struct sp_error *err);

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

/**
 * The key that the temporary will get, where that was said when it was begun and cannot be changed any more (an upload);
 * NULL where it can, or when there is none. Owned by the caller.
 */
char *objects_staging_key(struct objects *objects, const char *bucket, const char *file_id,
			  int attempt);

/**
 * Whether something has the name, as far as a look can tell: no promise.
 * @but_of  what attempts at this file put there does not count, where one can tell (at storage); NULL: all does
 */
bool objects_is_taken(struct objects *objects, const char *bucket, const char *key,
		      const char *but_of);

/**
 * fsync of the temporary and its name, before PUBLISHING is committed: what the commit speaks of must be on disk.
 * Checks the size: SP_CHANGED.
 */
int objects_sync_staging(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt, uint64_t size, struct sp_error *err);

/** Where objects_sweep_staging() looks when it is not the number of a storage (objects_storage_of()): in all folders. */
#define OBJECTS_FOLDERS SIZE_MAX

/**
 * Temporaries that nobody needs any more, in all buckets at @storage: of our own user, written to for the last time before @before_ms
 * (wall clock), of a file that @is_needed does not know as needed; those of attempt 0, of what clients store, only once
 * nobody has them open who made them. Other people's files are left alone, whatever they are called. Uploads that were begun
 * and that nobody has touched for UPLOADS_KEPT_MS before that (objects/folder_uploads.h) go, too.
 * Returns how many went; at most @max. A storage that does not answer is given up at once: the next sweep asks it again.
 */
typedef bool objects_needed_fn(void *ctx, const char *file_id);
size_t objects_sweep_staging(struct objects *objects, size_t storage, int64_t before_ms, size_t max,
			     objects_needed_fn *is_needed, void *ctx);

/** Removes all temporaries of the file; those that are not there are no failure. */
void objects_remove_staging(struct objects *objects, const char *bucket, const char *file_id);

/* ---- buckets at storage: URLs and sockets for those who move the bytes ------------------------------------------- */

/** Of the source, as objects_open_source() gave one: they expire. @out_url is owned by the caller. */
int objects_source_url(struct objects *objects, const char *bucket, const char *key, char **out_url,
		       struct sp_error *err);

/**
 * Of the parts @first (from 1) to @first + @count - 1 of the file's upload, a line each, owned by the caller; at most
 * OBJECT_URLS_MAX. Begins the upload for @key when the attempt has none.
 */
int objects_part_urls(struct objects *objects, const char *bucket, const char *key,
		      const char *file_id, int attempt, uint32_t first, uint32_t count,
		      char **out_urls, struct sp_error *err);

/** The condition that nothing is there. */
#define OBJECT_PUT_FREE "*"

/** A whole object that somebody else puts under its final key. Borrows what is said first. */
struct object_put {
	const char *file_id;
	int attempt;
	uint64_t size;
	bool replaces; /* an object that has the key */
	enum sp_code
		refused; /* what became of an earlier one (object_put_may_repeat()); SP_OK: there was none */
	/* With that one; then, for the next: what has to be there, which is signed with the URL. OBJECT_PUT_FREE, an ETag as the
	 * storage takes it, or "": none. */
	char condition[STORAGE_ETAG_SIZE];
	char *url; /* owned by the caller, to be wiped; NULL: it is there already */
};

/** For those who have a permit: looks what is there. SP_EXISTS when that may not be replaced. */
int objects_allow_put(struct objects *objects, const char *bucket, const char *key,
		      struct object_put *put, struct sp_error *err);

/** Storages have numbers, from 0: buckets at one host and port are at the same. This is how many there are. */
size_t objects_storages(const struct objects *objects);
/** False: the bucket is a folder, or there is none. */
bool objects_storage_of(const struct objects *objects, const char *bucket, size_t *out);
/** The same of "https://host:port"; false: no bucket is there. */
bool objects_storage_at(const struct objects *objects, const char *origin, size_t *out);

/** Whether "https://host:port" is the storage of this bucket. */
bool objects_is_origin(const struct objects *objects, const char *bucket, const char *origin);

/**
 * A connected socket to it. Both are owned by the caller.
 * @out_ca  a file with the certificates that are trusted there; -1 where there is no TLS
 */
int objects_dial(struct objects *objects, const char *origin, int *out_fd, int *out_ca,
		 struct sp_error *err);
