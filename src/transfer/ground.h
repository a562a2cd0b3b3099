#pragma once
/**
 * What everything in transfer/ stands on: the rooms it works with, its options, and the work that is away from the
 * loop's thread. Such work (pool jobs, commits, children) is counted and always comes back to the loop, so that the
 * engine knows when nothing is under way. Everything in transfer/ lives on the loop's thread:
 *
 *   engine ──► lane (one per busy connector) ──► file_run (one per file within the credit)
 *     │           └──► lane_worker ──► worker_process ◄── test_run
 *     └──► test_run
 */

#include <stdbool.h>

#include "transfer/convoy.h"
#include "transfer/engine.h"
#include "transfer/logging.h"
#include "transfer/places.h"
#include "transfer/progress.h"
#include "transfer/storage_calls.h"
#include "transfer/wait_clock.h"

struct ground {
	struct transfer_rooms rooms;
	struct transfer_options options; /* texts owned */
	size_t under_way;
	struct places places; /* one for each worker process, until it is reaped */
	size_t runs;        /* files under way in all lanes; each has at most one descriptor open */
	size_t descriptors; /* that they may have together */
	struct wait_clock wait_clock;
	struct convoys convoys;
	struct storage_calls storage_calls;
	struct progress_board *board;
	bool stopping; /* nothing new is begun */
	loop_fn *stopped;
	void *stopped_ctx;
};

/** Copies the options' texts. */
void ground_init(struct ground *ground, const struct transfer_rooms *rooms,
		 const struct transfer_options *options);
void ground_finish(struct ground *ground);

/** @work in the pool for buckets, then @done on the loop. @work is quick, unless a file system hangs. */
void ground_run(struct ground *ground, loop_fn *work, loop_fn *done, void *ctx);

/** The same for work that takes as long as a disk does. */
void ground_run_long(struct ground *ground, loop_fn *work, loop_fn *done, void *ctx);

/** The same for work that asks a storage (its number: objects_storage_of()), which may hang: it keeps no other one's waiting. */
void ground_run_storage(struct ground *ground, size_t storage, loop_fn *work, loop_fn *done,
			void *ctx);

/** The same in the pool for reading the store. */
void ground_read(struct ground *ground, loop_fn *work, loop_fn *done, void *ctx);

typedef convoy_written_fn ground_written_fn;

/** @write by the store's writer, then @written on the loop, after the commit. */
void ground_commit(struct ground *ground, store_fn *write, ground_written_fn *written, void *ctx);

/** How many descriptors there are for the files of one lane among those that have a worker; 0: all are taken. */
size_t ground_descriptor_share(const struct ground *ground);

/** Wall-clock times by which files wait; see wait_clock.h. */
int64_t ground_early_ms(const struct ground *ground);
int64_t ground_late_ms(const struct ground *ground);

/** For the commits that end files. Borrows. */
struct logging ground_logging(const struct ground *ground);

/** Counts something else that will come back. */
void ground_went_out(struct ground *ground);
void ground_came_back(struct ground *ground);
