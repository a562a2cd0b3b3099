/* What the file thread does for one feed: a block is read or written, and hashed. */

#include "worker/feeder_inside.h"

#include <string.h>

static void drop_old_marks(struct feed *feed)
{
	size_t old = 0;
	while (old + 1 < feed->mark_count && feed->marks[old + 1].offset <= feed->kept)
		old++;
	feed->mark_count -= old;
	memmove(feed->marks, feed->marks + old, feed->mark_count * sizeof(*feed->marks));
}

/* The digest and the offset are those behind a block. Of a sink's marks whose bytes are kept the newest is worth more than
 * the others; of a source the oldest are the ones that can be used first. */
static void note_mark(struct feed *feed)
{
	/* Where storage lets us go on is no more often than that anyway. */
	bool any = feed->way == FEED_SINK && stream_is_remote(feed->stream);
	if (feed->offset - feed->marked < (any ? 1 : FEED_MARK_STEP))
		return;
	if (feed->way == FEED_SINK)
		drop_old_marks(feed);
	if (feed->mark_count == MARKS_MAX)
		return;
	struct feed_mark *mark = &feed->marks[feed->mark_count++];
	mark->offset = feed->marked = feed->offset;
	sp_digest_save(&feed->digest, mark->state);
}

static void read_block(struct feed *feed, struct block *block)
{
	struct feeder *feeder = feed->group->feeder;
	struct sp_error err = { 0 };
	uint64_t offset = feed->offset;

	pthread_mutex_unlock(&feeder->lock);
	ssize_t got = stream_read(feed->stream, offset, block->data, block->room, &err);
	if (got > 0)
		sp_digest_add(&feed->digest, block->data, (size_t)got);
	pthread_mutex_lock(&feeder->lock);

	if (got == STREAM_LATER)
		feed->asleep = true;
	else if (got == -1)
		feed->error = err;
	else if ((size_t)got < block->room) /* streams fill what they are given but for the end */
		feed->ended = true;
	if (got <= 0) {
		feeder_put_spare(feed, block);
		return;
	}
	block->offset = offset;
	block->length = (size_t)got;
	feed->offset += (uint64_t)got;
	note_mark(feed);
	feeder_enqueue(feed, block);
}

/* As much of its first block as the stream takes. */
static void write_block(struct feed *feed)
{
	struct block *block = feed->first;
	struct feeder *feeder = feed->group->feeder;
	struct sp_error err = { 0 };
	uint64_t expected = feed->expected;
	size_t done = feed->written;

	pthread_mutex_unlock(&feeder->lock);
	if (expected > 0)
		stream_expect(feed->stream, expected);
	ssize_t put = stream_write(feed->stream, block->offset + done, block->data + done,
				   block->length - done, &err);
	if (put > 0)
		sp_digest_add(&feed->digest, block->data + done, (size_t)put);
	uint64_t kept = stream_kept(feed->stream);
	pthread_mutex_lock(&feeder->lock);

	feed->kept = kept;
	if (put == STREAM_LATER) {
		feed->asleep = true;
		return;
	}
	if (put < 0) {
		feed->error = err;
		feeder_drop_queue(feed);
		return;
	}
	feed->offset += (uint64_t)put;
	feed->written += (size_t)put;
	if (stream_may_resume_at(feed->stream, feed->offset))
		note_mark(feed);
	if (feed->written == block->length) {
		feed->written = 0;
		feeder_put_spare(feed, feeder_dequeue(feed));
	}
}

/* Nothing will be put any more. */
static void finish_stream(struct feed *feed)
{
	struct feeder *feeder = feed->group->feeder;
	struct sp_error err = { 0 };
	const char *url = feed->put_url, *condition = feed->put_condition;

	pthread_mutex_unlock(&feeder->lock);
	int result = url != NULL ? stream_put(feed->stream, url, condition, &err)
				 : stream_finish(feed->stream, &err);
	uint64_t kept = stream_kept(feed->stream);
	pthread_mutex_lock(&feeder->lock);

	feed->kept = kept;
	feed->asleep = result == STREAM_LATER;
	feed->finished = result == 0;
	if (result == -1)
		feed->error = err;
}

/* False when there is no block for it. */
static bool serve_source(struct feed *feed)
{
	uint64_t left = feed->offset < feed->size ? feed->size - feed->offset : 0;
	struct block *block = block_pool_take(&feed->group->feeder->pool, &feed->share, left);
	if (block == NULL)
		return false;
	read_block(feed, block);
	return true;
}

void feeder_serve(struct feed *feed)
{
	struct feeder *feeder = feed->group->feeder;
	bool fed = true;
	if (feed->closed) {
		feeder_destroy_feed(feed);
		return;
	}
	feed->busy = true;
	if (feed->way == FEED_SOURCE)
		fed = serve_source(feed);
	else if (feed->first != NULL)
		write_block(feed);
	else
		finish_stream(feed);
	feed->busy = false;
	if (feed->closed) {
		feeder_destroy_feed(feed);
		return;
	}
	if (!fed)
		feeder_note_hungry(feed);
	else
		feeder_note_work(feed);
	if (feed->asleep && feed->way == FEED_SOURCE)
		return; /* nothing is there yet for those who wait */
	if (feed->way == FEED_SOURCE || feed->first == NULL ||
	    block_pool_may_take(&feeder->pool, &feed->share))
		feeder_ring(feed);
	else if (feed->waits)
		feeder_note_hungry(feed);
}
