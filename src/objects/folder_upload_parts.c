/* The parts of an upload: "00017-<md5>" in its folder. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "base/text.h"
#include "objects/folder.h"
#include "objects/folder_uploads_inside.h"

enum {
	PART_FILE_SIZE = 48,
	NUMBER_DIGITS = 5,
	COPY_MAX = 64 << 20, /* bytes at once */
};

static void file_name(const struct upload_part *part, char out[PART_FILE_SIZE])
{
	snprintf(out, PART_FILE_SIZE, "%0*d-%s", NUMBER_DIGITS, part->number, part->md5);
}

static bool read_name(const char *name, struct upload_part *out)
{
	char digits[NUMBER_DIGITS + 1], made[PART_FILE_SIZE];
	uint64_t number;
	snprintf(digits, sizeof(digits), "%s", name);
	if (!sp_text_to_u64(digits, 1, UPLOAD_PARTS_MAX, &number) || name[NUMBER_DIGITS] != '-')
		return false;
	*out = (struct upload_part){ .number = (int)number };
	snprintf(out->md5, sizeof(out->md5), "%s", name + NUMBER_DIGITS + 1);
	file_name(out, made);
	return strcmp(made, name) == 0;
}

/* Others of the same number: what was sent before it was sent again. */
static void remove_others(int folder_fd, const struct upload_part *part)
{
	DIR *folder = staging_list(folder_fd);
	struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		struct upload_part other;
		if (read_name(entry->d_name, &other) && other.number == part->number &&
		    strcmp(other.md5, part->md5) != 0)
			unlinkat(folder_fd, entry->d_name, 0);
	}
	if (folder != NULL)
		closedir(folder);
}

int uploads_put_part(struct objects *objects, const char *bucket, const char *id,
		     const char *file_id, const struct upload_part *part, struct sp_error *err)
{
	char staging[STAGING_NAME_SIZE], name[PART_FILE_SIZE];
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD staging_fd = -1;
	SP_AUTO_FD folder_fd = -1;
	SP_AUTO_FD fd = -1;
	if (staging_name(file_id, 0, staging, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0 ||
	    upload_open_folder(bucket_fd, bucket, id, &folder_fd, err) != 0)
		return -1;
	if (staging_open_folder(bucket_fd, &staging_fd) != 0)
		return sp_fail_errno(err, "could not open \"%s\" in bucket \"%s\"",
				     OBJECTS_STAGING_FOLDER, bucket);
	if (staging_open_file(staging_fd, staging, part->size, &fd, err) != 0)
		return -1;
	file_name(part, name);
	if (fsync(fd) != 0 || renameat(staging_fd, staging, folder_fd, name) != 0 ||
	    fsync(folder_fd) != 0)
		return errno == ENOENT ? upload_fail_gone(id, err)
				       : sp_fail_errno(err, "could not keep part %d of an upload",
						       part->number);
	remove_others(folder_fd, part);
	return 0;
}

static int compare_parts(const void *a, const void *b)
{
	const struct upload_part *one = a, *other = b;
	return one->number - other->number;
}

/* 0: it is none, or gone. -1 and errno: nobody can say. */
static int look_at_part(int folder_fd, const char *name, struct upload_part *out)
{
	struct stat status;
	if (!read_name(name, out))
		return 0;
	if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return objects_says_gone(errno) ? 0 : -1;
	out->size = (uint64_t)status.st_size;
	out->time_ms = (int64_t)status.st_mtim.tv_sec * 1000;
	return 1;
}

int uploads_list_parts(struct objects *objects, const char *bucket, const char *id,
		       struct upload_part **out, size_t *out_count, struct sp_error *err)
{
	SP_AUTO_FD folder_fd = -1;
	if (upload_open(objects, bucket, id, &folder_fd, err) != 0)
		return -1;
	SP_AUTO_FREE struct upload_part *parts = sp_alloc(UPLOAD_PARTS_MAX * sizeof(*parts));
	size_t count = 0;
	DIR *folder = staging_list(folder_fd);
	struct dirent *entry;
	int found = folder == NULL ? -1 : 1;
	while (found == 1 && count < UPLOAD_PARTS_MAX &&
	       (found = objects_next_entry(folder, &entry)) == 1) {
		int known = look_at_part(folder_fd, entry->d_name, &parts[count]);
		if (known == 1)
			count++;
		else if (known == -1)
			found = -1;
	}
	if (found == -1)
		sp_fail_errno(err, "could not list the parts of an upload");
	if (folder != NULL)
		closedir(folder);
	if (found == -1)
		return -1;
	qsort(parts, count, sizeof(*parts), compare_parts);
	*out = sp_take_pointer(&parts);
	*out_count = count;
	return 0;
}

/* In the kernel, and without any copy where the file system shares blocks. */
static int append(int from, int to, uint64_t size)
{
	while (size > 0) {
		size_t wanted = size < COPY_MAX ? (size_t)size : COPY_MAX;
		ssize_t count = copy_file_range(from, NULL, to, NULL, wanted, 0);
		if (count <= 0)
			return -1;
		size -= (uint64_t)count;
	}
	/* On its way to the disk while the next part is copied: the sync at the end has less to wait for. */
	sync_file_range(to, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

static int add_part(int folder_fd, struct upload_part *part, int to, struct sp_error *err)
{
	char name[PART_FILE_SIZE];
	struct stat status;
	file_name(part, name);
	SP_AUTO_FD fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return sp_fail(err, SP_NOT_FOUND,
			       "the upload has no part %d with that ETag: it was not sent, or sent "
			       "again since",
			       part->number);
	if (fd == -1 || fstat(fd, &status) != 0)
		return sp_fail_errno(err, "could not open part %d", part->number);
	part->size = (uint64_t)status.st_size;
	if (append(fd, to, part->size) != 0)
		return sp_fail_errno(err, "could not put part %d to the others", part->number);
	return 0;
}

int uploads_hold(struct objects *objects, const char *bucket, const struct upload *upload,
		 int *out_fd, struct sp_error *err)
{
	SP_AUTO_FD fd = -1;
	if (upload_open(objects, bucket, upload->id, &fd, err) != 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return sp_fail(err, SP_CONFLICT,
			       "the upload is being completed already: ask for the object a "
			       "little later");
	/* It may have been completed between the two. */
	if (faccessat(fd, UPLOAD_ABOUT, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return upload_fail_gone(upload->id, err);
	*out_fd = sp_take_fd(&fd);
	return 0;
}

int uploads_abort(struct objects *objects, const char *bucket, const struct upload *upload,
		  struct sp_error *err)
{
	SP_AUTO_FD hold = -1;
	return uploads_hold(objects, bucket, upload, &hold, err) != 0
		       ? -1
		       : uploads_remove(objects, bucket, upload->id, err);
}

int uploads_assemble(struct objects *objects, const char *bucket, const struct upload *upload,
		     struct upload_part *parts, size_t count, const char *file_id, int *out_fd,
		     void (*tell)(void *ctx), void *ctx, struct sp_error *err)
{
	SP_AUTO_FD folder_fd = -1;
	SP_AUTO_FD fd = -1;
	if (upload_open(objects, bucket, upload->id, &folder_fd, err) != 0)
		return -1;
	if (folder_create_staging(objects, bucket, upload->key, file_id, 0, &fd, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (add_part(folder_fd, &parts[i], fd, err) != 0) {
			folder_remove_staging(objects, bucket, file_id);
			return -1;
		}
		if (tell != NULL)
			tell(ctx);
	}
	*out_fd = sp_take_fd(&fd);
	return 0;
}
