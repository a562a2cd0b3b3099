#include "transfer/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "store/breakers.h"
#include "store/cancellations.h"
#include "store/transfers.h"
#include "transfer/bucket_test.h"
#include "transfer/ground.h"
#include "transfer/lane.h"
#include "transfer/parts.h"
#include "transfer/retention.h"
#include "transfer/storage_guests.h"
#include "transfer/sweeper.h"
#include "transfer/test_run.h"

struct transfer_engine {
	struct ground ground;
	struct lane *lanes;
	struct test_runs tests;
	struct sweeper sweeper;
	struct storage_guests guests;
	struct retention retention;
	struct bucket_tests bucket_tests;
};

/* ---- lanes ------------------------------------------------------------------------------------------------------------ */

static struct lane *find_lane(const struct transfer_engine *engine, const char *connector_id)
{
	struct lane *lane = engine->lanes;
	while (lane != NULL && strcmp(lane_connector_id(lane), connector_id) != 0)
		lane = lane_next(lane);
	return lane;
}

static void drop_lane(void *ctx, struct lane *lane)
{
	struct transfer_engine *engine = ctx;
	if (engine->lanes == lane) {
		engine->lanes = lane_next(lane);
	} else {
		struct lane *before = engine->lanes;
		while (lane_next(before) != lane)
			before = lane_next(before);
		lane_set_next(before, lane_next(lane));
	}
	lane_destroy(lane);
}

static void wake_lane(struct transfer_engine *engine, const char *connector_id)
{
	if (engine->ground.stopping)
		return;
	struct lane *lane = find_lane(engine, connector_id);
	if (lane == NULL) {
		lane = lane_create(&engine->ground, connector_id, drop_lane, engine);
		lane_set_next(lane, engine->lanes);
		engine->lanes = lane;
	}
	lane_wake(lane);
}

struct notice {
	struct transfer_engine *engine;
	bool all;
	char connector_id[CONNECTOR_ID_SIZE];
};

static void post_notice(struct transfer_engine *engine, const char *connector_id, loop_fn *fn)
{
	struct notice *notice = sp_alloc(sizeof(*notice));
	notice->engine = engine;
	notice->all = connector_id == NULL;
	snprintf(notice->connector_id, sizeof(notice->connector_id), "%s",
		 notice->all ? "" : connector_id);
	loop_post(engine->ground.rooms.loop, fn, notice);
}

static void woken(void *ctx)
{
	struct notice *notice = ctx;
	wake_lane(notice->engine, notice->connector_id);
	free(notice);
}

void transfer_engine_wake(struct transfer_engine *engine, const char *connector_id)
{
	post_notice(engine, connector_id, woken);
}

static void tell_lanes(const struct notice *notice, void (*tell)(struct lane *lane))
{
	for (struct lane *lane = notice->engine->lanes; lane != NULL; lane = lane_next(lane))
		if (notice->all || strcmp(lane_connector_id(lane), notice->connector_id) == 0)
			tell(lane);
}

static int write_ask_again(struct db *db, void *ctx, struct sp_error *err)
{
	const struct notice *notice = ctx;
	return breakers_ask_again(db, notice->all ? NULL : notice->connector_id, err);
}

/* A lane may have begun meanwhile with what was kept before. */
static void ask_again_written(void *ctx, int result, const struct sp_error *err)
{
	struct notice *notice = ctx;
	if (result != 0)
		sp_log(SP_LOG_ERROR, "could not note that partners are to be asked again: %s",
		       err->message);
	tell_lanes(notice, lane_ask_again);
	free(notice);
}

static void asked_again(void *ctx)
{
	struct notice *notice = ctx;
	if (notice->engine->ground.stopping) {
		free(notice);
		return;
	}
	tell_lanes(notice, lane_ask_again);
	ground_commit(&notice->engine->ground, write_ask_again, ask_again_written, notice);
}

static void changed(void *ctx)
{
	struct notice *notice = ctx;
	tell_lanes(notice, lane_changed);
	if (!notice->all && !notice->engine->ground.stopping)
		retention_wake(&notice->engine->retention);
	asked_again(ctx);
}

void transfer_engine_changed(struct transfer_engine *engine, const char *connector_id)
{
	post_notice(engine, connector_id, changed);
}

struct test_request {
	struct transfer_engine *engine;
	char connector_id[CONNECTOR_ID_SIZE];
	transfer_test_fn *fn;
	void *ctx;
};

static void tested(void *ctx, const struct transfer_test_result *result)
{
	struct test_request *request = ctx;
	if (result->code == SP_OK)
		post_notice(request->engine, request->connector_id, asked_again);
	request->fn(request->ctx, result);
	free(request);
}

static void begin_test(void *ctx)
{
	struct test_request *request = ctx;
	test_runs_begin(&request->engine->tests, request->connector_id, tested, request);
}

void transfer_engine_test(struct transfer_engine *engine, const char *connector_id,
			  transfer_test_fn *fn, void *ctx)
{
	struct test_request *request = sp_alloc(sizeof(*request));
	*request = (struct test_request){ .engine = engine, .fn = fn, .ctx = ctx };
	snprintf(request->connector_id, sizeof(request->connector_id), "%s", connector_id);
	loop_post(engine->ground.rooms.loop, begin_test, request);
}

struct bucket_request {
	struct transfer_engine *engine;
	char *bucket;
	transfer_bucket_fn *fn;
	void *ctx;
};

static void begin_bucket_test(void *ctx)
{
	struct bucket_request *request = ctx;
	bucket_tests_run(&request->engine->bucket_tests, request->bucket, request->fn,
			 request->ctx);
	free(request->bucket);
	free(request);
}

void transfer_engine_test_bucket(struct transfer_engine *engine, const char *bucket,
				 transfer_bucket_fn *fn, void *ctx)
{
	struct bucket_request *request = sp_alloc(sizeof(*request));
	*request = (struct bucket_request){
		.engine = engine, .bucket = sp_strdup(bucket), .fn = fn, .ctx = ctx
	};
	loop_post(engine->ground.rooms.loop, begin_bucket_test, request);
}

/* ---- places for workers ----------------------------------------------------------------------------------------------- */

/* Workers without work go, and those that had their turn find no more files. */
static void make_room(void *ctx)
{
	const struct transfer_engine *engine = ctx;
	for (struct lane *lane = engine->lanes; lane != NULL; lane = lane_next(lane))
		lane_wake(lane);
}

/* ---- what people want to know, and to end ---- */

struct progress_board *transfer_engine_progress(const struct transfer_engine *engine)
{
	return engine->ground.board;
}

struct pausing {
	struct transfer_engine *engine;
	char connector_id[CONNECTOR_ID_SIZE];
	struct connector_pause pause;
	loop_fn *fn;
	void *ctx;
};

static void pause_on_loop(void *ctx)
{
	struct pausing *pausing = ctx;
	struct lane *lane = find_lane(pausing->engine, pausing->connector_id);
	if (lane != NULL)
		lane_pause(lane, &pausing->pause);
	else if (pausing->pause.paused_ms == 0)
		wake_lane(pausing->engine, pausing->connector_id);
	pausing->fn(pausing->ctx);
	free(pausing);
}

void transfer_engine_pause(struct transfer_engine *engine, const char *connector_id,
			   const struct connector_pause *pause, loop_fn *fn, void *ctx)
{
	struct pausing *pausing = sp_alloc(sizeof(*pausing));
	*pausing = (struct pausing){ .engine = engine, .pause = *pause, .fn = fn, .ctx = ctx };
	snprintf(pausing->connector_id, sizeof(pausing->connector_id), "%s", connector_id);
	loop_post(engine->ground.rooms.loop, pause_on_loop, pausing);
}

struct asking {
	struct transfer_engine *engine;
	size_t storage;
	loop_fn *work, *drop;
	void *ctx;
};

static void ask_on_loop(void *ctx)
{
	struct asking *asking = ctx;
	storage_guests_run(&asking->engine->guests, asking->storage, asking->work, asking->drop,
			   asking->ctx);
	free(asking);
}

void transfer_engine_ask_storage(struct transfer_engine *engine, size_t storage, loop_fn *work,
				 loop_fn *drop, void *ctx)
{
	struct asking *asking = sp_alloc(sizeof(*asking));
	*asking = (struct asking){ engine, storage, work, drop, ctx };
	loop_post(engine->ground.rooms.loop, ask_on_loop, asking);
}

struct cancel {
	struct transfer_engine *engine;
	char connector_id[CONNECTOR_ID_SIZE];
	char file_id[FILE_ID_SIZE];
	char *by; /* owned */
	int64_t at_ms;
};

static void forget_cancel(struct cancel *cancel)
{
	free(cancel->by);
	free(cancel);
}

static int settle_cancelled(struct db *db, void *ctx, struct sp_error *err)
{
	const struct cancel *cancel = ctx;
	return cancellations_settle(db, cancel->connector_id, sp_now_ms(), err);
}

static void cancelled_settled(void *ctx, int result, const struct sp_error *err)
{
	if (result != 0)
		sp_log(SP_LOG_ERROR, "could not end what was cancelled: %s", err->message);
	forget_cancel(ctx);
}

/* What has no run here is in its queue, or was when the wish was noted. */
static void cancel_on_loop(void *ctx)
{
	struct cancel *cancel = ctx;
	struct lane *lane = find_lane(cancel->engine, cancel->connector_id);
	bool stopping = cancel->engine->ground.stopping; /* the next start settles it */
	if (stopping ||
	    (lane != NULL && lane_cancel(lane, cancel->file_id, cancel->by, cancel->at_ms)))
		forget_cancel(cancel);
	else
		ground_commit(&cancel->engine->ground, settle_cancelled, cancelled_settled, cancel);
}

void transfer_engine_cancel(struct transfer_engine *engine, const char *connector_id,
			    const char *file_id, const char *by, int64_t at_ms)
{
	struct cancel *cancel = sp_alloc(sizeof(*cancel));
	cancel->engine = engine;
	cancel->by = sp_strdup(by);
	cancel->at_ms = at_ms;
	snprintf(cancel->connector_id, sizeof(cancel->connector_id), "%s", connector_id);
	snprintf(cancel->file_id, sizeof(cancel->file_id), "%s", file_id);
	loop_post(engine->ground.rooms.loop, cancel_on_loop, cancel);
}

/* ---- opening and closing ---------------------------------------------------------------------------------------------- */

static int requeue(struct db *db, void *ctx, struct sp_error *err)
{
	const struct transfer_options *options = ctx;
	int64_t now_ms = sp_now_ms();
	int64_t latest_ms = now_ms + 2 * options->retry_delay_max_ms; /* with jitter */
	if (transfers_requeue_running(db, now_ms, err) != 0 ||
	    cancellations_settle(db, NULL, now_ms, err) != 0 ||
	    transfers_end_waits(db, latest_ms, err) != 0)
		return -1;
	return parts_end_waits(db, now_ms, err);
}

static void wake_found(void *ctx, const char *connector_id)
{
	wake_lane(ctx, connector_id);
}

static int find_busy(struct db *db, void *ctx, struct sp_error *err)
{
	return transfers_each_busy_connector(db, wake_found, ctx, err);
}

int transfer_engine_open(const struct transfer_rooms *rooms, const struct transfer_options *options,
			 struct transfer_engine **out, struct sp_error *err)
{
	struct transfer_engine *engine = sp_alloc(sizeof(*engine));
	ground_init(&engine->ground, rooms, options);
	engine->ground.places.crowded = make_room;
	engine->ground.places.crowded_ctx = engine;
	engine->tests.ground = &engine->ground;
	engine->guests.ground = &engine->ground;

	if (store_write(rooms->store, requeue, &engine->ground.options, err) != 0 ||
	    store_read(rooms->store, find_busy, engine, err) != 0) {
		transfer_engine_close(engine);
		return sp_wrap(err, "could not go on with the transfers of the last run");
	}
	sweeper_begin(&engine->sweeper, &engine->ground);
	retention_begin(&engine->retention, &engine->ground);
	bucket_tests_begin(&engine->bucket_tests, &engine->ground);
	*out = engine;
	return 0;
}

void transfer_engine_stop(struct transfer_engine *engine, loop_fn *fn, void *ctx)
{
	struct ground *ground = &engine->ground;
	ground->stopping = true;
	ground->stopped = fn;
	ground->stopped_ctx = ctx;
	ground_went_out(ground); /* so that it is never idle before all were told */
	for (struct lane *lane = engine->lanes; lane != NULL; lane = lane_next(lane))
		lane_stop(lane);
	test_runs_stop(&engine->tests);
	sweeper_stop(&engine->sweeper);
	retention_stop(&engine->retention);
	ground_came_back(ground);
}

void transfer_engine_close(struct transfer_engine *engine)
{
	if (engine == NULL)
		return;
	while (engine->lanes != NULL)
		drop_lane(engine, engine->lanes);
	sweeper_finish(&engine->sweeper);
	storage_guests_finish(&engine->guests);
	retention_stop(&engine->retention);
	ground_finish(&engine->ground);
	free(engine);
}
