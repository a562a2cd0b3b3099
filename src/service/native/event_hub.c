#include "service/native/event_hub.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/queue.h>

#include "api/stream.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "service/native/file_view.h"
#include "service/transfer/answer.h"
#include "store/transfer_lists.h"

enum {
	BUFFER_MAX = 256 << 10, /* bytes that wait for one client */
	ROOM_MIN =
		32 << 10, /* with less a client is not brought forward: an event has room in it */
	PROGRESS_ROOM = 128 << 10, /* with less it is not told how far files are */
	CHANGES_AT_ONCE = 256,
	PROGRESS_AT_ONCE = 256,
	LOOK_EVERY_MS = 100,
	PROGRESS_EVERY_MS = 500,
	HEARTBEAT_MS = 15 * 1000,
	RETRY_MS = 2000, /* so soon shall a client come back */
	ROOM_LOOKS = 15, /* ticks that one waits until somebody has gone, when there is no room */
};

struct client {
	struct event_hub *hub;
	struct api_call *call; /* until it has a stream */
	int looks;             /* for room */
	struct api_stream *stream;
	struct event_wish wish;                  /* @after: where it stands */
	uint64_t progress_change;                /* what it knows of the board */
	int64_t began_ms, progress_ms, wrote_ms; /* monotonic */
	TAILQ_ENTRY(client) link;
};

struct event_hub {
	struct event_hub_options options;
	atomic_size_t count; /* of @clients; the loop's to change, as all below */
	TAILQ_HEAD(, client) clients, waiting;
	struct loop_timer *timer;
	bool reading, stopped;
	int64_t newest;   /* change that was seen */
	uint64_t commits; /* of the store, when it was */
};

struct event_hub *event_hub_create(const struct event_hub_options *options)
{
	struct event_hub *hub = sp_alloc(sizeof(*hub));
	hub->options = *options;
	TAILQ_INIT(&hub->clients);
	TAILQ_INIT(&hub->waiting);
	return hub;
}

static void drop(struct client *client)
{
	struct event_hub *hub = client->hub;
	TAILQ_REMOVE(&hub->clients, client, link);
	api_stream_close(client->stream);
	free(client);
	atomic_fetch_sub(&hub->count, 1);
}

static void send_away(struct client *client)
{
	api_fail(client->call, THROTTLING,
		 "as many clients listen to events as may (events.clients_max)");
	free(client);
}

static void send_waiting_away(struct event_hub *hub)
{
	struct client *client;
	while ((client = TAILQ_FIRST(&hub->waiting)) != NULL) {
		TAILQ_REMOVE(&hub->waiting, client, link);
		send_away(client);
	}
}

void event_hub_destroy(struct event_hub *hub)
{
	if (hub == NULL)
		return;
	struct client *client, *next = TAILQ_FIRST(&hub->clients);
	while ((client = next) != NULL) {
		next = TAILQ_NEXT(client, link);
		drop(client);
	}
	send_waiting_away(hub);
	free(hub);
}

size_t event_hub_clients(struct event_hub *hub)
{
	return hub == NULL ? 0 : atomic_load(&hub->count);
}

/* ---- what is written -------------------------------------------------------------------------------------------- */

static bool wants(const struct event_wish *wish, const char *connector_id, const char *transfer_id,
		  const char *file_id)
{
	return (wish->connector_id[0] == '\0' || strcmp(wish->connector_id, connector_id) == 0) &&
	       (wish->transfer_id[0] == '\0' || strcmp(wish->transfer_id, transfer_id) == 0) &&
	       (wish->file_id[0] == '\0' || strcmp(wish->file_id, file_id) == 0);
}

/* @data is taken. @change 0: without an id. */
static bool write_event(struct client *client, const char *name, int64_t change, json_t *data)
{
	SP_AUTO_BUFFER text = { 0 };
	SP_AUTO_FREE char *json = sp_json_text(data);
	json_decref(data);
	if (change > 0)
		sp_buffer_format(&text, "id: %" PRId64 "\n", change);
	sp_buffer_format(&text, "event: %s\ndata: %s\n\n", name, json);
	bool written = api_stream_write(client->stream, sp_buffer_text(&text), text.length);
	if (written)
		client->wrote_ms = sp_monotonic_ms();
	return written;
}

static void write_comment(struct client *client, const char *text)
{
	if (api_stream_write(client->stream, text, strlen(text)))
		client->wrote_ms = sp_monotonic_ms();
}

static void greet(struct client *client)
{
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "retry: %d\n\n", RETRY_MS);
	write_comment(client, sp_buffer_text(&text));
	json_t *hello = json_pack("{s:I}", "Change", (json_int_t)client->wish.after);
	if (client->wish.is_too_far)
		sp_json_set_text(
			hello, "Sentence",
			"there is no such event: the store is another one, or was restored; "
			"list the transfers anew");
	/* With an id, so that a client that comes back at once misses nothing either. */
	write_event(client, client->wish.is_too_far ? "reset" : "hello", client->wish.after, hello);
}

/* ---- changes of states ------------------------------------------------------------------------------------------ */

struct change {
	int64_t number;
	json_t *data; /* NULL: the client does not want it */
};

/* One client's look into the store, in the pool for that. */
struct look {
	struct event_hub *hub;
	struct client *client; /* the loop's: stays while the hub is reading */
	struct event_wish wish;
	struct change changes[CHANGES_AT_ONCE];
	size_t count;
	int64_t last;
	int result;
};

static bool note_change(void *ctx, int64_t number, const struct transfer_file *file)
{
	struct look *look = ctx;
	bool wanted = wants(&look->wish, file->connector_id, file->transfer_id, file->id);
	look->changes[look->count++] =
		(struct change){ .number = number, .data = wanted ? file_view_event(file) : NULL };
	return true;
}

static int read_changes(struct db *db, void *ctx, struct sp_error *err)
{
	struct look *look = ctx;
	return transfers_each_change(db, look->wish.after, CHANGES_AT_ONCE, note_change, look,
				     &look->last, err);
}

static void look_up(void *ctx)
{
	struct look *look = ctx;
	struct sp_error err = { 0 };
	look->result = store_read(look->hub->options.store, read_changes, look, &err);
	if (look->result != 0)
		sp_log(SP_LOG_WARNING, "could not read what happened to files: %s", err.message);
}

/* As far as there is room; the rest is read once more when there is. */
static void bring_forward(struct client *client, struct look *look)
{
	bool fits = true;
	for (size_t i = 0; i < look->count; i++) {
		struct change *change = &look->changes[i];
		json_t *data = sp_take_pointer(&change->data);
		if (!fits)
			json_decref(data);
		else if (data != NULL)
			fits = write_event(client, "file", change->number, data);
		if (fits)
			client->wish.after = change->number;
	}
	if (client->hub->newest < look->last)
		client->hub->newest = look->last;
	if (look->result != 0 || look->count == CHANGES_AT_ONCE)
		client->hub->commits =
			0; /* there may be more, whether or not something is committed */
}

static void look_further(struct event_hub *hub, struct client *client);

static void looked_up(void *ctx)
{
	struct look *look = ctx;
	struct event_hub *hub = look->hub;
	hub->reading = false;
	bring_forward(look->client, look);
	struct client *next = TAILQ_NEXT(look->client, link);
	free(look);
	if (!hub->stopped)
		look_further(hub, next);
}

/* From @client on, one after the other: whoever has room. */
static void look_further(struct event_hub *hub, struct client *client)
{
	while (client != NULL && api_stream_room(client->stream) < ROOM_MIN)
		client = TAILQ_NEXT(client, link);
	if (client == NULL)
		return;
	struct look *look = sp_alloc(sizeof(*look));
	look->hub = hub;
	look->client = client;
	look->wish = client->wish;
	hub->reading = true;
	pool_run(hub->options.reads, hub->options.loop, look_up, looked_up, look);
}

/* Nothing was committed since all had been told: then nobody needs to look. */
static bool may_have_changed(struct event_hub *hub)
{
	uint64_t commits = store_commits(hub->options.store);
	bool changed = commits != hub->commits;
	hub->commits = commits;
	const struct client *client;
	TAILQ_FOREACH(client, &hub->clients, link)
	changed = changed || client->wish.after < hub->newest;
	return changed;
}

/* ---- how far files are ------------------------------------------------------------------------------------------ */

static void tell_progress(struct client *client, int64_t now_ms)
{
	if (client->wish.no_progress || now_ms - client->progress_ms < PROGRESS_EVERY_MS ||
	    api_stream_room(client->stream) < PROGRESS_ROOM)
		return;
	struct progress moved[PROGRESS_AT_ONCE];
	size_t count = progress_since(client->hub->options.board, client->progress_change, moved,
				      PROGRESS_AT_ONCE, &client->progress_change);
	client->progress_ms = now_ms;
	for (size_t i = 0; i < count; i++) {
		const struct progress *progress = &moved[i];
		if (!wants(&client->wish, progress->connector_id, progress->transfer_id,
			   progress->file_id))
			continue;
		json_t *data = file_view_progress(progress);
		sp_json_set_text(data, "FileId", progress->file_id);
		sp_json_set_text(data, "TransferId", progress->transfer_id);
		sp_json_set_text(data, "ConnectorId", progress->connector_id);
		write_event(client, "progress", 0, data);
	}
}

/* ---- the loop's ------------------------------------------------------------------------------------------------- */

static void tick(void *ctx);

/* Whoever has gone; and who has listened for so long that what he may could have changed. */
static bool is_over(const struct client *client, int64_t now_ms)
{
	return api_stream_is_over(client->stream) ||
	       now_ms - client->began_ms >= client->hub->options.listen_max_ms;
}

static void sleep_on(struct event_hub *hub)
{
	bool needed = !TAILQ_EMPTY(&hub->clients) || !TAILQ_EMPTY(&hub->waiting);
	if (hub->timer == NULL && !hub->stopped && needed)
		hub->timer = loop_add_timer(hub->options.loop, LOOK_EVERY_MS, tick, hub);
}

static void begin(struct client *client)
{
	struct event_hub *hub = client->hub;
	TAILQ_INSERT_TAIL(&hub->clients, client, link);
	atomic_fetch_add(&hub->count, 1);
	hub->commits = 0; /* all look */
	client->began_ms = sp_monotonic_ms();
	client->stream =
		api_stream_open(sp_take_pointer(&client->call), "text/event-stream", BUFFER_MAX);
	greet(client);
}

/* Whoever waits for room: there is some, or it takes too long until somebody has gone. */
static void let_in(struct event_hub *hub)
{
	struct client *client = TAILQ_FIRST(&hub->waiting);
	while (client != NULL) {
		struct client *next = TAILQ_NEXT(client, link);
		bool has_room = atomic_load(&hub->count) < hub->options.clients_max;
		if (has_room || client->looks++ == ROOM_LOOKS) {
			TAILQ_REMOVE(&hub->waiting, client, link);
			has_room ? begin(client) : send_away(client);
		}
		client = next;
	}
}

static void tick(void *ctx)
{
	struct event_hub *hub = ctx;
	int64_t now_ms = sp_monotonic_ms();
	hub->timer = NULL;
	struct client *client = TAILQ_FIRST(&hub->clients);
	while (client != NULL) {
		struct client *next = TAILQ_NEXT(client, link);
		/* Who has gone is found out by writing to him. */
		if (now_ms - client->wrote_ms > HEARTBEAT_MS || !TAILQ_EMPTY(&hub->waiting))
			write_comment(client, ":\n\n");
		tell_progress(client, now_ms);
		if (!hub->reading && is_over(client, now_ms))
			drop(client);
		client = next;
	}
	let_in(hub);
	if (!hub->reading && may_have_changed(hub))
		look_further(hub, TAILQ_FIRST(&hub->clients));
	sleep_on(hub);
}

static void asked_to_join(void *ctx)
{
	struct client *client = ctx;
	struct event_hub *hub = client->hub;
	if (hub->stopped) {
		send_away(client);
		return;
	}
	TAILQ_INSERT_TAIL(&hub->waiting, client, link);
	let_in(hub);
	sleep_on(hub);
}

void event_hub_join(struct event_hub *hub, struct api_call *call, const struct event_wish *wish)
{
	struct client *client = sp_alloc(sizeof(*client));
	client->hub = hub;
	client->call = call;
	client->wish = *wish;
	loop_post(hub->options.loop, asked_to_join, client);
}

void event_hub_stop(struct event_hub *hub)
{
	hub->stopped = true;
	loop_cancel_timer(hub->timer);
	hub->timer = NULL;
	send_waiting_away(hub);
}
