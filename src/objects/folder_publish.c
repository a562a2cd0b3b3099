#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/name.h"
#include "base/scope.h"
#include "objects/folder.h"
#include "objects/folder_occupant.h"
#include "objects/folder_rename.h"
#include "objects/folder_staging.h"

enum {
	CONDITION_TRIES = 8,
	FOLDER_TRIES = 8, /* somebody removes the folder that was just made, for it is empty */
};

/* One object on its way to its final name. */
struct publication {
	struct objects *objects;
	bool replaces;
	const struct object_condition *condition; /* NULL: none */
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

static bool is_folder(int folder_fd, const char *name)
{
	struct stat status;
	return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode);
}

static int fail_rename(const struct publication *p, struct place_name to)
{
	if (errno == EEXIST && !is_folder(to.folder_fd, to.name))
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

/* Under the folder's lock. */
static int rename_object(const struct publication *p, struct place_name from, struct place_name to)
{
	if ((p->replaces ? rename_over(from, to) : rename_new(from, to)) == 0)
		return 0;
	return fail_rename(p, to);
}

/* Under the folder's lock: what has the name is looked at, and again when it was another's meanwhile. */
static int rename_if(const struct publication *p, struct place_name from, struct place_name to)
{
	for (int i = 0; i < CONDITION_TRIES; i++) {
		struct occupant there;
		if (occupant_look(p->objects, p->bucket, p->key, to.folder_fd, to.name, &there,
				  p->err) != 0)
			return -1;
		if (there.is_there && S_ISDIR(there.status.st_mode))
			errno = EISDIR;
		else if (occupant_judge(&there, p->condition, p->err) != 0)
			return -1;
		else if ((there.is_there ? rename_for(from, to, &there.status)
					 : rename_new(from, to)) == 0)
			return 0;
		if (errno != EAGAIN && errno != EEXIST)
			return fail_rename(p, to);
	}
	return fail_publish(p, SP_CHANGED, "what has its name changes all the time");
}

static int give_name(const struct publication *p, struct place_name from, struct place_name to)
{
	SP_AUTO_FOLDER_LOCK lock = { 0 };
	if (folder_lock_take(bucket_locks(p->objects), to.folder_fd, &lock) != 0)
		return fail_publish_errno(p, "could not look at its folder");
	return p->condition == NULL ? rename_object(p, from, to) : rename_if(p, from, to);
}

static bool was_removed(int folder_fd)
{
	struct stat status;
	return fstat(folder_fd, &status) == 0 && status.st_nlink == 0;
}

/* Into the folder of its key, which is made where it is missing. */
static int place(const struct publication *p, struct place_name from, const char *name,
		 size_t *out_folder_length)
{
	for (int i = 1;; i++) {
		SP_AUTO_FD folder_fd = -1;
		if (make_folders(p, &folder_fd, out_folder_length) != 0)
			return -1;
		if (give_name(p, from, (struct place_name){ folder_fd, name }) == 0)
			return 0;
		if (i == FOLDER_TRIES || !was_removed(folder_fd))
			return -1;
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

static int publish(struct publication publication, const char *file_id, int attempt, uint64_t size)
{
	struct objects *objects = publication.objects;
	const char *bucket = publication.bucket, *key = publication.key;
	struct sp_error *err = publication.err;
	char staging[STAGING_NAME_SIZE];
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD staging_fd = -1;
	if (staging_name(file_id, attempt, staging, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;

	publication.bucket_fd = bucket_fd;
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

	const struct place_name from = { staging_fd, staging };
	if (place(&publication, from, name, &folder_length) != 0)
		return -1;
	return sync_folders(&publication, folder_length);
}

int folder_publish(struct objects *objects, const char *bucket, const char *key,
		   const char *file_id, int attempt, uint64_t size, bool replaces,
		   struct sp_error *err)
{
	return publish((struct publication){ .objects = objects,
					     .replaces = replaces,
					     .bucket = bucket,
					     .key = key,
					     .err = err },
		       file_id, attempt, size);
}

int objects_publish_if(struct objects *objects, const char *bucket, const char *key,
		       const char *file_id, int attempt, uint64_t size,
		       const struct object_condition *condition, struct sp_error *err)
{
	if (folder_check_key(key, err) != 0)
		return -1;
	return publish((struct publication){ .objects = objects,
					     .condition = condition,
					     .bucket = bucket,
					     .key = key,
					     .err = err },
		       file_id, attempt, size);
}

bool folder_is_taken(struct objects *objects, const char *bucket, const char *key,
		     const char *but_of)
{
	(void)but_of; /* what was not published has another name */
	SP_AUTO_FD bucket_fd = -1;
	if (objects_open_bucket(objects, bucket, &bucket_fd, NULL) != 0)
		return false; /* which is told by whoever needs it */
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, key, O_PATH | O_NOFOLLOW, 0);
	return fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
}
