#pragma once
/** The loop's own: timers by deadline in a binary heap, so that thousands cost little. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct timers {
	struct loop_timer **heap; /* owned, with what it points to */
	size_t count, room;
	uint64_t next_number;
};

void timers_finish(struct timers *timers);

struct loop_timer *timers_add(struct timers *timers, int64_t deadline_ms, loop_fn *fn, void *ctx);

/** Milliseconds from @now_ms to the first deadline, 0 when it has passed, -1 without any timer. */
int timers_wait_ms(const struct timers *timers, int64_t now_ms);

/** Fires what is due, earliest first; what is added meanwhile waits for the next call. */
void timers_fire(struct timers *timers, int64_t now_ms);
