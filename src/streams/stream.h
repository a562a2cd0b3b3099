#pragma once
/**
 * Object bytes, the worker's side: a source is read, a sink is written. Behind the door: a descriptor (a bucket that is a
 * folder), or requests to storage that speaks S3 (streams/depot.h). Called by the worker's file thread only. Calls on a
 * descriptor may block on the disk; those on storage never wait: they say "later", and the stream wakes its owner when it
 * is worth asking again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct stream;
struct depot;

enum { STREAM_LATER = -2 };

/** @fd is taken. */
int stream_open_descriptor(int fd, struct stream **out, struct sp_error *err);

/** An object or a temporary at storage. All borrowed for the call. */
struct stream_place {
	const char *file_id; /* what the daemon is asked for URLs with … */
	uint32_t attempt;    /* … this being the attempt under way */
	const char *url;     /* source: what may be read. Sink: "https://host:port" */
	/* Source */
	const char *etag;     /* what it has to be */
	uint64_t offset, end; /* bytes [offset, end) are read */
	/* Sink */
	uint32_t part_attempt; /* whose bytes it gets */
	uint32_t parts;        /* that are there, and have … */
	uint64_t kept;         /* … so many bytes: writing goes on behind them */
};

/** May be called by any thread; everything else afterwards by the file thread. @depot is kept. */
struct stream *stream_open_source(struct depot *depot, const struct stream_place *place);
struct stream *stream_open_sink(struct depot *depot, const struct stream_place *place);

void stream_close(struct stream *stream); /* NULL is fine */

/** Whether it may say "later", and belongs to the file thread also when it is closed. */
bool stream_is_remote(const struct stream *stream);

/** Who is woken, within depot_turn(). */
void stream_on_wake(struct stream *stream, void (*wake)(void *ctx), void *ctx);

/** Fills @room bytes from @offset but for the end of the file. Returns the bytes read, 0 at the end, -1, or STREAM_LATER. */
ssize_t stream_read(struct stream *stream, uint64_t offset, void *out, size_t room,
		    struct sp_error *err);

/** How many of the @length bytes at @offset were taken (a part may end within them), -1 (SP_NO_SPACE …), or STREAM_LATER. */
ssize_t stream_write(struct stream *stream, uint64_t offset, const void *data, size_t length,
		     struct sp_error *err);

/** So many bytes will be written, as far as is known: a hint. */
void stream_expect(struct stream *stream, uint64_t size);

/** Whether writing can be gone on with behind @offset, which was just reached, by another stream … */
bool stream_may_resume_at(const struct stream *stream, uint64_t offset);
/** … once this is no less: bytes that are kept. */
uint64_t stream_kept(const struct stream *stream);

/** After the last write: 0 when all is kept (or held, see below), -1, or STREAM_LATER. */
int stream_finish(struct stream *stream, struct sp_error *err);

/** Once finished: nothing of it is at the storage yet, for it is small, and … */
bool stream_is_held(const struct stream *stream);
/**
 * … is put under its final key by this. 0, -1 or STREAM_LATER; SP_EXISTS: the condition was not met, SP_CONFLICT: others
 * write there just now, SP_UNSUPPORTED: the storage does not know such conditions. Then it is held as before, and may be
 * put once more.
 *
 * @url        borrowed until it has ended, as …
 * @condition  … this: what has to be under the key. NULL: whatever is there; "*": nothing; else an ETag
 */
int stream_put(struct stream *stream, const char *url, const char *condition, struct sp_error *err);
