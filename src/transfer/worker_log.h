#pragma once
/**
 * What a worker process says on its standard error: its own lines of the log, and what a sanitizer or a library prints
 * before the process dies. The process talks to hostile servers, so the daemon reads that from a pipe and logs it with
 * the connector's id in front: whatever it writes, no line of the log is anybody else's. Nothing is lost; what would
 * fill the log waits in the pipe, and the process with it. On the loop's thread.
 */

#include <stdint.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "model/connector.h"

enum { WORKER_LOG_LINE_MAX = 1024 /* bytes; what is longer is several lines */ };

/** Starts as { 0 }. */
struct worker_log {
	struct loop *loop;
	struct loop_watch *watch; /* NULL: nothing more comes */
	struct loop_timer *pause; /* while too much was said */
	int fd;
	char connector_id[CONNECTOR_ID_SIZE];
	pid_t pid;
	int64_t allowance;  /* bytes that may be logged; below 0: too many were … */
	int64_t counted_ms; /* … as of this time (monotonic) */
	size_t length;
	char line[WORKER_LOG_LINE_MAX + 1]; /* begun */
};

/** Our end, which does not block, and the worker's, which does; both close-on-exec, owned by the caller. */
int worker_log_pipe(int out_fds[2], struct sp_error *err);

/** @fd: our end; taken. @log must stay where it is. */
void worker_log_begin(struct worker_log *log, struct loop *loop, const char *connector_id,
		      pid_t pid, int fd);

/** The process is gone: logs all that it still had to say. */
void worker_log_end(struct worker_log *log);
