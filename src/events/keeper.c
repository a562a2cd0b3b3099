#include "events/keeper.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "store/event_cursors.h"
#include "store/events.h"

enum {
	LOOK_MS = 10000,
	BATCH = 500,             /* events that go in one write */
	RECORD_BYTES = 500,      /* what an event takes in the store, about */
	TELL_EVERY_MS = 3600000, /* that a sink is behind, when … */
	BEHIND_MS = 600000,      /* … an event waits for longer */
};

/* What a write finds of a sink. */
struct finding {
	int64_t lost;       /* events that go and that it has not had */
	int64_t waiting;    /* events behind the last that all before were delivered of */
	int64_t waiting_ms; /* when the first of them came; 0: none waits */
};

/* One write on its way. */
struct round {
	struct keeper *keeper; /* NULL: destroyed meanwhile */
	struct loop *loop;
	struct sink *const *sinks;
	size_t sink_count;
	struct events_keeping keeping;
	int64_t forgotten_up_to;  /* 0: nothing went */
	struct finding *findings; /* owned; of each sink */
	int result;
	struct sp_error err;
};

struct keeper {
	struct loop *loop;
	struct store *store;
	struct keeper_options options;
	struct sink *const *sinks;
	size_t sink_count;
	struct round *round; /* NULL: none is under way */
	struct loop_timer *timer;
	int64_t told_ms; /* monotonic: when who is behind was told last */
};

/* ---- in the store's writer ---------------------------------------------------------------------------------------- */

static int look_at_sink(struct db *db, const struct round *round, size_t i, struct sp_error *err)
{
	const struct sink *sink = round->sinks[i];
	struct finding *finding = &round->findings[i];
	int64_t last, delivered = atomic_load(&sink->delivered);
	if (events_last_number(db, &last, err) != 0 ||
	    events_time_behind(db, delivered, &finding->waiting_ms, err) != 0)
		return -1;
	finding->waiting = last - delivered;
	if (round->forgotten_up_to <= delivered)
		return 0;
	return event_cursors_count_behind(db, sink->name, round->forgotten_up_to, &finding->lost,
					  err);
}

static int forget_old(struct db *db, void *ctx, struct sp_error *err)
{
	struct round *round = ctx;
	if (events_find_old(db, &round->keeping, &round->forgotten_up_to, err) != 0)
		return -1;
	for (size_t i = 0; i < round->sink_count; i++)
		if (look_at_sink(db, round, i, err) != 0)
			return -1;
	return round->forgotten_up_to == 0 ? 0 : events_forget(db, round->forgotten_up_to, err);
}

/* ---- on the loop --------------------------------------------------------------------------------------------------- */

static void round_free(struct round *round)
{
	free(round->findings);
	free(round);
}

static void tell_lost(const struct keeper *keeper, const struct round *round)
{
	for (size_t i = 0; i < round->sink_count; i++)
		if (round->findings[i].lost > 0)
			sp_log(SP_LOG_ERROR,
			       "%s has lost %" PRId64 " events, those up to number %" PRId64
			       ": it did not take them, and events.records (%" PRId64
			       ") were behind them",
			       round->sinks[i]->title, round->findings[i].lost,
			       round->forgotten_up_to, keeper->options.records_max);
}

static void tell_behind(struct keeper *keeper, const struct round *round)
{
	if (sp_monotonic_ms() - keeper->told_ms < TELL_EVERY_MS)
		return;
	for (size_t i = 0; i < round->sink_count; i++) {
		const struct finding *finding = &round->findings[i];
		if (finding->waiting_ms == 0 || sp_now_ms() - finding->waiting_ms < BEHIND_MS)
			continue;
		char since[SP_ISO_TIME_SIZE];
		sp_time_to_iso(finding->waiting_ms, since);
		sp_log(SP_LOG_WARNING,
		       "%s has not taken the event of %s, and %" PRId64
		       " came behind it, about %" PRId64 " MiB of the store; beyond %" PRId64
		       " (events.records) the oldest are lost to it",
		       round->sinks[i]->title, since, finding->waiting - 1,
		       finding->waiting * RECORD_BYTES >> 20, keeper->options.records_max);
		keeper->told_ms = sp_monotonic_ms();
	}
}

static void look(void *ctx);

static void round_over(void *ctx)
{
	struct round *round = ctx;
	struct keeper *keeper = round->keeper;
	if (keeper != NULL) {
		keeper->round = NULL;
		bool more = false;
		if (round->result != 0) {
			sp_log(SP_LOG_ERROR, "could not forget old events, trying again: %s",
			       round->err.message);
		} else {
			tell_lost(keeper, round);
			tell_behind(keeper, round);
			more = round->forgotten_up_to > 0;
		}
		keeper->timer = loop_add_timer(keeper->loop, more ? 0 : LOOK_MS, look, keeper);
	}
	round_free(round);
}

static void round_written(void *ctx, int result, const struct sp_error *err)
{
	struct round *round = ctx;
	round->result = result;
	if (result != 0)
		round->err = *err;
	loop_post(round->loop, round_over, round);
}

/* What all have had. */
static int64_t delivered_to_all(const struct keeper *keeper)
{
	int64_t least = INT64_MAX;
	for (size_t i = 0; i < keeper->sink_count; i++) {
		int64_t delivered = atomic_load(&keeper->sinks[i]->delivered);
		least = delivered < least ? delivered : least;
	}
	return least;
}

static void look(void *ctx)
{
	struct keeper *keeper = ctx;
	struct round *round = sp_alloc(sizeof(*round));
	keeper->timer = NULL;
	keeper->round = round;
	round->keeper = keeper;
	round->loop = keeper->loop;
	round->sinks = keeper->sinks;
	round->sink_count = keeper->sink_count;
	round->findings = sp_alloc((keeper->sink_count + 1) * sizeof(*round->findings));
	round->keeping = (struct events_keeping){
		.since_ms = sp_now_ms() - keeper->options.keep_ms,
		.records_max = keeper->options.records_max,
		.delivered = delivered_to_all(keeper),
		.batch = BATCH,
	};
	store_submit(keeper->store, forget_old, round, round_written, round);
}

struct keeper *keeper_create(struct loop *loop, struct store *store,
			     const struct keeper_options *options, struct sink *const *sinks,
			     size_t sink_count)
{
	struct keeper *keeper = sp_alloc(sizeof(*keeper));
	keeper->loop = loop;
	keeper->store = store;
	keeper->options = *options;
	keeper->sinks = sinks;
	keeper->sink_count = sink_count;
	keeper->told_ms = sp_monotonic_ms();
	keeper->timer = loop_add_timer(loop, LOOK_MS, look, keeper);
	return keeper;
}

static int nothing(struct db *db, void *ctx, struct sp_error *err)
{
	(void)db;
	(void)ctx;
	(void)err;
	return 0;
}

void keeper_destroy(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	loop_cancel_timer(keeper->timer);
	if (keeper->round != NULL) {
		/* It looks at sinks until it is written; its post comes when the loop is destroyed. */
		store_write(keeper->store, nothing, NULL, NULL);
		keeper->round->keeper = NULL;
	}
	free(keeper);
}
