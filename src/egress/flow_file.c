#include "egress/flow_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/scope.h"
#include "loop/pool.h"

enum { FILE_MODE = 0640 };

struct flow_file {
	struct pool *pool; /* one thread */
	char *path;
	int64_t size_max, kept;

	pthread_mutex_t lock;
	struct sp_buffer waiting; /* guarded by the lock, as is */
	uint64_t lost;            /* lines that there was no room for */

	/* The writer's: */
	int fd;
	int64_t size;
	bool failing; /* that was said, and is not said again before it works */
};

/* ---- one file ---------------------------------------------------------------------------------------------------- */

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

static int open_file(struct flow_file *file, struct sp_error *err)
{
	/* Not blocking: whatever lies there, opening it must come back. */
	SP_AUTO_FD fd =
		open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		     FILE_MODE);
	struct stat status;
	if (fd == -1 || fstat(fd, &status) == -1)
		return sp_fail_errno(err, "could not open the flow log \"%s\"", file->path);
	if (!S_ISREG(status.st_mode))
		return sp_fail(err, SP_INVALID, "cannot use \"%s\" as the flow log: it is no file",
			       file->path);
	int64_t size = status.st_size;
	if (end_last_line(fd, &size) != 0)
		return sp_fail_errno(err, "could not write the flow log \"%s\"", file->path);
	sp_close_fd(&file->fd);
	file->fd = sp_take_fd(&fd);
	file->size = size;
	return 0;
}

static bool is_still_there(const struct flow_file *file)
{
	struct stat there, ours;
	return file->fd >= 0 && lstat(file->path, &there) == 0 && fstat(file->fd, &ours) == 0 &&
	       there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

static void rotated_path(const struct flow_file *file, int64_t number, struct sp_buffer *out)
{
	sp_buffer_clear(out);
	sp_buffer_format(out, "%s.%lld", file->path, (long long)number);
}

/* FILE.2 becomes FILE.3, FILE.1 FILE.2, and the file itself FILE.1. The last one goes. */
static int rotate(struct flow_file *file, struct sp_error *err)
{
	SP_AUTO_BUFFER from = { 0 }, to = { 0 };
	for (int64_t number = file->kept - 1; number >= 0; number--) {
		rotated_path(file, number, &from);
		rotated_path(file, number + 1, &to);
		const char *name = number == 0 ? file->path : sp_buffer_text(&from);
		if (rename(name, sp_buffer_text(&to)) == -1 && errno != ENOENT)
			return sp_fail_errno(err, "could not rename \"%s\"", name);
	}
	return open_file(file, err);
}

static int append(struct flow_file *file, const char *lines, size_t length, struct sp_error *err)
{
	if (write_whole(file->fd, lines, length) == 0) {
		file->size += (int64_t)length;
		return 0;
	}
	sp_fail_errno(err, "could not write the flow log \"%s\"", file->path);
	if (ftruncate(file->fd, file->size) == -1)
		sp_close_fd(&file->fd); /* opened anew, it begins on a new line */
	return -1;
}

/* As many whole lines as the file has room for, at least one. */
static size_t fitting(const struct flow_file *file, const char *lines, size_t length)
{
	int64_t room = file->size_max - file->size;
	if (room >= (int64_t)length)
		return length;
	const char *end = room > 0 ? memrchr(lines, '\n', (size_t)room) : NULL;
	if (end == NULL && file->size == 0)
		end = memchr(lines, '\n', length);
	return end == NULL ? 0 : (size_t)(end - lines) + 1;
}

/* Returns how many bytes are in the file; fewer than all with @err. */
static size_t write_lines(struct flow_file *file, const char *lines, size_t length,
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

/* ---- the writer -------------------------------------------------------------------------------------------------- */

static void note_outcome(struct flow_file *file, const struct sp_error *err, uint64_t lost)
{
	if (err->code != SP_OK && !file->failing)
		sp_log(SP_LOG_ERROR, "%s; its lines wait for the next try", err->message);
	else if (err->code == SP_OK && file->failing)
		sp_log(SP_LOG_INFO, "the flow log \"%s\" can be written again", file->path);
	if (err->code == SP_OK && lost > 0)
		sp_log(SP_LOG_WARNING, "the flow log \"%s\" lacks %llu lines", file->path,
		       (unsigned long long)lost);
	file->failing = err->code != SP_OK;
}

/* What is not written goes back in front of what came meanwhile. */
static void give_back(struct flow_file *file, struct sp_buffer *lines, size_t done)
{
	struct sp_buffer rest = { 0 };
	pthread_mutex_lock(&file->lock);
	sp_buffer_add(&rest, lines->data + done, lines->length - done);
	sp_buffer_add(&rest, sp_buffer_text(&file->waiting), file->waiting.length);
	sp_buffer_finish(&file->waiting);
	file->waiting = rest;
	pthread_mutex_unlock(&file->lock);
}

static void write_waiting(void *ctx)
{
	struct flow_file *file = ctx;
	struct sp_error err = { 0 };
	pthread_mutex_lock(&file->lock);
	SP_AUTO_BUFFER lines = file->waiting;
	file->waiting = (struct sp_buffer){ 0 };
	uint64_t lost = file->lost;
	pthread_mutex_unlock(&file->lock);
	if (lines.length == 0)
		return;

	size_t done = write_lines(file, lines.data, lines.length, &err);
	note_outcome(file, &err, lost);
	if (done < lines.length) {
		give_back(file, &lines, done);
		return;
	}
	pthread_mutex_lock(&file->lock);
	file->lost -= lost;
	pthread_mutex_unlock(&file->lock);
}

void flow_file_add(struct flow_file *file, const char *lines, size_t length)
{
	if (file == NULL || length == 0)
		return;
	pthread_mutex_lock(&file->lock);
	if (file->waiting.length + length <= FLOW_FILE_WAITING_MAX)
		sp_buffer_add(&file->waiting, lines, length);
	else
		for (const char *at = lines;
		     (at = memchr(at, '\n', length - (size_t)(at - lines))) != NULL; at++)
			file->lost++;
	pthread_mutex_unlock(&file->lock);
	/* A full queue: somebody is on the way to it already. */
	pool_submit(file->pool, write_waiting, file, NULL);
}

int flow_file_open(const char *path, int64_t size_max, int64_t kept, struct flow_file **out,
		   struct sp_error *err)
{
	struct flow_file *file = sp_alloc(sizeof(*file));
	file->path = sp_strdup(path);
	file->size_max = size_max;
	file->kept = kept;
	file->fd = -1;
	pthread_mutex_init(&file->lock, NULL);
	if (open_file(file, err) != 0 || pool_create("flow log", 1, 1, &file->pool, err) != 0) {
		flow_file_close(file);
		return -1;
	}
	*out = file;
	return 0;
}

void flow_file_close(struct flow_file *file)
{
	if (file == NULL)
		return;
	pool_destroy(file->pool);
	write_waiting(file);
	sp_close_fd(&file->fd);
	sp_buffer_finish(&file->waiting);
	pthread_mutex_destroy(&file->lock);
	free(file->path);
	free(file);
}
