#pragma once
/**
 * Calls to storage that are not the engine's own but of somebody who asked the API: they take their turn among those of the
 * engine (storage_calls.h), and only so many may be under way at one storage. On the loop's thread.
 */

#include "transfer/ground.h"

enum { STORAGE_GUESTS_MAX = 8 /* at one storage; what they read may be large */ };

/** Starts as { .ground = … }. */
struct storage_guests {
	struct ground *ground;
	size_t *count; /* of each storage; owned */
};

/** @work in a pool when it is its storage's turn; or @drop here when there are too many, or nothing new is begun. */
void storage_guests_run(struct storage_guests *guests, size_t storage, loop_fn *work, loop_fn *drop,
			void *ctx);

void storage_guests_finish(struct storage_guests *guests);
