#pragma once
/** Buckets as things that there are: listed, made, removed. May block; any thread. */

#include "objects/objects.h"

struct listed_bucket {
	char *name; /* owned */
	/* When its folder was made, where the file system says so, else when its entries changed last; at storage that of the folder
	 * of buckets. */
	int64_t time_ms;
};

/** All of them, in the order of their names, owned by the caller; at most BUCKETS_MAX. */
int objects_all_buckets(struct objects *objects, struct listed_bucket **out, size_t *out_count,
			struct sp_error *err);
void listed_buckets_finish(struct listed_bucket *buckets, size_t count);

/** SP_NOT_FOUND when there is no such bucket. One at storage is there: nobody asks for it. */
int objects_find_bucket(struct objects *objects, const char *bucket, struct sp_error *err);

/** A folder in buckets/ of the state folder. SP_EXISTS, SP_INVALID; SP_CONFLICT: there are BUCKETS_MAX. */
int objects_make_bucket(struct objects *objects, const char *bucket, struct sp_error *err);

/**
 * Goes when nothing but empty folders is in it, and nothing is on its way into it. SP_CONFLICT otherwise; SP_DENIED for one
 * that the configuration names, whose folder is not ours.
 */
int objects_remove_bucket(struct objects *objects, const char *bucket, struct sp_error *err);
