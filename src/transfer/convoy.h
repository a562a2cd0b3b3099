#pragma once
/**
 * What one round of the loop sends away goes together and comes back together: to the file pool in a few convoys, to the
 * store's writer in one. Waking a thread costs more than what most of them do there; with many small files on their way
 * that would be most of the work.
 *
 * On the loop's thread, as all of transfer/.
 */

#include <stddef.h>

#include "loop/pool.h"
#include "store/store.h"

typedef void convoy_written_fn(void *ctx, int result, const struct sp_error *err);

struct convoy_job;

/** Those that wait for the round to end. Starts as { .loop = …, … }. */
struct convoys {
	struct loop *loop;
	struct pool *pool;
	struct store *store;
	struct convoy_queue {
		struct convoy_job *first, *last;
		size_t count;
	} jobs, writes;
};

/** @work in the pool, then @done on the loop. One that takes long keeps up to CONVOY_JOBS_MAX others from coming back. */
void convoys_run(struct convoys *convoys, loop_fn *work, loop_fn *done, void *ctx);

/** @write by the store's writer, then @written on the loop, after the commit. */
void convoys_commit(struct convoys *convoys, store_fn *write, convoy_written_fn *written,
		    void *ctx);
