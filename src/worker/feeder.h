#pragma once
/**
 * The file thread: reads sources ahead of the connections and writes behind them, in blocks, hashing on the way. One
 * fixed pool of blocks serves all files; each is sure of some and shares the others, so that none can starve another,
 * even when its server stalls with all it was given.
 *
 * A feed joins one object's stream and one file of one connection. Apart from the file thread it belongs to the
 * thread that opened it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "remote/blocks.h"
#include "streams/stream.h"

struct feeder;
struct feed;

enum {
	FEEDER_BLOCKS_MAX = 64, /* of REMOTE_BLOCK_MAX bytes: 16 MiB, made as they are needed */
	FEEDER_BLOCKS_SURE = 8, /* for every feed */
	FEEDER_AHEAD_MAX = 8,   /* blocks read and not yet taken: more would only leave the cache */
	FEED_MARK_STEP = 16 << 20, /* bytes from one mark to the next: what a fault may cost */
};

/** A place that another attempt can go on from. */
struct feed_mark {
	uint64_t offset;
	char state[SP_DIGEST_STATE_MAX]; /* of the hash of all bytes in front of it */
};

/** Starts the file thread, which runs until the process ends. @feeds_max: open at a time. */
int feeder_start(size_t feeds_max, struct feeder **out, struct sp_error *err);

enum feed_way { FEED_SOURCE /* is read */, FEED_SINK /* is written */ };

/**
 * @stream   taken
 * @wake_fd  an eventfd, kept: counts when it is worth asking again after a call that gave nothing
 * @from     where to begin; NULL: with the first byte. SP_INVALID, with the stream closed, when its state is none.
 */
int feed_open(struct feeder *feeder, enum feed_way way, struct stream *stream, int wake_fd,
	      const struct feed_mark *from, struct feed **out, struct sp_error *err);

/**
 * The last mark at or before @offset, once; false when there is no new one. A source's are passed when it has read so
 * far, a sink's when that is written.
 */
bool feed_take_mark(struct feed *feed, uint64_t offset, struct feed_mark *out);

/** For the engine; kept by it until the feed is closed. Of a FEED_SOURCE and a FEED_SINK. */
struct block_source feed_source(struct feed *feed);
struct block_sink feed_sink(struct feed *feed);

/** A sink: 1 when all that was put is written, 0 when not yet (the wake_fd counts then), or -1. */
int feed_flushed(struct feed *feed, struct sp_error *err);

/** Size and SHA-256 of what went through. Only after the source's end or when the sink is flushed. */
void feed_sum(struct feed *feed, uint64_t *out_size, char out_sha256[SP_SHA256_HEX_SIZE]);

/**
 * All blocks must have been given back. Never waits: a stream that the file thread is stuck in is closed when it comes
 * back; otherwise it is closed when the call returns. NULL is fine.
 */
void feed_close(struct feed *feed);
