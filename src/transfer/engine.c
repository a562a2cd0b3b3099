#include "transfer/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "store/transfers.h"
#include "transfer/lane.h"
#include "transfer/test_run.h"

/* ---- leaving the loop's thread and coming back ----------------------------------------------------------------------- */

struct job {
	struct transfer_engine *engine;
	loop_fn *work, *done;
	store_fn *write;
	engine_written_fn *written;
	void *ctx;
	int result;
	struct sp_error err;
};

void engine_went_out(struct transfer_engine *engine)
{
	engine->under_way++;
}

void engine_came_back(struct transfer_engine *engine)
{
	engine->under_way--;
	if (engine->stopping && engine->under_way == 0)
		engine->stopped(engine->stopped_ctx);
}

static void job_work(void *ctx)
{
	struct job *job = ctx;
	job->work(job->ctx);
}

static void job_done(void *ctx)
{
	struct job *job = ctx;
	struct transfer_engine *engine = job->engine;
	if (job->write != NULL)
		job->written(job->ctx, job->result, &job->err);
	else
		job->done(job->ctx);
	free(job);
	engine_came_back(engine);
}

void engine_run(struct transfer_engine *engine, loop_fn *work, loop_fn *done, void *ctx)
{
	struct job *job = sp_alloc(sizeof(*job));
	*job = (struct job){ .engine = engine, .work = work, .done = done, .ctx = ctx };
	engine_went_out(engine);
	pool_run(engine->rooms.files, engine->rooms.loop, job_work, job_done, job);
}

static int job_write(struct db *db, void *ctx, struct sp_error *err)
{
	struct job *job = ctx;
	return job->write(db, job->ctx, err);
}

static void job_written(void *ctx, int result, const struct sp_error *err)
{
	struct job *job = ctx;
	job->result = result;
	if (result != 0)
		job->err = *err;
	loop_post(job->engine->rooms.loop, job_done, job);
}

void engine_commit(struct transfer_engine *engine, store_fn *write, engine_written_fn *written,
		   void *ctx)
{
	struct job *job = sp_alloc(sizeof(*job));
	*job = (struct job){ .engine = engine, .write = write, .written = written, .ctx = ctx };
	engine_went_out(engine);
	store_submit(engine->rooms.store, job_write, job, job_written, job);
}

/* ---- lanes ------------------------------------------------------------------------------------------------------------ */

static struct lane *find_lane(const struct transfer_engine *engine, const char *connector_id)
{
	struct lane *lane = engine->lanes;
	while (lane != NULL && strcmp(lane_connector_id(lane), connector_id) != 0)
		lane = lane_next(lane);
	return lane;
}

void engine_drop_lane(struct transfer_engine *engine, struct lane *lane)
{
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
	if (engine->stopping)
		return;
	struct lane *lane = find_lane(engine, connector_id);
	if (lane == NULL) {
		lane = lane_create(engine, connector_id);
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
	loop_post(engine->rooms.loop, fn, notice);
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

static void changed(void *ctx)
{
	struct notice *notice = ctx;
	for (struct lane *lane = notice->engine->lanes; lane != NULL; lane = lane_next(lane))
		if (notice->all || strcmp(lane_connector_id(lane), notice->connector_id) == 0)
			lane_changed(lane);
	free(notice);
}

void transfer_engine_changed(struct transfer_engine *engine, const char *connector_id)
{
	post_notice(engine, connector_id, changed);
}

/* ---- opening and closing ---------------------------------------------------------------------------------------------- */

static int requeue(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return transfers_requeue_running(db, err);
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
	engine->rooms = *rooms;
	engine->options = *options;
	engine->options.worker_path = sp_strdup(options->worker_path);
	engine->options.run_directory = sp_strdup(options->run_directory);
	engine->options.builtin_role = sp_strdup(options->builtin_role);

	if (store_write(rooms->store, requeue, NULL, err) != 0 ||
	    store_read(rooms->store, find_busy, engine, err) != 0) {
		transfer_engine_close(engine);
		return sp_wrap(err, "could not go on with the transfers of the last run");
	}
	*out = engine;
	return 0;
}

void transfer_engine_stop(struct transfer_engine *engine, loop_fn *fn, void *ctx)
{
	engine->stopping = true;
	engine->stopped = fn;
	engine->stopped_ctx = ctx;
	engine_went_out(engine); /* so that it is never idle before all were told */
	for (struct lane *lane = engine->lanes; lane != NULL; lane = lane_next(lane))
		lane_stop(lane);
	test_runs_stop(engine);
	engine_came_back(engine);
}

void transfer_engine_close(struct transfer_engine *engine)
{
	if (engine == NULL)
		return;
	while (engine->lanes != NULL)
		engine_drop_lane(engine, engine->lanes);
	free((char *)(uintptr_t)engine->options.worker_path);
	free((char *)(uintptr_t)engine->options.run_directory);
	free((char *)(uintptr_t)engine->options.builtin_role);
	free(engine);
}
