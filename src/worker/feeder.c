#include "worker/feeder.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/scope.h"
#include "base/text.h"
#include "worker/block_pool.h"

enum {
	/* A source is at most the pool ahead of what its server has acknowledged. */
	MARKS_MAX = 2 + BLOCK_POOL_LARGE_MAX * BLOCK_POOL_LARGE / FEED_MARK_STEP,
	/* So many feeds ring before their thread is woken, while the file thread has others to serve. */
	RINGS_TOGETHER = 16,
};

/* Oldest first. A feed is in one of them at most. */
struct feed_queue {
	struct feed *first, *last;
};

/* Everything here is under the feeder's lock, but for the bytes of a block, which belong to whoever holds it, and for
 * stream and digest while @busy, which belong to the file thread. */
struct feeder {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct block_pool pool;
	struct feed_queue ready;  /* the file thread has something to do for them */
	struct feed_queue hungry; /* they wait for a block */
	struct feed_group *groups;
};

struct feed_group {
	struct feeder *feeder;
	struct feed_group *next;
	struct block_group blocks;
	struct feed *rung;   /* and were not answered, by their next_rung */
	size_t rung_quietly; /* of them, since the bell sounded */
	bool sounds;         /* the bell, and nobody came */
	int bell;            /* an eventfd */
};

struct feed {
	struct feed_group *group;
	struct feed_queue *queue; /* that it is in; NULL: none */
	struct feed *next;        /* there */
	struct feed *next_rung;
	bool rung;
	void *owner;
	enum feed_way way;
	struct stream *stream;      /* owned */
	struct block *first, *last; /* source: read, to be taken. Sink: put, to be written */
	size_t queued;
	struct block_share share;
	uint64_t offset; /* source: of the next block. Sink: bytes written */
	uint64_t size;   /* source: said to be */
	struct sp_digest digest;
	struct feed_mark marks[MARKS_MAX]; /* ascending, not taken yet */
	size_t mark_count;
	uint64_t marked;       /* where the last one was noted */
	bool grew;             /* sink: it had a block already, so there is more than little */
	struct sp_error error; /* of the stream; code SP_OK while there is none */
	bool ended;            /* source: its last byte was read */
	bool waits;            /* its thread got nothing and wants to be woken */
	bool busy;             /* the file thread is in its stream */
	bool closed;           /* and destroys it when it comes back */
};

/* ---- queues ---------------------------------------------------------------------------------------------------- */

static void queue_append(struct feed_queue *queue, struct feed *feed)
{
	assert(feed->queue == NULL);
	feed->queue = queue;
	feed->next = NULL;
	if (queue->first == NULL)
		queue->first = feed;
	else
		queue->last->next = feed;
	queue->last = feed;
}

static struct feed *queue_shift(struct feed_queue *queue)
{
	struct feed *feed = queue->first;
	if (feed == NULL)
		return NULL;
	queue->first = feed->next;
	feed->queue = NULL;
	return feed;
}

static void queue_leave(struct feed *feed)
{
	struct feed_queue *queue = sp_take_pointer(&feed->queue);
	if (queue == NULL)
		return;
	struct feed *before = NULL;
	for (struct feed *at = queue->first; at != feed; at = at->next)
		before = at;
	if (before == NULL)
		queue->first = feed->next;
	else
		before->next = feed->next;
	if (queue->last == feed)
		queue->last = before;
}

/* ---- bells ----------------------------------------------------------------------------------------------------- */

static void sound(struct feed_group *group)
{
	if (group->rung_quietly > 0 && !group->sounds) {
		eventfd_write(group->bell, 1);
		group->sounds = true;
	}
	group->rung_quietly = 0;
}

static void ring(struct feed *feed)
{
	struct feed_group *group = feed->group;
	if (!feed->waits)
		return;
	feed->waits = false;
	if (feed->rung)
		return;
	feed->rung = true;
	feed->next_rung = group->rung;
	group->rung = feed;
	group->rung_quietly++;
	if (group->rung_quietly == RINGS_TOGETHER || group->feeder->ready.first == NULL)
		sound(group);
}

static void unring(struct feed *feed)
{
	if (!feed->rung)
		return;
	struct feed **at = &feed->group->rung;
	while (*at != feed)
		at = &(*at)->next_rung;
	*at = feed->next_rung;
}

int feed_group_fd(const struct feed_group *group)
{
	return group->bell;
}

void feed_group_answer(struct feed_group *group, void (*wake)(void *owner))
{
	pthread_mutex_lock(&group->feeder->lock);
	if (group->sounds)
		eventfd_read(group->bell, &(eventfd_t){ 0 });
	group->sounds = false;
	for (struct feed *feed = sp_take_pointer(&group->rung); feed != NULL;
	     feed = feed->next_rung) {
		feed->rung = false;
		if (feed->owner != NULL)
			wake(feed->owner);
	}
	group->rung_quietly = 0;
	pthread_mutex_unlock(&group->feeder->lock);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

static bool has_work(const struct feed *feed)
{
	if (feed->closed || feed->error.code != SP_OK)
		return false;
	if (feed->way == FEED_SINK)
		return feed->first != NULL;
	return !feed->ended && feed->queued < FEEDER_AHEAD_MAX;
}

/* Not while the file thread is in it: it looks by itself when it comes back. A source that is hungry waits for the block
 * that its work needs; a sink may wait for one and have others to be written. */
static void note_work(struct feed *feed)
{
	struct feeder *feeder = feed->group->feeder;
	if (feed->busy || !has_work(feed))
		return;
	if (feed->queue == &feeder->hungry && feed->way == FEED_SINK)
		queue_leave(feed);
	if (feed->queue != NULL)
		return;
	queue_append(&feeder->ready, feed);
	pthread_cond_signal(&feeder->work);
}

/* There is a block now for at least one of those that wait. The oldest that may have it gets word; @all when it may be
 * more than one block. */
static void feed_the_hungry(struct feeder *feeder, bool all)
{
	struct feed_queue still = { 0 };
	bool fed = false;
	for (struct feed *feed; (feed = queue_shift(&feeder->hungry)) != NULL;) {
		if ((fed && !all) || !block_pool_may_take(&feeder->pool, &feed->share)) {
			queue_append(&still, feed);
			continue;
		}
		fed = true;
		note_work(feed);
		if (feed->way == FEED_SINK)
			ring(feed);
	}
	feeder->hungry = still;
	for (struct feed *feed = still.first; feed != NULL; feed = feed->next)
		feed->queue = &feeder->hungry;
}

static void put_spare(struct feed *feed, struct block *block)
{
	struct feeder *feeder = feed->group->feeder;
	block_pool_give_back(&feeder->pool, &feed->share, block);
	if (feeder->hungry.first != NULL)
		feed_the_hungry(feeder, false);
}

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

/* ---- the file thread ------------------------------------------------------------------------------------------- */

/* Its share goes to the others. Leaves the lock meanwhile: closing may take its time as well. */
static void destroy_feed(struct feed *feed)
{
	struct feeder *feeder = feed->group->feeder;
	queue_leave(feed);
	unring(feed);
	drop_queue(feed);
	block_pool_leave(&feeder->pool, &feed->share);
	if (feeder->hungry.first != NULL)
		feed_the_hungry(feeder, true);
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
	struct feeder *feeder = feed->group->feeder;
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
	struct feeder *feeder = feed->group->feeder;
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

/* It is in no queue meanwhile; whoever closes it then leaves it to us. */
static void serve(struct feed *feed)
{
	struct feeder *feeder = feed->group->feeder;
	bool fed = true;
	feed->busy = true;
	if (feed->way == FEED_SOURCE)
		fed = serve_source(feed);
	else
		write_block(feed, dequeue(feed));
	feed->busy = false;
	if (feed->closed) {
		destroy_feed(feed);
		return;
	}
	if (!fed)
		queue_append(&feeder->hungry, feed);
	else
		note_work(feed);
	if (feed->way == FEED_SOURCE || feed->first == NULL ||
	    block_pool_may_take(&feeder->pool, &feed->share))
		ring(feed);
	else if (feed->waits && feed->queue == NULL)
		queue_append(&feeder->hungry, feed);
}

/* Before it sleeps it tells what it kept to itself. */
static void sound_all(struct feeder *feeder)
{
	for (struct feed_group *group = feeder->groups; group != NULL; group = group->next)
		sound(group);
}

static void *run(void *ctx)
{
	struct feeder *feeder = ctx;
	pthread_mutex_lock(&feeder->lock);
	for (;;) {
		struct feed *feed = queue_shift(&feeder->ready);
		if (feed != NULL) {
			serve(feed);
			continue;
		}
		sound_all(feeder);
		pthread_cond_wait(&feeder->work, &feeder->lock);
	}
	return NULL;
}

int feeder_start(size_t groups_max, struct feeder **out, struct sp_error *err)
{
	struct feeder *feeder = sp_alloc(sizeof(*feeder));
	block_pool_init(&feeder->pool, groups_max);
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

static void lock(struct feed *feed)
{
	pthread_mutex_lock(&feed->group->feeder->lock);
}

static void unlock(struct feed *feed)
{
	pthread_mutex_unlock(&feed->group->feeder->lock);
}

static int source_take(void *ctx, struct block **out, struct sp_error *err)
{
	struct feed *feed = ctx;
	int result = 1;
	lock(feed);
	*out = dequeue(feed);
	if (*out != NULL) {
		note_work(feed);
	} else if (feed->error.code != SP_OK) {
		*err = feed->error;
		result = -1;
	} else if (feed->ended) {
		result = 2;
	} else {
		feed->waits = true;
		result = 0;
	}
	unlock(feed);
	return result;
}

/* The first one is small: of most files that is all. */
static struct block *sink_get(void *ctx)
{
	struct feed *feed = ctx;
	struct feeder *feeder = feed->group->feeder;
	lock(feed);
	struct block *block =
		block_pool_take(&feeder->pool, &feed->share, feed->grew ? BLOCK_POOL_LARGE : 0);
	feed->grew = feed->grew || block != NULL;
	feed->waits = block == NULL;
	if (block == NULL && !feed->busy && feed->queue == NULL)
		queue_append(&feeder->hungry, feed);
	unlock(feed);
	return block;
}

static int sink_put(void *ctx, struct block *block, struct sp_error *err)
{
	struct feed *feed = ctx;
	int result = 0;
	lock(feed);
	if (feed->error.code != SP_OK) {
		*err = feed->error;
		put_spare(feed, block);
		result = -1;
	} else {
		enqueue(feed, block);
		note_work(feed);
	}
	unlock(feed);
	return result;
}

static void give_back(void *ctx, struct block *block)
{
	struct feed *feed = ctx;
	lock(feed);
	put_spare(feed, block);
	unlock(feed);
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

int feed_group_open(struct feeder *feeder, struct feed_group **out, struct sp_error *err)
{
	int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell == -1)
		return sp_fail_errno(err, "could not create an eventfd");
	struct feed_group *group = sp_alloc(sizeof(*group));
	group->feeder = feeder;
	group->bell = bell;
	pthread_mutex_lock(&feeder->lock);
	group->next = feeder->groups;
	feeder->groups = group;
	pthread_mutex_unlock(&feeder->lock);
	*out = group;
	return 0;
}

int feed_open(struct feed_group *group, const struct feed_plan *plan, struct stream *stream,
	      struct feed **out, struct sp_error *err)
{
	struct sp_digest digest;
	uint64_t hashed = 0;
	sp_digest_start(&digest);
	if (plan->from != NULL && (!sp_digest_restore(&digest, plan->from->state, &hashed) ||
				   hashed != plan->from->offset)) {
		stream_close(stream);
		return sp_fail(err, SP_INVALID,
			       "cannot go on at byte %llu: the state of the hash is not the one "
			       "of that byte",
			       (unsigned long long)plan->from->offset);
	}
	struct feed *feed = sp_alloc(sizeof(*feed));
	feed->group = group;
	feed->way = plan->way;
	feed->owner = plan->owner;
	feed->stream = stream;
	feed->size = plan->size;
	feed->digest = digest;
	feed->offset = feed->marked = hashed;
	feed->grew = hashed > 0;
	lock(feed);
	block_pool_join(&group->feeder->pool, &group->blocks, &feed->share);
	note_work(feed);
	unlock(feed);
	*out = feed;
	return 0;
}

bool feed_take_mark(struct feed *feed, uint64_t offset, struct feed_mark *out)
{
	size_t taken = 0;
	lock(feed);
	while (taken < feed->mark_count && feed->marks[taken].offset <= offset)
		taken++;
	if (taken > 0) {
		*out = feed->marks[taken - 1];
		feed->mark_count -= taken;
		memmove(feed->marks, feed->marks + taken, feed->mark_count * sizeof(*feed->marks));
	}
	unlock(feed);
	return taken > 0;
}

int feed_flushed(struct feed *feed, struct sp_error *err)
{
	int result = 1;
	lock(feed);
	if (feed->error.code != SP_OK) {
		*err = feed->error;
		result = -1;
	} else if (feed->busy || feed->first != NULL) {
		feed->waits = true;
		result = 0;
	}
	unlock(feed);
	return result;
}

void feed_sum(struct feed *feed, uint64_t *out_size, char out_sha256[SP_SHA256_HEX_SIZE])
{
	lock(feed);
	assert(!feed->busy && (feed->ended || feed->way == FEED_SINK));
	struct sp_digest digest = feed->digest;
	*out_size = feed->offset;
	unlock(feed);

	unsigned char sum[SP_SHA256_SIZE];
	sp_digest_end(&digest, sum);
	sp_hex_encode(sum, sizeof(sum), out_sha256);
}

void feed_close(struct feed *feed)
{
	if (feed == NULL)
		return;
	struct feeder *feeder = feed->group->feeder;
	pthread_mutex_lock(&feeder->lock);
	feed->owner = NULL;
	if (feed->busy)
		feed->closed = true;
	else
		destroy_feed(feed);
	pthread_mutex_unlock(&feeder->lock);
}
