#include "events/sinks.h"

#include "base/scope.h"
#include "events/file_sink.h"
#include "events/keeper.h"
#include "store/event_cursors.h"
#include "store/events.h"

enum { SINKS_MAX = 1 };

struct sinks {
	struct sink_ground ground;
	struct sink *list[SINKS_MAX];
	size_t count;
	struct keeper *keeper;
};

/* Where each of them goes on. */
struct beginning {
	const char *names[SINKS_MAX];
	int64_t delivered[SINKS_MAX];
	size_t count;
};

/* Who is new is told of what happens from now on. */
static int begin(struct db *db, void *ctx, struct sp_error *err)
{
	struct beginning *beginning = ctx;
	if (event_cursors_keep(db, beginning->names, beginning->count, err) != 0)
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

static int open_file(struct sinks *sinks, const struct sinks_options *options,
		     const struct beginning *beginning, struct sp_error *err)
{
	if (options->file == NULL)
		return 0;
	const struct sp_line_file_options file = {
		.what = "event file",
		.path = options->file,
		.size_max = options->file_size_max,
		.kept = options->files_kept,
	};
	if (file_sink_open(&sinks->ground, &file, beginning->delivered[0], &sinks->list[0], err) !=
	    0)
		return -1;
	sinks->count++;
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
	struct beginning beginning = { 0 };
	sinks->ground.store = store;
	sinks->ground.place =
		(struct event_place){ .region = options->region, .account = options->account };
	if (options->file != NULL)
		beginning.names[beginning.count++] = file_sink_name;
	if (store_write(store, begin, &beginning, err) != 0 ||
	    open_file(sinks, options, &beginning, err) != 0) {
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
	free(sinks);
}

void sinks_go_on(struct sinks *sinks)
{
	for (size_t i = 0; i < sinks->count; i++)
		sinks->list[i]->backend->go_on(sinks->list[i]);
}
