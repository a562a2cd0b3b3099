/*
 * For a program that is started with LD_PRELOAD=…/libslow_sync.so: each fdatasync() takes SLOW_SYNC_MS milliseconds
 * longer, and leaves a byte in the file SLOW_SYNC_COUNT. SQLite syncs once for each commit.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void count(void)
{
	const char *path = getenv("SLOW_SYNC_COUNT");
	int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, ".", 1) != 1)
		abort();
	close(fd);
}

int fdatasync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	const char *delay_ms = getenv("SLOW_SYNC_MS");
	struct timespec pause = { .tv_nsec = delay_ms == NULL ? 0 : atol(delay_ms) * 1000000 };
	nanosleep(&pause, NULL);
	count();
	return real(fd);
}
