#include "base/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/scope.h"

enum { FILE_MODE = 0640 };

struct sp_line_file {
	const char *what;
	char *path;
	int64_t size_max, kept;
	int fd;
	int64_t size;
	bool is_new; /* its name may not be on disk */
};

static int write_whole(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, text, length);
		if (count == -1 && errno == EINTR)
			continue;
		if (count <= 0)
			return -1;
		text += count;
		length -= (size_t)count;
	}
	return 0;
}

/* What ended in the middle of a line must not swallow the next one. */
static int end_last_line(int fd, int64_t *size)
{
	char last = '\n';
	if (*size > 0 && pread(fd, &last, 1, *size - 1) != 1)
		return -1;
	if (last == '\n')
		return 0;
	(*size)++;
	return write_whole(fd, "\n", 1);
}

static int open_file(struct sp_line_file *file, struct sp_error *err)
{
	/* Not blocking: whatever lies there, opening it must come back. */
	SP_AUTO_FD fd =
		open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		     FILE_MODE);
	struct stat status;
	if (fd == -1 || fstat(fd, &status) == -1)
		return sp_fail_errno(err, "could not open the %s \"%s\"", file->what, file->path);
	if (!S_ISREG(status.st_mode))
		return sp_fail(err, SP_INVALID, "cannot use \"%s\" as the %s: it is no file",
			       file->path, file->what);
	int64_t size = status.st_size;
	if (end_last_line(fd, &size) != 0)
		return sp_fail_errno(err, "could not write the %s \"%s\"", file->what, file->path);
	sp_close_fd(&file->fd);
	file->fd = sp_take_fd(&fd);
	file->size = size;
	file->is_new = true;
	return 0;
}

static bool is_still_there(const struct sp_line_file *file)
{
	struct stat there, ours;
	return file->fd >= 0 && lstat(file->path, &there) == 0 && fstat(file->fd, &ours) == 0 &&
	       there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

static void rotated_path(const struct sp_line_file *file, int64_t number, struct sp_buffer *out)
{
	sp_buffer_clear(out);
	sp_buffer_format(out, "%s.%lld", file->path, (long long)number);
}

static int sync_content(struct sp_line_file *file, struct sp_error *err)
{
	if (fdatasync(file->fd) == -1)
		return sp_fail_errno(err, "could not sync the %s \"%s\"", file->what, file->path);
	return 0;
}

/* FILE.2 becomes FILE.3, FILE.1 FILE.2, and the file itself FILE.1. The last one goes. */
static int rotate(struct sp_line_file *file, struct sp_error *err)
{
	SP_AUTO_BUFFER from = { 0 }, to = { 0 };
	if (sync_content(file, err) != 0)
		return -1;
	for (int64_t number = file->kept - 1; number >= 0; number--) {
		rotated_path(file, number, &from);
		rotated_path(file, number + 1, &to);
		const char *name = number == 0 ? file->path : sp_buffer_text(&from);
		if (rename(name, sp_buffer_text(&to)) == -1 && errno != ENOENT)
			return sp_fail_errno(err, "could not rename \"%s\"", name);
	}
	return open_file(file, err);
}

static int append(struct sp_line_file *file, const char *lines, size_t length, struct sp_error *err)
{
	if (write_whole(file->fd, lines, length) == 0) {
		file->size += (int64_t)length;
		return 0;
	}
	sp_fail_errno(err, "could not write the %s \"%s\"", file->what, file->path);
	if (ftruncate(file->fd, file->size) == -1)
		sp_close_fd(&file->fd); /* opened anew, it begins on a new line */
	return -1;
}

/* As many whole lines as the file has room for, at least one. */
static size_t fitting(const struct sp_line_file *file, const char *lines, size_t length)
{
	int64_t room = file->size_max - file->size;
	if (room >= (int64_t)length)
		return length;
	const char *end = room > 0 ? memrchr(lines, '\n', (size_t)room) : NULL;
	if (end == NULL && file->size == 0)
		end = memchr(lines, '\n', length);
	return end == NULL ? 0 : (size_t)(end - lines) + 1;
}

size_t sp_line_file_write(struct sp_line_file *file, const char *lines, size_t length,
			  struct sp_error *err)
{
	size_t done = 0;
	if (!is_still_there(file) && open_file(file, err) != 0)
		return 0;
	while (done < length) {
		size_t part = fitting(file, lines + done, length - done);
		if (part == 0 ? rotate(file, err) != 0 : append(file, lines + done, part, err) != 0)
			break;
		done += part;
	}
	return done;
}

static int sync_folder(struct sp_line_file *file, struct sp_error *err)
{
	SP_AUTO_FREE char *copy = sp_strdup(file->path);
	SP_AUTO_FD folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1 || fsync(folder) == -1)
		return sp_fail_errno(err, "could not sync the folder of the %s \"%s\"", file->what,
				     file->path);
	file->is_new = false;
	return 0;
}

int sp_line_file_sync(struct sp_line_file *file, struct sp_error *err)
{
	if (sync_content(file, err) != 0)
		return -1;
	return file->is_new ? sync_folder(file, err) : 0;
}

const char *sp_line_file_path(const struct sp_line_file *file)
{
	return file->path;
}

int sp_line_file_open(const struct sp_line_file_options *options, struct sp_line_file **out,
		      struct sp_error *err)
{
	struct sp_line_file *file = sp_alloc(sizeof(*file));
	file->what = options->what;
	file->path = sp_strdup(options->path);
	file->size_max = options->size_max;
	file->kept = options->kept;
	file->fd = -1;
	if (open_file(file, err) != 0) {
		sp_line_file_close(file);
		return -1;
	}
	*out = file;
	return 0;
}

void sp_line_file_close(struct sp_line_file *file)
{
	if (file == NULL)
		return;
	sp_close_fd(&file->fd);
	free(file->path);
	free(file);
}
