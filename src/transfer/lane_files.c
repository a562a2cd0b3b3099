/* Which files of a connector's queue are begun. */

#include "transfer/lane_inside.h"

size_t lane_credit(const struct lane *lane)
{
	return credit_files(&lane->credit, ground_descriptor_share(lane->ground));
}

static void add_run(struct lane *lane, struct transfer_file *file)
{
	struct file_run *run = file_run_create(&lane->owner, file);
	run_set_add(&lane->runs, run);
	lane->ground->runs++;
	file_run_go(run);
}

static bool in_hand(const struct lane *lane, const struct transfer_file *file)
{
	for (size_t i = 0; i < lane->ended_count; i++)
		if (lane->ended[i] == file->position)
			return true;
	return run_set_find(&lane->runs, file->id) != NULL;
}

/* When it has waited for too long (wall clock). */
static int64_t gives_up_at(const struct lane *lane, const struct transfer_file *file)
{
	const char *why;
	return file_gives_up_at(file, &lane->owner, partner_unreached_since(&lane->partner, &why));
}

/* False when it has to wait. */
static bool start_file(struct lane *lane, struct transfer_file *file)
{
	enum breaker_lets lets = partner_lets(&lane->partner);
	bool alone = !file_needs_worker(file) || file->cancelled_ms > 0 ||
		     gives_up_at(lane, file) < ground_early_ms(lane->ground);
	bool can = lets != BREAKER_LETS_NONE && (lane->worker.state == LANE_WORKER_WORKING ||
						 lane->worker.state == LANE_WORKER_REFUSED);
	size_t most = lets == BREAKER_LETS_ONE && !alone ? 1 : lane_credit(lane);
	if (!(alone || can) || lane->runs.count >= most)
		return false;
	add_run(lane, file);
	return true;
}

/* A paused connector's files wait, but what may have its final name already, and what somebody wants to end. */
static bool is_held(const struct lane *lane, const struct queue_page *page, size_t i)
{
	return lane->paused && i >= page->publishing_count && page->files[i].cancelled_ms == 0;
}

/* A file that may have killed workers runs alone, and those behind it wait as well, or its turn would never come. */
size_t lane_start_files(struct lane *lane, struct queue_page *page)
{
	size_t seen = 0;
	bool suspect_runs = run_set_any(&lane->runs, file_run_is_suspect);
	bool blocked = false;
	bool all = true; /* up to here they are in hand */
	for (size_t i = 0; i < page->count; i++) {
		struct transfer_file *file = &page->files[i];
		int64_t position = file->position;
		bool waited = file->not_before_ms > 0;
		if (is_held(lane, page, i)) {
			all = false;
			continue;
		}
		if (!in_hand(lane, file)) {
			bool suspect = file_is_suspect(file);
			seen++;
			blocked = blocked || (lane->runs.count > 0 && (suspect || suspect_runs));
			all = !blocked && start_file(lane, file) && all;
			suspect_runs = suspect_runs || suspect;
		}
		if (all && i < page->publishing_count)
			lane->publishing_after = position;
		else if (all && !waited)
			lane->ready_after = position;
	}
	if (page->publishing && all && page->publishing_count < page->max)
		lane->publishing_found = true;
	return seen;
}

int64_t lane_first_gives_up_at(const struct lane *lane, const struct queue_page *page)
{
	int64_t first = INT64_MAX;
	for (size_t i = 0; i < page->count; i++) {
		const struct transfer_file *file = &page->files[i];
		if (file->path == NULL)
			continue; /* taken */
		int64_t at = gives_up_at(lane, file);
		if (at < first)
			first = at;
	}
	return first;
}
