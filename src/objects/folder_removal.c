#include "objects/folder_removal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/name.h"
#include "base/scope.h"
#include "objects/bucket.h"
#include "objects/folder.h"
#include "objects/folder_occupant.h"

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

/* Under the folder's lock, if there is a folder. */
static int check_condition(struct objects *objects, const char *bucket,
			   struct object_removal *removal, int parent, const char *name)
{
	struct occupant there = { 0 };
	if (removal->condition == NULL)
		return 0;
	if (parent != -1 && occupant_look(objects, bucket, removal->key, parent, name, &there,
					  &removal->result) != 0)
		return -1;
	return occupant_judge(&there, removal->condition, &removal->result);
}

static int remove_name(struct objects *objects, const char *bucket, struct object_removal *removal,
		       int parent, const char *name, bool is_folder)
{
	SP_AUTO_FOLDER_LOCK lock = { 0 };
	if (parent != -1 && folder_lock_take(bucket_locks(objects), parent, &lock) != 0)
		return objects_fail_beneath(&removal->result, "could not look at the folder of",
					    bucket, removal->key);
	if (check_condition(objects, bucket, removal, parent, name) != 0)
		return -1;
	if (parent == -1 || unlinkat(parent, name, is_folder ? AT_REMOVEDIR : 0) == 0 ||
	    says_there_is_none(errno))
		return 0;
	return objects_fail_beneath(&removal->result, "could not remove", bucket, removal->key);
}

/* @out_parent: where it lay, owned by the caller; -1 when there is no such folder. */
static int remove_key(struct objects *objects, const char *bucket, struct object_removal *removal,
		      int *out_parent)
{
	bool is_folder;
	const char *name;
	SP_AUTO_FREE char *path = without_slash(removal->key, &is_folder);
	SP_AUTO_FD bucket_fd = -1;
	if (folder_check_key(path, &removal->result) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, &removal->result) != 0)
		return -1;
	*out_parent = open_parent(bucket_fd, path, &name);
	if (*out_parent == -1 && !says_there_is_none(errno))
		return objects_fail_beneath(&removal->result, "could not remove", bucket,
					    removal->key);
	return remove_name(objects, bucket, removal, *out_parent, name, is_folder);
}

static size_t folder_length(const char *key)
{
	const char *slash = strrchr(key, '/');
	return slash == NULL ? 0 : (size_t)(slash - key);
}

static bool in_same_folder(const char *a, const char *b)
{
	size_t length = folder_length(a);
	return folder_length(b) == length && memcmp(a, b, length) == 0;
}

static void sync_folder(int *fd, const char *bucket, struct object_removal *last)
{
	if (*fd != -1 && fsync(*fd) != 0)
		objects_fail_beneath(&last->result, "could not sync the folder of", bucket,
				     last->key);
	sp_close_fd(fd);
}

void objects_remove(struct objects *objects, const char *bucket, struct object_removal *list,
		    size_t count)
{
	SP_AUTO_FD unsynced = -1;
	size_t last = 0; /* that lay there */
	for (size_t i = 0; i < count; i++) {
		SP_AUTO_FD parent = -1;
		if (i > 0 && !in_same_folder(list[i - 1].key, list[i].key))
			sync_folder(&unsynced, bucket, &list[last]);
		if (list[i].result.code != SP_OK ||
		    remove_key(objects, bucket, &list[i], &parent) != 0 || parent == -1)
			continue;
		sp_close_fd(&unsynced);
		unsynced = sp_take_fd(&parent);
		last = i;
	}
	sync_folder(&unsynced, bucket, &list[last]);
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
	if (folder_check_key(path, err) != 0 || folder_check_depth(key, err) != 0 ||
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
	if (folder_check_key(path, NULL) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, NULL) != 0)
		return false;
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, path, O_PATH | O_DIRECTORY, 0);
	return fd != -1;
}
