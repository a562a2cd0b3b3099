#include "transfer/lane.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "store/connectors.h"
#include "transfer/credit.h"
#include "transfer/launch.h"
#include "transfer/partner.h"
#include "transfer/parts.h"
#include "transfer/queue_page.h"
#include "transfer/run_set.h"
#include "transfer/server.h"
#include "transfer/worker_process.h"

enum {
	LAUNCH_RETRY_MS = 5000,
	EARLY_DEATHS_MAX = 5, /* of workers that never said a word */
};

enum lane_state { LANE_RESTING, LANE_LOADING, LANE_WORKING, LANE_REFUSED };

struct lane {
	struct ground *ground;
	lane_idle_fn *idle;
	void *idle_ctx;
	struct file_owner owner;
	struct server server;
	struct parts parts;
	struct lane *next;
	char connector_id[CONNECTOR_ID_SIZE];
	enum lane_state state;
	struct launch *launch; /* LOADING */
	enum failure_step refused_step;
	struct sp_error refusal;       /* REFUSED */
	struct worker_process *worker; /* WORKING */
	struct credit credit;
	struct run_set runs;
	/* Files up to here are in hand, or were: those that never waited, and those found in PUBLISHING … */
	int64_t ready_after, publishing_after;
	bool publishing_found;   /* … all of which are, as a crash may have left them */
	struct queue_page *page; /* being read; NULL: none */
	size_t ended_count; /* meanwhile; what the page says of those at these positions is old */
	int64_t ended[WORKER_FILES_MAX];
	size_t early_deaths; /* in a row */
	bool check_again;    /* it changed once more while that was looked at */
	bool checking;       /* whether the connector still exists */
	bool wanted;         /* something happened since the page was asked for */
	bool need_worker;    /* a publish waits for one */
	bool stale;          /* the worker has old settings */
	struct partner partner;
	int64_t paused_until_ms; /* monotonic; 0: not paused */
	int64_t idle_since_ms;   /* monotonic; 0: it had work when it last looked */
	/* What comes first: a retry, the end of a pause, the worker's idle time. */
	struct loop_timer *timer;
};

static void pump(struct lane *lane);

void lane_destroy(struct lane *lane)
{
	loop_cancel_timer(lane->timer);
	server_finish(&lane->server);
	free(lane);
}

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

static void pause_lane(struct lane *lane, int64_t delay_ms)
{
	int64_t until = sp_monotonic_ms() + delay_ms;
	if (until > lane->paused_until_ms)
		lane->paused_until_ms = until;
}

/* ---- the worker ------------------------------------------------------------------------------------------------------- */

static void blame_run(struct file_run *run)
{
	file_run_worker_lost(run, true);
}

static void excuse_run(struct file_run *run)
{
	file_run_worker_lost(run, false);
}

static void refuse(struct lane *lane, enum failure_step step, const struct sp_error *err)
{
	if (failure_is_transient(step, err->code)) {
		sp_log(SP_LOG_ERROR, "%s: %s", lane->connector_id, err->message);
		lane->state = LANE_RESTING;
		pause_lane(lane, LAUNCH_RETRY_MS);
		return;
	}
	lane->state = LANE_REFUSED;
	lane->refused_step = step;
	lane->refusal = *err;
	run_set_tell(&lane->runs, file_run_worker_changed);
}

static void worker_ended(void *ctx, const char *how, bool spoke)
{
	struct lane *lane = ctx;
	sp_log(SP_LOG_WARNING, "%s: %s with %zu files under way", lane->connector_id, how,
	       lane->runs.count);
	lane->worker = NULL;
	lane->state = LANE_RESTING;
	lane->early_deaths = spoke ? 0 : lane->early_deaths + 1;
	if (lane->early_deaths > 0)
		pause_lane(lane, lane->ground->options.retry_delay_ms << lane->early_deaths);
	run_set_tell(&lane->runs, blame_run);
	if (lane->early_deaths >= EARLY_DEATHS_MAX) {
		struct sp_error err = { 0 };
		sp_fail(&err, SP_INTERNAL,
			"worker processes end before they do anything; the log of sallyportd tells "
			"how they ended");
		refuse(lane, STEP_WORKER, &err);
		lane->early_deaths = 0;
	}
	lane_wake(lane);
}

static void worker_said(void *ctx, const struct worker_message *message)
{
	struct lane *lane = ctx;
	struct file_run *run =
		message->file_id == NULL ? NULL : run_set_find(&lane->runs, message->file_id);
	/* A run that is over (cancelled, abandoned) may still be spoken of. */
	if (run == NULL && message->file_id != NULL) {
		parts_heard(&lane->parts, message);
		return;
	}
	if (run != NULL && file_run_message(run, message))
		return;
	if (message->kind == WORKER_CONNECTED && server_connected(&lane->server, message)) {
		parts_look(&lane->parts);
		return;
	}
	sp_log(SP_LOG_ERROR,
	       "%s: the worker said something (%d) that it may not say now, and is ended",
	       lane->connector_id, (int)message->kind);
	worker_process_kill(lane->worker);
	worker_ended(lane, "the worker process broke the protocol", true);
}

static void socket_given(void *ctx, uint32_t request, struct egress_result *result)
{
	struct lane *lane = ctx;
	server_note_socket(&lane->server, request, result);
}

static const char *transfer_of(void *ctx, const char *file_id)
{
	const struct lane *lane = ctx;
	const struct file_run *run = run_set_find(&lane->runs, file_id);
	return run == NULL ? NULL : file_run_transfer_id(run);
}

/* The runs that it has go on with the next one, blameless. */
static void send_worker_away(struct lane *lane)
{
	worker_process_close(lane->worker);
	lane->worker = NULL;
	lane->state = LANE_RESTING;
	run_set_tell(&lane->runs, excuse_run);
}

static void launched(void *ctx)
{
	struct lane *lane = ctx;
	struct launch *launch = lane->launch;
	lane->launch = NULL;

	if (lane->ground->stopping) {
		lane->state = LANE_RESTING;
	} else if (launch->result != 0) {
		refuse(lane, launch->step, &launch->err);
	} else {
		const struct worker_owner owner = { .ctx = lane,
						    .message = worker_said,
						    .transfer_of = transfer_of,
						    .connected = socket_given,
						    .ended = worker_ended };
		struct sp_error err = { 0 };
		lane->credit.connections = (size_t)launch->connector.max_connections;
		if (worker_process_start(lane->ground, launch, false, &owner, &lane->worker,
					 &err) != 0) {
			refuse(lane, STEP_WORKER, &err);
		} else {
			lane->state = LANE_WORKING;
			lane->need_worker = false;
			server_begin(&lane->server, launch);
			parts_begin(&lane->parts);
			run_set_tell(&lane->runs, file_run_worker_changed);
		}
	}
	launch_destroy(launch);
	pump(lane);
}

static void load(struct lane *lane)
{
	lane->state = LANE_LOADING;
	lane->stale = false;
	lane->launch = launch_start(lane->ground, lane->connector_id, launched, lane);
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */

static size_t credit_of(const struct lane *lane)
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
	return file_gives_up_at(file, &lane->ground->options,
				partner_unreached_since(&lane->partner, &why));
}

/* False when it has to wait. */
static bool start_file(struct lane *lane, struct transfer_file *file)
{
	enum breaker_lets lets = partner_lets(&lane->partner);
	bool alone =
		!file_needs_worker(file) || gives_up_at(lane, file) < ground_early_ms(lane->ground);
	bool can = lets != BREAKER_LETS_NONE &&
		   (lane->state == LANE_WORKING || lane->state == LANE_REFUSED);
	size_t most = lets == BREAKER_LETS_ONE && !alone ? 1 : credit_of(lane);
	if (!(alone || can) || lane->runs.count >= most)
		return false;
	add_run(lane, file);
	return true;
}

/* Returns how many files are there to be worked on, whether or not they could be started now. A file that may have
 * killed workers runs alone, and those behind it wait as well, or its turn would never come. */
static size_t start_files(struct lane *lane, struct queue_page *page)
{
	size_t seen = 0;
	bool suspect_runs = run_set_any(&lane->runs, file_run_is_suspect);
	bool blocked = false;
	bool all = true; /* up to here they are in hand */
	for (size_t i = 0; i < page->count; i++) {
		struct transfer_file *file = &page->files[i];
		int64_t position = file->position;
		bool waited = file->not_before_ms > 0;
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

/* Nothing to do now: keep the worker warm for a while, wait for a retry's time, or go. */
static void rest(struct lane *lane, int64_t earliest_ms)
{
	int64_t now = sp_monotonic_ms();
	if (lane->idle_since_ms == 0)
		lane->idle_since_ms = now;
	int64_t leaves_in = lane->idle_since_ms + lane->ground->options.worker_idle_ms - now;
	if (lane->worker != NULL && leaves_in <= 0)
		send_worker_away(lane);

	int64_t wait = INT64_MAX;
	if (earliest_ms != 0)
		wait = earliest_ms - ground_late_ms(lane->ground) + 1;
	if (lane->worker != NULL && leaves_in < wait)
		wait = leaves_in;
	if (wait != INT64_MAX)
		wake_in(lane, wait);
	else if (!lane->parts.reading) /* which wakes the lane again */
		lane->idle(lane->idle_ctx, lane);
}

/* When the first of the page's files that wait will have waited for too long. */
static int64_t first_gives_up_at(const struct lane *lane, const struct queue_page *page)
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

/* Nobody tries to reach the partner now: files wait for the next to do so, or give up. */
static void hold_back(struct lane *lane, int64_t gives_up_ms)
{
	int64_t wait = partner_wait_ms(&lane->partner);
	int64_t patience = gives_up_ms - ground_early_ms(lane->ground) + 1;
	wake_in(lane, lane->wanted ? 0 : patience < wait ? patience : wait);
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
	if (!good)
		sp_log(SP_LOG_ERROR, "%s: could not read the queue: %s", lane->connector_id,
		       page->err.message);
	else if (!lane->ground->stopping)
		seen = start_files(lane, page);
	bool more = page->count == page->max;
	int64_t gives_up_ms = first_gives_up_at(lane, page);
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
	if (seen > 0 && lane->state == LANE_RESTING)
		load(lane);
	else if (lane->wanted)
		pump(lane);
	else if (!good)
		wake_in(lane, LAUNCH_RETRY_MS);
	else if (seen == 0 && lane->runs.count == 0 && !lane->checking &&
		 lane->state != LANE_LOADING)
		rest(lane, earliest_ms);
}

static void read_queue(struct lane *lane)
{
	struct queue_page wish = {
		.ground = lane->ground,
		.publishing = !lane->publishing_found,
		.publishing_after = lane->publishing_after,
		.ready_after = lane->ready_after,
		.max = credit_of(lane) - lane->runs.count,
	};
	memcpy(wish.connector_id, lane->connector_id, sizeof(wish.connector_id));
	lane->ended_count = 0;
	lane->page = queue_page_read(&wish, page_read, lane);
}

/* The same for what the partner allows. */
static bool settle_partner(struct lane *lane)
{
	enum breaker_lets lets = partner_lets(&lane->partner);
	if (lets == BREAKER_LETS_NONE) {
		if (partner_is_unreached(&lane->partner) &&
		    !run_set_any(&lane->runs, file_run_is_at_worker))
			send_worker_away(lane);
		wake_in(lane, partner_wait_ms(&lane->partner));
	} else if (lane->need_worker) {
		/* Files that wait for a worker to finish their publish may have used up the credit. */
		lane->need_worker = false;
		if (lane->state == LANE_WORKING)
			run_set_tell(&lane->runs, file_run_worker_changed);
		if (lane->state == LANE_RESTING) {
			load(lane);
			return false;
		}
	}
	if (lets == BREAKER_LETS_ONE)
		return lane->runs.count == 0;
	/* Also with LETS_NONE: some may have waited for too long. */
	size_t credit = credit_of(lane);
	return lane->runs.count + credit_worth_reading(credit) <= credit;
}

/* True when the lane may look for files now. */
static bool settle(struct lane *lane)
{
	if (lane->stale && lane->state == LANE_WORKING) {
		if (lane->runs.count > 0)
			return false; /* they finish under the old settings; each end wakes the lane */
		send_worker_away(lane);
	}
	if (lane->stale && lane->state == LANE_REFUSED)
		lane->state = LANE_RESTING;
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
	lane->wanted = lane->page != NULL || lane->state == LANE_LOADING;
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
	if (lane->worker == NULL ||
	    (asks_partner && partner_lets(&lane->partner) == BREAKER_LETS_NONE)) {
		sp_close_fd(&fd);
		return false;
	}
	worker_process_send(lane->worker, message, fd);
	return true;
}

static const struct sp_error *refusal_of(void *ctx, enum failure_step *out_step)
{
	const struct lane *lane = ctx;
	*out_step = lane->refused_step;
	return lane->state == LANE_REFUSED ? &lane->refusal : NULL;
}

static void need_worker(void *ctx)
{
	struct lane *lane = ctx;
	bool used = run_set_any(&lane->runs, file_run_is_at_worker);
	if (lane->stale && lane->state == LANE_WORKING && !used)
		send_worker_away(lane);
	if (lane->state == LANE_REFUSED)
		lane->state = LANE_RESTING; /* asked again */
	if (lane->state == LANE_WORKING && partner_lets(&lane->partner) != BREAKER_LETS_NONE)
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

struct lane *lane_create(struct ground *ground, const char *connector_id, lane_idle_fn *idle,
			 void *ctx)
{
	struct lane *lane = sp_alloc(sizeof(*lane));
	lane->ground = ground;
	lane->idle = idle;
	lane->idle_ctx = ctx;
	lane->owner = (struct file_owner){
		.ctx = lane,
		.ground = ground,
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
	lane->credit.connections = 1;
	server_init(&lane->server, ground, connector_id);
	lane->parts = (struct parts){ .ground = ground,
				      .connector_id = lane->connector_id,
				      .send = send_to_worker,
				      .came_back = woken_by_parts,
				      .ctx = lane };
	snprintf(lane->connector_id, sizeof(lane->connector_id), "%s", connector_id);
	partner_init(&lane->partner, ground, connector_id);
	return lane;
}

/* ---- changes ---------------------------------------------------------------------------------------------------------- */

struct check {
	struct lane *lane;
	bool deleted;
};

static int find_connector(struct db *db, void *ctx, struct sp_error *err)
{
	struct check *check = ctx;
	struct connector connector = { 0 };
	int result = connectors_find(db, check->lane->connector_id, &connector, err);
	connector_finish(&connector);
	return result;
}

static void check_work(void *ctx)
{
	struct check *check = ctx;
	struct sp_error err = { 0 };
	check->deleted =
		store_read(check->lane->ground->rooms.store, find_connector, check, &err) != 0 &&
		err.code == SP_NOT_FOUND;
}

static void check_done(void *ctx)
{
	struct check *check = ctx;
	struct lane *lane = check->lane;
	lane->checking = false;
	if (check->deleted)
		run_set_tell(&lane->runs,
			     file_run_abandon); /* the worker goes when they are gone */
	free(check);
	if (lane->check_again)
		lane_changed(lane);
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
	lane->check_again = lane->checking;
	if (lane->checking || lane->ground->stopping)
		return;
	struct check *check = sp_alloc(sizeof(*check));
	check->lane = lane;
	lane->checking = true;
	ground_read(lane->ground, check_work, check_done, check);
}

void lane_stop(struct lane *lane)
{
	loop_cancel_timer(lane->timer);
	lane->timer = NULL;
	worker_process_close(lane->worker);
	lane->worker = NULL;
	if (lane->state == LANE_WORKING)
		lane->state = LANE_RESTING;
	run_set_tell(&lane->runs, file_run_stop);
}
