/*
 * LIST: what a partner's directory has becomes an object. Its text has what is no directory first, so the directories
 * wait: in memory as long as they are few, otherwise the directory is read once more for them. So memory does not
 * depend on how much there is.
 */

#include "worker/list.h"

#include <string.h>

#include "base/scope.h"
#include "worker/listing_text.h"

enum {
	LISTINGS_MAX = 4,               /* at work on one connection; others wait */
	READS_MAX = 32,                 /* READDIRs under way on one connection, of all of them */
	DIRECTORIES_KEPT_MAX = 1 << 20, /* bytes of their text */
	TEXT_PIECE = 16 * 1024,         /* bytes that are written at once, about */
};

struct list {
	struct task *task;
	struct feed *feed;
	struct block_sink sink;
	struct block *block; /* being filled; NULL: none */
	uint64_t offset;     /* of the next byte */
	struct listing_text text;
	struct sp_buffer out;         /* text that is not in a block yet */
	struct sp_buffer directories; /* theirs, as long as it is kept */
	bool keeps;                   /* it is */
};

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static int put_block(struct list *list)
{
	struct block *block = sp_take_pointer(&list->block);
	if (block == NULL || list->sink.put(list->sink.ctx, block, &list->task->err) == 0)
		return 0;
	list->task->step = STEP_WRITE_OBJECT;
	return -1;
}

static int get_block(struct list *list)
{
	while ((list->block = list->sink.get(list->sink.ctx)) == NULL)
		if (task_wait_for_more(list->task) != 0)
			return -1;
	list->block->offset = list->offset;
	list->block->length = 0;
	return 0;
}

static int write_bytes(struct list *list, const char *data, size_t length)
{
	while (length > 0) {
		struct block *block = list->block;
		if (block != NULL && block->length == block->room && put_block(list) != 0)
			return -1;
		if (list->block == NULL && get_block(list) != 0)
			return -1;
		block = list->block;
		size_t room = block->room - block->length;
		size_t count = length < room ? length : room;
		memcpy(block->data + block->length, data, count);
		block->length += count;
		list->offset += count;
		data += count;
		length -= count;
	}
	return 0;
}

static int write_out(struct list *list, size_t at_least)
{
	if (list->out.length == 0 || list->out.length < at_least)
		return 0;
	int result = write_bytes(list, list->out.data, list->out.length);
	sp_buffer_clear(&list->out);
	return result;
}

/* ---- entries ---------------------------------------------------------------------------------------------------- */

typedef void entry_fn(struct list *list, const struct remote_entry *entry);

static void keep_directory(struct list *list, const struct remote_entry *entry)
{
	if (!list->keeps)
		return;
	listing_text_path(&list->text, entry, &list->directories);
	list->keeps = list->directories.length <= DIRECTORIES_KEPT_MAX;
	if (!list->keeps)
		sp_buffer_finish(&list->directories);
}

static void note_entry(struct list *list, const struct remote_entry *entry)
{
	if (entry->is_directory)
		keep_directory(list, entry);
	else
		listing_text_file(&list->text, entry, &list->out);
}

static void note_directory(struct list *list, const struct remote_entry *entry)
{
	if (entry->is_directory)
		listing_text_path(&list->text, entry, &list->out);
}

/* A reply, when there is no entry now. */
static int next_entry(struct list *list, struct listing *listing, struct remote_entry *out)
{
	for (;;) {
		const struct connection *connection = list->task->connection;
		listing_allow_reads(listing, READS_MAX / connection->listings);
		int got = listing_next(listing, out, &list->task->err);
		if (got != 0)
			return got;
		if (task_wait_for_more(list->task) != 0)
			return -1;
	}
}

/* The first of them, as many as may be. */
static int each_entry(struct list *list, struct listing *listing, entry_fn *fn)
{
	struct task *task = list->task;
	uint32_t most = task->order->items_max;
	for (uint32_t count = 0;; count++) {
		struct remote_entry entry;
		int got = next_entry(list, listing, &entry);
		if (got < 0)
			return -1;
		if (got == 2)
			return 0;
		if (count == most) {
			task->truncated = true;
			return 0;
		}
		fn(list, &entry);
		if (write_out(list, TEXT_PIECE) != 0)
			return -1;
	}
}

static int read_directory(struct list *list, entry_fn *fn)
{
	struct task *task = list->task;
	task->step = STEP_LIST_REMOTE;
	struct listing *listing = listing_start(task->connection->remote, task->order->name);
	int result = each_entry(list, listing, fn);
	listing_destroy(listing);
	return result;
}

static int write_directories(struct list *list)
{
	if (!list->keeps) {
		list->text.paths = 0;
		return read_directory(list, note_directory);
	}
	const struct sp_buffer *kept = &list->directories;
	return kept->length == 0 ? 0 : write_bytes(list, kept->data, kept->length);
}

static int write_listing(struct list *list)
{
	listing_text_begin(&list->out);
	if (read_directory(list, note_entry) != 0)
		return -1;
	listing_text_between(&list->out);
	if (write_out(list, 0) != 0 || write_directories(list) != 0)
		return -1;
	listing_text_end(list->task->truncated, &list->out);
	if (write_out(list, 0) != 0 || put_block(list) != 0)
		return -1;
	list->task->step = STEP_WRITE_OBJECT;
	return task_flush(list->task, list->feed);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* Each needs memory of its own, and reads of the connection's: a few at a time. */
static int take_turn(struct task *task)
{
	task->step = STEP_LIST_REMOTE;
	while (task->connection->listings == LISTINGS_MAX)
		if (task_wait_for_more(task) != 0)
			return -1;
	task->connection->listings++;
	return 0;
}

static void leave_turn(struct task *task)
{
	task->connection->listings--;
	schedule_wake_all(&task->connection->schedule);
}

static int list_into(struct task *task, struct feed *feed)
{
	struct list list = { .task = task, .feed = feed, .sink = feed_sink(feed), .keeps = true };
	listing_text_init(&list.text, task->order->name);
	int result = write_listing(&list);
	if (list.block != NULL)
		list.sink.give_back(list.sink.ctx, list.block);
	task->items = (uint32_t)(list.text.files + list.text.paths);
	listing_text_finish(&list.text);
	sp_buffer_finish(&list.out);
	sp_buffer_finish(&list.directories);
	return result;
}

int list_directory(struct task *task, int fd)
{
	SP_AUTO_FD object = fd;
	uint64_t size = 0;
	char sha256[SP_SHA256_HEX_SIZE];
	if (take_turn(task) != 0)
		return -1;
	task->step = STEP_WRITE_OBJECT;
	struct feed *feed = task_open_feed(task, FEED_SINK, sp_take_fd(&object), NULL);
	int result = feed == NULL ? -1 : list_into(task, feed);
	leave_turn(task);
	if (result == 0)
		feed_sum(feed, &size, sha256);
	task->holds = result == 0 && feed_is_held(feed);
	if (!task->holds)
		feed_close(sp_take_pointer(&feed)); /* before the daemon publishes */
	task->verification = VERIFIED_ACKNOWLEDGED;
	if (result == 0)
		task_tell_ready(task, size, sha256);
	if (task->holds)
		result = task_put_object(task, feed);
	feed_close(feed);
	return result;
}
