#pragma once
/**
 * The worker of a busy connector, or why there is none. On the loop's thread.
 *
 *   RESTING ──► LOADING ──► WORKING ──► RESTING      (it was sent away, or died)
 *                  └──────► REFUSED ──► RESTING      (none can be started, until it is asked for again)
 */

#include "transfer/launch.h"
#include "transfer/worker_process.h"

enum lane_worker_state {
	LANE_WORKER_RESTING,
	LANE_WORKER_LOADING,
	LANE_WORKER_WORKING,
	LANE_WORKER_REFUSED
};

struct lane_worker_owner {
	void *ctx;
	/** It works. What @launch knows of tags and server may be taken. */
	void (*began)(void *ctx, struct launch *launch);
	/** What it says. False when it may not say that: it is ended. */
	bool (*said)(void *ctx, const struct worker_message *message);
	/** As in worker_process.h. */
	const char *(*transfer_of)(void *ctx, const char *file_id);
	bool (*has_file_at)(void *ctx, const char *origin);
	void (*connected)(void *ctx, uint32_t request, struct egress_result *result);
	/** It is gone. @how: it died; NULL: it was sent away. */
	void (*lost)(void *ctx, const char *how);
	/** None can be started, and lane_worker_refusal() says why. */
	void (*refused)(void *ctx);
	/** Nobody shall ask for another one before so long. */
	void (*pause)(void *ctx, int64_t delay_ms);
	/** LOADING has ended, one way or another. */
	void (*loaded)(void *ctx);
};

struct lane_worker {
	struct ground *ground;
	const char *connector_id; /* borrowed */
	struct lane_worker_owner owner;
	enum lane_worker_state state;
	struct place_seeker seeker;     /* LOADING: first it waits for a place … */
	struct launch *launch;          /* … then for what a worker needs */
	struct worker_process *process; /* WORKING */
	enum failure_step refused_step;
	struct sp_error refusal; /* REFUSED */
	size_t early_deaths;     /* in a row */
	int64_t began_ms;        /* monotonic; WORKING */
};

/** RESTING: waits for a place, reads what a worker needs, and starts it. */
void lane_worker_load(struct lane_worker *worker);

/** WORKING, while others wait for a place: whether it has had it for as long as it may. */
bool lane_worker_had_its_turn(const struct lane_worker *worker);

/** It leaves, if there is one; what it had goes on with the next one, blameless. Not while LOADING. */
void lane_worker_send_away(struct lane_worker *worker);

/** REFUSED: what was wrong may be right by now. Else nothing happens. */
void lane_worker_ask_again(struct lane_worker *worker);

/** The engine stops: it is told to leave, and nobody hears of that. */
void lane_worker_stop(struct lane_worker *worker);

/** REFUSED: why; else NULL. Borrowed. */
const struct sp_error *lane_worker_refusal(const struct lane_worker *worker,
					   enum failure_step *out_step);
