#pragma once
/**
 * Fetches one file in order: a state machine that steps whenever replies or free blocks came.
 *
 *   OPEN ──► FSTAT ──► READ… to the end ──► FSTAT (same size and mtime, else SP_CHANGED) ──► CLOSE ──► done
 *
 * A file has the size that the first FSTAT tells: fewer bytes, or more, are SP_CHANGED, as is another size or mtime in
 * the second: a file that was just being written looks like that. Without a size, or with 0 (there are servers that do
 * not know it before they made the file), it is read until EOF, within a limit.
 */

#include "remote/blocks.h"
#include "remote/crew.h"
#include "remote/session.h"
#include "remote/upload.h" /* enum job_state */

struct download;

struct download_plan {
	const char *path; /* copied */
	/* Go on behind so many bytes, of a file that had this size and time then: another one is SP_CHANGED. 0: all of it. */
	uint64_t offset;
	uint64_t size, mtime;
	size_t flight_max; /* bytes asked for and not yet here, at most; 0: by bandwidth and delay */
};

/** From now on others help, whom blocks are lent to. @crew: kept */
void download_lend_to(struct download *download, struct crew *crew);

/** @sink is kept until the download is destroyed. Never NULL. */
struct download *download_start(struct remote *remote, const struct download_plan *plan,
				const struct block_sink *sink);
enum job_state download_step(struct download *download, enum failure_step *out_step,
			     struct sp_error *err);
/** What the file is, for going on with it; false when the server does not tell enough. */
bool download_identity(const struct download *download, uint64_t *out_size, uint64_t *out_mtime);
/** Once it is done: the server said how many bytes the file has, and they are here. */
bool download_saw_size(const struct download *download);
/** Bytes put into the sink, and those that were not asked for. */
uint64_t download_progress(const struct download *download);
bool download_recall(struct download *download);  /* as upload_recall() */
void download_destroy(struct download *download); /* as upload_destroy() */
