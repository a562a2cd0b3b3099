#include "api/stream_inside.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/scope.h"

enum { BLOCK = 16 << 10 /* what libmicrohttpd takes at once */ };

struct api_stream {
	pthread_mutex_t lock;
	atomic_int holders;
	struct MHD_Connection *connection;
	char *buffer; /* a ring of @room bytes, of which @length wait from @start on */
	size_t room, start, length;
	bool suspended; /* the connection waits for something to be written */
	bool ended;     /* nothing more will be */
	bool over;      /* nobody reads it */
};

struct api_stream *stream_create(struct MHD_Connection *connection, size_t buffer_max)
{
	struct api_stream *stream = sp_alloc(sizeof(*stream));
	pthread_mutex_init(&stream->lock, NULL);
	atomic_init(&stream->holders, 2); /* who writes it, and the call */
	stream->connection = connection;
	stream->buffer = sp_alloc(buffer_max);
	stream->room = buffer_max;
	return stream;
}

void stream_release(struct api_stream *stream)
{
	if (stream == NULL || atomic_fetch_sub(&stream->holders, 1) != 1)
		return;
	pthread_mutex_destroy(&stream->lock);
	free(stream->buffer);
	free(stream);
}

/* ---- libmicrohttpd's side ------------------------------------------------------------------------------------- */

static size_t take(struct api_stream *stream, char *out, size_t max)
{
	size_t count = stream->length < max ? stream->length : max;
	size_t first = stream->room - stream->start < count ? stream->room - stream->start : count;
	memcpy(out, stream->buffer + stream->start, first);
	memcpy(out + first, stream->buffer, count - first);
	stream->start = (stream->start + count) % stream->room;
	stream->length -= count;
	return count;
}

/* A connection that waits is suspended, or libmicrohttpd would ask again and again. */
static ssize_t read_stream(void *ctx, uint64_t position, char *out, size_t max)
{
	struct api_stream *stream = ctx;
	ssize_t count = 0;
	(void)position;
	pthread_mutex_lock(&stream->lock);
	if (stream->length > 0) {
		count = (ssize_t)take(stream, out, max);
	} else if (stream->ended) {
		count = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
	}
	pthread_mutex_unlock(&stream->lock);
	return count;
}

static void response_gone(void *ctx)
{
	struct api_stream *stream = ctx;
	pthread_mutex_lock(&stream->lock);
	stream->over = stream->ended = true;
	pthread_mutex_unlock(&stream->lock);
	stream_release(stream);
}

struct MHD_Response *stream_response(struct api_stream *stream)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, response_gone);
	if (response != NULL)
		atomic_fetch_add(&stream->holders, 1);
	return response;
}

/* ---- the writer's side ---------------------------------------------------------------------------------------- */

/* Under the lock. */
static void wake(struct api_stream *stream)
{
	if (stream->suspended)
		MHD_resume_connection(stream->connection);
	stream->suspended = false;
}

bool api_stream_write(struct api_stream *stream, const void *data, size_t length)
{
	pthread_mutex_lock(&stream->lock);
	bool fits = !stream->ended && length <= stream->room - stream->length;
	if (fits) {
		size_t at = (stream->start + stream->length) % stream->room;
		size_t first = stream->room - at < length ? stream->room - at : length;
		memcpy(stream->buffer + at, data, first);
		memcpy(stream->buffer, (const char *)data + first, length - first);
		stream->length += length;
		wake(stream);
	}
	pthread_mutex_unlock(&stream->lock);
	return fits;
}

size_t api_stream_room(struct api_stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	size_t room = stream->ended ? 0 : stream->room - stream->length;
	pthread_mutex_unlock(&stream->lock);
	return room;
}

bool api_stream_is_over(struct api_stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool over = stream->over || stream->ended;
	pthread_mutex_unlock(&stream->lock);
	return over;
}

void stream_end(struct api_stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->ended = true;
	wake(stream);
	pthread_mutex_unlock(&stream->lock);
}

void api_stream_close(struct api_stream *stream)
{
	if (stream == NULL)
		return;
	stream_end(stream);
	stream_release(stream);
}
