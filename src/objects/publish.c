#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/name.h"
#include "base/scope.h"
#include "objects/directory.h"
#include "objects/staging.h"

/* One object on its way to its final name. */
struct publication {
	bool replaces;
	int bucket_fd;
	const char *bucket, *key;
	struct sp_error *err;
};

static int fail_publish(const struct publication *p, enum sp_code code, const char *why)
{
	SP_AUTO_FREE char *shown = sp_name_shown(p->key);
	return sp_fail(p->err, code, "cannot publish \"%s\" in bucket \"%s\": %s", shown, p->bucket,
		       why);
}

static int fail_publish_errno(const struct publication *p, const char *what)
{
	int number = errno;
	SP_AUTO_FREE char *shown = sp_name_shown(p->key);
	errno = number;
	return sp_fail_errno(p->err, "could not publish \"%s\" in bucket \"%s\": %s", shown,
			     p->bucket, what);
}

/* Opens the folder that the first @length bytes of the key name; 0 is the bucket itself. -1 and errno. */
static int open_folder(const struct publication *p, size_t length)
{
	char path[OBJECT_KEY_MAX + 1] = ".";
	if (length > 0)
		snprintf(path, sizeof(path), "%.*s", (int)length, p->key);
	return objects_open_beneath(p->bucket_fd, path, O_RDONLY | O_DIRECTORY, 0);
}

static int fail_folder(const struct publication *p, size_t length)
{
	int number = errno;
	char folder[OBJECT_KEY_MAX + 1];
	snprintf(folder, sizeof(folder), "%.*s", (int)length, p->key);
	SP_AUTO_FREE char *shown = sp_name_shown(folder);
	char why[SP_ERROR_MESSAGE_MAX];
	switch (number) {
	case ENOTDIR:
		snprintf(why, sizeof(why), "\"%s\" is a file and no folder", shown);
		return fail_publish(p, SP_CONFLICT, why);
	case ENOENT:
		snprintf(why, sizeof(why), "\"%s\" is a symbolic link that leads nowhere", shown);
		return fail_publish(p, SP_CONFLICT, why);
	case EXDEV:
		snprintf(why, sizeof(why), "\"%s\" is a symbolic link that leads out of the bucket",
			 shown);
		return fail_publish(p, SP_DENIED, why);
	default:
		errno = number;
		return fail_publish_errno(p, "could not open or create its folder");
	}
}

/* The folder of the key, made with all that is missing above it. */
static int make_folders(const struct publication *p, int *out_fd, size_t *out_length)
{
	SP_AUTO_FD fd = open_folder(p, 0);
	if (fd == -1)
		return fail_folder(p, 0);
	size_t start = 0;
	size_t length = 0;
	for (const char *slash = strchr(p->key, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		length = (size_t)(slash - p->key);
		char part[NAME_MAX + 1];
		snprintf(part, sizeof(part), "%.*s", (int)(length - start), p->key + start);
		start = length + 1;

		int next = open_folder(p, length);
		if (next == -1 && errno == ENOENT) {
			if (mkdirat(fd, part, 0777) != 0 && errno != EEXIST)
				return fail_folder(p, length);
			next = open_folder(p, length);
		}
		if (next == -1)
			return fail_folder(p, length);
		sp_close_fd(&fd);
		fd = next;
	}
	*out_fd = sp_take_fd(&fd);
	*out_length = length;
	return 0;
}

/* fsync of the object's folder and of all above it up to the bucket: any of them may be new, made by us, by an
 * earlier try that was killed, or just now by somebody who has not synced it yet. */
static int sync_folders(const struct publication *p, size_t length)
{
	for (;;) {
		SP_AUTO_FD fd = open_folder(p, length);
		if (fd == -1 || fsync(fd) != 0)
			return fail_publish_errno(p, "could not sync its folder");
		if (length == 0)
			return 0;
		while (length > 0 && p->key[--length] != '/')
			continue;
	}
}

static bool is_same_file(int a_fd, const char *a, int b_fd, const char *b)
{
	struct stat first, second;
	return fstatat(a_fd, a, &first, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(b_fd, b, &second, AT_SYMLINK_NOFOLLOW) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* For file systems whose rename always replaces: link() never does. A crash in between leaves both names. */
static int link_object(int staging_fd, const char *staging, int folder_fd, const char *name)
{
	if (linkat(staging_fd, staging, folder_fd, name, 0) != 0) {
		if (errno != EEXIST)
			return -1;
		bool ours = is_same_file(staging_fd, staging, folder_fd, name);
		errno = EEXIST;
		if (!ours)
			return -1;
	}
	return unlinkat(staging_fd, staging, 0);
}

/* -1 and errno. */
static int give_name(const struct publication *p, int staging_fd, const char *staging,
		     int folder_fd, const char *name)
{
	if (p->replaces)
		return renameat(staging_fd, staging, folder_fd, name);
	if (renameat2(staging_fd, staging, folder_fd, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EINVAL || errno == ENOSYS || errno == EEXIST)
		return link_object(staging_fd, staging, folder_fd, name);
	return -1;
}

static bool is_folder(int folder_fd, const char *name)
{
	struct stat status;
	return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode);
}

static int rename_object(const struct publication *p, int staging_fd, const char *staging,
			 int folder_fd, const char *name)
{
	if (give_name(p, staging_fd, staging, folder_fd, name) == 0)
		return 0;
	if (errno == EEXIST && !is_folder(folder_fd, name))
		return fail_publish(p, SP_EXISTS, "there is an object of that name");
	switch (errno) {
	case EISDIR:
	case ENOTEMPTY:
	case EEXIST:
		return fail_publish(p, SP_CONFLICT, "there is a folder of that name");
	case EXDEV:
		return fail_publish(
			p, SP_UNSUPPORTED,
			"its folder is on another file system than the bucket: make that "
			"folder a bucket of its own (setting bucket.NAME)");
	default:
		return fail_publish_errno(p, "could not rename it");
	}
}

/* The temporary is gone: an earlier try renamed it, or it is lost. */
static int confirm_published(const struct publication *p, uint64_t size, size_t folder_length)
{
	SP_AUTO_FD fd = objects_open_beneath(p->bucket_fd, p->key, O_PATH | O_NOFOLLOW, 0);
	struct stat status;
	if (fd == -1 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size != size)
		return fail_publish(
			p, SP_NOT_FOUND,
			"its temporary is gone, and under its name is no file of its size");
	return sync_folders(p, folder_length);
}

int directory_publish(struct objects *objects, const char *bucket, const char *key,
		      const char *file_id, int attempt, uint64_t size, bool replaces,
		      struct sp_error *err)
{
	char staging[STAGING_NAME_SIZE];
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD staging_fd = -1;
	if (staging_name(file_id, attempt, staging, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;

	struct publication publication = {
		.replaces = replaces,
		.bucket_fd = bucket_fd,
		.bucket = bucket,
		.key = key,
		.err = err,
	};
	const char *slash = strrchr(key, '/');
	const char *name = slash == NULL ? key : slash + 1;
	size_t folder_length = slash == NULL ? 0 : (size_t)(slash - key);
	if (staging_open_folder(bucket_fd, &staging_fd) != 0) {
		if (errno == ENOENT)
			return confirm_published(&publication, size, folder_length);
		return fail_publish_errno(&publication,
					  "could not open \"" OBJECTS_STAGING_FOLDER "\"");
	}

	SP_AUTO_FD fd = -1;
	struct sp_error opening = { 0 };
	if (staging_open_file(staging_fd, staging, size, &fd, &opening) != 0) {
		if (opening.code == SP_NOT_FOUND)
			return confirm_published(&publication, size, folder_length);
		return fail_publish(&publication, opening.code, opening.message);
	}
	if (fsync(fd) != 0)
		return fail_publish_errno(&publication, "could not sync it");

	SP_AUTO_FD folder_fd = -1;
	if (make_folders(&publication, &folder_fd, &folder_length) != 0 ||
	    rename_object(&publication, staging_fd, staging, folder_fd, name) != 0)
		return -1;
	return sync_folders(&publication, folder_length);
}

bool directory_is_taken(struct objects *objects, const char *bucket, const char *key)
{
	SP_AUTO_FD bucket_fd = -1;
	if (objects_open_bucket(objects, bucket, &bucket_fd, NULL) != 0)
		return false; /* which is told by whoever needs it */
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, key, O_PATH | O_NOFOLLOW, 0);
	return fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
}
