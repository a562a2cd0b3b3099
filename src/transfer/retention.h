#pragma once
/**
 * Removes transfers whose results were kept for long enough, and what deleted connectors have left: at start, from time
 * to time, and when a connector was deleted. One piece at a time, each a write of its own, so that all others come in
 * between. On the loop's thread.
 */

#include "store/removal.h"
#include "transfer/ground.h"

struct retention {
	struct ground *ground;
	struct loop_timer *timer; /* NULL while something is removed */
	bool stopped;
	bool again; /* it was woken meanwhile */

	/* The present round's: */
	int64_t before_ms;
	struct removal_walk walk;
	size_t removed; /* transfers */
	/* The piece's, until it is written: */
	size_t piece;
	bool more;
};

/** @ground is kept. */
void retention_begin(struct retention *retention, struct ground *ground);
/** A connector may have been deleted. */
void retention_wake(struct retention *retention);
void retention_stop(struct retention *retention); /* what is under way comes back to the ground */
