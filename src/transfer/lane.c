#include "transfer/lane.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "transfer/lane_inside.h"

enum { READ_RETRY_MS = 5000 /* of the queue */ };

static void pump(struct lane *lane);

struct lane *lane_next(const struct lane *lane)
{
	return lane->next;
}

void lane_set_next(struct lane *lane, struct lane *next)
{
	lane->next = next;
}

const char *lane_connector_id(const struct lane *lane)
{
	return lane->connector_id;
}

/* ---- time ------------------------------------------------------------------------------------------------------------- */

static void timer_fired(void *ctx)
{
	struct lane *lane = ctx;
	lane->timer = NULL;
	pump(lane);
}

static void wake_in(struct lane *lane, int64_t delay_ms)
{
	loop_cancel_timer(lane->timer);
	lane->timer = loop_add_timer(lane->ground->rooms.loop, delay_ms < 0 ? 0 : delay_ms,
				     timer_fired, lane);
}

/* ---- what becomes of the worker --------------------------------------------------------------------------------------- */

static void worker_began(void *ctx, struct launch *launch)
{
	struct lane *lane = ctx;
	lane->credit.connections = (size_t)launch->connector.max_connections;
	lane->need_worker = false;
	server_begin(&lane->server, launch);
	parts_begin(&lane->parts);
	run_set_tell(&lane->runs, file_run_worker_changed);
}

static bool worker_said(void *ctx, const struct worker_message *message)
{
	struct lane *lane = ctx;
	struct file_run *run =
		message->file_id == NULL ? NULL : run_set_find(&lane->runs, message->file_id);
	/* A run that is over (cancelled, abandoned) may still be spoken of. */
	if (run == NULL && message->file_id != NULL) {
		parts_heard(&lane->parts, message);
		return true;
	}
	if (run != NULL && file_run_message(run, message))
		return true;
	if (message->kind != WORKER_CONNECTED || !server_connected(&lane->server, message))
		return false;
	parts_look(&lane->parts);
	return true;
}

static const char *transfer_of(void *ctx, const char *file_id)
{
	const struct lane *lane = ctx;
	const struct file_run *run = run_set_find(&lane->runs, file_id);
	return run == NULL ? NULL : file_run_transfer_id(run);
}

static bool has_file_at(void *ctx, const char *origin)
{
	const struct lane *lane = ctx;
	return run_set_is_at(&lane->runs, origin);
}

static void socket_given(void *ctx, uint32_t request, struct egress_result *result)
{
	struct lane *lane = ctx;
	server_note_socket(&lane->server, request, result);
}

static void blame_run(struct file_run *run)
{
	file_run_worker_lost(run, true);
}

static void excuse_run(struct file_run *run)
{
	file_run_worker_lost(run, false);
}

static void worker_lost(void *ctx, const char *how)
{
	struct lane *lane = ctx;
	if (how == NULL) {
		run_set_tell(&lane->runs, excuse_run);
		return;
	}
	sp_log(SP_LOG_WARNING, "%s: %s with %zu files under way", lane->connector_id, how,
	       lane->runs.count);
	run_set_tell(&lane->runs, blame_run);
	lane_wake(lane);
}

static void worker_refused(void *ctx)
{
	struct lane *lane = ctx;
	run_set_tell(&lane->runs, file_run_worker_changed);
}

static void pause_lane(void *ctx, int64_t delay_ms)
{
	struct lane *lane = ctx;
	int64_t until = sp_monotonic_ms() + delay_ms;
	if (until > lane->paused_until_ms)
		lane->paused_until_ms = until;
}

static void worker_loaded(void *ctx)
{
	pump(ctx);
}

static void load(struct lane *lane)
{
	lane->stale = false;
	lane_worker_load(&lane->worker);
}

/* ---- the queue ------------------------------------------------------------------------------------------------------------ */

/* Nothing to do now: keep the worker warm for a while, wait for a retry's time, or go. */
static void rest(struct lane *lane, int64_t earliest_ms)
{
	int64_t now = sp_monotonic_ms();
	if (lane->idle_since_ms == 0)
		lane->idle_since_ms = now;
	bool is_crowded = places_are_wanted(&lane->ground->places);
	int64_t stays_ms = is_crowded ? 0 : lane->ground->options.worker_idle_ms;
	int64_t leaves_in = lane->idle_since_ms + stays_ms - now;
	if (lane->worker.process != NULL && leaves_in <= 0)
		lane_worker_send_away(&lane->worker);

	int64_t wait = INT64_MAX;
	if (earliest_ms != 0)
		wait = earliest_ms - ground_late_ms(lane->ground) + 1;
	if (lane->worker.process != NULL && leaves_in < wait)
		wait = leaves_in;
	if (wait != INT64_MAX)
		wake_in(lane, wait);
	else if (!lane->parts.reading) /* which wakes the lane again */
		lane->idle(lane->idle_ctx, lane);
}

/* Nobody tries to reach the partner now: files wait for the next to do so, or give up. */
static void hold_back(struct lane *lane, int64_t gives_up_ms)
{
	int64_t wait = partner_wait_ms(&lane->partner);
	int64_t patience = gives_up_ms - ground_early_ms(lane->ground) + 1;
	wake_in(lane, lane->wanted ? 0 : patience < wait ? patience : wait);
}

static void know_pause(struct lane *lane, const struct connector_pause *pause)
{
	lane->paused = pause->paused_ms > 0;
	lane->owner.resumed_ms = pause->resumed_ms;
}

static void page_read(void *ctx)
{
	struct lane *lane = ctx;
	struct queue_page *page = sp_take_pointer(&lane->page);
	int64_t earliest_ms = page->earliest_ms;
	bool good = page->result == 0;
	size_t seen = 0;

	if (good)
		partner_know(&lane->partner, page->has_breaker ? &page->breaker : NULL);
	if (good && !lane->pause_told)
		know_pause(lane, &page->pause);
	if (!good)
		sp_log(SP_LOG_ERROR, "%s: could not read the queue: %s", lane->connector_id,
		       page->err.message);
	else if (!lane->ground->stopping)
		seen = lane_start_files(lane, page);
	size_t considered = lane->paused ? page->publishing_count : page->count;
	bool more = considered == page->max;
	int64_t gives_up_ms = lane_first_gives_up_at(lane, page);
	queue_page_destroy(page);

	if (lane->ground->stopping)
		return;
	if (seen > 0)
		lane->idle_since_ms = 0;
	if (seen > 0 && partner_lets(&lane->partner) == BREAKER_LETS_NONE) {
		hold_back(lane, gives_up_ms);
		return;
	}
	lane->wanted = lane->wanted || more;
	if (seen > 0 && lane->worker.state == LANE_WORKER_RESTING)
		load(lane);
	else if (lane->wanted)
		pump(lane);
	else if (!good)
		wake_in(lane, READ_RETRY_MS);
	else if (seen == 0 && lane->runs.count == 0 && !lane->deletion.looking &&
		 lane->worker.state != LANE_WORKER_LOADING)
		rest(lane, lane->paused ? 0 : earliest_ms);
}

static void read_queue(struct lane *lane)
{
	struct queue_page wish = {
		.ground = lane->ground,
		.publishing = !lane->publishing_found,
		.publishing_after = lane->publishing_after,
		.ready_after = lane->ready_after,
		.max = lane_credit(lane) - lane->runs.count,
	};
	memcpy(wish.connector_id, lane->connector_id, sizeof(wish.connector_id));
	lane->ended_count = 0;
	lane->pause_told = false;
	lane->page = queue_page_read(&wish, page_read, lane);
}

/* The same for what the partner allows. */
static bool settle_partner(struct lane *lane)
{
	enum breaker_lets lets = partner_lets(&lane->partner);
	if (lets == BREAKER_LETS_NONE) {
		if (partner_is_unreached(&lane->partner) &&
		    !run_set_any(&lane->runs, file_run_is_at_worker))
			lane_worker_send_away(&lane->worker);
		wake_in(lane, partner_wait_ms(&lane->partner));
	} else if (lane->need_worker) {
		/* Files that wait for a worker to finish their publish may have used up the credit. */
		lane->need_worker = false;
		if (lane->worker.state == LANE_WORKER_WORKING)
			run_set_tell(&lane->runs, file_run_worker_changed);
		if (lane->worker.state == LANE_WORKER_RESTING) {
			load(lane);
			return false;
		}
	}
	if (lets == BREAKER_LETS_ONE)
		return lane->runs.count == 0;
	/* Also with LETS_NONE: some may have waited for too long. */
	size_t credit = lane_credit(lane);
	return lane->runs.count + credit_worth_reading(credit) <= credit;
}

/* True when the lane may look for files now. */
static bool settle(struct lane *lane)
{
	bool leaves = lane->stale || lane_worker_had_its_turn(&lane->worker);
	if (leaves && lane->worker.state == LANE_WORKER_WORKING) {
		if (lane->runs.count > 0)
			return false; /* they finish under the old settings; each end wakes the lane */
		lane_worker_send_away(&lane->worker);
	}
	if (lane->stale)
		lane_worker_ask_again(&lane->worker);
	lane->stale = false;

	int64_t pause = lane->paused_until_ms - sp_monotonic_ms();
	if (pause > 0) {
		wake_in(lane, pause);
		return false;
	}
	lane->paused_until_ms = 0;
	return settle_partner(lane);
}

static void pump(struct lane *lane)
{
	if (lane->ground->stopping)
		return;
	lane->wanted = lane->page != NULL || lane->worker.state == LANE_WORKER_LOADING;
	if (!lane->wanted && settle(lane))
		read_queue(lane);
}

void lane_wake(struct lane *lane)
{
	lane->wanted = true; /* a page that is being read may be older than the reason to wake */
	if (!lane->ground->stopping)
		wake_in(lane, 0);
}

/* ---- what runs ask for -------------------------------------------------------------------------------------------------- */

static bool send_to_worker(void *ctx, const struct worker_message *message, int fd)
{
	struct lane *lane = ctx;
	bool asks_partner = message->kind != WORKER_PERMIT && message->kind != WORKER_CANCEL;
	if (lane->worker.process == NULL ||
	    (asks_partner && partner_lets(&lane->partner) == BREAKER_LETS_NONE)) {
		sp_close_fd(&fd);
		return false;
	}
	worker_process_send(lane->worker.process, message, fd);
	return true;
}

static const struct sp_error *refusal_of(void *ctx, enum failure_step *out_step)
{
	const struct lane *lane = ctx;
	return lane_worker_refusal(&lane->worker, out_step);
}

static void need_worker(void *ctx)
{
	struct lane *lane = ctx;
	bool used = run_set_any(&lane->runs, file_run_is_at_worker);
	if (lane->stale && lane->worker.state == LANE_WORKER_WORKING && !used)
		lane_worker_send_away(&lane->worker);
	lane_worker_ask_again(&lane->worker);
	if (lane->worker.state == LANE_WORKER_WORKING &&
	    partner_lets(&lane->partner) != BREAKER_LETS_NONE)
		return;
	lane->need_worker = true;
	lane_wake(lane);
}

static void file_sized(void *ctx, uint64_t size)
{
	struct lane *lane = ctx;
	credit_note_size(&lane->credit, size);
}

static bool unreached(void *ctx, const struct breaker_failure *failure)
{
	struct lane *lane = ctx;
	lane_wake(lane);
	return partner_failed(&lane->partner, failure);
}

static void answered(void *ctx)
{
	struct lane *lane = ctx;
	if (partner_is_unreached(&lane->partner))
		lane_wake(lane);
	partner_answered(&lane->partner);
}

static int64_t unreached_since(void *ctx, const char **out_reason)
{
	struct lane *lane = ctx;
	return partner_unreached_since(&lane->partner, out_reason);
}

static void left_part(void *ctx, const struct transfer_file *file)
{
	struct lane *lane = ctx;
	parts_failed(&lane->parts, file);
}

static void woken_by_parts(void *ctx)
{
	lane_wake(ctx);
}

static void run_ended(void *ctx, struct file_run *run)
{
	struct lane *lane = ctx;
	run_set_remove(&lane->runs, run);
	lane->ground->runs--;
	/* None begins while a page is read, so there are never more than the credit. */
	if (lane->page != NULL && lane->ended_count < WORKER_FILES_MAX)
		lane->ended[lane->ended_count++] = file_run_position(run);
	lane_wake(lane);
}

/* ---- changes ---------------------------------------------------------------------------------------------------------- */

static void deletion_looked(void *ctx, bool is_deleted)
{
	struct lane *lane = ctx;
	if (is_deleted)
		run_set_tell(&lane->runs,
			     file_run_abandon); /* the worker goes when they are gone */
	lane_wake(lane);
}

void lane_ask_again(struct lane *lane)
{
	partner_ask_again(&lane->partner);
	lane_wake(lane);
}

void lane_changed(struct lane *lane)
{
	lane->stale = true;
	deletion_look(&lane->deletion);
}

void lane_pause(struct lane *lane, const struct connector_pause *pause)
{
	know_pause(lane, pause);
	lane->pause_told = true;
	lane_wake(lane);
}

bool lane_cancel(struct lane *lane, const char *file_id, const char *by, int64_t at_ms)
{
	struct file_run *run = run_set_find(&lane->runs, file_id);
	return run != NULL && file_run_cancel(run, by, at_ms);
}

void lane_stop(struct lane *lane)
{
	loop_cancel_timer(lane->timer);
	lane->timer = NULL;
	lane_worker_stop(&lane->worker);
	run_set_tell(&lane->runs, file_run_stop);
}

/* ---- beginning and ending ------------------------------------------------------------------------------------------ */

static void serve_runs(struct lane *lane)
{
	lane->owner = (struct file_owner){
		.ctx = lane,
		.ground = lane->ground,
		.server = &lane->server,
		.send = send_to_worker,
		.refusal = refusal_of,
		.need_worker = need_worker,
		.unreached = unreached,
		.answered = answered,
		.unreached_since = unreached_since,
		.sized = file_sized,
		.left_part = left_part,
		.ended = run_ended,
	};
}

static void hear_answers(struct lane *lane)
{
	lane->worker = (struct lane_worker){ .ground = lane->ground,
					     .connector_id = lane->connector_id,
					     .owner = { .ctx = lane,
							.began = worker_began,
							.said = worker_said,
							.transfer_of = transfer_of,
							.has_file_at = has_file_at,
							.connected = socket_given,
							.lost = worker_lost,
							.refused = worker_refused,
							.pause = pause_lane,
							.loaded = worker_loaded } };
	lane->parts = (struct parts){ .ground = lane->ground,
				      .connector_id = lane->connector_id,
				      .send = send_to_worker,
				      .came_back = woken_by_parts,
				      .ctx = lane };
	lane->deletion = (struct deletion){ .ground = lane->ground,
					    .connector_id = lane->connector_id,
					    .looked = deletion_looked,
					    .ctx = lane };
}

struct lane *lane_create(struct ground *ground, const char *connector_id, lane_idle_fn *idle,
			 void *ctx)
{
	struct lane *lane = sp_alloc(sizeof(*lane));
	lane->ground = ground;
	lane->idle = idle;
	lane->idle_ctx = ctx;
	lane->credit.connections = 1;
	snprintf(lane->connector_id, sizeof(lane->connector_id), "%s", connector_id);
	serve_runs(lane);
	hear_answers(lane);
	server_init(&lane->server, ground, connector_id);
	partner_init(&lane->partner, ground, connector_id);
	return lane;
}

void lane_destroy(struct lane *lane)
{
	loop_cancel_timer(lane->timer);
	server_finish(&lane->server);
	free(lane);
}
