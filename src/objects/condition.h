#pragma once
/**
 * What is stored in a folder, or removed from it, only if what has the name is what somebody says. May block; any thread.
 *
 * The look and what follows it are one to all that this daemon does in that folder. Whoever else writes there: a file that
 * is replaced between the look and an object's coming stays, and is looked at again (objects/folder_rename.h); one that is
 * replaced between the look and its removal goes.
 */

#include "objects/objects.h"

struct object_condition {
	/**
	 * @etag  of what has the name now; "": it is no object; NULL: nothing has it
	 * Returns 0, or -1 with @err: SP_EXISTS (it is not what was said), SP_NOT_FOUND.
	 */
	int (*judge)(const void *ctx, const char *etag, struct sp_error *err);
	const void *ctx; /* borrowed for the call */
};

/** A look and no promise, for who would not begin in vain. 0 also for a key that cannot be one, which others tell. */
int objects_judge(struct objects *objects, const char *bucket, const char *key,
		  const struct object_condition *condition, struct sp_error *err);

/** As objects_publish(), in a bucket that is a folder. SP_CHANGED: others change it all the time. */
int objects_publish_if(struct objects *objects, const char *bucket, const char *key,
		       const char *file_id, int attempt, uint64_t size,
		       const struct object_condition *condition, struct sp_error *err);
