/*
 * An object at storage that is written: bytes are gathered into parts, and full ones are sent, several at once, while the
 * next one fills. What fits the first part is held until it may be put as a whole. A part stays in memory until the storage
 * has acknowledged it, so that it can be sent again; what is in front of the first one that is not is kept.
 */

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/secret.h"
#include "model/object_upload.h"
#include "streams/depot_inside.h"

enum {
	PARTS_AT_ONCE = 4,
	SMALL = 64 << 10, /* so much needs no budget: of most files that is all */
	URLS_MAX = 8,
	RENEWALS_MAX = 4, /* of URLs, in a row, without a part that got through */
	PART_UNIT = 1 << 20,
};

enum part_state { PART_FREE, PART_FILLS, PART_WAITS /* for a URL */, PART_GOES, PART_KEPT };

struct part {
	struct sink *sink;
	struct request request;
	enum part_state state;
	uint32_t number;
	uint8_t *data;
	size_t length, room;
	size_t budgeted;
	bool is_over; /* of the budget: the only one of the depot that is */
};

struct sink {
	struct depot_stream base;
	char *mark;
	uint64_t at;                          /* bytes that were taken */
	uint64_t kept;                        /* in front of which all is */
	uint64_t expected;                    /* 0: not known */
	size_t part_size;                     /* 0: not said yet: DEPOT_PART_MIN or more */
	uint32_t next_part;                   /* number of the one that fills, or of the next */
	struct part parts[PARTS_AT_ONCE + 1]; /* a ring: … */
	size_t first, count;  /* … the oldest of so many; the one that fills is the last */
	char *urls[URLS_MAX]; /* of the parts from … */
	uint32_t urls_first;  /* … this one on; NULL: used, or none */
	bool waits;           /* somebody was told to come back later */
	bool finishing, has_uploaded, is_put;
	int renewals;
	struct sp_error err;
};

static struct part *part_at(struct sink *sink, size_t i)
{
	return &sink->parts[(sink->first + i) % (PARTS_AT_ONCE + 1)];
}

static struct part *filling(struct sink *sink)
{
	struct part *last = sink->count == 0 ? NULL : part_at(sink, sink->count - 1);
	return last != NULL && last->state == PART_FILLS ? last : NULL;
}

static void wake(struct sink *sink)
{
	if (!sink->waits)
		return;
	sink->waits = false;
	depot_wake(&sink->base);
}

static void fail(struct sink *sink, const struct sp_error *why)
{
	if (sink->err.code == SP_OK)
		sink->err = *why;
	wake(sink);
}

/* ---- URLs ------------------------------------------------------------------------------------------------------- */

static void forget_urls(struct sink *sink)
{
	for (size_t i = 0; i < URLS_MAX; i++)
		sp_secret_free(sp_take_pointer(&sink->urls[i]));
}

static char *take_url(struct sink *sink, uint32_t number)
{
	if (number < sink->urls_first || number - sink->urls_first >= URLS_MAX)
		return NULL;
	return sp_take_pointer(&sink->urls[number - sink->urls_first]);
}

static bool has_url(const struct sink *sink, uint32_t number)
{
	return number >= sink->urls_first && number - sink->urls_first < URLS_MAX &&
	       sink->urls[number - sink->urls_first] != NULL;
}

static void send_waiting(struct sink *sink);

static void take_urls(struct depot_stream *stream, uint32_t number, const char *urls,
		      const struct sp_error *why)
{
	struct sink *sink = (struct sink *)stream;
	if (urls == NULL) {
		fail(sink, why);
		return;
	}
	forget_urls(sink);
	sink->urls_first = number;
	SP_AUTO_SECRET char *lines = sp_strdup(urls);
	char *rest = NULL;
	size_t i = 0;
	for (char *line = strtok_r(lines, "\n", &rest); line != NULL && i < URLS_MAX;
	     line = strtok_r(NULL, "\n", &rest))
		sink->urls[i++] = sp_strdup(line);
	send_waiting(sink);
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static void drop_data(struct sink *sink, struct part *part)
{
	struct depot *depot = sink->base.depot;
	free(sp_take_pointer(&part->data));
	depot->sink_used -= part->budgeted;
	if (part->is_over)
		depot->sink_is_over = part->is_over = false;
	if (part->budgeted > 0) {
		part->budgeted = 0;
		depot_tell_room(depot);
	}
}

static void drop_kept(struct sink *sink)
{
	while (sink->count > 0 && part_at(sink, 0)->state == PART_KEPT) {
		struct part *part = part_at(sink, 0);
		sink->kept += part->length;
		part->state = PART_FREE;
		sink->first = (sink->first + 1) % (PARTS_AT_ONCE + 1);
		sink->count--;
	}
}

static void on_done(struct request *request, enum request_result result)
{
	struct part *part = request->owner;
	struct sink *sink = part->sink;
	switch (result) {
	case REQUEST_DONE:
		sink->renewals = 0;
		part->state = PART_KEPT;
		drop_data(sink, part);
		drop_kept(sink);
		sink->waits = false;
		depot_wake(
			&sink->base); /* what is kept can be gone on behind, whether anybody waits or not */
		return;
	case REQUEST_DENIED:
		part->state = PART_WAITS;
		forget_urls(sink); /* the others are as old */
		if (sink->renewals++ < RENEWALS_MAX)
			send_waiting(sink);
		else
			fail(sink, &request->err);
		return;
	case REQUEST_FAILED:
		fail(sink, &request->err);
		return;
	}
}

static void send_part(struct sink *sink, struct part *part, char *url)
{
	part->state = PART_GOES;
	part->request = (struct request){ .url = url,
					  .puts = true,
					  .length = part->length,
					  .body = part->data,
					  .done = on_done,
					  .owner = part };
	request_begin(sink->base.depot, &part->request);
}

/* Sends what has a URL, and asks for those that the others want. */
static void send_waiting(struct sink *sink)
{
	uint32_t without = 0;
	for (size_t i = 0; sink->err.code == SP_OK && i < sink->count; i++) {
		struct part *part = part_at(sink, i);
		if (part->state != PART_WAITS)
			continue;
		char *url = take_url(sink, part->number);
		if (url != NULL)
			send_part(sink, part, url);
		else if (without == 0)
			without = part->number;
	}
	/* Ahead of its need, so that nothing stands still meanwhile. */
	if (without == 0 && sink->has_uploaded && !sink->finishing &&
	    !has_url(sink, sink->next_part))
		without = sink->next_part;
	if (without != 0 && sink->err.code == SP_OK)
		depot_ask_urls(&sink->base, without);
}

/* Of parts of this size 10,000 are enough; all but the last have it. */
static size_t choose_part_size(const struct sink *sink)
{
	uint64_t needed = sink->expected / DEPOT_PARTS_MAX + 1;
	needed = (needed + PART_UNIT - 1) / PART_UNIT * PART_UNIT;
	return needed > DEPOT_PART_MIN ? (size_t)needed : DEPOT_PART_MIN;
}

/* Of the part that fills, as far as it is known. */
static size_t size_of_part(const struct sink *sink)
{
	return sink->part_size != 0 ? sink->part_size : DEPOT_PART_MIN;
}

/* One part of all may be over the budget. So there is always one that can be filled and sent, whatever the others hold of
 * the budget; and a part that is larger than it need not wait until nobody else has any of it. */
static bool use_budget(struct depot *depot, struct part *part, size_t room)
{
	const size_t more = room - part->budgeted;
	const bool fits = depot->sink_used + more <= DEPOT_SINK_BUDGET;
	if (!fits && depot->sink_is_over && !part->is_over)
		return false;
	if (!fits)
		depot->sink_is_over = part->is_over = true;
	depot->sink_used += more;
	part->budgeted = room;
	return true;
}

/* What is small grows as it needs to; more than that takes what the part will need at once, as far as that is known: its
 * size is chosen anew when it is as large as the smallest one. False: there is no room now. */
static bool make_room(struct sink *sink, struct part *part, size_t length)
{
	if (part->length + length <= part->room)
		return true;
	size_t room = part->length + length;
	if (room > SMALL) {
		const uint64_t begin = sink->at - part->length;
		uint64_t left =
			sink->expected > begin ? sink->expected - begin : size_of_part(sink);
		room = left < size_of_part(sink) && left >= room ? (size_t)left
								 : size_of_part(sink);
		if (!use_budget(sink->base.depot, part, room))
			return false;
	}
	part->data = sp_realloc(part->data, room);
	part->room = room;
	return true;
}

static struct part *begin_part(struct sink *sink)
{
	if (sink->count > PARTS_AT_ONCE)
		return NULL;
	struct part *part = part_at(sink, sink->count++);
	*part = (struct part){ .sink = sink, .state = PART_FILLS, .number = sink->next_part };
	return part;
}

static void end_part(struct sink *sink, struct part *part)
{
	part->state = PART_WAITS;
	sink->next_part++;
	sink->has_uploaded = true;
	send_waiting(sink);
}

/* ---- the door --------------------------------------------------------------------------------------------------- */

static ssize_t later(struct sink *sink)
{
	sink->waits = true;
	return STREAM_LATER;
}

static ssize_t sink_write(struct stream *stream, uint64_t offset, const void *data, size_t length,
			  struct sp_error *err)
{
	struct sink *sink = (struct sink *)stream;
	depot_enter(&sink->base);
	assert(offset == sink->at); /* it is written in order */
	(void)offset;
	if (sink->err.code != SP_OK)
		return sp_fail(err, sink->err.code, "%s", sink->err.message);
	if (length == 0)
		return 0;
	if (sink->expected > (uint64_t)DEPOT_PARTS_MAX * DEPOT_PART_MAX)
		return sp_fail(err, SP_LIMIT,
			       "cannot store %llu bytes: an object has %d parts of %d MiB at most",
			       (unsigned long long)sink->expected, DEPOT_PARTS_MAX,
			       DEPOT_PART_MAX >> 20);
	struct part *part = filling(sink);
	if (part != NULL && part->length == size_of_part(sink)) {
		end_part(sink, part);
		part = NULL;
	}
	if (sink->next_part > DEPOT_PARTS_MAX)
		return sp_fail(err, SP_LIMIT, "cannot store more than %d parts of %zu bytes",
			       DEPOT_PARTS_MAX, size_of_part(sink));
	if (part == NULL)
		part = begin_part(sink);
	size_t left = part == NULL ? 0 : size_of_part(sink) - part->length;
	if (left > length)
		left = length;
	if (part == NULL || !make_room(sink, part, left))
		return later(sink);
	assert(part->data != NULL);
	memcpy(part->data + part->length, data, left);
	part->length += left;
	sink->at += left;
	/* By now it is mostly known how much will come. */
	if (sink->part_size == 0 && part->length == DEPOT_PART_MIN)
		sink->part_size = choose_part_size(sink);
	return (ssize_t)left;
}

static void sink_expect(struct stream *stream, uint64_t size)
{
	struct sink *sink = (struct sink *)stream;
	sink->expected = size;
}

static bool sink_may_resume_at(const struct stream *stream, uint64_t offset)
{
	const struct sink *sink = (const struct sink *)stream;
	const struct part *last =
		sink->count == 0 ? NULL : part_at((struct sink *)(uintptr_t)sink, sink->count - 1);
	return offset == sink->at && last != NULL && last->state == PART_FILLS &&
	       last->length == sink->part_size;
}

static uint64_t sink_kept(const struct stream *stream)
{
	return ((const struct sink *)stream)->kept;
}

static int sink_finish(struct stream *stream, struct sp_error *err)
{
	struct sink *sink = (struct sink *)stream;
	depot_enter(&sink->base);
	sink->finishing = true;
	struct part *part = filling(sink);
	if (part != NULL && sink->has_uploaded)
		end_part(sink, part);
	if (sink->err.code != SP_OK)
		return sp_fail(err, sink->err.code, "%s", sink->err.message);
	if (sink->has_uploaded && sink->count > 0)
		return (int)later(sink);
	return 0;
}

static bool sink_is_held(const struct stream *stream)
{
	const struct sink *sink = (const struct sink *)stream;
	return sink->finishing && !sink->has_uploaded;
}

static void on_put(struct request *request, enum request_result result)
{
	struct sink *sink = request->owner;
	sink->is_put = result == REQUEST_DONE;
	if (result == REQUEST_DONE)
		wake(sink);
	else
		fail(sink, &request->err);
}

static int sink_put(struct stream *stream, const char *url, const char *condition,
		    struct sp_error *err)
{
	struct sink *sink = (struct sink *)stream;
	assert(sink_is_held(stream));
	struct part *part = filling(sink);
	if (part == NULL)
		part = begin_part(sink); /* of nothing */
	assert(part != NULL);            /* what is held has one part at most */
	if (part->request.done == NULL) {
		part->request = (struct request){ .url = sp_strdup(url),
						  .puts = true,
						  .length = part->length,
						  .body = part->data,
						  .mark = sink->mark,
						  .condition = condition,
						  .done = on_put,
						  .owner = sink };
		request_begin(sink->base.depot, &part->request);
	}
	if (sink->err.code != SP_OK) {
		sp_fail(err, sink->err.code, "%s", sink->err.message);
		if (object_put_may_repeat(sink->err.code)) {
			part->request = (struct request){ 0 };
			sink->err = (struct sp_error){ 0 };
		}
		return -1;
	}
	return sink->is_put ? 0 : (int)later(sink);
}

static void sink_on_wake(struct stream *stream, void (*wake_fn)(void *ctx), void *ctx)
{
	struct depot_stream *base = (struct depot_stream *)stream;
	base->wake = wake_fn;
	base->wake_ctx = ctx;
}

static void sink_room(struct depot_stream *stream)
{
	wake((struct sink *)stream);
}

static void sink_close(struct stream *stream)
{
	struct sink *sink = (struct sink *)stream;
	depot_leave(&sink->base);
	for (size_t i = 0; i < sink->count; i++) {
		struct part *part = part_at(sink, i);
		if (part->request.done != NULL)
			request_cancel(sink->base.depot, &part->request);
		drop_data(sink, part);
	}
	forget_urls(sink);
	free(sink->mark);
	free(sink);
}

static const struct stream_backend sink_backend = {
	.write = sink_write,
	.close = sink_close,
	.on_wake = sink_on_wake,
	.expect = sink_expect,
	.may_resume_at = sink_may_resume_at,
	.kept = sink_kept,
	.finish = sink_finish,
	.is_held = sink_is_held,
	.put = sink_put,
};

/* What is gone on with keeps the size of its parts. */
static void go_on(struct sink *sink, const struct stream_place *place)
{
	sink->at = sink->kept = place->kept;
	sink->next_part = place->parts + 1;
	if (place->parts == 0)
		return;
	sink->has_uploaded = true;
	sink->part_size = (size_t)(place->kept / place->parts);
}

struct stream *stream_open_sink(struct depot *depot, const struct stream_place *place)
{
	struct sink *sink = sp_alloc(sizeof(*sink));
	struct sp_buffer mark = { 0 };
	sink->base.base.backend = &sink_backend;
	sink->base.take_urls = take_urls;
	sink->base.room = sink_room;
	depot_join(depot, &sink->base, place);
	sp_buffer_format(&mark, "%s-%u", place->file_id, place->part_attempt);
	sink->mark = sp_buffer_take(&mark);
	go_on(sink, place);
	return &sink->base.base;
}
