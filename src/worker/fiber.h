#pragma once
/**
 * A function on a stack of its own: it stops in the middle, where it waits, and goes on from there later. That is all;
 * who runs when is decided elsewhere (worker/schedule.h).
 *
 * A crew and its fibers belong to one thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct fiber;

typedef void fiber_fn(void *ctx);

/** The stacks that are there; those of fibers that ended are used again. Starts as { 0 }. */
struct fiber_crew {
	struct fiber *idle;
};

enum {
	FIBER_STACK_BYTES = 64 << 10, /* with a page behind it that nobody may touch */
};

/** Nothing runs yet. @ctx is kept. SP_NO_MEMORY. */
int fiber_create(struct fiber_crew *crew, fiber_fn *fn, void *ctx, struct fiber **out,
		 struct sp_error *err);

/** Runs it until it waits or has ended. True: it has ended, and is the crew's again. Not from within a fiber. */
bool fiber_resume(struct fiber *fiber);

/** From within: back to whoever resumed it. Returns when it is resumed again. */
void fiber_wait(struct fiber *fiber);

/** Frees the stacks. All fibers must have ended. */
void fiber_crew_finish(struct fiber_crew *crew);
