#include "worker/task.h"

#include <stdarg.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

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

struct feed *task_open_feed(struct task *task, enum feed_way way, int fd,
			    const struct feed_mark *from)
{
	struct connection *connection = task->connection;
	const struct feed_plan plan = { .way = way,
					.size = task->order->size,
					.from = from,
					.owner = connection->schedule.current };
	struct stream *stream;
	struct feed *feed = NULL;
	if (stream_open_descriptor(fd, &stream, &task->err) == 0)
		feed_open(connection->feeds, &plan, stream, &feed, &task->err);
	return feed;
}

int task_flush(struct task *task, struct feed *feed)
{
	struct connection *connection = task->connection;
	for (;;) {
		int result = feed_flushed(feed, &task->err);
		if (result != 0)
			return result == 1 ? 0 : -1;
		connection_wait(connection);
		if (connection_cancelled(connection))
			return task_fail_cancelled(task);
	}
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
			});
}
