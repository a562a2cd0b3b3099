/* What a folder takes as a key. */

#include <string.h>

#include "base/text.h"
#include "objects/backend.h"
#include "objects/bucket.h"
#include "objects/folder.h"
#include "objects/folder_listing.h"

enum { PART_MAX = 255 /* bytes: what file systems take as one name */ };

static bool part_is(const char *part, size_t length, const char *name)
{
	return length == strlen(name) && memcmp(part, name, length) == 0;
}

int folder_check_part(const char *part, size_t length, struct sp_error *err)
{
	if (length == 0)
		return sp_fail(err, SP_INVALID, "it has an empty part (\"//\")");
	if (part_is(part, length, ".") || part_is(part, length, ".."))
		return sp_fail(err, SP_INVALID, "\"%.*s\" is no part of an object's key",
			       (int)length, part);
	if (length > PART_MAX)
		return sp_fail(err, SP_INVALID,
			       "a part between slashes has %zu bytes, and at most %d fit", length,
			       PART_MAX);
	if (memchr(part, '\n', length) != NULL)
		return sp_fail(err, SP_INVALID, "a key cannot hold a line break");
	return 0;
}

int object_check_length(const char *key, struct sp_error *err)
{
	size_t length = strlen(key);
	if (length == 0)
		return sp_fail(err, SP_INVALID, "it names no object: write \"/bucket/key\"");
	if (length > OBJECT_KEY_MAX)
		return sp_fail(err, SP_INVALID, "the key has %zu bytes, and at most %d fit", length,
			       OBJECT_KEY_MAX);
	return 0;
}

int folder_check_key(const char *key, struct sp_error *err)
{
	if (object_check_length(key, err) != 0)
		return -1;
	if (sp_text_ends_with(key, "/"))
		return sp_fail(err, SP_INVALID,
			       "it ends in \"/\", which names a folder and no object");

	const char *part = key;
	for (;;) {
		size_t part_length = strcspn(part, "/");
		if (folder_check_part(part, part_length, err) != 0)
			return -1;
		if (part == key && part_is(part, part_length, OBJECTS_STAGING_FOLDER))
			return sp_fail(err, SP_INVALID,
				       "\"" OBJECTS_STAGING_FOLDER
				       "\" is where unfinished files lie, and no object's");
		if (part[part_length] == '\0')
			return 0;
		part += part_length + 1;
	}
}

int folder_check_depth(const char *key, struct sp_error *err)
{
	size_t depth = 0;
	for (const char *slash = strchr(key, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
		depth++;
	if (depth <= LISTING_DEPTH_MAX)
		return 0;
	return sp_fail(err, SP_INVALID,
		       "it lies in %zu folders, one in the other, and a bucket with more than %d "
		       "could not be listed",
		       depth, LISTING_DEPTH_MAX);
}
