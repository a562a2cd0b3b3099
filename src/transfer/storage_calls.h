#pragma once
/**
 * Calls of the daemon's own to storage, which may hang: each storage has a share of the pool's threads, and what is beyond
 * that waits for calls to the same storage only. On the loop's thread.
 */

#include <stddef.h>

#include "loop/pool.h"

enum {
	STORAGE_CALLS_MAX = 24, /* at a time to one storage */
	STORAGE_THREADS_MAX =
		128, /* for all of them; with more storages than that some share a thread */
};

struct storage_call;

struct storage_calls {
	struct pool *pool;
	struct loop *loop;
	size_t share;
	struct storage_line {
		size_t under_way;
		struct storage_call *first, **last; /* those that wait */
	} * lines;                                  /* one for each storage */
};

/** How many threads so many storages need, and @out_share: each of them may use. */
size_t storage_calls_threads(size_t storages, size_t *out_share);

void storage_calls_init(struct storage_calls *calls, struct pool *pool, struct loop *loop,
			size_t storages);
/** Nothing is under way any more. */
void storage_calls_finish(struct storage_calls *calls);

/** @work in the pool when it is its storage's turn, then @done on the loop. @storage: its number, from 0. */
void storage_calls_run(struct storage_calls *calls, size_t storage, loop_fn *work, loop_fn *done,
		       void *ctx);
