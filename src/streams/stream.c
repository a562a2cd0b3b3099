#include "streams/backend.h"

void stream_close(struct stream *stream)
{
	if (stream != NULL)
		stream->backend->close(stream);
}

bool stream_is_remote(const struct stream *stream)
{
	return stream->backend->on_wake != NULL;
}

void stream_on_wake(struct stream *stream, void (*wake)(void *ctx), void *ctx)
{
	if (stream->backend->on_wake != NULL)
		stream->backend->on_wake(stream, wake, ctx);
}

ssize_t stream_read(struct stream *stream, uint64_t offset, void *out, size_t room,
		    struct sp_error *err)
{
	return stream->backend->read(stream, offset, out, room, err);
}

ssize_t stream_write(struct stream *stream, uint64_t offset, const void *data, size_t length,
		     struct sp_error *err)
{
	return stream->backend->write(stream, offset, data, length, err);
}

void stream_expect(struct stream *stream, uint64_t size)
{
	if (stream->backend->expect != NULL)
		stream->backend->expect(stream, size);
}

/* What a descriptor has taken is kept. */
bool stream_may_resume_at(const struct stream *stream, uint64_t offset)
{
	return stream->backend->may_resume_at == NULL ||
	       stream->backend->may_resume_at(stream, offset);
}

uint64_t stream_kept(const struct stream *stream)
{
	return stream->backend->kept == NULL ? UINT64_MAX : stream->backend->kept(stream);
}

int stream_finish(struct stream *stream, struct sp_error *err)
{
	return stream->backend->finish == NULL ? 0 : stream->backend->finish(stream, err);
}

bool stream_is_held(const struct stream *stream)
{
	return stream->backend->is_held != NULL && stream->backend->is_held(stream);
}

int stream_put(struct stream *stream, const char *url, const char *condition, struct sp_error *err)
{
	if (stream->backend->put == NULL)
		return sp_fail(err, SP_INTERNAL, "cannot put what lies in a folder");
	return stream->backend->put(stream, url, condition, err);
}
