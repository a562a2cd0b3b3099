#include "transfer/progress.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"

enum {
	BUCKETS = 256,
	SAMPLE_MS = 500, /* a rate is made of samples that are at least so long, … */
	NEW_PART = 30,   /* … each of which counts for so many hundredths of it */
	STILL_MS = 5000, /* nothing was heard for so long: it stands still */
};

struct entry {
	struct progress progress;
	int64_t sample_ms, sample_done; /* monotonic: where the present sample begins */
	LIST_ENTRY(entry) link;
};

struct progress_board {
	pthread_mutex_t lock;
	LIST_HEAD(, entry)
	buckets[BUCKETS]; /* by the id's first two hex digits, which are random */
	size_t count;
	uint64_t change;
	struct progress_totals totals;
};

struct progress_board *progress_board_create(void)
{
	struct progress_board *board = sp_alloc(sizeof(*board));
	pthread_mutex_init(&board->lock, NULL);
	return board;
}

void progress_board_destroy(struct progress_board *board)
{
	if (board == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct entry *entry;
		while ((entry = LIST_FIRST(&board->buckets[i])) != NULL) {
			LIST_REMOVE(entry, link);
			free(entry);
		}
	}
	pthread_mutex_destroy(&board->lock);
	free(board);
}

static size_t bucket_of(const char *file_id)
{
	int high = sp_hex_value(file_id[0]);
	int low = high < 0 ? -1 : sp_hex_value(file_id[1]);
	return low < 0 ? 0 : (size_t)(high * 16 + low);
}

static struct entry *find(struct progress_board *board, const char *file_id)
{
	struct entry *entry;
	LIST_FOREACH(entry, &board->buckets[bucket_of(file_id)], link)
	if (strcmp(entry->progress.file_id, file_id) == 0)
		return entry;
	return NULL;
}

void progress_begin(struct progress_board *board, const struct transfer_file *file, int64_t done,
		    int64_t size)
{
	pthread_mutex_lock(&board->lock);
	struct entry *entry = find(board, file->id);
	if (entry == NULL) {
		entry = sp_alloc(sizeof(*entry));
		LIST_INSERT_HEAD(&board->buckets[bucket_of(file->id)], entry, link);
		board->count++;
	}
	struct progress *progress = &entry->progress;
	*progress = (struct progress){ .attempt = file->attempt,
				       .bytes_done = done,
				       .size = size,
				       .change = ++board->change };
	memcpy(progress->file_id, file->id, sizeof(progress->file_id));
	memcpy(progress->transfer_id, file->transfer_id, sizeof(progress->transfer_id));
	memcpy(progress->connector_id, file->connector_id, sizeof(progress->connector_id));
	entry->sample_ms = sp_monotonic_ms();
	entry->sample_done = done;
	board->totals.attempts++;
	pthread_mutex_unlock(&board->lock);
}

static void sample(struct entry *entry, int64_t now_ms)
{
	struct progress *progress = &entry->progress;
	int64_t length_ms = now_ms - entry->sample_ms;
	if (length_ms < SAMPLE_MS)
		return;
	int64_t moved = progress->bytes_done - entry->sample_done;
	int64_t rate = moved <= 0 ? 0 : (int64_t)((double)moved * 1000 / (double)length_ms);
	progress->rate = progress->rate == 0
				 ? rate
				 : progress->rate / 100 * (100 - NEW_PART) + rate / 100 * NEW_PART;
	entry->sample_ms = now_ms;
	entry->sample_done = progress->bytes_done;
}

void progress_note(struct progress_board *board, const char *file_id, int64_t done)
{
	pthread_mutex_lock(&board->lock);
	struct entry *entry = find(board, file_id);
	if (entry != NULL && entry->progress.bytes_done != done) {
		entry->progress.bytes_done = done;
		entry->progress.change = ++board->change;
		sample(entry, sp_monotonic_ms());
	}
	pthread_mutex_unlock(&board->lock);
}

void progress_note_size(struct progress_board *board, const char *file_id, int64_t size)
{
	pthread_mutex_lock(&board->lock);
	struct entry *entry = find(board, file_id);
	if (entry != NULL)
		entry->progress.size = size;
	pthread_mutex_unlock(&board->lock);
}

void progress_end(struct progress_board *board, const char *file_id)
{
	pthread_mutex_lock(&board->lock);
	struct entry *entry = find(board, file_id);
	if (entry != NULL) {
		LIST_REMOVE(entry, link);
		board->count--;
		free(entry);
	}
	pthread_mutex_unlock(&board->lock);
}

void progress_count(struct progress_board *board, const struct transfer_file *file)
{
	pthread_mutex_lock(&board->lock);
	size_t direction = (size_t)file->direction;
	if (file->state == FILE_COMPLETED)
		board->totals.of[direction].completed++;
	else if (file->state == FILE_FAILED)
		board->totals.of[direction].failed++;
	else
		board->totals.retries++;
	if (file->state == FILE_COMPLETED || file->state == FILE_FAILED)
		board->totals.of[direction].bytes_moved += file->bytes_moved;
	pthread_mutex_unlock(&board->lock);
}

/* As it is now. */
static struct progress look(const struct entry *entry, int64_t now_ms)
{
	struct progress progress = entry->progress;
	if (now_ms - entry->sample_ms > STILL_MS)
		progress.rate = 0;
	progress.eta_ms = -1;
	if (progress.size >= 0 && progress.bytes_done >= progress.size)
		progress.eta_ms = 0;
	else if (progress.size >= 0 && progress.rate > 0)
		progress.eta_ms = (int64_t)((double)(progress.size - progress.bytes_done) * 1000 /
					    (double)progress.rate);
	return progress;
}

bool progress_find(struct progress_board *board, const char *file_id, struct progress *out)
{
	pthread_mutex_lock(&board->lock);
	const struct entry *entry = find(board, file_id);
	if (entry != NULL)
		*out = look(entry, sp_monotonic_ms());
	pthread_mutex_unlock(&board->lock);
	return entry != NULL;
}

size_t progress_since(struct progress_board *board, uint64_t after, struct progress *out,
		      size_t max, uint64_t *out_last)
{
	size_t count = 0;
	pthread_mutex_lock(&board->lock);
	int64_t now_ms = sp_monotonic_ms();
	for (size_t i = 0; i < BUCKETS; i++) {
		const struct entry *entry;
		LIST_FOREACH(entry, &board->buckets[i], link)
		if (entry->progress.change > after && count < max)
			out[count++] = look(entry, now_ms);
	}
	*out_last = board->change;
	pthread_mutex_unlock(&board->lock);
	return count;
}

size_t progress_files(struct progress_board *board)
{
	pthread_mutex_lock(&board->lock);
	size_t count = board->count;
	pthread_mutex_unlock(&board->lock);
	return count;
}

struct progress_totals progress_totals(struct progress_board *board)
{
	pthread_mutex_lock(&board->lock);
	struct progress_totals totals = board->totals;
	pthread_mutex_unlock(&board->lock);
	return totals;
}
