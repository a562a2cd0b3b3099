#include "streams/backend.h"

void stream_close(struct stream *stream)
{
	if (stream != NULL)
		stream->backend->close(stream);
}

ssize_t stream_read(struct stream *stream, uint64_t offset, void *out, size_t room,
		    struct sp_error *err)
{
	return stream->backend->read(stream, offset, out, room, err);
}

int stream_write(struct stream *stream, uint64_t offset, const void *data, size_t length,
		 struct sp_error *err)
{
	return stream->backend->write(stream, offset, data, length, err);
}
