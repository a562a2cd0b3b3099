/* Which feed's turn it is: the file thread's, for a block, and to be answered. */

#include "worker/feeder_inside.h"

#include <assert.h>
#include <sys/eventfd.h>

#include "base/scope.h"
#include "base/secret.h"

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

struct feed *feeder_next(struct feeder *feeder)
{
	return queue_shift(&feeder->ready);
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

void feeder_ring(struct feed *feed)
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

void feeder_sound_all(struct feeder *feeder)
{
	for (struct feed_group *group = feeder->groups; group != NULL; group = group->next)
		sound(group);
}

/* ---- work ------------------------------------------------------------------------------------------------------ */

static bool has_work(const struct feed *feed)
{
	if (feed->closed || feed->asleep || feed->error.code != SP_OK)
		return false;
	if (feed->way == FEED_SINK)
		return feed->first != NULL || (feed->finishing && !feed->finished);
	return !feed->ended && feed->queued < FEEDER_AHEAD_MAX;
}

void feeder_wake(struct feeder *feeder)
{
	if (feeder->polls)
		eventfd_write(feeder->wake_fd, 1);
	else
		pthread_cond_signal(&feeder->work);
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
	feeder_wake(feeder);
}

void feeder_leave_behind(struct feed *feed)
{
	struct feeder *feeder = feed->group->feeder;
	feed->closed = true;
	unring(feed);
	feed->rung = false;
	if (feed->busy)
		return;
	queue_leave(feed);
	queue_append(&feeder->ready, feed);
	feeder_wake(feeder);
}

void feeder_stream_woke(void *ctx)
{
	struct feed *feed = ctx;
	struct feeder *feeder = feed->group->feeder;
	uint64_t kept = stream_kept(feed->stream);
	pthread_mutex_lock(&feeder->lock);
	feed->kept = kept;
	feed->asleep = false;
	feeder_note_work(feed);
	pthread_mutex_unlock(&feeder->lock);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

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
			feeder_ring(feed);
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

void feeder_drop_queue(struct feed *feed)
{
	for (struct block *block; (block = feeder_dequeue(feed)) != NULL;)
		feeder_put_spare(feed, block);
}

/* Its share goes to the others. Leaves the lock meanwhile: closing may take its time as well. */
void feeder_destroy_feed(struct feed *feed)
{
	struct feeder *feeder = feed->group->feeder;
	queue_leave(feed);
	unring(feed);
	feeder_drop_queue(feed);
	block_pool_leave(&feeder->pool, &feed->share);
	if (feeder->hungry.first != NULL)
		feed_the_hungry(feeder, true);
	pthread_mutex_unlock(&feeder->lock);
	stream_close(feed->stream);
	sp_secret_free(feed->put_url);
	free(feed->put_condition);
	free(feed);
	pthread_mutex_lock(&feeder->lock);
}
