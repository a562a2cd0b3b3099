#pragma once
/**
 * One busy connector: its worker (lane_worker.h), the files it works on within its credit, and what it waits for.
 */

#include "store/connectors.h"
#include "transfer/ground.h"

struct lane;

/** The lane has nothing to do: its owner forgets and destroys it. */
typedef void lane_idle_fn(void *ctx, struct lane *lane);

struct lane *lane_create(struct ground *ground, const char *connector_id, lane_idle_fn *idle,
			 void *ctx);
void lane_destroy(struct lane *lane); /* without runs, worker and anything under way */

struct lane *lane_next(const struct lane *lane);
void lane_set_next(struct lane *lane, struct lane *next);
const char *lane_connector_id(const struct lane *lane);

/** Looks for work, soon. */
void lane_wake(struct lane *lane);

/** The connector or its secret changed: the present worker gets no more files; a deleted connector's files are dropped. */
void lane_changed(struct lane *lane);

/** A partner that did not let us in may do so now: one file goes to see. */
void lane_ask_again(struct lane *lane);

/** The connector was paused or resumed: from now on. */
void lane_pause(struct lane *lane, const struct connector_pause *pause);

/** Somebody wants the file to end. False when it is not under way here. */
bool lane_cancel(struct lane *lane, const char *file_id, const char *by, int64_t at_ms);

/** The engine stops: the worker is told to leave. */
void lane_stop(struct lane *lane);
