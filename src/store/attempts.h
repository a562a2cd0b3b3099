#pragma once
/**
 * Attempts at files that were followed by another one: what the file's own row no longer tells. Of each file the newest
 * ATTEMPTS_KEPT. Written in the commits that put files back into the queue.
 */

#include "db/db.h"
#include "model/transfer.h"

enum { ATTEMPTS_KEPT = 32, ATTEMPT_REASON_MAX = 512 /* bytes; what is longer is cut */ };

struct attempt {
	int number;
	int64_t began_ms, ended_ms; /* began 0: not known */
	char *reason;               /* one sentence; owned */
};

/** @file is QUEUED again: attempt, attempt_ms, and attempt_failure as the reason. */
int attempts_add(struct db *db, const struct transfer_file *file, struct sp_error *err);

/** The same for all files that are RUNNING when the daemon starts. */
int attempts_add_running(struct db *db, int64_t now_ms, struct sp_error *err);

/** Ascending. @out has room for ATTEMPTS_KEPT; free each reason. */
int attempts_list(struct db *db, int64_t position, struct attempt out[ATTEMPTS_KEPT],
		  size_t *out_count, struct sp_error *err);
