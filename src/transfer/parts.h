#pragma once
/**
 * What files that have ended may have left at a partner, parts mostly: removed when a file fails, or else whenever a worker
 * of the connector has a connection, until it is gone or was tried for too long. What is listed is in store/parts_left.h.
 * On the loop's thread.
 */

#include "ipc/worker_message.h"
#include "store/parts_left.h"
#include "transfer/ground.h"

enum { PARTS_AT_ONCE = 16 /* files that a worker is asked to clean up after */ };

struct parts {
	struct ground *ground;
	const char *connector_id;
	bool (*send)(void *ctx, const struct worker_message *message, int fd);
	void (*came_back)(void *ctx); /* whoever has it may be freed again: see @reading */
	void *ctx;
	bool reading;         /* the list */
	bool more;            /* than was read */
	int64_t next_look_ms; /* monotonic */
	size_t count;         /* of the following, which the worker owes an answer about */
	struct part_left asked[PARTS_AT_ONCE];
};

/** A new worker: it was not asked anything yet. */
void parts_begin(struct parts *parts);

/** At the start of the daemon, in a write: none waits for longer than any ever has to, because the clock went back. */
int parts_end_waits(struct db *db, int64_t now_ms, struct sp_error *err);

/** The worker has a connection: asks it to remove what is listed, unless that was done just now. */
void parts_look(struct parts *parts);

/** @file has FAILED, and is listed. */
void parts_failed(struct parts *parts, const struct transfer_file *file);

/** The worker said something of a file that is over: REMOVED or FILE_FAILED may be an answer to that. */
void parts_heard(struct parts *parts, const struct worker_message *message);
