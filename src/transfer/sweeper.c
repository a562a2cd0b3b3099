#include "transfer/sweeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "store/transfers.h"
#include "store/usage.h"

enum {
	EVERY_MS = 60 * 60 * 1000, /* or leftover_age_ms, if that is shorter */
	REMOVED_MAX = 10000,       /* in one sweep; the next one goes on */
};

struct sweep {
	struct sweeper *sweeper;
	struct ground *ground;
	size_t removed;
};

struct question {
	const char *file_id;
	bool is_needed;
};

static int find_file(struct db *db, void *ctx, struct sp_error *err)
{
	struct question *question = ctx;
	struct transfer_file file;
	struct sp_error why = { 0 };
	if (transfers_find_file(db, question->file_id, &file, &why) != 0) {
		question->is_needed = why.code != SP_NOT_FOUND;
		return question->is_needed ? sp_fail(err, why.code, "%s", why.message) : 0;
	}
	question->is_needed = file.state != FILE_COMPLETED && file.state != FILE_FAILED;
	transfer_file_finish(&file);
	return 0;
}

/* A store that cannot be read knows of nothing that may go. */
static bool is_needed(void *ctx, const char *file_id)
{
	const struct sweep *sweep = ctx;
	struct question question = { .file_id = file_id };
	struct sp_error ignored = { 0 };
	return store_read(sweep->ground->rooms.store, find_file, &question, &ignored) != 0 ||
	       question.is_needed;
}

static void work(void *ctx)
{
	struct sweep *sweep = ctx;
	int64_t before_ms = sp_now_ms() - sweep->ground->options.leftover_age_ms;
	sweep->removed = objects_sweep_staging(sweep->ground->rooms.objects, before_ms, REMOVED_MAX,
					       is_needed, sweep);
}

static int forget_usage(struct db *db, void *ctx, struct sp_error *err)
{
	const struct ground *ground = ctx;
	return usage_forget(db, sp_now_ms() - ground->options.usage_age_ms, err);
}

static void usage_forgotten(void *ctx, int result, const struct sp_error *err)
{
	(void)ctx;
	if (result != 0)
		sp_log(SP_LOG_WARNING, "could not forget what was used long ago: %s", err->message);
}

static void begin(void *ctx);

static void done(void *ctx)
{
	struct sweep *sweep = ctx;
	struct sweeper *sweeper = sweep->sweeper;
	int64_t age_ms = sweep->ground->options.leftover_age_ms;
	if (sweep->removed > 0)
		sp_log(SP_LOG_INFO,
		       "removed %zu temporaries that interrupted transfers had left in buckets",
		       sweep->removed);
	if (!sweeper->stopped)
		sweeper->timer =
			loop_add_timer(sweep->ground->rooms.loop,
				       age_ms < EVERY_MS ? age_ms : EVERY_MS, begin, sweeper);
	free(sweep);
}

static void begin(void *ctx)
{
	struct sweeper *sweeper = ctx;
	struct sweep *sweep = sp_alloc(sizeof(*sweep));
	*sweep = (struct sweep){ .sweeper = sweeper, .ground = sweeper->ground };
	sweeper->timer = NULL;
	ground_run(sweeper->ground, work, done, sweep);
	if (sweeper->ground->options.usage_age_ms > 0)
		ground_commit(sweeper->ground, forget_usage, usage_forgotten, sweeper->ground);
}

void sweeper_begin(struct sweeper *sweeper, struct ground *ground)
{
	sweeper->ground = ground;
	/* Not here: whoever opens the engine is not on the loop's thread yet. */
	sweeper->timer = loop_add_timer(ground->rooms.loop, 0, begin, sweeper);
}

void sweeper_stop(struct sweeper *sweeper)
{
	sweeper->stopped = true;
	loop_cancel_timer(sweeper->timer);
	sweeper->timer = NULL;
}
