#pragma once
/**
 * The file thread: reads sources ahead of the connections and writes behind them, in blocks, hashing on the way. The
 * pool of blocks (worker/block_pool.h) serves all files.
 *
 * A feed joins one object's stream and one file of one connection. The feeds of a connection are a group: they share
 * what it is sure of, and one bell, so that one wake-up does for many of them. Apart from the file thread a group and
 * its feeds belong to one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "remote/blocks.h"
#include "streams/depot.h"
#include "streams/stream.h"
#include "worker/letter.h"

struct feeder;
struct feed_group;
struct feed;

enum {
	FEEDER_AHEAD_MAX = 8, /* blocks read and not yet taken: more would only leave the cache */
	FEED_MARK_STEP = 16 << 20, /* bytes from one mark to the next: what a fault may cost */
};

/** A place that another attempt can go on from. */
struct feed_mark {
	uint64_t offset;
	char state[SP_DIGEST_STATE_MAX]; /* of the hash of all bytes in front of it */
};

/** Starts the file thread, which runs until the process ends. @groups_max: at a time. @desk: kept; gets what the depot asks for */
int feeder_start(size_t groups_max, struct inbox *desk, struct feeder **out, struct sp_error *err);

/** Any thread. What the daemon says of storage: URLS, STORAGE_CA, STORAGE_SOCKET, NO_STORAGE. @letter is taken. */
void feeder_post(struct feeder *feeder, struct letter *letter);

/** The streams that are at storage: for stream_open_source() and stream_open_sink(). */
struct depot *feed_group_depot(const struct feed_group *group);

/** There until the process ends. */
int feed_group_open(struct feeder *feeder, struct feed_group **out, struct sp_error *err);

/** A descriptor that is readable when a feed rang: it is worth asking again after a call that gave nothing. */
int feed_group_fd(const struct feed_group *group);

/** Calls @wake with the owner of each feed that rang, once. @wake may do no more than note it. */
void feed_group_answer(struct feed_group *group, void (*wake)(void *owner));

enum feed_way { FEED_SOURCE /* is read */, FEED_SINK /* is written */ };

struct feed_plan {
	enum feed_way way;
	uint64_t size; /* SOURCE: bytes that it is said to have, for the size of its blocks */
	const struct feed_mark *from; /* where to begin; NULL: with the first byte … */
	uint64_t offset; /* … or here, if nobody wants its sum: the hash is then of what was read */
	void *owner;     /* who is woken */
};

/** @stream is taken. SP_INVALID, with the stream closed, when the mark's state is none. */
int feed_open(struct feed_group *group, const struct feed_plan *plan, struct stream *stream,
	      struct feed **out, struct sp_error *err);

/**
 * The last mark at or before @offset, once; false when there is no new one. A source's are passed when it has read so
 * far, a sink's when that is written.
 */
bool feed_take_mark(struct feed *feed, uint64_t offset, struct feed_mark *out);

/** For the engine; kept by it until the feed is closed. Of a FEED_SOURCE and a FEED_SINK. */
struct block_source feed_source(struct feed *feed);
struct block_sink feed_sink(struct feed *feed);

/** A sink: so many bytes will come. A hint, before the first ones. */
void feed_expect(struct feed *feed, uint64_t size);

/** A sink: nothing will be put any more. 1 when all that was put is written, 0 when not yet (it rings then), or -1. */
int feed_flushed(struct feed *feed, struct sp_error *err);

/** A flushed sink that is at storage, and small: nothing of it is there yet … */
bool feed_is_held(struct feed *feed);
/** … until it is put by this URL: then it is flushed again, which feed_flushed() tells, or held as before (stream_put()). */
void feed_put(struct feed *feed, const char *url, const char *condition);

/** Size and SHA-256 of what went through. Only after the source's end or when the sink is flushed. */
void feed_sum(struct feed *feed, uint64_t *out_size, char out_sha256[SP_SHA256_HEX_SIZE]);

/**
 * All blocks must have been given back. Never waits: a stream that the file thread is stuck in is closed when it comes
 * back; otherwise it is closed when the call returns. NULL is fine.
 */
void feed_close(struct feed *feed);
