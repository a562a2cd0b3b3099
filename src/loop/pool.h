#pragma once
/** A fixed number of threads that take work from one bounded queue, in order. */

#include <stddef.h>

#include "loop/loop.h"

struct pool;

/** @name shows in the kernel's thread names (≤ 15 bytes). All signals are blocked in its threads. */
int pool_create(const char *name, size_t threads, size_t queue_max, struct pool **out,
		struct sp_error *err);

/** Waits for what is queued and running. NULL is fine. */
void pool_destroy(struct pool *pool);

/** Any thread. Returns 0, or -1 with SP_LIMIT when the queue is full. */
int pool_submit(struct pool *pool, loop_fn *work, void *ctx, struct sp_error *err);

/** The same without a limit: for callers that bound their own number. Never fails. */
void pool_add(struct pool *pool, loop_fn *work, void *ctx);

/** @work(@ctx) in the pool, then @done(@ctx) on the loop. When the queue is full it waits in an unbounded list of the
 *  pool's: for callers that bound their own number (a file has at most one such call under way). Never fails. */
void pool_run(struct pool *pool, struct loop *loop, loop_fn *work, loop_fn *done, void *ctx);
