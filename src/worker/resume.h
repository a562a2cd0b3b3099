#pragma once
/** Within worker/: going on with what an earlier attempt left, and telling what a later one may go on with. */

#include "worker/feeder.h"
#include "worker/task.h"

/**
 * SEND: whether the part can be gone on with, and from where. It can when it has at least the bytes that were
 * acknowledged, and the last of them are those of the source; otherwise it is removed.
 *
 * -1: the connection died, the file was cancelled, or a part that is no good cannot be removed.
 */
int resume_part(struct task *task, int source_fd, bool *out_goes_on, struct feed_mark *out_from);

/** What the order says of the place to go on from; false: it says to begin anew. */
bool resume_mark(const struct worker_message *order, struct feed_mark *out);

/** Tells the daemon the last mark up to @offset, if it does not know it yet. RETRIEVE: of a file of that size and time. */
void resume_tell(struct task *task, struct feed *feed, uint64_t offset, uint64_t size,
		 uint64_t mtime);
