#pragma once
/**
 * One event loop: descriptors, timers, children, and work that other threads post to it.
 * Everything but loop_post() and loop_stop() belongs to the thread that runs loop_run().
 * Callbacks run on that thread, never inside the call that asked for them; they may add and remove anything, also
 * themselves. A callback never blocks: what may block goes to a pool (loop/pool.h).
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct loop;
struct loop_watch;
struct loop_timer;

typedef void loop_fn(void *ctx);
typedef void loop_fd_fn(void *ctx, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
typedef void loop_child_fn(void *ctx, pid_t pid, int wait_status);

int loop_create(struct loop **out, struct sp_error *err);

/** After loop_run() returned. Posted work that did not run yet is run once, so that nothing leaks. NULL is fine. */
void loop_destroy(struct loop *loop);

/** Until loop_stop(). */
void loop_run(struct loop *loop);

/** Any thread, also a signal handler's thread: the current round ends and loop_run() returns. */
void loop_stop(struct loop *loop);

/** Any thread: @fn(@ctx) runs on the loop, in the order of the posts. Never fails. */
void loop_post(struct loop *loop, loop_fn *fn, void *ctx);

/** @fd is borrowed until the watch is removed. Level-triggered. Never NULL. */
struct loop_watch *loop_watch_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn,
				 void *ctx);
void loop_watch_change(struct loop_watch *watch, uint32_t events);
void loop_watch_remove(struct loop_watch *watch); /* NULL is fine */

/** Once, after @delay_ms. The timer is gone after it fired. Never NULL. */
struct loop_timer *loop_add_timer(struct loop *loop, int64_t delay_ms, loop_fn *fn, void *ctx);
void loop_cancel_timer(struct loop_timer *timer); /* NULL is fine; not after it fired */

/** Once, when the child has ended (it is reaped here, by pidfd). */
void loop_watch_child(struct loop *loop, pid_t pid, loop_child_fn *fn, void *ctx);
