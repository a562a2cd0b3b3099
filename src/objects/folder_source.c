#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/name.h"
#include "base/scope.h"
#include "objects/bucket.h"
#include "objects/folder.h"

static int64_t nanoseconds(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct object_identity identity_of(const struct stat *status)
{
	return (struct object_identity){
		.size = (uint64_t)status->st_size,
		.device = status->st_dev,
		.inode = status->st_ino,
		.mtime_ns = nanoseconds(status->st_mtim),
		.ctime_ns = nanoseconds(status->st_ctim),
	};
}

static const char *kind_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "folder";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
	case S_IFBLK:
		return "device";
	default:
		return "special file";
	}
}

/* What lies under the key, without opening it. */
static int find_file(int bucket_fd, const char *key, struct stat *out)
{
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, key, O_PATH, 0);
	if (fd == -1)
		return -1;
	return fstat(fd, out);
}

static int check_regular(const struct stat *status, const char *bucket, const char *key,
			 struct sp_error *err)
{
	if (S_ISREG(status->st_mode))
		return 0;
	SP_AUTO_FREE char *shown = sp_name_shown(key);
	return sp_fail(err, SP_UNSUPPORTED,
		       "cannot read \"%s\" in bucket \"%s\": it is a %s, not a regular file", shown,
		       bucket, kind_name(status->st_mode));
}

int folder_open_source(struct objects *objects, const char *bucket, const char *key, int *out_fd,
		       struct object_identity *out, struct sp_error *err)
{
	SP_AUTO_FD bucket_fd = -1;
	if (objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;

	/* Looked at before it is opened: opening alone makes some devices act. What is then opened is looked at
	 * again, and never waited for. */
	struct stat status;
	if (find_file(bucket_fd, key, &status) != 0)
		return objects_fail_beneath(err, "could not open", bucket, key);
	if (check_regular(&status, bucket, key, err) != 0)
		return -1;
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -1 || fstat(fd, &status) != 0)
		return objects_fail_beneath(err, "could not open", bucket, key);
	if (check_regular(&status, bucket, key, err) != 0)
		return -1;
	*out = identity_of(&status);
	*out_fd = sp_take_fd(&fd);
	return 0;
}

int folder_check_source(struct objects *objects, const char *bucket, const char *key,
			const struct object_identity *identity, struct sp_error *err)
{
	SP_AUTO_FD bucket_fd = -1;
	if (objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	struct stat status;
	if (find_file(bucket_fd, key, &status) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return objects_fail_changed(err, bucket, key, "it is gone");
		return objects_fail_beneath(err, "could not look at", bucket, key);
	}

	struct object_identity now = identity_of(&status);
	if (now.device != identity->device || now.inode != identity->inode)
		return objects_fail_changed(err, bucket, key, "another file is in its place");
	if (now.size != identity->size)
		return objects_fail_changed(err, bucket, key, "its size is another");
	if (now.mtime_ns != identity->mtime_ns)
		return objects_fail_changed(err, bucket, key, "it was written to");
	if (now.ctime_ns != identity->ctime_ns)
		return objects_fail_changed(err, bucket, key, "its attributes were changed");
	return 0;
}
