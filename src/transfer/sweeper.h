#pragma once
/** Removes what interrupted transfers left in buckets: at start, and from time to time. On the loop's thread. */

#include "transfer/ground.h"

struct sweeper {
	struct ground *ground;
	struct loop_timer *timer; /* NULL while it sweeps */
	bool stopped;
};

/** @ground is kept. */
void sweeper_begin(struct sweeper *sweeper, struct ground *ground);
void sweeper_stop(struct sweeper *sweeper); /* what is under way comes back to the ground */
