#pragma once
/**
 * Sends one file into a part: a state machine that steps whenever replies or blocks came. It does not publish:
 * whoever runs it renames the part once that was permitted.
 *
 *   OPEN (CREAT|EXCL) ──► WRITE… ──► FSYNC (if offered) ──► FSTAT ──► CLOSE ──► STAT ──► done
 */

#include "remote/blocks.h"
#include "remote/session.h"

struct upload;

struct upload_plan {
	const char *part_path; /* copied */
	uint64_t size;         /* bytes the source is said to have: more or fewer is SP_CHANGED */
	size_t flight_max;     /* bytes outstanding at most; 0: the engine's default */
};

enum job_state { JOB_WORKING, JOB_DONE, JOB_FAILED };

/** @source is kept until the upload is destroyed. Never NULL. */
struct upload *upload_start(struct remote *remote, const struct upload_plan *plan,
			    const struct block_source *source);

/** Does what can be done now; never waits. JOB_FAILED has the step and the error. */
enum job_state upload_step(struct upload *upload, enum failure_step *out_step,
			   struct sp_error *err);

/** Bytes acknowledged by the server. */
uint64_t upload_progress(const struct upload *upload);

/** Ends it in whatever state: gives all blocks back. When the session lives, the handle is closed. NULL is fine. */
void upload_destroy(struct upload *upload);
