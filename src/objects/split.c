/* Paths of requests into bucket and key, and which backend a bucket has. */

#include <string.h>

#include "base/name.h"
#include "base/scope.h"
#include "objects/backend.h"
#include "objects/bucket.h"
#include "objects/folder.h"

const struct object_backend *object_backend_of(const struct objects *objects, const char *bucket)
{
	return objects != NULL && bucket_place(objects, bucket) != NULL ? &s3_backend
									: &folder_backend;
}

int objects_check_key(const struct objects *objects, const char *bucket, const char *key,
		      struct sp_error *err)
{
	return object_backend_of(objects, bucket)->check_key(objects, bucket, key, err);
}

static int split_bytes(const struct objects *objects, const char *bytes, bool need_key,
		       char **out_bucket, char **out_key, struct sp_error *err)
{
	if (strncmp(bytes, "s3://", 5) == 0)
		return sp_fail(err, SP_INVALID, "write \"/bucket/key\", without \"s3:\"");
	const char *bucket = bytes[0] == '/' ? bytes + 1 : bytes;
	size_t bucket_length = strcspn(bucket, "/");
	if (bucket_length == 0)
		return sp_fail(err, SP_INVALID, "it names no bucket: write \"/bucket/key\"");
	if (folder_check_part(bucket, bucket_length, err) != 0)
		return -1;
	SP_AUTO_FREE char *name = sp_strdup(bucket);
	name[bucket_length] = '\0';

	const char *rest = bucket + bucket_length;
	SP_AUTO_FREE char *key = sp_strdup(*rest == '/' ? rest + 1 : rest);
	size_t key_length = strlen(key);
	if (!need_key && key_length > 1 && key[key_length - 1] == '/')
		key[--key_length] = '\0';
	bool root = !need_key && key_length == 0;
	if (!root && objects_check_key(objects, name, key, err) != 0)
		return -1;
	*out_bucket = sp_take_pointer(&name);
	*out_key = sp_take_pointer(&key);
	return 0;
}

int objects_split_path(const struct objects *objects, const char *path, bool need_key,
		       char **out_bucket, char **out_key, struct sp_error *err)
{
	SP_AUTO_FREE char *bytes = NULL;
	if (sp_name_unescape(path, &bytes, err) == 0 &&
	    split_bytes(objects, bytes, need_key, out_bucket, out_key, err) == 0)
		return 0;
	SP_AUTO_FREE char *shown = sp_name_shown(bytes != NULL ? bytes : path);
	return sp_wrap(err, "cannot use the path \"%s\"", shown);
}
