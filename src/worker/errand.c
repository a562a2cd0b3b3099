/*
 * MOVE and DELETE: one request that changes names at the partner, and no bytes. It is looked at first; what was found is
 * told (FOUND) and committed, and only then the daemon permits it. So after a crash, or when the answer was lost, it is
 * known that it may have been done, and to what: it is never done to something else that has its name since.
 */

#include "worker/errand.h"

#include <sys/stat.h>

#include "base/scope.h"
#include "remote/words.h"

/* What is under a name now; of directories nothing more is known, for they change while people use them. */
struct found {
	enum found_kind kind; /* UNKNOWN: nothing is there */
	uint64_t size, mtime;
};

/* ---- looking ---------------------------------------------------------------------------------------------------- */

/* Of a symbolic link itself: that is what is moved, or removed. */
static int look(struct task *task, const char *path, struct found *out)
{
	struct remote_patience patience = connection_patience(task->connection, true);
	struct remote_attributes attributes;
	*out = (struct found){ 0 };
	if (remote_lstat(task->connection->remote, path, &patience, &attributes, &task->err) != 0)
		return task->err.code == SP_NOT_FOUND ? 0 : -1;
	out->kind = FOUND_FILE;
	if (attributes.has_permissions && S_ISDIR(attributes.permissions)) {
		out->kind = FOUND_DIRECTORY;
		return 0;
	}
	out->size = attributes.has_size ? attributes.size : 0;
	out->mtime = attributes.has_times ? attributes.mtime : 0;
	return 0;
}

/* Whether it is what was found before the permit. Where that is not known, whatever is there is taken for it. */
static bool is_the_same(const struct worker_message *order, const struct found *now)
{
	return now->kind != FOUND_UNKNOWN &&
	       (order->source_kind == FOUND_UNKNOWN ||
		(order->source_kind == (uint32_t)now->kind && order->source_size == now->size &&
		 order->source_mtime == now->mtime));
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

/* Until it may be done. */
static int ask_leave(struct task *task, const struct found *found)
{
	task_tell(task, &(struct worker_message){
				.kind = WORKER_FOUND,
				.request = task->connection->request,
				.source_kind = found->kind,
				.source_size = found->size,
				.source_mtime = found->mtime,
			});
	return task_wait_for_permit(task);
}

static void tell_done(struct task *task, enum publish_outcome outcome)
{
	task_tell(task, &(struct worker_message){
				.kind = WORKER_DONE,
				.request = task->connection->request,
				.outcome = outcome,
			});
}

static int fail_missing(struct task *task, const char *path)
{
	SP_AUTO_FREE char *shown = words_of_path(path);
	return task_fail(task, SP_NOT_FOUND, "there is no file or directory \"%s\"", shown);
}

static int fail_untrue(struct task *task, const char *path, const char *what)
{
	SP_AUTO_FREE char *shown = words_of_path(path);
	return task_fail(task, SP_PROTOCOL, "the server said that it %s \"%s\", and did not", what,
			 shown);
}

/* After an OK: what is under @path now. False when the server does not let us look: then its OK is all there is. */
static bool look_again(struct task *task, const char *path, struct found *out)
{
	return look(task, path, out) == 0;
}

/* ---- DELETE ----------------------------------------------------------------------------------------------------- */

static int remove_found(struct task *task, const struct found *found)
{
	struct connection *connection = task->connection;
	struct remote_patience patience = connection_patience(connection, false);
	const char *path = task->final_path;
	if (found->kind != FOUND_DIRECTORY)
		return remote_remove(connection->remote, path, &patience, &task->err);
	if (remote_remove_directory(connection->remote, path, &patience, &task->err) == 0)
		return 0;
	if (task->err.code != SP_SYSTEM)
		return -1;
	struct sp_error why = task->err;
	return task_fail(task, why.code, "%s; a directory has to be empty to be deleted",
			 why.message);
}

static bool is_unchanged(const struct found *a, const struct found *b)
{
	return a->kind == b->kind && a->size == b->size && a->mtime == b->mtime;
}

static int delete_found(struct task *task, const struct found *found, enum publish_outcome *out)
{
	struct found now;
	*out = PUBLISH_DONE;
	if (remove_found(task, found) == 0) {
		if (look_again(task, task->final_path, &now) && now.kind != FOUND_UNKNOWN &&
		    is_unchanged(found, &now))
			return fail_untrue(task, task->final_path, "removed");
		return 0;
	}
	struct sp_error why = task->err;
	if (task->order->recovers == 0)
		return why.code == SP_NOT_FOUND ? fail_missing(task, task->final_path) : -1;
	/* What was asked for before may have been carried out meanwhile. */
	*out = PUBLISH_CONFIRMED;
	if (look_again(task, task->final_path, &now) && now.kind == FOUND_UNKNOWN)
		return 0;
	task->err = why;
	return -1;
}

static int delete (struct task *task, enum publish_outcome *out)
{
	struct found found;
	task->step = STEP_DELETE_REMOTE;
	if (look(task, task->final_path, &found) != 0)
		return -1;
	if (task->order->recovers == 0) {
		if (found.kind == FOUND_UNKNOWN)
			return fail_missing(task, task->final_path);
		return ask_leave(task, &found) != 0
			       ? -1
			       : task_note_doubt(task, delete_found(task, &found, out));
	}
	*out = found.kind == FOUND_UNKNOWN ? PUBLISH_CONFIRMED : PUBLISH_INFERRED;
	return is_the_same(task->order, &found)
		       ? task_note_doubt(task, delete_found(task, &found, out))
		       : 0;
}

/* ---- MOVE ------------------------------------------------------------------------------------------------------- */

/* What is to be moved, and what has the name that it gets. */
struct move {
	const char *from, *to;
	struct found source, target;
};

static int look_at_both(struct task *task, struct move *move)
{
	task->step = STEP_MOVE_REMOTE;
	if (look(task, move->from, &move->source) != 0)
		return -1;
	task->step = STEP_MOVE_TARGET;
	if (look(task, move->to, &move->target) == 0) {
		task->step = STEP_MOVE_REMOTE;
		return 0;
	}
	/* A server that forbids looking there may still allow the rename. */
	move->target = (struct found){ 0 };
	return task->err.code == SP_DENIED && connection_lives(task->connection) ? 0 : -1;
}

static int fail_taken(struct task *task, const struct move *move)
{
	SP_AUTO_FREE char *shown = words_of_path(move->to);
	task->step = STEP_MOVE_TARGET;
	return task_fail(task, SP_EXISTS,
			 "there is a %s \"%s\" already, and a move replaces nothing",
			 move->target.kind == FOUND_DIRECTORY ? "directory" : "file", shown);
}

/* A plain rename, which OpenSSH refuses when the name is taken. */
static int rename_found(struct task *task, const struct move *move)
{
	struct connection *connection = task->connection;
	struct remote_patience patience = connection_patience(connection, false);
	return remote_rename(connection->remote, move->from, move->to, false, &patience,
			     &task->err);
}

/* There is no source any more, after it may have been renamed: what has its new name tells how sure that is. */
static enum publish_outcome judge_target(struct task *task, const struct found *target)
{
	return is_the_same(task->order, target) ? PUBLISH_CONFIRMED : PUBLISH_INFERRED;
}

/* The server said no. What was asked for before may have been carried out meanwhile. */
static int judge_refusal(struct task *task, struct move *move, enum publish_outcome *out)
{
	struct sp_error why = task->err;
	if (why.code != SP_NOT_FOUND && task->order->recovers == 0)
		return -1;
	if (look_at_both(task, move) != 0)
		return -1;
	if (move->source.kind == FOUND_UNKNOWN && task->order->recovers != 0) {
		*out = judge_target(task, &move->target);
		return 0;
	}
	if (move->source.kind == FOUND_UNKNOWN)
		return fail_missing(task, move->from);
	task->err = why;
	if (why.code != SP_NOT_FOUND)
		return -1;
	task->step = STEP_MOVE_TARGET;
	return task_fail(task, SP_NOT_FOUND, "%s: the directory that it goes to is not there",
			 why.message);
}

static int move_found(struct task *task, struct move *move, enum publish_outcome *out)
{
	struct found there, left;
	*out = PUBLISH_DONE;
	if (rename_found(task, move) != 0)
		return judge_refusal(task, move, out);
	if (!look_again(task, move->to, &there) || there.kind != FOUND_UNKNOWN)
		return 0;
	if (look_again(task, move->from, &left) && left.kind != FOUND_UNKNOWN &&
	    is_unchanged(&left, &move->source))
		return fail_untrue(task, move->from, "renamed");
	*out = PUBLISH_INFERRED; /* taken away at once */
	return 0;
}

/* Only what was found before the permit is moved: anything else that has its name came when it was gone. */
static int move_again(struct task *task, struct move *move, enum publish_outcome *out)
{
	bool is_there = is_the_same(task->order, &move->source);
	bool is_known = task->order->source_kind != FOUND_UNKNOWN;
	if (is_there && move->target.kind != FOUND_UNKNOWN)
		return fail_taken(task, move);
	if (is_there)
		return move_found(task, move, out);
	if (!is_known && move->target.kind == FOUND_UNKNOWN)
		return fail_missing(task, move->from);
	*out = judge_target(task, &move->target);
	return 0;
}

static int move(struct task *task, enum publish_outcome *out)
{
	struct move move = { .from = task->order->name, .to = task->order->final_name };
	if (look_at_both(task, &move) != 0)
		return -1;
	if (task->order->recovers != 0)
		return task_note_doubt(task, move_again(task, &move, out));
	if (move.source.kind == FOUND_UNKNOWN)
		return fail_missing(task, move.from);
	if (move.target.kind != FOUND_UNKNOWN)
		return fail_taken(task, &move);
	return ask_leave(task, &move.source) != 0
		       ? -1
		       : task_note_doubt(task, move_found(task, &move, out));
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

int errand_run(struct task *task, int fd)
{
	(void)fd; /* it brings none */
	enum publish_outcome outcome = PUBLISH_RENAMED;
	int result =
		task->order->kind == WORKER_MOVE ? move(task, &outcome) : delete (task, &outcome);
	if (result == 0)
		tell_done(task, outcome);
	return result;
}
