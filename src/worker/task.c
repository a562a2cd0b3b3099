#include "worker/task.h"

#include <stdarg.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "model/object_upload.h"

/* ---- names ------------------------------------------------------------------------------------------------------ */

char *task_path(const char *directory, const char *name)
{
	struct sp_buffer path = { 0 };
	if (directory != NULL && *directory != '\0') {
		sp_buffer_add_text(&path, directory);
		if (!sp_text_ends_with(directory, "/"))
			sp_buffer_add_char(&path, '/');
	}
	sp_buffer_add_text(&path, name == NULL ? "" : name);
	return sp_buffer_take(&path);
}

char *task_part_path(const struct worker_message *order, uint32_t attempt)
{
	SP_AUTO_FREE char *name =
		part_name(order->temp_pattern, order->file_id, attempt, order->name);
	return task_path(order->staging != NULL ? order->staging : order->directory, name);
}

/* ---- what the daemon is told ------------------------------------------------------------------------------------ */

void task_tell(const struct task *task, struct worker_message *message)
{
	message->file_id = task->order->file_id;
	message->attempt = task->order->attempt;
	connection_tell(task->connection, message);
}

/* ---- failures --------------------------------------------------------------------------------------------------- */

int task_fail(struct task *task, enum sp_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	sp_fail_va(&task->err, code, format, args);
	va_end(args);
	return -1;
}

int task_fail_cancelled(struct task *task)
{
	return task_fail(task, SP_CANCELLED, "cancelled while it was under way");
}

/* Where nothing helps but to do without a rename, the owner has to want that. */
int task_advise_direct(struct task *task)
{
	struct sp_error why = task->err;
	return task_fail(task, why.code,
			 "%s; for a server that does not let files be renamed there is the "
			 "tag " PUBLISHING_TAG_UPLOAD
			 "=direct, by which they are written under their names",
			 why.message);
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

int task_look(struct task *task, const char *path, struct sight *out)
{
	struct remote_patience patience = connection_patience(task->connection, true);
	out->exists = true;
	if (remote_stat(task->connection->remote, path, &patience, &out->attributes, &task->err) ==
	    0)
		return 0;
	if (task->err.code != SP_NOT_FOUND)
		return -1;
	out->exists = false;
	return 0;
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

/* Waits for what makes another step worth while. */
int task_wait_for_more(struct task *task)
{
	if (connection_turn(task->connection, &task->err) != 0)
		return -1;
	if (connection_cancelled(task->connection))
		return task_fail_cancelled(task);
	return 0;
}

int task_wait_for_permit(struct task *task)
{
	struct connection *connection = task->connection;
	while (!connection_take_permit(connection)) {
		if (connection_cancelled(connection))
			return task_fail_cancelled(task);
		if (connection_turn(connection, &task->err) != 0)
			return sp_wrap(
				&task->err,
				"could not keep the connection until the last step was permitted");
	}
	return 0;
}

int task_note_doubt(struct task *task, int result)
{
	if (result != 0 && !connection_lives(task->connection))
		task->err.code = SP_CLOSED;
	return result;
}

/* ---- the object's bytes ----------------------------------------------------------------------------------------- */

static int open_stream(struct task *task, const struct feed_plan *plan, int fd, struct stream **out)
{
	const struct worker_message *order = task->order;
	struct depot *depot = feed_group_depot(task->connection->feeds);
	if (order->url == NULL)
		return stream_open_descriptor(fd, out, &task->err);
	uint64_t offset = plan->from != NULL ? plan->from->offset : plan->offset;
	const struct stream_place place = { .file_id = order->file_id,
					    .attempt = order->attempt,
					    .url = order->url,
					    .etag = order->etag,
					    .offset = offset,
					    .end = plan->size,
					    .part_attempt = task->part_attempt,
					    .parts = offset > 0 ? order->part : 0,
					    .kept = offset };
	if (plan->way == FEED_SOURCE && order->etag == NULL)
		return task_fail(task, SP_PROTOCOL, "cannot read an object without its ETag");
	*out = plan->way == FEED_SOURCE ? stream_open_source(depot, &place)
					: stream_open_sink(depot, &place);
	return 0;
}

static struct feed *open_feed(struct task *task, const struct feed_plan *plan, int fd)
{
	struct stream *stream = NULL;
	struct feed *feed = NULL;
	if (open_stream(task, plan, fd, &stream) == 0)
		feed_open(task->connection->feeds, plan, stream, &feed, &task->err);
	return feed;
}

struct feed *task_open_feed(struct task *task, enum feed_way way, int fd,
			    const struct feed_mark *from)
{
	const struct feed_plan plan = { .way = way,
					.size = task->order->size,
					.from = from,
					.owner = task->connection->schedule.current };
	return open_feed(task, &plan, fd);
}

/* What a block has of the bytes that are wanted. */
static size_t copy_block(const struct block *block, uint8_t *out, size_t length)
{
	size_t size = block->length < length ? block->length : length;
	memcpy(out, block->data, size);
	return size;
}

static int take_bytes(struct task *task, const struct block_source *source, uint8_t *out,
		      size_t length)
{
	for (size_t done = 0; done < length;) {
		struct block *block;
		int result = source->take(source->ctx, &block, &task->err);
		if (result < 0)
			return -1;
		if (result == 2)
			return task_fail(task, SP_CHANGED,
					 "the source has fewer bytes than before");
		if (result == 0) {
			if (task_wait_for_more(task) != 0)
				return -1;
			continue;
		}
		done += copy_block(block, out + done, length - done);
		source->give_back(source->ctx, block);
	}
	return 0;
}

int task_read_source(struct task *task, int fd, uint64_t offset, uint8_t *out, size_t length)
{
	const struct feed_plan plan = { .way = FEED_SOURCE,
					.size = offset + length,
					.offset = offset,
					.owner = task->connection->schedule.current };
	struct feed *feed = open_feed(task, &plan, fd);
	if (feed == NULL)
		return -1;
	struct block_source source = feed_source(feed);
	int result = take_bytes(task, &source, out, length);
	feed_close(feed);
	return result;
}

int task_flush_turn(struct task *task, struct feed *feed)
{
	struct connection *connection = task->connection;
	int result = feed_flushed(feed, &task->err);
	if (result != 0)
		return result;
	connection_wait(connection);
	return connection_cancelled(connection) ? task_fail_cancelled(task) : 0;
}

int task_flush(struct task *task, struct feed *feed)
{
	int result;
	while ((result = task_flush_turn(task, feed)) == 0)
		;
	return result == 1 ? 0 : -1;
}

/* 1: what it was put under does not hold, and the daemon has to say what it may be put under now. */
static int put_once(struct task *task, struct feed *feed)
{
	struct connection *connection = task->connection;
	while (!connection_take_permit(connection)) {
		if (connection_cancelled(connection))
			return task_fail_cancelled(task);
		connection_wait(connection);
	}
	SP_AUTO_FREE char *condition = NULL;
	SP_AUTO_SECRET char *url = connection_take_permit_url(connection, &condition);
	if (url == NULL)
		return task_fail(task, SP_PROTOCOL, "cannot put the object without a URL for it");
	feed_put(feed, url, condition);
	if (task_flush(task, feed) == 0)
		return 0;
	return condition != NULL && object_put_may_repeat(task->err.code) ? 1 : -1;
}

int task_put_object(struct task *task, struct feed *feed)
{
	int result;
	while ((result = put_once(task, feed)) == 1)
		task_tell(task, &(struct worker_message){ .kind = WORKER_TAKEN,
							  .code = task->err.code,
							  .text = task->err.message });
	if (result != 0)
		return -1;
	task_tell(task, &(struct worker_message){ .kind = WORKER_PUBLISHED,
						  .request = task->connection->request,
						  .outcome = PUBLISH_RENAMED,
						  .verification = task->verification });
	return 0;
}

void task_tell_ready(struct task *task, uint64_t size, char *sha256)
{
	task_tell(task, &(struct worker_message){
				.kind = WORKER_READY,
				.part_attempt = task->part_attempt,
				.request = task->connection->request,
				.size = size,
				.sha256 = sha256,
				.verification = task->verification,
				.items = task->items,
				.truncated = task->truncated,
				.held = task->holds,
			});
}
