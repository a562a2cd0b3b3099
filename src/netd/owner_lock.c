#include "netd/owner_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"

enum {
	WAIT_MS_MAX = 30000, /* the longest that one request takes, and more */
	WAIT_STEP_MS = 10,
};

static const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000L };

/* The holder takes the file away when it ends: who got a lock on a file without a name has nothing. */
static bool has_name(int fd, const char *path)
{
	struct stat held, named;
	return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino &&
	       held.st_dev == named.st_dev;
}

static int try_once(const char *path, int *out_fd, struct sp_error *err)
{
	SP_AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return sp_fail_errno(err, "could not create \"%s\"", path);
	bool is_held = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (!is_held && errno != EWOULDBLOCK && errno != EINTR)
		return sp_fail_errno(err, "could not lock \"%s\"", path);
	if (is_held && has_name(fd, path))
		*out_fd = sp_take_fd(&fd);
	return 0;
}

int owner_lock_take(struct owner_lock *lock, const char *owner, struct sp_error *err)
{
	if (lock->fd != -1)
		return 0;
	SP_AUTO_BUFFER path = { 0 };
	sp_buffer_format(&path, "/run/sallyport-netd-%s.lock", owner);
	for (int64_t end_ms = sp_monotonic_ms() + WAIT_MS_MAX; lock->fd == -1;) {
		if (try_once(sp_buffer_text(&path), &lock->fd, err) != 0)
			return -1;
		if (lock->fd == -1 && sp_monotonic_ms() > end_ms)
			return sp_fail(
				err, SP_CONFLICT,
				"cannot work for owner %s: another sallyport-netd still does",
				owner);
		if (lock->fd == -1)
			nanosleep(&step, NULL);
	}
	lock->path = sp_buffer_take(&path);
	return 0;
}

void owner_lock_release(struct owner_lock *lock)
{
	if (lock->fd != -1)
		unlink(lock->path);
	sp_close_fd(&lock->fd);
	free(lock->path);
	lock->path = NULL;
}
