/* A bucket that is a folder: the daemon opened the file, we have the descriptor. */

#include <errno.h>
#include <unistd.h>

#include "base/scope.h"
#include "streams/backend.h"

struct descriptor_stream {
	struct stream base;
	int fd; /* owned */
};

static ssize_t descriptor_read(struct stream *stream, uint64_t offset, void *out, size_t room,
			       struct sp_error *err)
{
	const struct descriptor_stream *file = (const struct descriptor_stream *)stream;
	size_t done = 0;
	while (done < room) {
		ssize_t got =
			pread(file->fd, (char *)out + done, room - done, (off_t)(offset + done));
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return sp_fail_errno(err, "could not read the object at byte %llu",
					     (unsigned long long)(offset + done));
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static ssize_t descriptor_write(struct stream *stream, uint64_t offset, const void *data,
				size_t length, struct sp_error *err)
{
	const struct descriptor_stream *file = (const struct descriptor_stream *)stream;
	for (size_t done = 0; done < length;) {
		ssize_t put = pwrite(file->fd, (const char *)data + done, length - done,
				     (off_t)(offset + done));
		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return sp_fail_errno(err, "could not write the object at byte %llu",
					     (unsigned long long)(offset + done));
		done += (size_t)put;
	}
	return (ssize_t)length;
}

static void descriptor_close(struct stream *stream)
{
	struct descriptor_stream *file = (struct descriptor_stream *)stream;
	sp_close_fd(&file->fd);
	free(file);
}

static const struct stream_backend descriptor_backend = {
	.read = descriptor_read,
	.write = descriptor_write,
	.close = descriptor_close,
};

int stream_open_descriptor(int fd, struct stream **out, struct sp_error *err)
{
	if (fd < 0)
		return sp_fail(err, SP_INVALID, "cannot use a descriptor that is not open");
	struct descriptor_stream *file = sp_alloc(sizeof(*file));
	file->base.backend = &descriptor_backend;
	file->fd = fd;
	*out = &file->base;
	return 0;
}
