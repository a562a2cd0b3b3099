#include "transfer/lane_worker.h"

#include <assert.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"

enum {
	START_RETRY_MS = 5000,
	EARLY_DEATHS_MAX = 5, /* of workers that never said a word */
};

static void refuse(struct lane_worker *worker, enum failure_step step, const struct sp_error *err)
{
	if (failure_is_transient(step, err->code)) {
		sp_log(SP_LOG_ERROR, "%s: %s", worker->connector_id, err->message);
		worker->state = LANE_WORKER_RESTING;
		worker->owner.pause(worker->owner.ctx, START_RETRY_MS);
		return;
	}
	worker->state = LANE_WORKER_REFUSED;
	worker->refused_step = step;
	worker->refusal = *err;
	worker->owner.refused(worker->owner.ctx);
}

/* ---- its end -------------------------------------------------------------------------------------------------------- */

static void ended(void *ctx, const char *how, bool spoke)
{
	struct lane_worker *worker = ctx;
	worker->process = NULL;
	worker->state = LANE_WORKER_RESTING;
	worker->early_deaths = spoke ? 0 : worker->early_deaths + 1;
	if (worker->early_deaths > 0)
		worker->owner.pause(worker->owner.ctx,
				    worker->ground->options.retry_delay_ms << worker->early_deaths);
	worker->owner.lost(worker->owner.ctx, how);
	if (worker->early_deaths >= EARLY_DEATHS_MAX) {
		struct sp_error err = { 0 };
		sp_fail(&err, SP_INTERNAL,
			"worker processes end before they do anything; the log of sallyportd tells "
			"how they ended");
		refuse(worker, STEP_WORKER, &err);
		worker->early_deaths = 0;
	}
}

static void said(void *ctx, const struct worker_message *message)
{
	struct lane_worker *worker = ctx;
	if (worker->owner.said(worker->owner.ctx, message))
		return;
	sp_log(SP_LOG_ERROR,
	       "%s: the worker said something (%d) that it may not say now, and is ended",
	       worker->connector_id, (int)message->kind);
	worker_process_kill(worker->process);
	ended(worker, "the worker process broke the protocol", true);
}

void lane_worker_send_away(struct lane_worker *worker)
{
	worker_process_close(worker->process);
	worker->process = NULL;
	worker->state = LANE_WORKER_RESTING;
	worker->owner.lost(worker->owner.ctx, NULL);
}

void lane_worker_stop(struct lane_worker *worker)
{
	worker_process_close(worker->process);
	worker->process = NULL;
	if (worker->state == LANE_WORKER_WORKING || worker->seeker.waits)
		worker->state = LANE_WORKER_RESTING;
	places_leave_line(&worker->ground->places, &worker->seeker);
}

/* ---- its beginning -------------------------------------------------------------------------------------------------- */

static const char *transfer_of(void *ctx, const char *file_id)
{
	const struct lane_worker *worker = ctx;
	return worker->owner.transfer_of(worker->owner.ctx, file_id);
}

static bool has_file_at(void *ctx, const char *origin)
{
	const struct lane_worker *worker = ctx;
	return worker->owner.has_file_at(worker->owner.ctx, origin);
}

static void connected(void *ctx, uint32_t request, struct egress_result *result)
{
	const struct lane_worker *worker = ctx;
	worker->owner.connected(worker->owner.ctx, request, result);
}

static void start(struct lane_worker *worker, struct launch *launch)
{
	const struct worker_owner owner = { .ctx = worker,
					    .message = said,
					    .transfer_of = transfer_of,
					    .has_file_at = has_file_at,
					    .connected = connected,
					    .ended = ended };
	struct sp_error err = { 0 };
	if (worker_process_start(worker->ground, launch, false, &owner, &worker->process, &err) !=
	    0) {
		places_give_back(&worker->ground->places);
		refuse(worker, STEP_WORKER, &err);
		return;
	}
	worker->state = LANE_WORKER_WORKING;
	worker->began_ms = sp_monotonic_ms();
	worker->owner.began(worker->owner.ctx, launch);
}

static void loaded(void *ctx)
{
	struct lane_worker *worker = ctx;
	struct launch *launch = sp_take_pointer(&worker->launch);
	bool is_wanted = !worker->ground->stopping && launch->result == 0;
	if (!is_wanted)
		places_give_back(&worker->ground->places);
	if (worker->ground->stopping)
		worker->state = LANE_WORKER_RESTING;
	else if (launch->result != 0)
		refuse(worker, launch->step, &launch->err);
	else
		start(worker, launch);
	launch_destroy(launch);
	worker->owner.loaded(worker->owner.ctx);
}

static void place_given(void *ctx)
{
	struct lane_worker *worker = ctx;
	worker->launch = launch_start(worker->ground, worker->connector_id, loaded, worker);
}

void lane_worker_load(struct lane_worker *worker)
{
	assert(worker->state == LANE_WORKER_RESTING);
	worker->state = LANE_WORKER_LOADING;
	worker->seeker = (struct place_seeker){ .given = place_given, .ctx = worker };
	if (places_take(&worker->ground->places, &worker->seeker))
		place_given(worker);
}

bool lane_worker_had_its_turn(const struct lane_worker *worker)
{
	return places_are_wanted(&worker->ground->places) &&
	       sp_monotonic_ms() - worker->began_ms >= PLACES_TURN_MS;
}

void lane_worker_ask_again(struct lane_worker *worker)
{
	if (worker->state == LANE_WORKER_REFUSED)
		worker->state = LANE_WORKER_RESTING;
}

const struct sp_error *lane_worker_refusal(const struct lane_worker *worker,
					   enum failure_step *out_step)
{
	*out_step = worker->refused_step;
	return worker->state == LANE_WORKER_REFUSED ? &worker->refusal : NULL;
}
