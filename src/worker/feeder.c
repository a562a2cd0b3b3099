#include "worker/feeder.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/scope.h"
#include "base/text.h"
#include "remote/session.h"

/* Everything here is under the feeder's lock, but for the bytes of a block, which belong to whoever holds it, and for
 * stream and digest while @busy, which belong to the file thread. */
struct feeder {
	pthread_mutex_t lock;
	pthread_cond_t work;
	/* The file thread starts at the first, and what it served goes to the end. */
	struct feed *feeds;
	size_t feed_count;
	struct block *spare; /* blocks that nobody holds, the one used last in front */
	size_t made;         /* blocks that exist */
	size_t shared; /* blocks that are there for whoever needs more than it is sure of … */
	size_t shared_held; /* … and those of them that are out */
};

/* A source is at most the pool ahead of what its server has acknowledged. */
enum { MARKS_MAX = 2 + FEEDER_BLOCKS_MAX * REMOTE_BLOCK_MAX / FEED_MARK_STEP };

struct feed {
	struct feeder *feeder;
	struct feed *next;
	enum feed_way way;
	struct stream *stream; /* owned */
	int wake_fd;
	struct block *first, *last; /* source: read, to be taken. Sink: put, to be written */
	size_t queued;
	size_t held;     /* blocks out of the pool, wherever they are */
	uint64_t offset; /* source: of the next block. Sink: bytes written */
	struct sp_digest digest;
	struct feed_mark marks[MARKS_MAX]; /* ascending, not taken yet */
	size_t mark_count;
	uint64_t marked;       /* where the last one was noted */
	struct sp_error error; /* of the stream; code SP_OK while there is none */
	bool ended;            /* source: its last byte was read */
	bool waits;            /* its thread got nothing and wants to be woken */
	bool busy;             /* the file thread is in its stream */
	bool closed;           /* and destroys it when it comes back */
};

/* ---- the pool -------------------------------------------------------------------------------------------------- */

static bool may_hold_more(const struct feed *feed)
{
	const struct feeder *feeder = feed->feeder;
	if (feeder->spare == NULL && feeder->made == FEEDER_BLOCKS_MAX)
		return false;
	return feed->held < FEEDER_BLOCKS_SURE ||
	       (feed->held < FEEDER_BLOCKS_MAX / feeder->feed_count &&
		feeder->shared_held < feeder->shared);
}

static struct block *take_spare(struct feed *feed)
{
	struct feeder *feeder = feed->feeder;
	struct block *block = feeder->spare;
	if (block != NULL) {
		feeder->spare = block->next;
	} else {
		block = sp_alloc(sizeof(*block));
		block->data = sp_alloc(REMOTE_BLOCK_MAX);
		block->room = REMOTE_BLOCK_MAX;
		feeder->made++;
	}
	block->next = NULL;
	block->length = 0;
	if (feed->held++ >= FEEDER_BLOCKS_SURE)
		feeder->shared_held++;
	return block;
}

static void wake(struct feed *feed)
{
	if (feed->waits)
		eventfd_write(feed->wake_fd, 1);
	feed->waits = false;
}

/* The block may be what another feed waits for. */
static void put_spare(struct feed *feed, struct block *block)
{
	struct feeder *feeder = feed->feeder;
	assert(feed->held > 0);
	if (feed->held-- > FEEDER_BLOCKS_SURE)
		feeder->shared_held--;
	block->next = feeder->spare;
	feeder->spare = block;
	for (struct feed *other = feeder->feeds; other != NULL; other = other->next)
		if (other->way == FEED_SINK && may_hold_more(other))
			wake(other);
	pthread_cond_signal(&feeder->work);
}

/* ---- the file thread ------------------------------------------------------------------------------------------- */

static void enqueue(struct feed *feed, struct block *block)
{
	block->next = NULL;
	if (feed->first == NULL)
		feed->first = block;
	else
		feed->last->next = block;
	feed->last = block;
	feed->queued++;
}

static struct block *dequeue(struct feed *feed)
{
	struct block *block = feed->first;
	if (block == NULL)
		return NULL;
	feed->first = block->next;
	feed->queued--;
	return block;
}

static void drop_queue(struct feed *feed)
{
	for (struct block *block; (block = dequeue(feed)) != NULL;)
		put_spare(feed, block);
}

static bool has_work(const struct feed *feed)
{
	if (feed->closed || feed->error.code != SP_OK)
		return false;
	if (feed->way == FEED_SINK)
		return feed->first != NULL;
	return !feed->ended && feed->queued < FEEDER_AHEAD_MAX && may_hold_more(feed);
}

static void unlink_feed(struct feed *feed)
{
	struct feeder *feeder = feed->feeder;
	for (struct feed **at = &feeder->feeds; *at != NULL; at = &(*at)->next) {
		if (*at != feed)
			continue;
		*at = feed->next;
		feed->next = NULL;
		return;
	}
}

static void link_last(struct feed *feed)
{
	struct feed **at = &feed->feeder->feeds;
	while (*at != NULL)
		at = &(*at)->next;
	*at = feed;
}

/* Off the list already; its share goes to the others. Leaves the lock meanwhile: closing may take its time as well. */
static void destroy_feed(struct feed *feed)
{
	struct feeder *feeder = feed->feeder;
	drop_queue(feed);
	assert(feed->held == 0);
	feeder->feed_count--;
	pthread_mutex_unlock(&feeder->lock);
	stream_close(feed->stream);
	free(feed);
	pthread_mutex_lock(&feeder->lock);
}

/* The digest and the offset are those behind a block. A sink whose marks nobody takes keeps the newest; of a source the
 * oldest are the ones that can be used first. */
static void note_mark(struct feed *feed)
{
	if (feed->offset - feed->marked < FEED_MARK_STEP)
		return;
	if (feed->mark_count == MARKS_MAX && feed->way == FEED_SOURCE)
		return;
	if (feed->way == FEED_SINK)
		feed->mark_count = 0;
	struct feed_mark *mark = &feed->marks[feed->mark_count++];
	mark->offset = feed->marked = feed->offset;
	sp_digest_save(&feed->digest, mark->state);
}

static void read_block(struct feed *feed, struct block *block)
{
	struct feeder *feeder = feed->feeder;
	struct sp_error err = { 0 };
	uint64_t offset = feed->offset;

	pthread_mutex_unlock(&feeder->lock);
	ssize_t got = stream_read(feed->stream, offset, block->data, block->room, &err);
	if (got > 0)
		sp_digest_add(&feed->digest, block->data, (size_t)got);
	pthread_mutex_lock(&feeder->lock);

	if (got == -1)
		feed->error = err;
	else if ((size_t)got < block->room) /* streams fill what they are given but for the end */
		feed->ended = true;
	if (got <= 0) {
		put_spare(feed, block);
		return;
	}
	block->offset = offset;
	block->length = (size_t)got;
	feed->offset += (uint64_t)got;
	note_mark(feed);
	enqueue(feed, block);
}

static void write_block(struct feed *feed, struct block *block)
{
	assert(block != NULL);
	struct feeder *feeder = feed->feeder;
	struct sp_error err = { 0 };

	pthread_mutex_unlock(&feeder->lock);
	int result = stream_write(feed->stream, block->offset, block->data, block->length, &err);
	if (result == 0)
		sp_digest_add(&feed->digest, block->data, block->length);
	pthread_mutex_lock(&feeder->lock);

	if (result == 0) {
		feed->offset += block->length;
		note_mark(feed);
	} else {
		feed->error = err;
	}
	put_spare(feed, block);
	if (result != 0)
		drop_queue(feed);
}

/* While it is served it is off the list; whoever closes it then leaves it to us. */
static void serve(struct feed *feed)
{
	feed->busy = true;
	if (feed->way == FEED_SOURCE)
		read_block(feed, take_spare(feed));
	else
		write_block(feed, dequeue(feed));
	feed->busy = false;
	if (feed->closed) {
		destroy_feed(feed);
		return;
	}
	link_last(feed);
	if (feed->way == FEED_SOURCE || feed->first == NULL || may_hold_more(feed))
		wake(feed);
}

static struct feed *take_feed_with_work(struct feeder *feeder)
{
	struct feed **at = &feeder->feeds;
	while (*at != NULL && !has_work(*at))
		at = &(*at)->next;
	struct feed *feed = *at;
	if (feed != NULL)
		*at = sp_take_pointer(&feed->next);
	return feed;
}

static void *run(void *ctx)
{
	struct feeder *feeder = ctx;
	pthread_mutex_lock(&feeder->lock);
	for (;;) {
		struct feed *feed = take_feed_with_work(feeder);
		if (feed != NULL)
			serve(feed);
		else
			pthread_cond_wait(&feeder->work, &feeder->lock);
	}
	return NULL;
}

int feeder_start(size_t feeds_max, struct feeder **out, struct sp_error *err)
{
	assert(feeds_max * FEEDER_BLOCKS_SURE <= FEEDER_BLOCKS_MAX);
	struct feeder *feeder = sp_alloc(sizeof(*feeder));
	feeder->shared = FEEDER_BLOCKS_MAX - feeds_max * FEEDER_BLOCKS_SURE;
	pthread_mutex_init(&feeder->lock, NULL);
	pthread_cond_init(&feeder->work, NULL);
	pthread_t thread;
	int failed = pthread_create(&thread, NULL, run, feeder);
	if (failed != 0) {
		free(feeder);
		return sp_fail(err, SP_SYSTEM, "could not start the file thread: %s",
			       strerror(failed));
	}
	pthread_detach(thread);
	*out = feeder;
	return 0;
}

/* ---- what the engine sees -------------------------------------------------------------------------------------- */

static int source_take(void *ctx, struct block **out, struct sp_error *err)
{
	struct feed *feed = ctx;
	int result = 1;
	pthread_mutex_lock(&feed->feeder->lock);
	*out = dequeue(feed);
	if (*out != NULL) {
		pthread_cond_signal(&feed->feeder->work);
	} else if (feed->error.code != SP_OK) {
		*err = feed->error;
		result = -1;
	} else if (feed->ended) {
		result = 2;
	} else {
		feed->waits = true;
		result = 0;
	}
	pthread_mutex_unlock(&feed->feeder->lock);
	return result;
}

static struct block *sink_get(void *ctx)
{
	struct feed *feed = ctx;
	struct block *block = NULL;
	pthread_mutex_lock(&feed->feeder->lock);
	if (may_hold_more(feed))
		block = take_spare(feed);
	else
		feed->waits = true;
	pthread_mutex_unlock(&feed->feeder->lock);
	return block;
}

static int sink_put(void *ctx, struct block *block, struct sp_error *err)
{
	struct feed *feed = ctx;
	int result = 0;
	pthread_mutex_lock(&feed->feeder->lock);
	if (feed->error.code != SP_OK) {
		*err = feed->error;
		put_spare(feed, block);
		result = -1;
	} else {
		enqueue(feed, block);
		pthread_cond_signal(&feed->feeder->work);
	}
	pthread_mutex_unlock(&feed->feeder->lock);
	return result;
}

static void give_back(void *ctx, struct block *block)
{
	struct feed *feed = ctx;
	pthread_mutex_lock(&feed->feeder->lock);
	put_spare(feed, block);
	pthread_mutex_unlock(&feed->feeder->lock);
}

struct block_source feed_source(struct feed *feed)
{
	assert(feed->way == FEED_SOURCE);
	return (struct block_source){ .ctx = feed, .take = source_take, .give_back = give_back };
}

struct block_sink feed_sink(struct feed *feed)
{
	assert(feed->way == FEED_SINK);
	return (struct block_sink){
		.ctx = feed, .get = sink_get, .put = sink_put, .give_back = give_back
	};
}

/* ---- what the connection does ---------------------------------------------------------------------------------- */

int feed_open(struct feeder *feeder, enum feed_way way, struct stream *stream, int wake_fd,
	      const struct feed_mark *from, struct feed **out, struct sp_error *err)
{
	struct sp_digest digest;
	uint64_t hashed = 0;
	sp_digest_start(&digest);
	if (from != NULL &&
	    (!sp_digest_restore(&digest, from->state, &hashed) || hashed != from->offset)) {
		stream_close(stream);
		return sp_fail(err, SP_INVALID,
			       "cannot go on at byte %llu: the state of the hash is not the one "
			       "of that byte",
			       (unsigned long long)from->offset);
	}
	struct feed *feed = sp_alloc(sizeof(*feed));
	feed->feeder = feeder;
	feed->way = way;
	feed->stream = stream;
	feed->wake_fd = wake_fd;
	feed->digest = digest;
	feed->offset = feed->marked = hashed;
	pthread_mutex_lock(&feeder->lock);
	link_last(feed);
	feeder->feed_count++;
	pthread_cond_signal(&feeder->work);
	pthread_mutex_unlock(&feeder->lock);
	*out = feed;
	return 0;
}

bool feed_take_mark(struct feed *feed, uint64_t offset, struct feed_mark *out)
{
	size_t taken = 0;
	pthread_mutex_lock(&feed->feeder->lock);
	while (taken < feed->mark_count && feed->marks[taken].offset <= offset)
		taken++;
	if (taken > 0) {
		*out = feed->marks[taken - 1];
		feed->mark_count -= taken;
		memmove(feed->marks, feed->marks + taken, feed->mark_count * sizeof(*feed->marks));
	}
	pthread_mutex_unlock(&feed->feeder->lock);
	return taken > 0;
}

int feed_flushed(struct feed *feed, struct sp_error *err)
{
	int result = 1;
	pthread_mutex_lock(&feed->feeder->lock);
	if (feed->error.code != SP_OK) {
		*err = feed->error;
		result = -1;
	} else if (feed->busy || feed->first != NULL) {
		feed->waits = true;
		result = 0;
	}
	pthread_mutex_unlock(&feed->feeder->lock);
	return result;
}

void feed_sum(struct feed *feed, uint64_t *out_size, char out_sha256[SP_SHA256_HEX_SIZE])
{
	pthread_mutex_lock(&feed->feeder->lock);
	assert(!feed->busy && (feed->ended || feed->way == FEED_SINK));
	struct sp_digest digest = feed->digest;
	*out_size = feed->offset;
	pthread_mutex_unlock(&feed->feeder->lock);

	unsigned char sum[SP_SHA256_SIZE];
	sp_digest_end(&digest, sum);
	sp_hex_encode(sum, sizeof(sum), out_sha256);
}

void feed_close(struct feed *feed)
{
	if (feed == NULL)
		return;
	struct feeder *feeder = feed->feeder;
	pthread_mutex_lock(&feeder->lock);
	if (feed->busy) {
		feed->closed = true;
	} else {
		unlink_feed(feed);
		destroy_feed(feed);
	}
	pthread_cond_signal(&feeder->work);
	pthread_mutex_unlock(&feeder->lock);
}
