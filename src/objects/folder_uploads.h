#pragma once
/**
 * Objects that come in parts. An upload is a folder BUCKET/.sallyport/upload-<id>/: the file "about" says what for, and
 * each part is a file whose name has its number and its MD5, so that a part is there whole or not at all. It survives
 * restarts, until it is completed, aborted, or nobody has touched it for UPLOADS_KEPT_MS. May block; any thread.
 */

#include "objects/folder_notes.h"
#include "objects/objects.h"

enum {
	UPLOAD_ID_SIZE = 33,  /* 32 hex digits and a NUL */
	UPLOAD_MD5_SIZE = 33, /* the same */
	UPLOAD_PARTS_MAX = 10000,
	UPLOADS_PAGE_MAX = 1000,
};

#define UPLOADS_KEPT_MS (7LL * 24 * 3600 * 1000)

struct upload {
	char id[UPLOAD_ID_SIZE];
	char *key;    /* owned */
	json_t *told; /* owned: of struct object_notes; may be NULL */
	int64_t begun_ms;
};

struct upload_part {
	int number; /* 1 … UPLOAD_PARTS_MAX */
	char md5[UPLOAD_MD5_SIZE];
	uint64_t size;
	int64_t time_ms;
};

void upload_finish(struct upload *upload);

/** @told is borrowed. */
int uploads_begin(struct objects *objects, const char *bucket, const char *key, json_t *told,
		  char out_id[UPLOAD_ID_SIZE], struct sp_error *err);

/** SP_NOT_FOUND: there is none of that id for this key. */
int uploads_find(struct objects *objects, const char *bucket, const char *key, const char *id,
		 struct upload *out, struct sp_error *err);

struct uploads_query {
	const char *prefix; /* of their keys; "" is all */
	const char
		*after_key; /* only keys after this one, or groups after this group; "" is all … */
	const char *
		after_id; /* … and of this very key those whose ids come after this one; "": none */
	bool grouped;     /* at the first "/" after the prefix */
	size_t max;       /* at most UPLOADS_PAGE_MAX */
};

struct listed_upload {
	struct upload upload; /* of a group only its key, with the slash that ends it */
	bool is_group;
};

struct upload_listing {
	struct listed_upload *list; /* owned */
	size_t count;
	bool more; /* there is at least one after these */
};

/** Those of a bucket, in the order of keys and ids. */
int uploads_list(struct objects *objects, const char *bucket, const struct uploads_query *query,
		 struct upload_listing *out, struct sp_error *err);

void upload_listing_finish(struct upload_listing *listing);

/** Syncs the temporary (attempt 0 of @file_id) and makes a part of it; an older one of its number goes. */
int uploads_put_part(struct objects *objects, const char *bucket, const char *id,
		     const char *file_id, const struct upload_part *part, struct sp_error *err);

/** In the order of their numbers, owned by the caller. */
int uploads_list_parts(struct objects *objects, const char *bucket, const char *id,
		       struct upload_part **out, size_t *out_count, struct sp_error *err);

/**
 * Who completes an upload holds it from before its parts are put together until it is removed: a client that heard nothing
 * sends the same again. @out_fd: holds it until it is closed. SP_CONFLICT: somebody does. SP_NOT_FOUND: it is gone.
 */
int uploads_hold(struct objects *objects, const char *bucket, const struct upload *upload,
		 int *out_fd, struct sp_error *err);

/**
 * Puts the parts together, in their order, into a temporary (attempt 0 of @file_id); the upload stays.
 *
 * @parts   numbers and MD5s; sizes are filled in
 * @out_fd  owned by the caller: the temporary
 * @tell    called after each part; may be NULL
 * SP_NOT_FOUND: there is no such part.
 */
int uploads_assemble(struct objects *objects, const char *bucket, const struct upload *upload,
		     struct upload_part *parts, size_t count, const char *file_id, int *out_fd,
		     void (*tell)(void *ctx), void *ctx, struct sp_error *err);

/** For who holds it: removes the upload and its parts. SP_NOT_FOUND: there is none. */
int uploads_remove(struct objects *objects, const char *bucket, const char *id,
		   struct sp_error *err);

/** For others: the same, unless somebody completes it, who needs its parts: SP_CONFLICT. */
int uploads_abort(struct objects *objects, const char *bucket, const struct upload *upload,
		  struct sp_error *err);
