#pragma once
/**
 * Removes what interrupted transfers left in buckets: at start, and from time to time. Folders and each storage have rounds of
 * their own, so that one that hangs keeps none of the others waiting. On the loop's thread.
 */

#include <stdatomic.h>

#include "transfer/ground.h"

struct sweeper {
	struct ground *ground;
	struct sweep_round *rounds; /* of folders, then of each storage; owned */
	size_t count;
	atomic_bool stopped; /* read where it sweeps, too */
};

/** @ground is kept. */
void sweeper_begin(struct sweeper *sweeper, struct ground *ground);
void sweeper_stop(struct sweeper *sweeper);   /* what is under way comes back to the ground */
void sweeper_finish(struct sweeper *sweeper); /* nothing is under way any more */
