#pragma once
/** What stands behind the door of streams/stream.h: one const instance per kind of place. */

#include "streams/stream.h"

/** Every function is required. */
struct stream_backend {
	ssize_t (*read)(struct stream *stream, uint64_t offset, void *out, size_t room,
			struct sp_error *err);
	int (*write)(struct stream *stream, uint64_t offset, const void *data, size_t length,
		     struct sp_error *err);
	void (*close)(struct stream *stream);
};

/** First member of each backend's own struct. */
struct stream {
	const struct stream_backend *backend;
};
