#include "objects/buckets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "model/bucket_name.h"
#include "objects/bucket.h"

enum { EMPTY_DEPTH_MAX = 64 };

static int64_t time_of(int fd)
{
	struct statx status;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &status) != 0)
		return 0;
	const struct statx_timestamp *time =
		(status.stx_mask & STATX_BTIME) != 0 ? &status.stx_btime : &status.stx_mtime;
	return time->tv_sec * 1000 + time->tv_nsec / 1000000;
}

static void free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
}

int objects_all_buckets(struct objects *objects, struct listed_bucket **out, size_t *out_count,
			struct sp_error *err)
{
	SP_AUTO_FREE char **names = sp_alloc(BUCKETS_MAX * sizeof(*names));
	size_t count;
	if (objects_list_buckets(objects, names, BUCKETS_MAX, &count, err) != 0) {
		free_names(names, count);
		return -1;
	}
	struct listed_bucket *buckets = sp_alloc((count + 1) * sizeof(*buckets));
	for (size_t i = 0; i < count; i++) {
		SP_AUTO_FD fd = -1;
		buckets[i].name = names[i];
		/* Since when it has been known here: at storage no folder tells that, and clients need a day. */
		if ((objects_is_remote(objects, names[i])
			     ? objects_open_directory(objects, &fd, NULL)
			     : objects_open_bucket(objects, names[i], &fd, NULL)) == 0)
			buckets[i].time_ms = time_of(fd);
	}
	*out = buckets;
	*out_count = count;
	return 0;
}

void listed_buckets_finish(struct listed_bucket *buckets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(buckets[i].name);
	free(buckets);
}

int objects_find_bucket(struct objects *objects, const char *bucket, struct sp_error *err)
{
	SP_AUTO_FD fd = -1;
	return objects_is_remote(objects, bucket) ? 0
						  : objects_open_bucket(objects, bucket, &fd, err);
}

int objects_make_bucket(struct objects *objects, const char *bucket, struct sp_error *err)
{
	SP_AUTO_FD folder = -1;
	if (!bucket_name_is_valid(bucket))
		return sp_fail(err, SP_INVALID, "cannot make bucket \"%.80s\": %s", bucket,
			       bucket_name_rule);
	if (objects_find_bucket(objects, bucket, NULL) == 0)
		return sp_fail(err, SP_EXISTS, "there is a bucket \"%s\" already", bucket);
	SP_AUTO_FREE char **names = sp_alloc(BUCKETS_MAX * sizeof(*names));
	size_t count;
	int result = objects_list_buckets(objects, names, BUCKETS_MAX, &count, err);
	free_names(names, count);
	if (result != 0)
		return -1;
	if (count == BUCKETS_MAX)
		return sp_fail(err, SP_CONFLICT,
			       "cannot make bucket \"%s\": there are %d already, and more are not "
			       "served",
			       bucket, BUCKETS_MAX);
	if (objects_open_directory(objects, &folder, err) != 0)
		return -1;
	if (mkdirat(folder, bucket, 0777) == 0)
		return fsync(folder) == 0
			       ? 0
			       : sp_fail_errno(err, "could not sync the folder of buckets");
	if (errno == EEXIST)
		return sp_fail(err, SP_EXISTS,
			       "cannot make bucket \"%s\": something else has its name in the "
			       "folder of buckets",
			       bucket);
	return sp_fail_errno(err, "could not make bucket \"%s\"", bucket);
}

/* Removes the empty folders in it. -1 and errno: ENOTEMPTY when anything else is there. */
static int remove_empty(int folder_fd, int depth)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd == -1 ? NULL : fdopendir(fd);
	if (folder == NULL) {
		sp_close_fd(&fd);
		return -1;
	}
	int result = 0;
	struct dirent *entry;
	while (result == 0 && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		SP_AUTO_FD inner =
			openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner == -1 || depth == EMPTY_DEPTH_MAX) {
			errno = errno == ENOTDIR || errno == ELOOP || inner != -1 ? ENOTEMPTY
										  : errno;
			result = -1;
		} else {
			result = remove_empty(inner, depth + 1);
		}
		if (result == 0)
			result = unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	int number = errno;
	closedir(folder);
	errno = number;
	return result;
}

/* Whether a file lies anywhere in it: looked for before anything is removed, so that a bucket in use keeps its folders. */
static bool has_file(int folder_fd, int depth)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd == -1 ? NULL : fdopendir(fd);
	if (folder == NULL) {
		sp_close_fd(&fd);
		return true;
	}
	bool found = false;
	struct dirent *entry;
	while (!found && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		SP_AUTO_FD inner =
			openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		found = inner == -1 || depth == EMPTY_DEPTH_MAX || has_file(inner, depth + 1);
	}
	closedir(folder);
	return found;
}

static int fail_not_empty(const char *bucket, struct sp_error *err)
{
	return sp_fail(err, SP_CONFLICT,
		       "bucket \"%s\" is not empty: it has objects, files that are no objects, or "
		       "uploads that are not complete",
		       bucket);
}

int objects_remove_bucket(struct objects *objects, const char *bucket, struct sp_error *err)
{
	SP_AUTO_FD folder = -1;
	SP_AUTO_FD fd = -1;
	if (objects_is_named(objects, bucket))
		return sp_fail(
			err, SP_DENIED,
			"cannot remove bucket \"%s\": the setting bucket.%s has it, and what "
			"that names is not Sallyport's",
			bucket, bucket);
	if (objects_open_bucket(objects, bucket, &fd, err) != 0)
		return -1;
	if (objects_open_directory(objects, &folder, err) != 0)
		return -1;
	if (has_file(fd, 0))
		return fail_not_empty(bucket, err);
	/* What comes meanwhile stays: a folder that is not empty cannot be removed. */
	if (remove_empty(fd, 0) == 0 && unlinkat(folder, bucket, AT_REMOVEDIR) == 0 &&
	    fsync(folder) == 0)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return fail_not_empty(bucket, err);
	return sp_fail_errno(err, "could not remove bucket \"%s\"", bucket);
}
