#include "worker/aside.h"

#include "base/scope.h"
#include "model/publishing.h"
#include "remote/words.h"

static char *aside_path(const struct task *task)
{
	SP_AUTO_FREE char *name = aside_name(task->order->file_id);
	return task_path(task->order->directory, name);
}

/* Not cut short: whether what was asked has happened, only its answer tells. */
static struct remote_patience to_the_end(const struct task *task)
{
	return connection_patience(task->connection, false);
}

static int give_name(struct task *task, const char *from, const char *to)
{
	struct remote_patience patience = to_the_end(task);
	return remote_rename(task->connection->remote, from, to, false, &patience, &task->err);
}

/* What is not there need not be removed. */
static int take_away(struct task *task, const char *path)
{
	struct remote_patience patience = to_the_end(task);
	int result = remote_remove(task->connection->remote, path, &patience, &task->err);
	return result != 0 && task->err.code == SP_NOT_FOUND ? 0 : result;
}

/* Whoever asks next finds out. */
static int lost(struct task *task)
{
	task->err.code = SP_CLOSED;
	return -1;
}

static int remove_existing(struct task *task)
{
	if (take_away(task, task->final_path) == 0) {
		task->removed_existing = true;
		return 0;
	}
	if (!connection_lives(task->connection))
		return lost(task);
	sp_wrap(&task->err, "there is a file of that name, which the server does not replace");
	return task_advise_direct(task);
}

int aside_put(struct task *task)
{
	SP_AUTO_FREE char *path = aside_path(task);
	/* After a crash there may be another file of that name by now, which has replaced the one that was put aside. */
	if (task->has_aside)
		take_away(task, path);
	if (connection_lives(task->connection) && give_name(task, task->final_path, path) == 0) {
		task->has_aside = task->has_just_put = true;
		return 0;
	}
	if (!connection_lives(task->connection))
		return lost(task);
	return task->err.code == SP_NOT_FOUND ? 0 : remove_existing(task);
}

int aside_find(struct task *task)
{
	SP_AUTO_FREE char *path = aside_path(task);
	struct sight aside, final;
	if (!task->replaces)
		return 0;
	if (task_look(task, path, &aside) != 0 || task_look(task, task->final_path, &final) != 0)
		return connection_lives(task->connection) ? 0 : -1;
	task->has_aside = aside.exists;
	task->removed_existing = !aside.exists && !final.exists;
	return 0;
}

/* @task->err stays, unless there is more to say. */
static int bring_back(struct task *task)
{
	SP_AUTO_FREE char *path = aside_path(task);
	struct sp_error why = task->err;
	struct sight final;
	if (give_name(task, path, task->final_path) == 0) {
		task->err = why;
		return -1;
	}
	enum sp_code refusal = task->err.code;
	bool is_there = task_look(task, task->final_path, &final) == 0 && final.exists;
	if (is_there) /* another one: that has replaced it */
		take_away(task, path);
	if (!connection_lives(task->connection))
		return lost(task);
	task->err = why;
	if (is_there)
		return -1;
	SP_AUTO_FREE char *shown = words_of_path(path);
	task->err.code = refusal; /* it is not for another attempt */
	return sp_wrap(&task->err, "the file that it was to replace is now called \"%s\"", shown);
}

int aside_undo(struct task *task)
{
	SP_AUTO_FREE char *path = aside_path(task);
	struct sp_error why = task->err;
	if (!task->has_just_put)
		return 0;
	if (give_name(task, path, task->final_path) == 0) {
		task->has_aside = task->has_just_put = false;
	} else if (!connection_lives(task->connection)) {
		return lost(task);
	} /* else there is another one: that has replaced it */
	task->err = why;
	return 0;
}

int aside_settle(struct task *task, int result)
{
	SP_AUTO_FREE char *path = aside_path(task);
	if (result == 0) {
		task->leaves_aside = task->has_aside && take_away(task, path) != 0;
		return 0;
	}
	bool is_known = task->err.code != SP_CLOSED && task->err.code != SP_TIMEOUT;
	if (!is_known || !connection_lives(task->connection))
		return -1;
	if (task->has_aside)
		return bring_back(task);
	if (task->removed_existing)
		sp_wrap(&task->err, "the file that it was to replace is gone");
	return -1;
}

int aside_clear(struct task *task)
{
	SP_AUTO_FREE char *path = aside_path(task);
	struct sight aside, final;
	if (task_look(task, path, &aside) != 0 || task_look(task, task->final_path, &final) != 0)
		return -1;
	task->err = (struct sp_error){ 0 };
	if (!aside.exists)
		return 0;
	if (task->order->replaces != 0 || final.exists)
		return take_away(task, path);
	return give_name(task, path, task->final_path);
}
