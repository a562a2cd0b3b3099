#pragma once
/**
 * An answer whose body is written while the client reads it: events, as they happen. What is written waits in a buffer of
 * bounded size until the client took it; a client that takes nothing costs that buffer and nothing else. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "api/call.h"

struct api_stream;

/**
 * Answers the call with status 200 and a body that goes on until api_stream_close(), the client, or the server ends it.
 * The call is gone afterwards. @buffer_max: bytes that may wait. The stream is the caller's to close.
 */
struct api_stream *api_stream_open(struct api_call *call, const char *content_type,
				   size_t buffer_max);

/** All of it or nothing: false when there is no room, or it is over. Never waits. */
bool api_stream_write(struct api_stream *stream, const void *data, size_t length);

/** Bytes that may be written now. */
size_t api_stream_room(struct api_stream *stream);

/** Whether the client has gone, or the server is closing: nobody reads what would be written. */
bool api_stream_is_over(struct api_stream *stream);

/** What was written is still sent. NULL is fine. */
void api_stream_close(struct api_stream *stream);
