#pragma once
/** Within objects/: what is behind the buckets: folders, and opening what lies beneath them, or places; and the book of uploads. */

#include <dirent.h>
#include <sys/types.h>

#include "objects/folder_locks.h"
#include "objects/objects.h"
#include "objects/s3_place.h"

#define OBJECTS_STAGING_FOLDER ".sallyport"

/** Where the bucket is at storage; NULL: it is a folder, or there is none. */
struct s3_place *bucket_place(const struct objects *objects, const char *bucket);

/** Those of all buckets, from @at on (0), which is moved; NULL at their end. */
struct s3_place *bucket_next_place(const struct objects *objects, size_t *at);

struct folder_locks *bucket_locks(const struct objects *objects);

/** NULL: there is none. */
const struct upload_book *bucket_book(const struct objects *objects);

/**
 * @out_fd is owned by the caller: the bucket's folder, for reading. SP_NOT_FOUND names the buckets that exist. SP_SYSTEM: the
 * configuration says that there is one, and it is away, as a file system that is not mounted.
 */
int objects_open_bucket(struct objects *objects, const char *bucket, int *out_fd,
			struct sp_error *err);

/** The names of all buckets, ordered, each owned by the caller (also of a failure: those that are known); at most @room. */
int objects_list_buckets(const struct objects *objects, char **names, size_t room,
			 size_t *out_count, struct sp_error *err);

/** The folder that they lie in, unless the configuration names them: owned by the caller. */
int objects_open_directory(const struct objects *objects, int *out_fd, struct sp_error *err);

/** Whether the configuration names it. */
bool objects_is_named(const struct objects *objects, const char *bucket);

/** openat2(): never above or outside the folder @fd, whatever links are on the way. -1 and errno. */
int objects_open_beneath(int fd, const char *path, int flags, mode_t mode);

/** readdir() that tells the end of a folder from one that cannot be read: 1: @out; 0: its end; -1 and errno. */
int objects_next_entry(DIR *folder, struct dirent **out);

/** Whether errno says that what was just seen in a folder is not there any more, or is a link now. */
bool objects_says_gone(int number);

/**
 * Turns errno of objects_open_beneath() into a sentence.
 * @what  "could not open": the object follows
 */
int objects_fail_beneath(struct sp_error *err, const char *what, const char *bucket,
			 const char *key);

/** SP_CHANGED. @what: "it is gone" */
int objects_fail_changed(struct sp_error *err, const char *bucket, const char *key,
			 const char *what);
