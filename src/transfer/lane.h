#pragma once
/**
 * One busy connector: its worker, the files it works on within its credit, and what it waits for.
 *
 *   RESTING ──► LOADING ──► WORKING ──► RESTING      (the worker left, or died)
 *                  └──────► REFUSED ──► gone         (no worker can be started: the files fail with the reason)
 */

#include "ipc/worker_message.h"
#include "transfer/internal.h"

struct file_run;

enum lane_state { LANE_RESTING, LANE_LOADING, LANE_WORKING, LANE_REFUSED };

struct lane *lane_create(struct transfer_engine *engine, const char *connector_id);
void lane_destroy(struct lane *lane); /* without runs, worker and anything under way */

struct lane *lane_next(const struct lane *lane);
void lane_set_next(struct lane *lane, struct lane *next);
const char *lane_connector_id(const struct lane *lane);
struct transfer_engine *lane_engine(const struct lane *lane);

/** Looks for work, soon. */
void lane_wake(struct lane *lane);

/** The connector or its secret changed: the present worker gets no more files; a deleted connector's files are dropped. */
void lane_changed(struct lane *lane);

/** The engine stops: the worker is told to leave. */
void lane_stop(struct lane *lane);

/* ---- for file_run.c ---- */

/** False when there is no worker (any more). @fd is taken either way. */
bool lane_send(struct lane *lane, const struct worker_message *message, int fd);

/** Why no worker can be started, NULL unless REFUSED. */
const struct sp_error *lane_refusal(const struct lane *lane, enum failure_step *out_step);

/** A worker is needed although no queued file asks for one: a publish to be finished. */
void lane_need_worker(struct lane *lane);

/** A file's run is over; it frees itself after the call. */
void lane_run_ended(struct lane *lane, struct file_run *run);

/** The partner cannot be reached: no new files for @delay_ms. */
void lane_pause(struct lane *lane, int64_t delay_ms);
