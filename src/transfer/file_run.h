#pragma once
/**
 * One file on its way, as the daemon sees it. Each arrow is a commit.
 *
 *   SEND      QUEUED ─► RUNNING: open the source, give it to the worker ─► READY? source unchanged?
 *             ─► PUBLISHING: permit ─► PUBLISHED ─► COMPLETED
 *   RETRIEVE  QUEUED ─► RUNNING: staging file, to the worker ─► READY? staged file synced, right size?
 *             ─► PUBLISHING: rename into the bucket ─► COMPLETED
 *
 * Found in PUBLISHING after a crash: SEND asks the worker to RECOVER, RETRIEVE renames again.
 */

#include "ipc/worker_message.h"
#include "transfer/breaker.h"
#include "transfer/ground.h"
#include "transfer/server.h"

struct file_run;

/** Whoever has the connector's worker. All functions are required. */
struct file_owner {
	void *ctx;
	struct ground *ground;
	struct server *server; /* what is known of it; kept */
	/** False when there is no worker (any more). @fd is taken either way, -1 for none. */
	bool (*send)(void *ctx, const struct worker_message *message, int fd);
	/** Why no worker can be started; NULL when one can. */
	const struct sp_error *(*refusal)(void *ctx, enum failure_step *out_step);
	/** A worker with the settings of now is needed, although no queued file asks for one: a publish is to be
	 *  finished. */
	void (*need_worker)(void *ctx);
	/** There was no connection to be had. True: this is not counted against the file. */
	bool (*unreached)(void *ctx, const struct breaker_failure *failure);
	/** The partner was heard. */
	void (*answered)(void *ctx);
	/** Since when (wall clock) and why files wait for a connection; 0: they do not. */
	int64_t (*unreached_since)(void *ctx, const char **out_reason);
	/** How many bytes the file has was found out. */
	void (*sized)(void *ctx, uint64_t size);
	/** When the connector was resumed the last time (wall clock): what waited before waits anew. 0: it never was paused. */
	int64_t resumed_ms;
	/** @file has FAILED, and may have left a part at the partner. */
	void (*left_part)(void *ctx, const struct transfer_file *file);
	/** The run is over; it frees itself after the call. */
	void (*ended)(void *ctx, struct file_run *run);
};

/** Takes what @file owns. @owner is kept. */
struct file_run *file_run_create(const struct file_owner *owner, struct transfer_file *file);

/** Begins, or goes on where the last run ended. It ends with owner->ended(). */
void file_run_go(struct file_run *run);

struct file_run *file_run_next(const struct file_run *run);
void file_run_set_next(struct file_run *run, struct file_run *next);
const char *file_run_id(const struct file_run *run);
const char *file_run_transfer_id(const struct file_run *run);
int64_t file_run_position(const struct file_run *run);

/** Its worker died more than once: it gets the next one for itself. */
bool file_run_is_suspect(const struct file_run *run);
bool file_is_suspect(const struct transfer_file *file);

/** The first attempt whose part may still lie at the partner. */
uint32_t file_oldest_part(const struct transfer_file *file);

/** Whether the worker owes an answer about it. */
bool file_run_is_at_worker(const struct file_run *run);

/** Whether its bytes are at this storage ("https://host:port"). */
bool file_run_is_at(const struct file_run *run, const char *origin);

/** When it fails if it still is QUEUED then (wall clock). */
int64_t file_gives_up_at(const struct transfer_file *file, const struct file_owner *owner,
			 int64_t unreached_since_ms);

/** False: it can go on without a worker, for only the bucket is left to be asked (RETRIEVE in PUBLISHING). */
bool file_needs_worker(const struct transfer_file *file);

/** What the worker said of it. False when it may not say that now: such a worker is not to be trusted. */
bool file_run_message(struct file_run *run, const struct worker_message *message);

/** The worker is gone. @blame: it died on its own; otherwise it was sent away. */
void file_run_worker_lost(struct file_run *run, bool blame);

/** There is a worker again (or none to be had): a publish that waits for one goes on. */
void file_run_worker_changed(struct file_run *run);

/** The engine stops: a run that waits for time to pass ends; others end as they come back. */
void file_run_stop(struct file_run *run);

/**
 * Somebody wants it to end, which is noted in the store: it ends as FAILED. False when it is on its way back to its queue:
 * who waits there is ended by cancellations_settle().
 */
bool file_run_cancel(struct file_run *run, const char *by, int64_t at_ms);

/** The connector was deleted. */
void file_run_abandon(struct file_run *run);
