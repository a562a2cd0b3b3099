#pragma once
/**
 * The keys of a bucket that is a folder, in the order of their bytes, a page at a time. A key is a regular file; folders,
 * symbolic links, special files, what lies in .sallyport, and names that are no UTF-8 are none. May block; any thread.
 */

#include "objects/folder_notes.h"
#include "objects/objects.h"

enum {
	LISTING_PAGE_MAX = 1000,
	LISTING_DEPTH_MAX = 64, /* folders in folders: as many descriptors are open */
};

struct listed_object {
	char *key;       /* owned; of a group with the slash that ends it */
	bool is_group;   /* all keys that begin with it; without what follows */
	uint64_t size;   /* bytes */
	int64_t time_ms; /* written to for the last time */
	char etag[OBJECT_ETAG_SIZE];
};

struct listing_query {
	const char *prefix; /* "" is all */
	const char *after;  /* only what comes after this key, or behind this group; "" is all */
	bool grouped; /* at the first "/" after the prefix. A folder without files is a group, too */
	size_t max;   /* at most LISTING_PAGE_MAX */
};

struct object_listing {
	struct listed_object *objects; /* owned */
	size_t count;
	bool more; /* there is at least one after these */
};

/**
 * SP_NOT_FOUND: no such bucket. SP_UNSUPPORTED: folders deeper than LISTING_DEPTH_MAX. What is there and cannot be read fails
 * all of it; only lost+found at the top is as empty, where it cannot be.
 */
int objects_list(struct objects *objects, const char *bucket, const struct listing_query *query,
		 struct object_listing *out, struct sp_error *err);

void object_listing_finish(struct object_listing *listing);
