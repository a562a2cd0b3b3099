#pragma once
/** What stands behind the door of streams/stream.h: one const instance per kind of place. */

#include "streams/stream.h"

/**
 * Those that a kind has no use for are NULL. read and write are called whatever they are: nobody reads what was opened to be
 * written, or the other way round. Of the others stream.h says what the door does without one.
 */
struct stream_backend {
	ssize_t (*read)(struct stream *stream, uint64_t offset, void *out, size_t room,
			struct sp_error *err);
	ssize_t (*write)(struct stream *stream, uint64_t offset, const void *data, size_t length,
			 struct sp_error *err);
	void (*close)(struct stream *stream);

	/* At storage only. */
	void (*on_wake)(struct stream *stream, void (*wake)(void *ctx), void *ctx);
	void (*expect)(struct stream *stream, uint64_t size);
	bool (*may_resume_at)(const struct stream *stream, uint64_t offset);
	uint64_t (*kept)(const struct stream *stream);
	int (*finish)(struct stream *stream, struct sp_error *err);
	bool (*is_held)(const struct stream *stream);
	int (*put)(struct stream *stream, const char *url, const char *condition,
		   struct sp_error *err);
};

/** First member of each backend's own struct. */
struct stream {
	const struct stream_backend *backend;
};
