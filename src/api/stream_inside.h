#pragma once
/** A stream as the room sees it: three hold it, its call, libmicrohttpd's response, and who writes it. */

#include <microhttpd.h>

#include "api/stream.h"

/** Held by who writes it and by the call whose @connection that is. */
struct api_stream *stream_create(struct MHD_Connection *connection, size_t buffer_max);

/** The response, which holds the stream until it is destroyed. */
struct MHD_Response *stream_response(struct api_stream *stream);

/** What was written is sent; nothing is written any more. */
void stream_end(struct api_stream *stream);

void stream_release(struct api_stream *stream); /* NULL is fine */
