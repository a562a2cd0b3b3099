#include "objects/folder_staging.h"
#include "objects/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

int staging_name(const char *file_id, int attempt, char out[STAGING_NAME_SIZE],
		 struct sp_error *err)
{
	size_t length = strlen(file_id);
	if (length == 0 || length >= FILE_ID_SIZE ||
	    strspn(file_id, "0123456789abcdef") != length || attempt < 0)
		return sp_fail(err, SP_INTERNAL, "cannot name a temporary after file \"%s\"",
			       file_id);
	snprintf(out, STAGING_NAME_SIZE, "%s-%d", file_id, attempt);
	return 0;
}

int staging_open_folder(int bucket_fd, int *out_fd)
{
	/* A link here could make rename() cross file systems, and others could see half a file. */
	int fd = openat(bucket_fd, OBJECTS_STAGING_FOLDER,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	*out_fd = fd;
	return 0;
}

int staging_make_folder(int bucket_fd, const char *bucket, int *out_fd, struct sp_error *err)
{
	if (staging_open_folder(bucket_fd, out_fd) == 0)
		return 0;
	if (errno == ENOENT) {
		if (mkdirat(bucket_fd, OBJECTS_STAGING_FOLDER, 0700) != 0 && errno != EEXIST)
			return sp_fail_errno(err, "could not create \"%s\" in bucket \"%s\"",
					     OBJECTS_STAGING_FOLDER, bucket);
		if (fsync(bucket_fd) != 0)
			return sp_fail_errno(err, "could not sync bucket \"%s\"", bucket);
		if (staging_open_folder(bucket_fd, out_fd) == 0)
			return 0;
	}
	if (errno == ELOOP || errno == ENOTDIR)
		return sp_fail(err, SP_CONFLICT,
			       "cannot store into bucket \"%s\": its \"%s\" is no folder", bucket,
			       OBJECTS_STAGING_FOLDER);
	return sp_fail_errno(err, "could not open \"%s\" in bucket \"%s\"", OBJECTS_STAGING_FOLDER,
			     bucket);
}

DIR *staging_list(int folder_fd)
{
	/* An own open file description: reading a folder moves its offset. */
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd == -1 ? NULL : fdopendir(fd);
	if (folder == NULL)
		sp_close_fd(&fd);
	return folder;
}

static void remove_all(int folder_fd, const char *file_id)
{
	char prefix[STAGING_NAME_SIZE];
	snprintf(prefix, sizeof(prefix), "%s-", file_id);

	DIR *folder = staging_list(folder_fd);
	if (folder == NULL)
		return;
	struct dirent *entry;
	while ((entry = readdir(folder)) != NULL)
		if (sp_text_starts_with(entry->d_name, prefix))
			unlinkat(folder_fd, entry->d_name, 0);
	closedir(folder);
}

int folder_create_staging(struct objects *objects, const char *bucket, const char *key,
			  const char *file_id, int attempt, int *out_fd, struct sp_error *err)
{
	char name[STAGING_NAME_SIZE];
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD folder_fd = -1;
	if (staging_name(file_id, attempt, name, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0 ||
	    staging_make_folder(bucket_fd, bucket, &folder_fd, err) != 0)
		return -1;

	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	if (attempt > 1)
		remove_all(folder_fd, file_id);
	int fd = openat(folder_fd, name, flags, 0666);
	if (fd == -1 && errno == EEXIST) {
		/* Left by a run that the store no longer knows (it was restored from a copy). Whoever may still
		 * have it open writes into a file without a name. */
		remove_all(folder_fd, file_id);
		fd = openat(folder_fd, name, flags, 0666);
	}
	if (fd == -1) {
		SP_AUTO_FREE char *shown = sp_name_shown(key);
		return sp_fail_errno(err,
				     "could not create a temporary for \"%s\" in bucket \"%s\"",
				     shown, bucket);
	}
	/* No transfer's, of which whoever sweeps knows whether it is needed: one that is in use has a lock, until its last
	 * descriptor is closed. Where files have no locks, its age has to do. */
	if (attempt == 0)
		flock(fd, LOCK_SH);
	*out_fd = fd;
	return 0;
}

int folder_open_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, int *out_fd, struct sp_error *err)
{
	char name[STAGING_NAME_SIZE];
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD folder_fd = -1;
	struct stat status;
	if (staging_name(file_id, attempt, name, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	if (staging_open_folder(bucket_fd, &folder_fd) != 0)
		return sp_fail_errno(err, "could not open the folder of temporaries");
	SP_AUTO_FD fd = openat(folder_fd, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &status) != 0)
		return sp_fail_errno(err, "could not open the temporary %s", name);
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size < size)
		return sp_fail(err, SP_CHANGED, "the temporary %s is shorter than it was", name);
	*out_fd = sp_take_fd(&fd);
	return 0;
}

int staging_open_file(int folder_fd, const char *name, uint64_t size, int *out_fd,
		      struct sp_error *err)
{
	SP_AUTO_FD fd = openat(folder_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	if (fd == -1 || fstat(fd, &status) != 0)
		return sp_fail_errno(err, "could not open the temporary %s", name);
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size != size)
		return sp_fail(err, SP_CHANGED,
			       "the temporary %s has %" PRIu64 " bytes where %" PRIu64
			       " were written",
			       name, (uint64_t)status.st_size, size);
	*out_fd = sp_take_fd(&fd);
	return 0;
}

int folder_sync_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, struct sp_error *err)
{
	char name[STAGING_NAME_SIZE];
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD folder_fd = -1;
	SP_AUTO_FD fd = -1;
	if (staging_name(file_id, attempt, name, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	if (staging_open_folder(bucket_fd, &folder_fd) != 0)
		return sp_fail_errno(err, "could not open \"%s\" in bucket \"%s\"",
				     OBJECTS_STAGING_FOLDER, bucket);
	if (staging_open_file(folder_fd, name, size, &fd, err) != 0)
		return -1;

	/* The name as well: were it lost in a power cut, an older object of the same size would pass for this one. */
	if (fsync(fd) != 0 || fsync(folder_fd) != 0)
		return sp_fail_errno(err, "could not sync the temporary %s in bucket \"%s\"", name,
				     bucket);
	return 0;
}

void folder_remove_staging(struct objects *objects, const char *bucket, const char *file_id)
{
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD folder_fd = -1;
	if (objects_open_bucket(objects, bucket, &bucket_fd, NULL) == 0 &&
	    staging_open_folder(bucket_fd, &folder_fd) == 0)
		remove_all(folder_fd, file_id);
}
