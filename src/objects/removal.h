#pragma once
/** Objects and folders of a bucket that go, and folders that come. May block; any thread. */

#include "objects/objects.h"

/**
 * Removes the object, and syncs its folder; one that is not there is no failure. A key with a slash at its end is a folder,
 * which goes when it is empty and otherwise stays. SP_INVALID: a key that no object has.
 */
int objects_remove(struct objects *objects, const char *bucket, const char *key,
		   struct sp_error *err);

/** Makes the folder @key (a slash at its end) with all above it. SP_CONFLICT: a file is in the way. */
int objects_make_folder(struct objects *objects, const char *bucket, const char *key,
			struct sp_error *err);

/** Whether there is a folder @key (a slash at its end). */
bool objects_has_folder(struct objects *objects, const char *bucket, const char *key);
