#include "objects/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/name.h"
#include "base/scope.h"
#include "objects/bucket.h"
#include "objects/directory.h"

/* A key without the slash that says that it is a folder's. Owned by the caller. */
static char *without_slash(const char *key, bool *out_is_folder)
{
	char *name = sp_strdup(key);
	size_t length = strlen(name);
	*out_is_folder = length > 1 && name[length - 1] == '/';
	if (*out_is_folder)
		name[length - 1] = '\0';
	return name;
}

/* The folder that the object lies in. -1 and errno. */
static int open_parent(int bucket_fd, const char *key, const char **out_name)
{
	const char *slash = strrchr(key, '/');
	SP_AUTO_FREE char *path = sp_strdup(slash == NULL ? "." : key);
	if (slash != NULL)
		path[slash - key] = '\0';
	*out_name = slash == NULL ? key : slash + 1;
	return objects_open_beneath(bucket_fd, path, O_RDONLY | O_DIRECTORY, 0);
}

static bool says_there_is_none(int number)
{
	return number == ENOENT || number == ENOTDIR || number == EISDIR || number == ENOTEMPTY ||
	       number == EEXIST;
}

int objects_remove(struct objects *objects, const char *bucket, const char *key,
		   struct sp_error *err)
{
	bool is_folder;
	const char *name;
	SP_AUTO_FREE char *path = without_slash(key, &is_folder);
	SP_AUTO_FD bucket_fd = -1;
	if (directory_check_key(path, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	SP_AUTO_FD parent = open_parent(bucket_fd, path, &name);
	if (parent != -1 && unlinkat(parent, name, is_folder ? AT_REMOVEDIR : 0) == 0 &&
	    fsync(parent) == 0)
		return 0;
	if (says_there_is_none(errno))
		return 0;
	return objects_fail_beneath(err, "could not remove", bucket, key);
}

/* Makes what is missing, one part after the other, and syncs where something was made. */
static int make_parts(int bucket_fd, char *path)
{
	for (char *end = path; end != NULL;) {
		const char *name;
		end = strchr(end + 1, '/');
		if (end != NULL)
			*end = '\0';
		SP_AUTO_FD parent = open_parent(bucket_fd, path, &name);
		if (parent == -1)
			return -1;
		if (mkdirat(parent, name, 0777) == 0 ? fsync(parent) != 0 : errno != EEXIST)
			return -1;
		if (end != NULL)
			*end = '/';
	}
	return 0;
}

int objects_make_folder(struct objects *objects, const char *bucket, const char *key,
			struct sp_error *err)
{
	bool is_folder;
	SP_AUTO_FREE char *path = without_slash(key, &is_folder);
	SP_AUTO_FD bucket_fd = -1;
	if (directory_check_key(path, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	SP_AUTO_FREE char *parts = sp_strdup(path);
	if (make_parts(bucket_fd, parts) == 0 && objects_has_folder(objects, bucket, key))
		return 0;
	SP_AUTO_FREE char *shown = sp_name_shown(key);
	if (errno == ENOTDIR || errno == 0 || errno == EEXIST)
		return sp_fail(err, SP_CONFLICT,
			       "cannot make the folder \"%s\" in bucket \"%s\": it, or what is "
			       "above it, is a file and no folder",
			       shown, bucket);
	return objects_fail_beneath(err, "could not make the folder", bucket, key);
}

bool objects_has_folder(struct objects *objects, const char *bucket, const char *key)
{
	bool is_folder;
	SP_AUTO_FREE char *path = without_slash(key, &is_folder);
	SP_AUTO_FD bucket_fd = -1;
	if (directory_check_key(path, NULL) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, NULL) != 0)
		return false;
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, path, O_PATH | O_DIRECTORY, 0);
	return fd != -1;
}
