#include <string.h>

#include "base/name.h"
#include "base/scope.h"
#include "objects/bucket.h"

enum { PART_MAX = 255 /* bytes: what file systems take as one name */ };

static bool part_is(const char *part, size_t length, const char *name)
{
	return length == strlen(name) && memcmp(part, name, length) == 0;
}

static int check_part(const char *part, size_t length, struct sp_error *err)
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

int objects_check_key(const char *key, struct sp_error *err)
{
	size_t length = strlen(key);
	if (length == 0)
		return sp_fail(err, SP_INVALID, "it names no object: write \"/bucket/key\"");
	if (length > OBJECT_KEY_MAX)
		return sp_fail(err, SP_INVALID, "the key has %zu bytes, and at most %d fit", length,
			       OBJECT_KEY_MAX);
	if (key[length - 1] == '/')
		return sp_fail(err, SP_INVALID,
			       "it ends in \"/\", which names a folder and no object");

	const char *part = key;
	for (;;) {
		size_t part_length = strcspn(part, "/");
		if (check_part(part, part_length, err) != 0)
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

static int split_bytes(const char *bytes, bool need_key, char **out_bucket, char **out_key,
		       struct sp_error *err)
{
	if (strncmp(bytes, "s3://", 5) == 0)
		return sp_fail(err, SP_INVALID, "write \"/bucket/key\", without \"s3:\"");
	const char *bucket = bytes[0] == '/' ? bytes + 1 : bytes;
	size_t bucket_length = strcspn(bucket, "/");
	if (bucket_length == 0)
		return sp_fail(err, SP_INVALID, "it names no bucket: write \"/bucket/key\"");
	if (check_part(bucket, bucket_length, err) != 0)
		return -1;

	const char *rest = bucket + bucket_length;
	SP_AUTO_FREE char *key = sp_strdup(*rest == '/' ? rest + 1 : rest);
	size_t key_length = strlen(key);
	if (!need_key && key_length > 1 && key[key_length - 1] == '/')
		key[--key_length] = '\0';
	bool root = !need_key && key_length == 0;
	if (!root && objects_check_key(key, err) != 0)
		return -1;
	*out_bucket = sp_strdup(bucket);
	(*out_bucket)[bucket_length] = '\0';
	*out_key = sp_take_pointer(&key);
	return 0;
}

int objects_split_path(const char *path, bool need_key, char **out_bucket, char **out_key,
		       struct sp_error *err)
{
	SP_AUTO_FREE char *bytes = NULL;
	if (sp_name_unescape(path, &bytes, err) == 0 &&
	    split_bytes(bytes, need_key, out_bucket, out_key, err) == 0)
		return 0;
	SP_AUTO_FREE char *shown = sp_name_shown(bytes != NULL ? bytes : path);
	return sp_wrap(err, "cannot use the path \"%s\"", shown);
}
