#pragma once
/**
 * What the files of transfer/ share. Everything here lives on the loop's thread.
 *
 *   engine ──► lane (one per busy connector) ──► file_run (one per file within the credit)
 *                 └──► worker_process
 *
 * Work that leaves the thread (a pool, the store) is counted in @under_way and always comes back to the loop.
 */

#include <stdbool.h>

#include "base/error.h"
#include "transfer/engine.h"

struct lane;
struct test_run;
struct worker_process;

struct transfer_engine {
	struct transfer_rooms rooms;
	struct transfer_options options; /* texts owned */
	struct lane *lanes;
	struct test_run *tests;
	size_t under_way; /* pool jobs, commits and children that will still come back */
	bool stopping;
	loop_fn *stopped;
	void *stopped_ctx;
};

/** @work in the file pool, then @done on the loop. */
void engine_run(struct transfer_engine *engine, loop_fn *work, loop_fn *done, void *ctx);

typedef void engine_written_fn(void *ctx, int result, const struct sp_error *err);

/** @write by the store's writer, then @written on the loop, after the commit. */
void engine_commit(struct transfer_engine *engine, store_fn *write, engine_written_fn *written,
		   void *ctx);

/** Counts something that will call engine_came_back(). */
void engine_went_out(struct transfer_engine *engine);
void engine_came_back(struct transfer_engine *engine);

/** Forgets a lane that has nothing to do. */
void engine_drop_lane(struct transfer_engine *engine, struct lane *lane);
