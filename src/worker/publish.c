#include "worker/file.h"

#include <sys/stat.h>

#include "base/scope.h"
#include "remote/words.h"

static int look(struct task *task, const char *path, bool *out_there, struct remote_attributes *out)
{
	struct remote_patience patience = connection_patience(task->connection, true);
	*out_there = true;
	if (remote_stat(task->connection->remote, path, &patience, out, &task->err) == 0)
		return 0;
	if (task->err.code != SP_NOT_FOUND)
		return -1;
	*out_there = false;
	return 0;
}

static bool is_directory(const struct remote_attributes *attributes)
{
	return attributes->has_permissions && S_ISDIR(attributes->permissions);
}

/* A rename onto a directory is refused by some servers with nothing but "failure", and others do strange things. */
static int refuse_directory(struct task *task, bool *out_exists)
{
	struct remote_attributes attributes;
	if (look(task, task->final_path, out_exists, &attributes) != 0) {
		/* A server that forbids looking may still allow the rename. */
		*out_exists = false;
		return connection_lives(task->connection) && task->err.code != SP_CANCELLED ? 0
											    : -1;
	}
	if (!*out_exists || !is_directory(&attributes))
		return 0;
	SP_AUTO_FREE char *shown = words_of_path(task->final_path);
	return task_fail(task, SP_CONFLICT,
			 "cannot publish \"%s\": there is a directory of that name", shown);
}

/* Plain rename is all that some servers have, and many do not replace with it. */
static int fail_existing(struct task *task)
{
	SP_AUTO_FREE char *shown = words_of_path(task->final_path);
	return task_fail(task, SP_EXISTS,
			 "cannot publish \"%s\": there is a file of that name, and the server does "
			 "not replace it and offers no posix-rename@openssh.com",
			 shown);
}

/* An OK is a claim: there are servers that answer it and do nothing. */
static int check_renamed(struct task *task, enum publish_outcome *out)
{
	bool exists;
	struct remote_attributes attributes;
	*out = PUBLISH_RENAMED;
	if (look(task, task->final_path, &exists, &attributes) != 0) {
		/* A server that forbids looking: its OK is all there is. */
		bool lives = connection_lives(task->connection);
		return lives ? 0 : -1;
	}
	if (exists && (!attributes.has_size || attributes.size == task->order->size))
		return 0;
	if (look(task, task->part_path, &exists, &attributes) != 0)
		return -1;
	if (exists) {
		SP_AUTO_FREE char *shown = words_of_path(task->final_path);
		return task_fail(task, SP_PROTOCOL,
				 "could not publish \"%s\": the server said that it renamed the "
				 "part, and did not",
				 shown);
	}
	*out = PUBLISH_INFERRED; /* taken away, or replaced, at once */
	return 0;
}

int publish_part(struct task *task, enum publish_outcome *out)
{
	struct connection *connection = task->connection;
	task->step = STEP_RENAME_REMOTE;
	bool exists;
	if (refuse_directory(task, &exists) != 0)
		return -1;

	/* From here on nothing cuts it short: whether a rename that was sent has happened, only its answer tells. */
	struct remote_patience patience = connection_patience(connection, false);
	if (remote_rename(connection->remote, task->part_path, task->final_path, true, &patience,
			  &task->err) == 0)
		return check_renamed(task, out);
	if (task->err.code == SP_CLOSED || task->err.code == SP_TIMEOUT)
		return -1;
	if (!connection_lives(connection)) {
		task->err.code = SP_CLOSED;
		return -1;
	}
	if (exists && task->err.code != SP_NOT_FOUND &&
	    !remote_features(connection->remote)->posix_rename)
		return fail_existing(task);
	return -1;
}

/* The part is gone, so it was renamed once; only the final name may still tell. */
static int look_at_final(struct task *task, enum publish_outcome *out)
{
	bool exists;
	struct remote_attributes attributes;
	if (look(task, task->final_path, &exists, &attributes) != 0)
		return -1;
	if (!exists) {
		*out = PUBLISH_INFERRED; /* partners take files away at once */
		return 0;
	}
	if (attributes.has_size && attributes.size == task->order->size &&
	    !is_directory(&attributes)) {
		*out = PUBLISH_CONFIRMED;
		return 0;
	}
	SP_AUTO_FREE char *shown = words_of_path(task->part_path);
	return task_fail(task, SP_NOT_FOUND,
			 "could not rename \"%s\": the part vanished before it was renamed", shown);
}

static int fail_size(struct task *task, uint64_t size)
{
	SP_AUTO_FREE char *shown = words_of_path(task->part_path);
	return task_fail(task, SP_CHANGED, "could not publish \"%s\": it has %llu bytes, not %llu",
			 shown, (unsigned long long)size, (unsigned long long)task->order->size);
}

int publish_recover(struct task *task, enum publish_outcome *out)
{
	bool exists;
	struct remote_attributes part;
	task->step = STEP_RENAME_REMOTE;
	if (look(task, task->part_path, &exists, &part) != 0)
		return -1;
	if (!exists)
		return look_at_final(task, out);
	if (part.has_size && part.size != task->order->size)
		return fail_size(task, part.size);

	if (publish_part(task, out) == 0)
		return 0;
	/* An earlier rename that the server had queued may have overtaken ours. */
	if (task->err.code == SP_NOT_FOUND)
		return look_at_final(task, out);
	return -1;
}
