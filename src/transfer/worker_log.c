#include "transfer/worker_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"

enum {
	AT_ONCE_BYTES = 256 * 1024, /* more than any report of a sanitizer */
	A_SECOND_BYTES = 4 * 1024,  /* after that */
	LINE_BYTES = 100,           /* what a line costs besides its own: time, ids */
	READ_BYTES = 1024, /* at once: all of it is logged, and may be nothing but short lines */
	PIPE_BYTES = 64 * 1024, /* what a pipe holds */
};

int worker_log_pipe(int out_fds[2], struct sp_error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) == -1)
		return sp_fail_errno(err, "could not create a pipe for a log");
	SP_AUTO_FD ours = fds[0];
	SP_AUTO_FD theirs = fds[1];
	if (fcntl(ours, F_SETFL, O_NONBLOCK) == -1)
		return sp_fail_errno(err, "could not prepare the pipe for a log");
	out_fds[0] = sp_take_fd(&ours);
	out_fds[1] = sp_take_fd(&theirs);
	return 0;
}

static void end_line(struct worker_log *log)
{
	log->allowance -= (int64_t)log->length + LINE_BYTES;
	log->line[log->length] = '\0';
	if (log->length > 0)
		sp_log(SP_LOG_WARNING, "worker %d of %s says: %s", (int)log->pid, log->connector_id,
		       log->line);
	log->length = 0;
}

static void take(struct worker_log *log, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\0' || log->length == WORKER_LOG_LINE_MAX)
			end_line(log);
		if (bytes[i] != '\n' && bytes[i] != '\0')
			log->line[log->length++] = bytes[i];
	}
}

/* False when there is nothing now. */
static bool read_some(struct worker_log *log)
{
	char bytes[READ_BYTES];
	ssize_t got;
	do
		got = read(log->fd, bytes, sizeof(bytes));
	while (got == -1 && errno == EINTR);
	if (got > 0)
		take(log, bytes, (size_t)got);
	return got > 0;
}

static void count_time(struct worker_log *log)
{
	int64_t now_ms = sp_monotonic_ms();
	int64_t more = (now_ms - log->counted_ms) * A_SECOND_BYTES / 1000;
	if (more == 0)
		return;
	log->counted_ms = now_ms;
	log->allowance += more;
	if (log->allowance > AT_ONCE_BYTES)
		log->allowance = AT_ONCE_BYTES;
}

static void listen_again(void *ctx)
{
	struct worker_log *log = ctx;
	log->pause = NULL;
	loop_watch_change(log->watch, EPOLLIN);
}

static void pause_for(struct worker_log *log, int64_t delay_ms)
{
	loop_watch_change(log->watch, 0);
	log->pause = loop_add_timer(log->loop, delay_ms, listen_again, log);
}

static void pipe_event(void *ctx, uint32_t events)
{
	struct worker_log *log = ctx;
	if ((events & EPOLLHUP) != 0) { /* what is left fits into the pipe */
		worker_log_end(log);
		return;
	}
	count_time(log);
	if (log->allowance > 0)
		read_some(log);
	else if (log->pause == NULL)
		pause_for(log, (-log->allowance + 1) * 1000 / A_SECOND_BYTES + 1);
}

void worker_log_begin(struct worker_log *log, struct loop *loop, const char *connector_id,
		      pid_t pid, int fd)
{
	*log = (struct worker_log){ .loop = loop,
				    .fd = fd,
				    .pid = pid,
				    .allowance = AT_ONCE_BYTES,
				    .counted_ms = sp_monotonic_ms() };
	snprintf(log->connector_id, sizeof(log->connector_id), "%s", connector_id);
	log->watch = loop_watch_fd(loop, fd, EPOLLIN, pipe_event, log);
}

void worker_log_end(struct worker_log *log)
{
	if (log->watch == NULL)
		return;
	loop_watch_remove(log->watch);
	log->watch = NULL;
	loop_cancel_timer(log->pause);
	log->pause = NULL;
	/* Nobody writes any more; and if somebody did, not for ever. */
	for (int left = PIPE_BYTES / READ_BYTES; left > 0 && read_some(log); left--)
		;
	if (log->length > 0)
		end_line(log);
	sp_close_fd(&log->fd);
}
