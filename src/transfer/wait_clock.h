#pragma once
/**
 * How late it is for files that wait. What they wait for is kept as wall-clock times, and a wall clock may jump: a file
 * must not be told that it waited for too long because of that, nor wait for as long as the clock went back. Since it
 * was started this clock has also counted by the monotonic one, and takes of the two what is better for the file. Pure.
 */

#include <stdint.h>

struct wait_clock {
	int64_t ahead_ms; /* wall clock minus monotonic clock, when it was started */
};

void wait_clock_start(struct wait_clock *clock, int64_t wall_ms, int64_t monotonic_ms);

/** At least so late: whether something has waited for too long. */
int64_t wait_clock_early(const struct wait_clock *clock, int64_t wall_ms, int64_t monotonic_ms);

/** At most so late: until when something waits, and whether it still has to. */
int64_t wait_clock_late(const struct wait_clock *clock, int64_t wall_ms, int64_t monotonic_ms);
