#include "events/file_sink.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/log.h"
#include "base/scope.h"
#include "loop/pool.h"
#include "store/event_cursors.h"
#include "store/events.h"

enum { RETRY_MS = 1000, RETRY_MAX_MS = 60000 };

const char file_sink_name[] = "file";

struct file_sink {
	struct sink sink;
	const struct sink_ground *ground;
	struct pool *pool; /* one thread, which is ours all the time */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool woken, hurried, closing; /* guarded by the lock */

	/* The thread's: */
	struct sp_line_file *lines;
	int tries; /* in vain */
};

/* ---- waiting ------------------------------------------------------------------------------------------------------- */

static struct timespec in_ms(int64_t ms)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* Until it is told to hurry or to end. */
static void pause_for(struct file_sink *sink, int64_t ms)
{
	struct timespec until = in_ms(ms);
	int result = 0;
	while (!sink->hurried && !sink->closing && result != ETIMEDOUT)
		result = pthread_cond_timedwait(&sink->changed, &sink->lock, &until);
	sink->hurried = false;
}

/* True when there may be something to write. What comes right behind travels along. */
static bool wait_for_events(struct file_sink *sink)
{
	pthread_mutex_lock(&sink->lock);
	while (!sink->woken && !sink->closing)
		pthread_cond_wait(&sink->changed, &sink->lock);
	pause_for(sink, SINK_GATHER_MS);
	sink->woken = false;
	bool goes_on = !sink->closing;
	pthread_mutex_unlock(&sink->lock);
	return goes_on;
}

static void wait_after_failure(struct file_sink *sink)
{
	uint32_t random;
	sp_random_bytes(&random, sizeof(random));
	pthread_mutex_lock(&sink->lock);
	pause_for(sink, sp_backoff_ms(RETRY_MS, RETRY_MAX_MS, sink->tries, random));
	sink->woken = true;
	pthread_mutex_unlock(&sink->lock);
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

struct page {
	const char *sink_name;
	int64_t after;
	struct event events[SINK_PAGE];
	size_t count;
};

static int read_page(struct db *db, void *ctx, struct sp_error *err)
{
	struct page *page = ctx;
	return events_list(db, NULL, page->after, page->events, SINK_PAGE, &page->count, err);
}

static int note_delivered(struct db *db, void *ctx, struct sp_error *err)
{
	const struct page *page = ctx;
	return event_cursors_settle(db, page->sink_name, page->events[page->count - 1].number, err);
}

static int write_page(struct file_sink *sink, struct page *page, struct sp_error *err)
{
	SP_AUTO_BUFFER lines = { 0 };
	for (size_t i = 0; i < page->count; i++) {
		SP_AUTO_FREE char *text = event_text(&page->events[i], &sink->ground->place);
		sp_buffer_add_text(&lines, text);
		sp_buffer_add_char(&lines, '\n');
	}
	if (sp_line_file_write(sink->lines, lines.data, lines.length, err) < lines.length ||
	    sp_line_file_sync(sink->lines, err) != 0 ||
	    store_write(sink->ground->store, note_delivered, page, err) != 0)
		return -1;
	atomic_store(&sink->sink.delivered, page->events[page->count - 1].number);
	return 0;
}

/* Returns how many there were, or -1. */
static int deliver_page(struct file_sink *sink, struct page *page, struct sp_error *err)
{
	page->after = atomic_load(&sink->sink.delivered);
	page->count = 0;
	int result = store_read(sink->ground->store, read_page, page, err);
	if (result == 0 && page->count > 0)
		result = write_page(sink, page, err);
	for (size_t i = 0; i < page->count; i++)
		event_finish(&page->events[i]);
	return result == 0 ? (int)page->count : -1;
}

static int deliver(struct file_sink *sink, struct sp_error *err)
{
	SP_AUTO_FREE struct page *page = sp_alloc(sizeof(*page));
	page->sink_name = file_sink_name;
	int count;
	do
		count = deliver_page(sink, page, err);
	while (count == SINK_PAGE);
	return count < 0 ? -1 : 0;
}

static void run(void *ctx)
{
	struct file_sink *sink = ctx;
	sink_step_back();
	do {
		struct sp_error err = { 0 };
		if (deliver(sink, &err) != 0) {
			if (sink->tries++ == 0)
				sp_log(SP_LOG_ERROR, "%s; events wait for it, and none is lost",
				       err.message);
			wait_after_failure(sink);
		} else if (sink->tries > 0) {
			sp_log(SP_LOG_INFO, "%s can be written again", sink->sink.title);
			sink->tries = 0;
		}
	} while (wait_for_events(sink));
}

/* ---- the door ------------------------------------------------------------------------------------------------------ */

static void set(struct sink *base, bool *flag)
{
	struct file_sink *sink = (struct file_sink *)base;
	pthread_mutex_lock(&sink->lock);
	if (!*flag) {
		*flag = true;
		pthread_cond_signal(&sink->changed);
	}
	pthread_mutex_unlock(&sink->lock);
}

static void wake(struct sink *base)
{
	set(base, &((struct file_sink *)base)->woken);
}

static void hurry(struct sink *base)
{
	set(base, &((struct file_sink *)base)->hurried);
}

/* What was committed until now is written before: who stops the daemon finds all of it in the file. */
static void close_sink(struct sink *base)
{
	struct file_sink *sink = (struct file_sink *)base;
	struct sp_error err = { 0 };
	set(base, &sink->closing);
	pool_destroy(sink->pool);
	if (sink->pool != NULL && sink->tries == 0 && deliver(sink, &err) != 0)
		sp_log(SP_LOG_ERROR, "%s; the next start goes on with it", err.message);
	sp_line_file_close(sink->lines);
	pthread_cond_destroy(&sink->changed);
	pthread_mutex_destroy(&sink->lock);
	free(sink->sink.name);
	free(sink->sink.title);
	free(sink);
}

static const struct sink_backend backend = { .wake = wake, .go_on = hurry, .close = close_sink };

int file_sink_open(const struct sink_ground *ground, const struct sp_line_file_options *options,
		   int64_t delivered, struct sink **out, struct sp_error *err)
{
	struct file_sink *sink = sp_alloc(sizeof(*sink));
	SP_AUTO_BUFFER title = { 0 };
	sp_buffer_format(&title, "the event file \"%s\"", options->path);
	sink->sink.backend = &backend;
	sink->sink.name = sp_strdup(file_sink_name);
	sink->sink.title = sp_buffer_take(&title);
	sink->ground = ground;
	atomic_init(&sink->sink.delivered, delivered);

	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&sink->changed, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&sink->lock, NULL);
	if (sp_line_file_open(options, &sink->lines, err) != 0 ||
	    pool_create("event file", 1, 1, &sink->pool, err) != 0 ||
	    pool_submit(sink->pool, run, sink, err) != 0) {
		close_sink(&sink->sink);
		return -1;
	}
	*out = &sink->sink;
	return 0;
}
