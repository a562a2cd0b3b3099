/* What the engine and the connection's thread do with a feed. */

#include "worker/feeder_inside.h"

#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

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
	*out = feeder_dequeue(feed);
	if (*out != NULL) {
		feeder_note_work(feed);
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
	if (block == NULL && !feed->busy)
		feeder_note_hungry(feed);
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
		feeder_put_spare(feed, block);
		result = -1;
	} else {
		feeder_enqueue(feed, block);
		feeder_note_work(feed);
	}
	unlock(feed);
	return result;
}

static void give_back(void *ctx, struct block *block)
{
	struct feed *feed = ctx;
	lock(feed);
	feeder_put_spare(feed, block);
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
	feed->offset = feed->marked = plan->from != NULL ? hashed : plan->offset;
	feed->grew = hashed > 0;
	stream_on_wake(stream, feeder_stream_woke, feed);
	lock(feed);
	block_pool_join(&group->feeder->pool, &group->blocks, &feed->share);
	feeder_note_work(feed);
	unlock(feed);
	*out = feed;
	return 0;
}

struct depot *feed_group_depot(const struct feed_group *group)
{
	return group->feeder->depot;
}

bool feed_take_mark(struct feed *feed, uint64_t offset, struct feed_mark *out)
{
	size_t taken = 0;
	lock(feed);
	if (feed->way == FEED_SINK && feed->kept < offset)
		offset = feed->kept;
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
	feed->finishing = stream_is_remote(feed->stream);
	if (feed->error.code != SP_OK) {
		*err = feed->error;
		result = -1;
	} else if (feed->busy || feed->first != NULL || (feed->finishing && !feed->finished)) {
		feed->waits = true;
		feeder_note_work(feed);
		result = 0;
	}
	unlock(feed);
	return result;
}

void feed_expect(struct feed *feed, uint64_t size)
{
	lock(feed);
	feed->expected = size;
	unlock(feed);
}

bool feed_is_held(struct feed *feed)
{
	lock(feed);
	assert(!feed->busy && feed->first == NULL);
	bool held = stream_is_held(feed->stream);
	unlock(feed);
	return held;
}

void feed_put(struct feed *feed, const char *url, const char *condition)
{
	lock(feed);
	sp_secret_free(feed->put_url);
	free(feed->put_condition);
	feed->put_url = sp_strdup(url);
	feed->put_condition = sp_strdup(condition);
	feed->finished = false;
	feed->error = (struct sp_error){ 0 };
	feeder_note_work(feed);
	unlock(feed);
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
	if (feed->busy || stream_is_remote(feed->stream))
		feeder_leave_behind(feed);
	else
		feeder_destroy_feed(feed);
	pthread_mutex_unlock(&feeder->lock);
}
