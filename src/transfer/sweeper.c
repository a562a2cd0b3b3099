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

struct sweep_round {
	struct sweeper *sweeper;
	size_t storage;           /* its number, or OBJECTS_FOLDERS */
	struct loop_timer *timer; /* NULL while it sweeps */
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

/* A store that cannot be read knows of nothing that may go; nor does anybody who has to end. */
static bool is_needed(void *ctx, const char *file_id)
{
	const struct sweeper *sweeper = ctx;
	struct question question = { .file_id = file_id };
	struct sp_error ignored = { 0 };
	return atomic_load(&sweeper->stopped) ||
	       store_read(sweeper->ground->rooms.store, find_file, &question, &ignored) != 0 ||
	       question.is_needed;
}

static void work(void *ctx)
{
	struct sweep_round *round = ctx;
	struct sweeper *sweeper = round->sweeper;
	const struct ground *ground = sweeper->ground;
	int64_t before_ms = sp_now_ms() - ground->options.leftover_age_ms;
	round->removed = objects_sweep_staging(ground->rooms.objects, round->storage, before_ms,
					       REMOVED_MAX, is_needed, sweeper);
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
	struct sweep_round *round = ctx;
	struct sweeper *sweeper = round->sweeper;
	int64_t age_ms = sweeper->ground->options.leftover_age_ms;
	if (round->removed > 0)
		sp_log(SP_LOG_INFO,
		       "removed %zu temporaries that interrupted transfers had left in buckets",
		       round->removed);
	if (!atomic_load(&sweeper->stopped))
		round->timer = loop_add_timer(sweeper->ground->rooms.loop,
					      age_ms < EVERY_MS ? age_ms : EVERY_MS, begin, round);
}

static void begin(void *ctx)
{
	struct sweep_round *round = ctx;
	struct ground *ground = round->sweeper->ground;
	round->timer = NULL;
	if (round->storage != OBJECTS_FOLDERS) {
		ground_run_storage(ground, round->storage, work, done, round);
		return;
	}
	ground_run_long(ground, work, done, round);
	if (ground->options.usage_age_ms > 0)
		ground_commit(ground, forget_usage, usage_forgotten, ground);
}

void sweeper_begin(struct sweeper *sweeper, struct ground *ground)
{
	sweeper->ground = ground;
	sweeper->count = 1 + objects_storages(ground->rooms.objects);
	sweeper->rounds = sp_alloc(sweeper->count * sizeof(*sweeper->rounds));
	for (size_t i = 0; i < sweeper->count; i++) {
		struct sweep_round *round = &sweeper->rounds[i];
		round->sweeper = sweeper;
		round->storage = i == 0 ? OBJECTS_FOLDERS : i - 1;
		/* Not here: whoever opens the engine is not on the loop's thread yet. */
		round->timer = loop_add_timer(ground->rooms.loop, 0, begin, round);
	}
}

void sweeper_stop(struct sweeper *sweeper)
{
	atomic_store(&sweeper->stopped, true);
	for (size_t i = 0; i < sweeper->count; i++) {
		loop_cancel_timer(sweeper->rounds[i].timer);
		sweeper->rounds[i].timer = NULL;
	}
}

void sweeper_finish(struct sweeper *sweeper)
{
	sweeper_stop(sweeper);
	free(sp_take_pointer(&sweeper->rounds));
	sweeper->count = 0;
}
