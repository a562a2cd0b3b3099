#pragma once
/** Objects and folders of a bucket that go, and folders that come. May block; any thread. */

#include "objects/condition.h"

/** One that is to go. */
struct object_removal {
	const char *key;                          /* borrowed */
	const struct object_condition *condition; /* borrowed; NULL: none */
	struct sp_error
		result; /* SP_OK: it is gone. One that has another code before is left alone */
};

/**
 * Removes objects, and syncs their folders, each when the next key lies in another one: quick when keys come in order. One
 * that is not there is no failure, but where a condition says so. A key with a slash at its end is a folder, which goes
 * when it is empty and otherwise stays. SP_INVALID: a key that no object has.
 */
void objects_remove(struct objects *objects, const char *bucket, struct object_removal *list,
		    size_t count);

/** Makes the folder @key (a slash at its end) with all above it. SP_CONFLICT: a file is in the way. */
int objects_make_folder(struct objects *objects, const char *bucket, const char *key,
			struct sp_error *err);

/** Whether there is a folder @key (a slash at its end). */
bool objects_has_folder(struct objects *objects, const char *bucket, const char *key);
