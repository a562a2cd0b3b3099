/** What one file may have of everybody's disk and time. A worker's word for its size is a claim, and heard as such. */

#include <inttypes.h>

#include "transfer/file_inside.h"

/* @so_far: there may be more of it. */
static bool is_too_large(const struct file_run *run, uint64_t size, bool so_far,
			 struct sp_error *err)
{
	int64_t most = run->owner->ground->options.file_size_max;
	if (size <= (uint64_t)most)
		return false;
	sp_fail(err, SP_INVALID,
		"it has %" PRIu64 " bytes%s, and a file may have %" PRId64 " (quota.file_size)",
		size, so_far ? " already" : "", most);
	return true;
}

int limits_check_source(const struct file_run *run, struct sp_error *err)
{
	bool sends = run->file.direction == TRANSFER_SEND;
	return sends && is_too_large(run, run->identity.size, false, err) ? -1 : 0;
}

bool limits_hear_size(struct file_run *run, uint64_t size, bool so_far)
{
	struct sp_error err = { 0 };
	if (run->file.direction != TRANSFER_RETRIEVE || !is_too_large(run, size, so_far, &err))
		return true;
	file_end_early(run, STEP_READ_REMOTE, &err);
	return false;
}

static void time_is_over(void *ctx)
{
	struct file_run *run = ctx;
	struct sp_error err = { 0 };
	run->deadline = NULL;
	sp_fail(&err, SP_TIMEOUT,
		"Transfer request timeout: an attempt took longer than %" PRId64
		" ms (quota.file_time)",
		run->owner->ground->options.file_time_max_ms);
	file_end_early(run, STEP_WAIT, &err);
}

void limits_begin(struct file_run *run)
{
	int64_t most_ms = run->owner->ground->options.file_time_max_ms;
	if (most_ms > 0)
		run->deadline =
			loop_add_timer(run->owner->ground->rooms.loop, most_ms, time_is_over, run);
}
