#pragma once
/**
 * Sends one file into a part: a state machine that steps whenever replies or blocks came. It does not publish:
 * whoever runs it renames the part once that was permitted.
 *
 *   OPEN (CREAT|EXCL; of a part that is gone on with: neither) ──► WRITE… ──► FSYNC (if offered) ──► CLOSE ──► STAT ──► done
 */

#include "remote/blocks.h"
#include "remote/crew.h"
#include "remote/session.h"

struct upload;

struct upload_plan {
	const char *part_path; /* copied */
	uint64_t size;         /* bytes the source is said to have: more or fewer is SP_CHANGED */
	uint64_t
		offset; /* the part has so many bytes, and the source begins behind them; 0: it is made */
	bool overwrites;   /* what has the name: it is written over, and not an error */
	size_t flight_max; /* bytes outstanding at most; 0: by bandwidth and delay */
	size_t branches; /* further channels, where there may be any; 0: as they turn out to help */
	struct crew *crew; /* to whom blocks are lent; kept. NULL: nobody helps */
	/* Only blocks of the part that somebody else makes: it is there, and he flushes, looks and publishes. */
	bool helps;
};

enum job_state { JOB_WORKING, JOB_DONE, JOB_FAILED };

/** @source is kept until the upload is destroyed. Never NULL. */
struct upload *upload_start(struct remote *remote, const struct upload_plan *plan,
			    const struct block_source *source);

/** Does what can be done now; never waits. JOB_FAILED has the step and the error. */
enum job_state upload_step(struct upload *upload, enum failure_step *out_step,
			   struct sp_error *err);

/** Bytes of the part: those it had, and those that the server has acknowledged since. */
uint64_t upload_progress(const struct upload *upload);
/** The server has acknowledged every byte in front of this one. */
uint64_t upload_watermark(const struct upload *upload);

/** Whether nothing is lent to a crew any more: until then it is told to give all back. Before upload_destroy(). */
bool upload_recall(struct upload *upload);

/** Whether there is a file that it made or opened. */
bool upload_has_file(const struct upload *upload);
/** Once it is done: the server said how many bytes the file has, and it is as many. */
bool upload_saw_size(const struct upload *upload);

/** Ends it in whatever state: gives all blocks back. When the session lives, the handle is closed. NULL is fine. */
void upload_destroy(struct upload *upload);
