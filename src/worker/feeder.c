#include "worker/feeder_inside.h"

#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/scope.h"

enum {
	/* So many feeds ring before their thread is woken, while the file thread has others to serve. */
	RINGS_TOGETHER = 16,
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
void feeder_note_work(struct feed *feed)
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

void feeder_note_hungry(struct feed *feed)
{
	if (feed->queue == NULL)
		queue_append(&feed->group->feeder->hungry, feed);
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
		feeder_note_work(feed);
		if (feed->way == FEED_SINK)
			ring(feed);
	}
	feeder->hungry = still;
	for (struct feed *feed = still.first; feed != NULL; feed = feed->next)
		feed->queue = &feeder->hungry;
}

void feeder_put_spare(struct feed *feed, struct block *block)
{
	struct feeder *feeder = feed->group->feeder;
	block_pool_give_back(&feeder->pool, &feed->share, block);
	if (feeder->hungry.first != NULL)
		feed_the_hungry(feeder, false);
}

void feeder_enqueue(struct feed *feed, struct block *block)
{
	block->next = NULL;
	if (feed->first == NULL)
		feed->first = block;
	else
		feed->last->next = block;
	feed->last = block;
	feed->queued++;
}

struct block *feeder_dequeue(struct feed *feed)
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
	for (struct block *block; (block = feeder_dequeue(feed)) != NULL;)
		feeder_put_spare(feed, block);
}

/* ---- the file thread ------------------------------------------------------------------------------------------- */

/* Its share goes to the others. Leaves the lock meanwhile: closing may take its time as well. */
void feeder_destroy_feed(struct feed *feed)
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
		feeder_put_spare(feed, block);
		return;
	}
	block->offset = offset;
	block->length = (size_t)got;
	feed->offset += (uint64_t)got;
	note_mark(feed);
	feeder_enqueue(feed, block);
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
	feeder_put_spare(feed, block);
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
		write_block(feed, feeder_dequeue(feed));
	feed->busy = false;
	if (feed->closed) {
		feeder_destroy_feed(feed);
		return;
	}
	if (!fed)
		feeder_note_hungry(feed);
	else
		feeder_note_work(feed);
	if (feed->way == FEED_SOURCE || feed->first == NULL ||
	    block_pool_may_take(&feeder->pool, &feed->share))
		ring(feed);
	else if (feed->waits)
		feeder_note_hungry(feed);
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
