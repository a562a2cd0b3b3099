#include "transfer/wait_clock.h"

void wait_clock_start(struct wait_clock *clock, int64_t wall_ms, int64_t monotonic_ms)
{
	clock->ahead_ms = wall_ms - monotonic_ms;
}

int64_t wait_clock_early(const struct wait_clock *clock, int64_t wall_ms, int64_t monotonic_ms)
{
	int64_t counted_ms = monotonic_ms + clock->ahead_ms;
	return wall_ms < counted_ms ? wall_ms : counted_ms;
}

int64_t wait_clock_late(const struct wait_clock *clock, int64_t wall_ms, int64_t monotonic_ms)
{
	int64_t counted_ms = monotonic_ms + clock->ahead_ms;
	return wall_ms > counted_ms ? wall_ms : counted_ms;
}
