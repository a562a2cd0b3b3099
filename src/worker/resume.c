#include "worker/resume.h"

#include <fcntl.h>
#include <string.h>

#include "base/scope.h"

bool resume_mark(const struct worker_message *order, struct feed_mark *out)
{
	if (order->resume_at == 0 || order->resume_state == NULL ||
	    strlen(order->resume_state) >= sizeof(out->state))
		return false;
	out->offset = order->resume_at;
	strcpy(out->state, order->resume_state);
	return true;
}

static void tell_mark(struct task *task, struct feed_mark *mark, uint64_t size, uint64_t mtime)
{
	task_tell(task, &(struct worker_message){
				.kind = WORKER_WATERMARK,
				.part_attempt = task->part_attempt,
				.size = mark->offset,
				.resume_state = mark->state,
				.source_size = size,
				.source_mtime = mtime,
			});
}

void resume_tell(struct task *task, struct feed *feed, uint64_t offset, uint64_t size,
		 uint64_t mtime)
{
	struct feed_mark mark;
	if (feed_take_mark(feed, offset, &mark))
		tell_mark(task, &mark, size, mtime);
}

/* ---- a part ---------------------------------------------------------------------------------------------------- */

/* The last bytes in front of the mark. A server that does not let its files be read back is not believed. */
static bool is_same_tail(struct task *task, int source_fd, uint64_t mark)
{
	uint64_t wanted = task->connection->configuration->resume_check;
	size_t length = (size_t)(mark < wanted ? mark : wanted);
	SP_AUTO_FREE uint8_t *ours = sp_alloc(length + 1);
	SP_AUTO_FREE uint8_t *theirs = sp_alloc(length + 1);
	struct remote_patience patience = connection_patience(task->connection, true);
	int fd = source_fd < 0 ? -1 : fcntl(source_fd, F_DUPFD_CLOEXEC, 0);
	return task_read_source(task, fd, mark - length, ours, length) == 0 &&
	       remote_read(task->connection->remote, task->part_path, mark - length, theirs, length,
			   &patience, &task->err) == 0 &&
	       memcmp(ours, theirs, length) == 0;
}

static bool is_good(struct task *task, int source_fd, uint64_t mark, bool *out_is_there)
{
	struct remote_attributes part;
	struct remote_patience patience = connection_patience(task->connection, true);
	*out_is_there = true;
	if (remote_stat(task->connection->remote, task->part_path, &patience, &part, &task->err) !=
	    0) {
		*out_is_there = task->err.code != SP_NOT_FOUND;
		return false;
	}
	return part.has_size && part.size >= mark && is_same_tail(task, source_fd, mark);
}

static int remove_part(struct task *task)
{
	struct remote_patience patience = connection_patience(task->connection, true);
	if (remote_remove(task->connection->remote, task->part_path, &patience, &task->err) == 0 ||
	    task->err.code == SP_NOT_FOUND)
		return 0;
	if (!connection_lives(task->connection))
		return -1;
	/* The next attempt makes one of another name. */
	task->err.code = SP_CHANGED;
	return sp_wrap(&task->err, "could not go on with an earlier part");
}

/*
 * A connection that was lost may live on at the server, with writes that it has not carried out yet: they would be
 * carried out whenever the server gets to them, be it after the part has its final name. So the part is copied, where
 * the server can do that, and the copy is gone on with: nobody else ever had it open. A server that cannot copy, or has
 * no room for two, is left with the part itself: what such a write writes is what stands there already.
 */
static int fence_part(struct task *task, struct feed_mark *mark)
{
	struct connection *connection = task->connection;
	struct sp_error why = { 0 }, ignored = { 0 };
	if (!remote_features(connection->remote)->copy_data)
		return 0;
	char *copy = task_part_path(task->order, task->order->attempt);
	struct remote_patience patience = connection_patience(connection, true);
	if (remote_copy(connection->remote, task->part_path, copy, mark->offset, &patience, &why) ==
	    0) {
		/* The old one stays until the daemon surely knows of the copy. */
		task->old_part_path = task->part_path;
		task->part_path = copy;
		task->part_attempt = task->order->attempt;
		tell_mark(task, mark, 0, 0);
		return 0;
	}
	if (connection_lives(connection)) {
		patience = connection_patience(connection, false);
		remote_remove(connection->remote, copy, &patience, &ignored);
	}
	free(copy);
	return connection_lives(connection) ? 0 : sp_fail(&task->err, why.code, "%s", why.message);
}

int resume_part(struct task *task, int source_fd, bool *out_goes_on, struct feed_mark *out_from)
{
	bool is_there;
	*out_goes_on = false;
	if (!resume_mark(task->order, out_from))
		return 0;
	*out_goes_on = is_good(task, source_fd, out_from->offset, &is_there);
	if (*out_goes_on)
		return fence_part(task, out_from);
	if (!connection_lives(task->connection))
		return -1;
	if (connection_cancelled(task->connection))
		return task_fail(task, SP_CANCELLED, "cancelled while it was under way");
	return is_there ? remove_part(task) : 0;
}
