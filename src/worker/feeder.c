#include "worker/feeder_inside.h"

#include <assert.h>
#include <string.h>
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
	sp_secret_free(feed->put_url);
	free(feed);
	pthread_mutex_lock(&feeder->lock);
}

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
		drop_queue(feed);
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
	const char *url = feed->put_url;

	pthread_mutex_unlock(&feeder->lock);
	int result = url != NULL ? stream_put(feed->stream, url, &err)
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

/* It is in no queue meanwhile; whoever closes it then leaves it to us. */
static void serve(struct feed *feed)
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

/* ---- storage ---- */

static void hear(struct feeder *feeder, struct letter *letter)
{
	struct worker_message *message = &letter->message;
	struct sp_error why = { 0 };
	if (message->text != NULL)
		sp_fail(&why, (enum sp_code)message->code, "%s", message->text);
	switch (message->kind) {
	case WORKER_URLS:
		depot_take_urls(feeder->depot, message->file_id, message->attempt, message->part,
				message->url, &why);
		break;
	case WORKER_STORAGE_CA:
		depot_take_ca(feeder->depot, message->url, sp_take_fd(&letter->fd));
		break;
	case WORKER_STORAGE_SOCKET:
		depot_take_socket(feeder->depot, message->request, sp_take_fd(&letter->fd));
		break;
	case WORKER_NO_STORAGE:
		depot_refuse_socket(feeder->depot, message->request, &why);
		break;
	default:
		break;
	}
	letter_destroy(letter);
}

void feeder_post(struct feeder *feeder, struct letter *letter)
{
	pthread_mutex_lock(&feeder->lock);
	letters_append(&feeder->letters, letter);
	feeder_wake(feeder);
	pthread_mutex_unlock(&feeder->lock);
}

static void hear_letters(struct feeder *feeder)
{
	for (struct letter *letter; (letter = letters_shift(&feeder->letters)) != NULL;) {
		pthread_mutex_unlock(&feeder->lock);
		hear(feeder, letter);
		pthread_mutex_lock(&feeder->lock);
	}
}

/* Moves what storage has for us, and waits for it when there is nothing else to do. */
static void turn_depot(struct feeder *feeder, bool may_wait)
{
	feeder->polls = may_wait;
	pthread_mutex_unlock(&feeder->lock);
	depot_turn(feeder->depot, feeder->wake_fd, may_wait ? -1 : 0);
	pthread_mutex_lock(&feeder->lock);
	if (feeder->polls)
		eventfd_read(feeder->wake_fd, &(eventfd_t){ 0 });
	feeder->polls = false;
}

static void ask_desk(struct feeder *feeder, const struct worker_message *message)
{
	struct worker_message copy;
	worker_message_copy(message, &copy);
	inbox_post(feeder->desk, letter_create(LETTER_STORAGE, &copy, -1));
}

static void need_socket(void *ctx, uint32_t request, const char *origin)
{
	ask_desk(ctx, &(struct worker_message){ .kind = WORKER_NEED_STORAGE,
						.request = request,
						.url = (char *)(uintptr_t)origin });
}

static void need_urls(void *ctx, const char *file_id, uint32_t attempt, uint32_t part)
{
	ask_desk(ctx, &(struct worker_message){ .kind = WORKER_NEED_URLS,
						.file_id = (char *)(uintptr_t)file_id,
						.attempt = attempt,
						.part = part });
}

/* ---- the thread ---- */

static void *run(void *ctx)
{
	struct feeder *feeder = ctx;
	pthread_mutex_lock(&feeder->lock);
	for (;;) {
		hear_letters(feeder);
		struct feed *feed = queue_shift(&feeder->ready);
		if (feed != NULL)
			serve(feed);
		bool idle = feeder->ready.first == NULL && feeder->letters.first == NULL;
		if (idle)
			sound_all(feeder);
		if (depot_is_busy(feeder->depot))
			turn_depot(feeder, idle);
		else if (feed == NULL && idle)
			pthread_cond_wait(&feeder->work, &feeder->lock);
	}
	return NULL;
}

int feeder_start(size_t groups_max, struct inbox *desk, struct feeder **out, struct sp_error *err)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd == -1)
		return sp_fail_errno(err, "could not create an eventfd");
	struct feeder *feeder = sp_alloc(sizeof(*feeder));
	const struct depot_door door = { .ctx = feeder,
					 .need_socket = need_socket,
					 .need_urls = need_urls };
	depot_create(&door, &feeder->depot);
	feeder->desk = desk;
	feeder->wake_fd = wake_fd;
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
