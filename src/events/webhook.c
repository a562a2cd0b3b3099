#include "events/webhook.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/scope.h"
#include "loop/pool.h"
#include "store/event_cursors.h"
#include "store/events.h"

enum {
	LOOK_MS = 50,    /* for new events, at most so often */
	NOTE_MS = 250,   /* what was delivered, as well */
	RETRY_MS = 1000, /* when the store fails */
	SLEEP_MAX_MS = 60000,
};

struct webhook {
	struct sink sink;
	const struct sink_ground *ground;
	struct webhook_door door;
	struct lane_patience patience;
	CURLM *multi;
	struct pool *pool; /* one thread, which is ours all the time */
	atomic_bool woken, hurried, closing;

	/* The thread's, and of who looks on or interferes: under the lock, which is free while nothing happens. */
	pthread_mutex_t lock;
	struct lanes lanes;
	struct errand {
		struct webhook_request *request;
		struct lane *lane; /* whose event it is; NULL: it is idle */
		int64_t number;
		char event_id[SP_UUID_SIZE];
	} errands[WEBHOOK_REQUESTS];
	int64_t next_look_ms, next_note_ms; /* monotonic */
	bool store_fails;                   /* that was said */
};

/* ---- the store ----------------------------------------------------------------------------------------------------- */

/* Said once. */
static void note_store(struct webhook *webhook, int result, const struct sp_error *err)
{
	if (result != 0 && !webhook->store_fails)
		sp_log(SP_LOG_ERROR, "%s could not go on, trying again: %s", webhook->sink.title,
		       err->message);
	webhook->store_fails = result != 0;
}

struct look {
	struct webhook *webhook;
	struct db *db;
	struct sp_error *err;
	int result;
};

static void see_news(void *ctx, const char *connector_id, int64_t newest)
{
	struct look *look = ctx;
	struct webhook *webhook = look->webhook;
	struct lane *lane = lanes_find(&webhook->lanes, connector_id);
	if (lane == NULL) {
		int64_t delivered = atomic_load(&webhook->sink.delivered);
		if (event_cursors_find(look->db, webhook->sink.name, connector_id, &delivered,
				       look->err) < 0) {
			look->result = -1;
			return;
		}
		lane = lanes_add(&webhook->lanes, connector_id, delivered);
	}
	if (newest > lane->newest)
		lane->newest = newest;
	if (newest > webhook->lanes.seen)
		webhook->lanes.seen = newest;
}

static int look_for_news(struct db *db, void *ctx, struct sp_error *err)
{
	struct look look = { .webhook = ctx, .db = db, .err = err };
	int64_t seen = look.webhook->lanes.seen;
	return events_each_news(db, seen, see_news, &look, err) != 0 ? -1 : look.result;
}

struct notes {
	struct webhook *webhook;
	int64_t delivered;
};

static int write_notes(struct db *db, void *ctx, struct sp_error *err)
{
	const struct notes *notes = ctx;
	const char *name = notes->webhook->sink.name;
	for (const struct lane *lane = notes->webhook->lanes.first; lane != NULL; lane = lane->next)
		if (!lane->is_noted && lane->delivered > notes->delivered &&
		    event_cursors_put(db, name, lane->connector_id, lane->delivered, err) != 0)
			return -1;
	return event_cursors_settle(db, name, notes->delivered, err);
}

static bool has_notes(const struct webhook *webhook)
{
	for (const struct lane *lane = webhook->lanes.first; lane != NULL; lane = lane->next)
		if (!lane->is_noted)
			return true;
	return false;
}

/* The writer reads the lanes while this thread waits for it. */
static void note_delivered(struct webhook *webhook)
{
	struct notes notes = { webhook, lanes_delivered(&webhook->lanes) };
	struct sp_error err = { 0 };
	int result = store_write(webhook->ground->store, write_notes, &notes, &err);
	note_store(webhook, result, &err);
	if (result != 0)
		return;
	for (struct lane *lane = webhook->lanes.first; lane != NULL; lane = lane->next)
		lane->is_noted = true;
	atomic_store(&webhook->sink.delivered, notes.delivered);
	lanes_forget_idle(&webhook->lanes, notes.delivered);
}

struct next_event {
	const struct lane *lane;
	struct event event;
	size_t count;
};

static int read_next(struct db *db, void *ctx, struct sp_error *err)
{
	struct next_event *next = ctx;
	return events_list(db, next->lane->connector_id, next->lane->delivered, &next->event, 1,
			   &next->count, err);
}

/* ---- one event ----------------------------------------------------------------------------------------------------- */

static struct errand *idle_errand(struct webhook *webhook)
{
	for (size_t i = 0; i < WEBHOOK_REQUESTS; i++)
		if (webhook->errands[i].lane == NULL)
			return &webhook->errands[i];
	return NULL;
}

static void begin(struct webhook *webhook, struct errand *errand, struct lane *lane,
		  const struct event *event)
{
	errand->lane = lane;
	errand->number = event->number;
	memcpy(errand->event_id, event->id, sizeof(errand->event_id));
	webhook_request_begin(errand->request, webhook->multi, event->id,
			      event_text(event, &webhook->ground->place), errand);
}

/* An event that went because there are too many is passed: the keeper has said so. */
static void begin_next(struct webhook *webhook, struct errand *errand, struct lane *lane,
		       int64_t now_ms)
{
	struct next_event next = { .lane = lane };
	struct sp_error err = { 0 };
	int result = store_read(webhook->ground->store, read_next, &next, &err);
	note_store(webhook, result, &err);
	if (result == 0 && next.count == 1) {
		begin(webhook, errand, lane, &next.event);
		event_finish(&next.event);
		return;
	}
	if (result == 0) {
		lane_passed(lane);
	} else {
		lane->under_way = false;
		lane->ready_ms = now_ms + RETRY_MS;
	}
}

static void tell_failure(const struct webhook *webhook, const struct lane *lane,
			 const char *event_id, int64_t delay_ms, const struct sp_error *err)
{
	bool is_loud = (lane->tries & (lane->tries - 1)) == 0; /* the first, second, fourth … */
	if (lane->parked)
		sp_log(SP_LOG_ERROR,
		       "%s did not take the event %s of %s in %d tries: %s; this connector's "
		       "events wait until they are resumed (POST /v1/webhooks/NAME/resume), or "
		       "sallyportd "
		       "gets SIGHUP or is started again",
		       webhook->sink.title, event_id, lane->connector_id, lane->tries,
		       err->message);
	else
		sp_log(is_loud ? SP_LOG_WARNING : SP_LOG_DEBUG,
		       "%s did not take the event %s of %s, try %d, the next in %" PRId64 " ms: %s",
		       webhook->sink.title, event_id, lane->connector_id, lane->tries, delay_ms,
		       err->message);
}

static void end(struct webhook *webhook, struct errand *errand, CURLcode code)
{
	struct lane *lane = sp_take_pointer(&errand->lane);
	struct sp_error err = { 0 };
	if (webhook_request_end(errand->request, code, &err) == 0) {
		if (lane->tries > 0)
			sp_log(SP_LOG_INFO, "%s takes the events of %s again", webhook->sink.title,
			       lane->connector_id);
		lane_succeeded(lane, errand->number);
		return;
	}
	uint32_t random;
	sp_random_bytes(&random, sizeof(random));
	int64_t delay_ms =
		lane_failed(lane, &webhook->patience, sp_monotonic_ms(), random, err.message);
	tell_failure(webhook, lane, errand->event_id, delay_ms, &err);
}

/* ---- the thread ---------------------------------------------------------------------------------------------------- */

static void look(struct webhook *webhook, int64_t now_ms)
{
	struct sp_error err = { 0 };
	if (now_ms < webhook->next_look_ms || !atomic_exchange(&webhook->woken, false))
		return;
	int64_t seen = webhook->lanes.seen;
	int result = store_read(webhook->ground->store, look_for_news, webhook, &err);
	note_store(webhook, result, &err);
	if (result != 0)
		webhook->lanes.seen = seen; /* a connector that could not be read is behind it */
	webhook->next_look_ms = now_ms + (result == 0 ? LOOK_MS : RETRY_MS);
	/* Where there was something, more may be behind it. */
	if (result != 0 || webhook->lanes.seen > seen)
		atomic_store(&webhook->woken, true);
}

static void go_on_if_told(struct webhook *webhook)
{
	if (!atomic_exchange(&webhook->hurried, false))
		return;
	size_t parked = lanes_go_on(&webhook->lanes, NULL);
	if (parked > 0)
		sp_log(SP_LOG_INFO, "%s is tried again for %zu connectors", webhook->sink.title,
		       parked);
}

static void begin_all_ready(struct webhook *webhook, int64_t now_ms)
{
	struct errand *errand;
	struct lane *lane;
	while ((errand = idle_errand(webhook)) != NULL &&
	       (lane = lanes_take_ready(&webhook->lanes, now_ms)) != NULL)
		begin_next(webhook, errand, lane, now_ms);
}

static void end_all_done(struct webhook *webhook)
{
	int running, left;
	CURLMsg *message;
	curl_multi_perform(webhook->multi, &running);
	while ((message = curl_multi_info_read(webhook->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			end(webhook, webhook_request_ctx(message->easy_handle),
			    message->data.result);
}

static void note_if_due(struct webhook *webhook, int64_t now_ms)
{
	if (now_ms < webhook->next_note_ms || !has_notes(webhook))
		return;
	note_delivered(webhook);
	webhook->next_note_ms = now_ms + (webhook->store_fails ? RETRY_MS : NOTE_MS);
}

/* Whatever comes first; answers of receivers and whoever wakes us end the sleep too. */
static int sleep_ms(struct webhook *webhook, int64_t now_ms)
{
	int64_t until = now_ms + SLEEP_MAX_MS;
	bool has_idle = idle_errand(webhook) != NULL;
	int64_t ready = has_idle ? lanes_next_ready_ms(&webhook->lanes) : INT64_MAX;
	if (ready < until)
		until = ready;
	if (atomic_load(&webhook->woken) && webhook->next_look_ms < until)
		until = webhook->next_look_ms;
	if (has_notes(webhook) && webhook->next_note_ms < until)
		until = webhook->next_note_ms;
	return until > now_ms ? (int)(until - now_ms) : 0;
}

static void run(void *ctx)
{
	struct webhook *webhook = ctx;
	sink_step_back();
	while (!atomic_load(&webhook->closing)) {
		int64_t now_ms = sp_monotonic_ms();
		pthread_mutex_lock(&webhook->lock);
		go_on_if_told(webhook);
		look(webhook, now_ms);
		begin_all_ready(webhook, now_ms);
		end_all_done(webhook);
		note_if_due(webhook, now_ms);
		int pause_ms = sleep_ms(webhook, sp_monotonic_ms());
		pthread_mutex_unlock(&webhook->lock);
		curl_multi_poll(webhook->multi, NULL, 0, pause_ms, NULL);
	}
	end_all_done(webhook);
	if (has_notes(webhook))
		note_delivered(webhook);
}

/* ---- who looks on, and interferes ---------------------------------------------------------------------------------- */

static void show(const struct lane *lane, struct webhook_lane *out)
{
	*out = (struct webhook_lane){
		.state = lane->parked      ? WEBHOOK_PARKED
			 : lane->tries > 0 ? WEBHOOK_RETRYING
					   : WEBHOOK_DELIVERING,
		.tries = lane->tries,
		.delivered = lane->delivered,
		.failure = sp_strdup(lane->failure),
	};
	memcpy(out->connector_id, lane->connector_id, sizeof(out->connector_id));
	if (out->state == WEBHOOK_RETRYING)
		out->next_ms = sp_now_ms() + (lane->ready_ms > sp_monotonic_ms()
						      ? lane->ready_ms - sp_monotonic_ms()
						      : 0);
}

void webhook_list_lanes(struct sink *base, struct webhook_lane **out, size_t *out_count)
{
	struct webhook *webhook = (struct webhook *)base;
	size_t count = 0;
	pthread_mutex_lock(&webhook->lock);
	for (const struct lane *lane = webhook->lanes.first; lane != NULL; lane = lane->next)
		count += lane->newest > lane->delivered;
	*out = sp_alloc((count + 1) * sizeof(**out));
	*out_count = 0;
	for (const struct lane *lane = webhook->lanes.first; lane != NULL; lane = lane->next)
		if (lane->newest > lane->delivered)
			show(lane, &(*out)[(*out_count)++]);
	pthread_mutex_unlock(&webhook->lock);
}

size_t webhook_resume(struct sink *base, const char *connector_id)
{
	struct webhook *webhook = (struct webhook *)base;
	pthread_mutex_lock(&webhook->lock);
	size_t parked = lanes_go_on(&webhook->lanes, connector_id);
	pthread_mutex_unlock(&webhook->lock);
	curl_multi_wakeup(webhook->multi);
	return parked;
}

static int check_first(const struct event *event, const char *event_id, struct sp_error *err)
{
	if (strcmp(event->id, event_id) == 0)
		return 0;
	return sp_fail(err, SP_CONFLICT,
		       "its first event that was not taken is \"%s\", not \"%.64s\"", event->id,
		       event_id);
}

/* Under the lock. Only what somebody has looked at is passed by, and what is under way may be taken yet. */
static int skip(struct webhook *webhook, struct lane *lane, const char *event_id,
		struct sp_error *err)
{
	struct next_event next = { .lane = lane };
	if (lane->under_way)
		return sp_fail(
			err, SP_CONFLICT,
			"its first event is just being sent: ask again when that has failed");
	if (store_read(webhook->ground->store, read_next, &next, err) != 0)
		return -1;
	if (next.count == 0)
		return sp_fail(err, SP_NOT_FOUND, "it has no event that was not taken");
	int64_t number = next.event.number;
	int result = check_first(&next.event, event_id, err);
	event_finish(&next.event);
	if (result != 0)
		return -1;
	lane->under_way = true;
	lane_succeeded(lane, number);
	note_delivered(webhook);
	return webhook->store_fails ? sp_fail(err, SP_SYSTEM, "the store could not keep it") : 0;
}

int webhook_skip(struct sink *base, const char *connector_id, const char *event_id,
		 struct sp_error *err)
{
	struct webhook *webhook = (struct webhook *)base;
	pthread_mutex_lock(&webhook->lock);
	struct lane *lane = lanes_find(&webhook->lanes, connector_id);
	int result = lane == NULL || lane->newest <= lane->delivered
			     ? sp_fail(err, SP_NOT_FOUND,
				       "%s has taken all events of the connector \"%s\"",
				       webhook->sink.title, connector_id)
			     : skip(webhook, lane, event_id, err);
	pthread_mutex_unlock(&webhook->lock);
	if (result != 0)
		return -1;
	curl_multi_wakeup(webhook->multi);
	sp_log(SP_LOG_WARNING, "%s never gets the event %s of %s: that was asked for",
	       webhook->sink.title, event_id, connector_id);
	return 0;
}

/* ---- the door ------------------------------------------------------------------------------------------------------ */

static void set(struct webhook *webhook, atomic_bool *flag)
{
	if (!atomic_exchange(flag, true))
		curl_multi_wakeup(webhook->multi);
}

static void wake(struct sink *base)
{
	struct webhook *webhook = (struct webhook *)base;
	set(webhook, &webhook->woken);
}

static void hurry(struct sink *base)
{
	struct webhook *webhook = (struct webhook *)base;
	set(webhook, &webhook->hurried);
}

/* What is under way is broken off, and told again after the next start. */
static void close_webhook(struct sink *base)
{
	struct webhook *webhook = (struct webhook *)base;
	if (webhook->multi != NULL)
		set(webhook, &webhook->closing);
	pool_destroy(webhook->pool);
	for (size_t i = 0; i < WEBHOOK_REQUESTS; i++)
		webhook_request_destroy(webhook->errands[i].request);
	curl_multi_cleanup(webhook->multi);
	lanes_finish(&webhook->lanes);
	pthread_mutex_destroy(&webhook->lock);
	free(webhook->sink.name);
	free(webhook->sink.title);
	free(webhook);
}

static const struct sink_backend backend = { .wake = wake, .go_on = hurry, .close = close_webhook };

char *webhook_sink_name(const char *name)
{
	return sp_format("webhook %s", name);
}

static void begin_curl(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		sp_die("libcurl could not begin");
}

int webhook_open(const struct sink_ground *ground, const struct webhook_options *options,
		 int64_t delivered, struct sink **out, struct sp_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, begin_curl);
	struct webhook *webhook = sp_alloc(sizeof(*webhook));
	SP_AUTO_BUFFER title = { 0 };
	sp_buffer_format(&title, "the webhook \"%s\"", options->name);
	webhook->sink.backend = &backend;
	webhook->sink.name = webhook_sink_name(options->name);
	webhook->sink.title = sp_buffer_take(&title);
	webhook->ground = ground;
	webhook->door = options->door;
	webhook->patience = options->patience;
	webhook->lanes.seen = delivered;
	pthread_mutex_init(&webhook->lock, NULL);
	atomic_init(&webhook->sink.delivered, delivered);
	atomic_init(&webhook->woken, true); /* by what an earlier run has left */
	webhook->multi = curl_multi_init();
	for (size_t i = 0; i < WEBHOOK_REQUESTS; i++)
		webhook->errands[i].request = webhook_request_create(&webhook->door);
	if (webhook->multi == NULL) {
		close_webhook(&webhook->sink);
		return sp_fail(err, SP_SYSTEM, "could not begin to send events to a webhook");
	}
	if (pool_create("webhook", 1, 1, &webhook->pool, err) != 0 ||
	    pool_submit(webhook->pool, run, webhook, err) != 0) {
		close_webhook(&webhook->sink);
		return -1;
	}
	*out = &webhook->sink;
	return 0;
}
