#include "remote/read_ahead.h"

/* poll() and recv() are defined here: the checking forms of the headers would define them a second time. */
#undef _FORTIFY_SOURCE

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/tcp.h"

enum { FEW_BYTES = 1024 /* of a receive: the stream is not busy */ };
enum { MS_PER_SECOND = 1000, NS_PER_MS = 1000000 };

static _Thread_local struct read_ahead *entered;

void read_ahead_enter(struct read_ahead *ahead)
{
	entered = ahead;
}

static bool holds_bytes_of(int fd)
{
	return entered != NULL && entered->fd == fd && entered->first < entered->end;
}

/* ---- the C library's names --------------------------------------------------------------------------------------- */

/* The linker gives libssh these because the program has them. */
#define OVER_LIBC __attribute__((visibility("default"), used))

OVER_LIBC ssize_t recv(int fd, void *out, size_t room, int flags)
{
	if (entered == NULL || entered->fd != fd || flags != 0)
		return recvfrom(fd, out, room, flags, NULL, NULL);
	if (entered->first == entered->end) {
		ssize_t count = recvfrom(fd, entered->bytes, sizeof(entered->bytes), 0, NULL, NULL);
		if (count <= 0)
			return count;
		if (count <= FEW_BYTES)
			sp_tcp_acknowledge_at_once(fd);
		entered->first = 0;
		entered->end = (size_t)count;
	}
	size_t there = entered->end - entered->first;
	size_t count = room < there ? room : there;
	memcpy(out, entered->bytes + entered->first, count);
	entered->first += count;
	return (ssize_t)count;
}

static int poll_kernel(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec timeout = { .tv_sec = timeout_ms / MS_PER_SECOND,
				    .tv_nsec = (long)(timeout_ms % MS_PER_SECOND) * NS_PER_MS };
	return ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

/** The entry that bytes in the buffer make ready, or NULL. */
static struct pollfd *find_ready(struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = 0; i < count; i++)
		if ((fds[i].events & POLLIN) != 0 && holds_bytes_of(fds[i].fd))
			return &fds[i];
	return NULL;
}

OVER_LIBC int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct pollfd *ready = find_ready(fds, count);
	if (ready == NULL)
		return poll_kernel(fds, count, timeout_ms);
	/* libssh goes on asking for POLLOUT after it has sent something, once for every 4 KiB that it reads: it is told
	 * when the buffer is empty, which is soon. */
	if (count == 1) {
		ready->revents = POLLIN;
		return 1;
	}
	int others = poll_kernel(fds, count, 0);
	if (others < 0)
		return others;
	int more = ready->revents == 0;
	ready->revents |= POLLIN;
	return others + more;
}
