#pragma once
/**
 * Within events/: how long events are kept. Nothing that a sink still needs goes because of its age; beyond
 * records_max the oldest go whoever needs them, and that is said loudly, as it was said in time that it would come to it.
 * On the loop's thread.
 */

#include "events/sink.h"
#include "loop/loop.h"

struct keeper;

struct keeper_options {
	int64_t keep_ms, records_max;
};

/** @sinks: kept, as are its sinks. */
struct keeper *keeper_create(struct loop *loop, struct store *store,
			     const struct keeper_options *options, struct sink *const *sinks,
			     size_t sink_count);

/** When the loop runs no more. NULL is fine. */
void keeper_destroy(struct keeper *keeper);
