/*
 * An object at storage that is read: ranges are fetched ahead, several at once, each into memory of its own, and given out
 * in their order. What it is was said before (its ETag); each request names it, so that all bytes are of one object.
 */

#include <assert.h>
#include <string.h>

#include "base/scope.h"
#include "base/secret.h"
#include "streams/depot_inside.h"

enum { RENEWALS_MAX = 4 /* of the URL, in a row, without a byte */ };

struct range {
	struct source *source;
	struct request request;
	uint64_t from;
	size_t length;
	uint8_t *data; /* NULL: the place is free */
	bool parked;   /* it waits for a new URL */
};

struct source {
	struct depot_stream base;
	char *url, *etag;
	uint64_t at, end;                      /* the next byte to be given out; where it ends */
	uint64_t asked;                        /* up to here there are ranges */
	struct range ranges[DEPOT_RANGES_MAX]; /* a ring: … */
	size_t first, count;                   /* … the oldest of so many */
	size_t wanted;                         /* by whoever was told to come back later */
	int renewals;
	struct sp_error err;
};

static struct range *range_at(struct source *source, size_t i)
{
	return &source->ranges[(source->first + i) % DEPOT_RANGES_MAX];
}

/* Bytes from @at on that are there without a gap. */
static size_t count_there(struct source *source)
{
	size_t there = 0;
	for (size_t i = 0; i < source->count; i++) {
		const struct range *range = range_at(source, i);
		size_t skip = i == 0 ? (size_t)(source->at - range->from) : 0;
		there += range->request.got - skip;
		if (range->request.got < range->length)
			break;
	}
	return there;
}

static void wake_if_enough(struct source *source)
{
	if (source->wanted == 0 ||
	    (count_there(source) < source->wanted && source->err.code == SP_OK))
		return;
	source->wanted = 0;
	depot_wake(&source->base);
}

static void on_progress(struct request *request)
{
	struct range *range = request->owner;
	range->source->renewals = 0;
	wake_if_enough(range->source);
}

static void begin_range(struct source *source, struct range *range)
{
	range->parked = false;
	range->request.url = sp_strdup(source->url);
	request_begin(source->base.depot, &range->request);
}

static void fail(struct source *source, const struct sp_error *why)
{
	if (source->err.code == SP_OK)
		source->err = *why;
	wake_if_enough(source);
}

static void on_done(struct request *request, enum request_result result)
{
	struct range *range = request->owner;
	struct source *source = range->source;
	switch (result) {
	case REQUEST_DONE:
		wake_if_enough(source);
		return;
	case REQUEST_DENIED:
		range->parked = true;
		if (source->renewals++ < RENEWALS_MAX)
			depot_ask_urls(&source->base, 0);
		else
			fail(source, &request->err);
		return;
	case REQUEST_FAILED:
		fail(source, &request->err);
		return;
	}
}

static void take_urls(struct depot_stream *stream, uint32_t part, const char *urls,
		      const struct sp_error *why)
{
	struct source *source = (struct source *)stream;
	(void)part;
	if (urls == NULL) {
		fail(source, why);
		return;
	}
	sp_secret_free(source->url);
	source->url = sp_strdup(urls);
	source->url[strcspn(source->url, "\n")] = '\0';
	for (size_t i = 0; i < source->count; i++)
		if (range_at(source, i)->parked)
			begin_range(source, range_at(source, i));
}

/* How long the next range may be; 0: none now. Whatever the budget, what a reader needs is fetched, or sources that read
 * across the ends of their ranges would wait for one another. */
static size_t choose_length(const struct source *source)
{
	const uint64_t left = source->end - source->asked;
	const uint64_t needed = source->at + source->wanted;
	const size_t most = left < DEPOT_RANGE ? (size_t)left : DEPOT_RANGE;
	const size_t budget = source->count == 0 ? DEPOT_SOURCE_BUDGET : DEPOT_SOURCE_AHEAD;
	if (source->err.code != SP_OK || left == 0 || source->count == DEPOT_RANGES_MAX)
		return 0;
	if (source->base.depot->source_used + most <= budget)
		return most;
	if (source->asked >= needed)
		return 0;
	size_t least = (size_t)(needed - source->asked);
	least = least < DEPOT_RANGE_MIN ? DEPOT_RANGE_MIN : least;
	return least < most ? least : most;
}

static void fetch_ahead(struct source *source)
{
	size_t length;
	while ((length = choose_length(source)) > 0) {
		struct range *range = range_at(source, source->count++);
		*range = (struct range){
			.source = source,
			.from = source->asked,
			.length = length,
			.data = sp_realloc(NULL, length), /* nobody reads what did not come */
			.request = { .etag = source->etag,
				     .first = source->asked,
				     .length = length,
				     .done = on_done,
				     .progress = on_progress },
		};
		range->request.into = range->data;
		range->request.owner = range;
		source->base.depot->source_used += length;
		source->asked += length;
		begin_range(source, range);
	}
}

static void drop_first(struct source *source)
{
	struct range *range = range_at(source, 0);
	struct depot *depot = source->base.depot;
	request_cancel(depot, &range->request);
	free(sp_take_pointer(&range->data));
	source->first = (source->first + 1) % DEPOT_RANGES_MAX;
	source->count--;
	depot->source_used -= range->length;
	depot_tell_room(depot);
}

static void give_out(struct source *source, uint8_t *out, size_t length)
{
	while (length > 0) {
		struct range *range = range_at(source, 0);
		size_t skip = (size_t)(source->at - range->from);
		size_t size =
			range->request.got - skip < length ? range->request.got - skip : length;
		memcpy(out, range->data + skip, size);
		out += size;
		length -= size;
		source->at += size;
		if (source->at == range->from + range->length)
			drop_first(source);
	}
}

static ssize_t source_read(struct stream *stream, uint64_t offset, void *out, size_t room,
			   struct sp_error *err)
{
	struct source *source = (struct source *)stream;
	depot_enter(&source->base);
	assert(offset == source->at); /* it is read in order */
	(void)offset;
	uint64_t left = source->end - source->at;
	size_t length = left < room ? (size_t)left : room;
	source->wanted = length;
	fetch_ahead(source);
	if (count_there(source) < length) {
		if (source->err.code == SP_OK)
			return STREAM_LATER;
		source->wanted = 0;
		return sp_fail(err, source->err.code, "%s", source->err.message);
	}
	source->wanted = 0;
	give_out(source, out, length);
	fetch_ahead(source);
	return (ssize_t)length;
}

static void source_on_wake(struct stream *stream, void (*wake)(void *ctx), void *ctx)
{
	struct depot_stream *base = (struct depot_stream *)stream;
	base->wake = wake;
	base->wake_ctx = ctx;
}

static void source_room(struct depot_stream *stream)
{
	fetch_ahead((struct source *)stream);
}

static void source_close(struct stream *stream)
{
	struct source *source = (struct source *)stream;
	depot_leave(&source->base);
	while (source->count > 0)
		drop_first(source);
	sp_secret_free(source->url);
	free(source->etag);
	free(source);
}

static const struct stream_backend source_backend = {
	.read = source_read,
	.close = source_close,
	.on_wake = source_on_wake,
};

struct stream *stream_open_source(struct depot *depot, const struct stream_place *place)
{
	struct source *source = sp_alloc(sizeof(*source));
	source->base.base.backend = &source_backend;
	source->base.take_urls = take_urls;
	source->base.room = source_room;
	depot_join(depot, &source->base, place);
	source->url = sp_strdup(place->url);
	source->etag = sp_strdup(place->etag);
	source->at = source->asked = place->offset;
	source->end = place->end;
	return &source->base.base;
}
