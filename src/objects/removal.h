#pragma once
/** Objects and folders of a bucket that go, and folders that come. May block; any thread. */

#include "objects/objects.h"

/**
 * Removes the object, and syncs its folder; one that is not there is no failure. A key with a slash at its end is a folder,
 * which goes when it is empty and otherwise stays. SP_INVALID: a key that no object has.
 */
int objects_remove(struct objects *objects, const char *bucket, const char *key,
		   struct sp_error *err);

/**
 * The same of many, each folder synced when the next key lies in another one: quick when keys come in order. @results has
 * room for one of each key: its code is SP_OK when it is gone.
 */
void objects_remove_all(struct objects *objects, const char *bucket, const char *const *keys,
			size_t count, struct sp_error *results);

/** Makes the folder @key (a slash at its end) with all above it. SP_CONFLICT: a file is in the way. */
int objects_make_folder(struct objects *objects, const char *bucket, const char *key,
			struct sp_error *err);

/** Whether there is a folder @key (a slash at its end). */
bool objects_has_folder(struct objects *objects, const char *bucket, const char *key);
