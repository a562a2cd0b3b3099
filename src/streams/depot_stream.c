/* The streams of a depot, as source.c and sink.c begin with: who waits, who asked for URLs. */

#include <stdio.h>
#include <string.h>

#include "streams/depot_inside.h"

void depot_join(struct depot *depot, struct depot_stream *stream, const struct stream_place *place)
{
	stream->depot = depot;
	snprintf(stream->file_id, sizeof(stream->file_id), "%s", place->file_id);
	stream->attempt = place->attempt;
}

void depot_enter(struct depot_stream *stream)
{
	if (stream->entered)
		return;
	stream->entered = true;
	stream->next = stream->depot->streams;
	stream->depot->streams = stream;
}

void depot_leave(struct depot_stream *stream)
{
	if (!stream->entered)
		return;
	for (struct depot_stream **at = &stream->depot->streams; *at != NULL; at = &(*at)->next)
		if (*at == stream) {
			*at = stream->next;
			return;
		}
}

void depot_wake(struct depot_stream *stream)
{
	if (stream->wake != NULL)
		stream->wake(stream->wake_ctx);
}

void depot_ask_urls(struct depot_stream *stream, uint32_t part)
{
	if (stream->asks)
		return;
	stream->asks = true;
	const struct depot_door *door = &stream->depot->door;
	door->need_urls(door->ctx, stream->file_id, stream->attempt, part);
}

void depot_take_urls(struct depot *depot, const char *file_id, uint32_t attempt, uint32_t part,
		     const char *urls, const struct sp_error *why)
{
	struct depot_stream *stream = depot->streams;
	while (stream != NULL && (stream->attempt != attempt ||
				  strcmp(stream->file_id, file_id) != 0 || !stream->asks))
		stream = stream->next;
	if (stream == NULL)
		return; /* it is over */
	stream->asks = false;
	stream->take_urls(stream, part, urls, why);
}

void depot_tell_room(struct depot *depot)
{
	struct depot_stream *next;
	for (struct depot_stream *stream = depot->streams; stream != NULL; stream = next) {
		next = stream->next;
		stream->room(stream);
	}
}
