#pragma once
/** A stream of server-sent events (the WHATWG's HTML standard, "Server-sent events"), read as its bytes come. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
	EVENT_LINE_MAX = 1 << 20, /* bytes; data of one event as well */
	EVENT_WORD_SIZE = 64,     /* names and ids that are longer are cut */
};

/** @id: of the last event that had one. Borrowed for the call. */
typedef void event_stream_fn(void *ctx, const char *name, const char *id, const char *data);

struct event_stream {
	event_stream_fn *take; /* kept, with @ctx */
	void *ctx;
	struct sp_buffer line, data;
	char name[EVENT_WORD_SIZE], id[EVENT_WORD_SIZE];
	bool has_data, after_return;
};

void event_stream_init(struct event_stream *stream, event_stream_fn *take, void *ctx);
void event_stream_finish(struct event_stream *stream);

/** A new connection: what was cut off is forgotten, the id stays. */
void event_stream_restart(struct event_stream *stream);

/** SP_LIMIT when a line or an event is too long. */
int event_stream_feed(struct event_stream *stream, const char *bytes, size_t length,
		      struct sp_error *err);
