#include "cli/event_stream.h"

#include <stdio.h>
#include <string.h>

void event_stream_init(struct event_stream *stream, event_stream_fn *take, void *ctx)
{
	*stream = (struct event_stream){
		.take = take, .ctx = ctx, .line.limit = EVENT_LINE_MAX, .data.limit = EVENT_LINE_MAX
	};
}

void event_stream_finish(struct event_stream *stream)
{
	sp_buffer_finish(&stream->line);
	sp_buffer_finish(&stream->data);
}

static void begin_event(struct event_stream *stream)
{
	sp_buffer_clear(&stream->data);
	stream->name[0] = '\0';
	stream->has_data = false;
}

void event_stream_restart(struct event_stream *stream)
{
	sp_buffer_clear(&stream->line);
	stream->after_return = false;
	begin_event(stream);
}

/* An event without data is none, whatever else it had. */
static void end_event(struct event_stream *stream)
{
	if (stream->has_data)
		stream->take(stream->ctx, stream->name[0] != '\0' ? stream->name : "message",
			     stream->id, sp_buffer_text(&stream->data));
	begin_event(stream);
}

static void take_field(struct event_stream *stream, const char *name, const char *value)
{
	if (strcmp(name, "event") == 0) {
		snprintf(stream->name, sizeof(stream->name), "%s", value);
	} else if (strcmp(name, "id") == 0) {
		snprintf(stream->id, sizeof(stream->id), "%s", value);
	} else if (strcmp(name, "data") == 0) {
		if (stream->has_data)
			sp_buffer_add_char(&stream->data, '\n');
		sp_buffer_add_text(&stream->data, value);
		stream->has_data = true;
	}
}

static void take_line(struct event_stream *stream)
{
	SP_AUTO_BUFFER copy = { 0 };
	sp_buffer_add(&copy, stream->line.data, stream->line.length);
	sp_buffer_clear(&stream->line);
	if (copy.length == 0) {
		end_event(stream);
		return;
	}
	char *name = copy.data, *value = strchr(name, ':');
	if (value == name)
		return; /* a comment */
	if (value != NULL) {
		*value++ = '\0';
		value += *value == ' ';
	}
	take_field(stream, name, value == NULL ? "" : value);
}

int event_stream_feed(struct event_stream *stream, const char *bytes, size_t length,
		      struct sp_error *err)
{
	for (size_t i = 0; i < length; i++) {
		bool follows_return = stream->after_return;
		stream->after_return = bytes[i] == '\r';
		if (bytes[i] == '\n' && follows_return)
			continue; /* "\r\n" ends one line */
		if (bytes[i] == '\n' || bytes[i] == '\r')
			take_line(stream);
		else
			sp_buffer_add_char(&stream->line, bytes[i]);
		if (stream->line.failed || stream->data.failed)
			return sp_fail(err, SP_LIMIT,
				       "what answered sends an event of more than %d bytes",
				       EVENT_LINE_MAX);
	}
	return 0;
}
