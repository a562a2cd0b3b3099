#include "events/sinks.h"

#include <string.h>

#include "base/scope.h"
#include "base/secret.h"
#include "events/file_sink.h"
#include "events/keeper.h"
#include "events/webhook.h"
#include "store/event_cursors.h"
#include "store/events.h"

enum { SINKS_MAX = 1 + WEBHOOKS_MAX };

struct sinks {
	struct sink_ground ground;
	struct sink *list[SINKS_MAX];
	size_t count;
	struct keeper *keeper;

	/* What webhooks keep pointers to. */
	struct webhook_places places;
	char *secret, *ca_file; /* NULL: none */
};

/* Where each of them goes on. */
struct beginning {
	char *names[SINKS_MAX]; /* owned */
	int64_t delivered[SINKS_MAX];
	size_t count;
};

/* Who is new is told of what happens from now on. */
static int begin(struct db *db, void *ctx, struct sp_error *err)
{
	struct beginning *beginning = ctx;
	const char *const *names = (const char *const *)beginning->names;
	if (event_cursors_keep(db, names, beginning->count, err) != 0)
		return -1;
	for (size_t i = 0; i < beginning->count; i++) {
		const char *name = beginning->names[i];
		int got = event_cursors_find(db, name, "", &beginning->delivered[i], err);
		if (got == 0 &&
		    (events_last_number(db, &beginning->delivered[i], err) != 0 ||
		     event_cursors_put(db, name, "", beginning->delivered[i], err) != 0))
			return -1;
		if (got < 0)
			return -1;
	}
	return 0;
}

static int find_beginning(struct sinks *sinks, const struct sinks_options *options,
			  struct beginning *out, struct sp_error *err)
{
	*out = (struct beginning){ 0 };
	if (options->file != NULL)
		out->names[out->count++] = sp_strdup(file_sink_name);
	for (size_t i = 0; i < sinks->places.count; i++)
		out->names[out->count++] = webhook_sink_name(sinks->places.list[i].name);
	int result = store_write(sinks->ground.store, begin, out, err);
	for (size_t i = 0; i < out->count; i++)
		free(out->names[i]);
	return result;
}

static int open_file(struct sinks *sinks, const struct sinks_options *options, int64_t delivered,
		     struct sp_error *err)
{
	const struct sp_line_file_options file = {
		.what = "event file",
		.path = options->file,
		.size_max = options->file_size_max,
		.kept = options->files_kept,
	};
	return file_sink_open(&sinks->ground, &file, delivered, &sinks->list[sinks->count], err);
}

static int open_webhook(struct sinks *sinks, const struct sinks_options *options,
			const struct webhook_place *place, int64_t delivered, struct sp_error *err)
{
	const struct webhook_options webhook = {
		.name = place->name,
		.door = { .url = place->url,
			  .secret = sinks->secret,
			  .ca_file = sinks->ca_file,
			  .timeout_ms = options->webhook_timeout_ms },
		.patience = { .delay_ms = options->webhook_retry_delay_ms,
			      .delay_max_ms = options->webhook_retry_delay_max_ms,
			      .attempts = options->webhook_attempts },
	};
	return webhook_open(&sinks->ground, &webhook, delivered, &sinks->list[sinks->count], err);
}

static int open_all(struct sinks *sinks, const struct sinks_options *options, struct sp_error *err)
{
	struct beginning beginning;
	if (find_beginning(sinks, options, &beginning, err) != 0)
		return -1;
	if (options->file != NULL) {
		if (open_file(sinks, options, beginning.delivered[0], err) != 0)
			return -1;
		sinks->count++;
	}
	for (size_t i = 0; i < sinks->places.count; i++) {
		if (open_webhook(sinks, options, &sinks->places.list[i],
				 beginning.delivered[sinks->count], err) != 0)
			return -1;
		sinks->count++;
	}
	return 0;
}

/* On the writer's thread, after each commit. */
static void wake_all(void *ctx)
{
	const struct sinks *sinks = ctx;
	for (size_t i = 0; i < sinks->count; i++)
		sinks->list[i]->backend->wake(sinks->list[i]);
}

int sinks_open(struct loop *loop, struct store *store, const struct sinks_options *options,
	       struct sinks **out, struct sp_error *err)
{
	struct sinks *sinks = sp_alloc(sizeof(*sinks));
	sinks->ground.store = store;
	sinks->ground.place =
		(struct event_place){ .region = options->region, .account = options->account };
	sinks->secret = sp_strdup(options->webhook_secret);
	sinks->ca_file = sp_strdup(options->webhook_ca_file);
	webhook_places_copy(options->webhooks, &sinks->places);
	if (open_all(sinks, options, err) != 0) {
		sinks_close(sinks);
		return sp_wrap(err, "could not go on with the events of the last run");
	}
	const struct keeper_options keeping = { .keep_ms = options->keep_ms,
						.records_max = options->records_max };
	sinks->keeper = keeper_create(loop, store, &keeping, sinks->list, sinks->count);
	store_on_commit(store, wake_all, sinks);
	*out = sinks;
	return 0;
}

void sinks_close(struct sinks *sinks)
{
	if (sinks == NULL)
		return;
	store_on_commit(sinks->ground.store, NULL, NULL);
	keeper_destroy(sinks->keeper);
	for (size_t i = 0; i < sinks->count; i++)
		sinks->list[i]->backend->close(sinks->list[i]);
	webhook_places_finish(&sinks->places);
	sp_secret_free(sinks->secret);
	free(sinks->ca_file);
	free(sinks);
}

void sinks_go_on(struct sinks *sinks)
{
	for (size_t i = 0; i < sinks->count; i++)
		sinks->list[i]->backend->go_on(sinks->list[i]);
}

/* ---- webhooks ------------------------------------------------------------------------------------------------------ */

const struct webhook_places *sinks_webhooks(const struct sinks *sinks)
{
	return &sinks->places;
}

/* They stand behind the others, in the order of their places. */
static struct sink *find_webhook(struct sinks *sinks, const char *name, struct sp_error *err)
{
	size_t others = sinks->count - sinks->places.count;
	for (size_t i = 0; i < sinks->places.count; i++)
		if (strcmp(sinks->places.list[i].name, name) == 0)
			return sinks->list[others + i];
	sp_fail(err, SP_NOT_FOUND,
		"there is no webhook \"%.64s\"; events.webhooks says which there are", name);
	return NULL;
}

int sinks_list_lanes(struct sinks *sinks, const char *webhook, struct webhook_lane **out,
		     size_t *out_count, struct sp_error *err)
{
	struct sink *sink = find_webhook(sinks, webhook, err);
	if (sink == NULL)
		return -1;
	webhook_list_lanes(sink, out, out_count);
	return 0;
}

int sinks_resume(struct sinks *sinks, const char *webhook, const char *connector_id,
		 size_t *out_parked, struct sp_error *err)
{
	struct sink *sink = find_webhook(sinks, webhook, err);
	if (sink == NULL)
		return -1;
	*out_parked = webhook_resume(sink, connector_id);
	return 0;
}

int sinks_skip(struct sinks *sinks, const char *webhook, const char *connector_id,
	       const char *event_id, struct sp_error *err)
{
	struct sink *sink = find_webhook(sinks, webhook, err);
	return sink == NULL ? -1 : webhook_skip(sink, connector_id, event_id, err);
}
