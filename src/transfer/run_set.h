#pragma once
/** The files that a lane has under way, found by their id. Starts as { 0 }. */

#include "transfer/file_run.h"

enum { RUN_BUCKETS = 256 };

struct run_set {
	struct file_run
		*buckets[RUN_BUCKETS]; /* by the id's first two hex digits, which are random */
	size_t count;
};

/** Kept until it is removed. */
void run_set_add(struct run_set *set, struct file_run *run);
void run_set_remove(struct run_set *set, struct file_run *run);

/** NULL when there is none. */
struct file_run *run_set_find(const struct run_set *set, const char *file_id);

/** @tell each of them. A run may end and be removed in it, but only that one. */
void run_set_tell(struct run_set *set, void (*tell)(struct file_run *run));

/** Whether @is is true of any. */
bool run_set_any(const struct run_set *set, bool (*is)(const struct file_run *run));

/** Whether the worker has any whose bytes are at this storage. */
bool run_set_is_at(const struct run_set *set, const char *origin);
