#include "worker/publish.h"

#include <sys/stat.h>

#include "base/scope.h"
#include "remote/words.h"
#include "worker/aside.h"

enum { ROUNDS_MAX = 16 /* how often a name may be taken anew while it is published */ };

static bool is_directory(const struct remote_attributes *attributes)
{
	return attributes->has_permissions && S_ISDIR(attributes->permissions);
}

static enum conflict_policy policy_of(const struct task *task)
{
	return (enum conflict_policy)task->order->conflict;
}

/* ---- sentences -------------------------------------------------------------------------------------------------- */

static int fail_to_publish(struct task *task, enum sp_code code, const char *why)
{
	SP_AUTO_FREE char *shown = words_of_path(task->final_path);
	return task_fail(task, code, "cannot publish \"%s\": %s", shown, why);
}

static int fail_existing(struct task *task)
{
	return fail_to_publish(task, SP_EXISTS,
			       "there is a file of that name, and the tag " PUBLISHING_TAG_CONFLICT
			       " of the connector says \"fail\"");
}

static int fail_directory(struct task *task)
{
	return fail_to_publish(task, SP_CONFLICT, "there is a directory of that name");
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

/* A rename onto a directory is refused by some servers with nothing but "failure", and others do strange things. */
static int look_for_directory(struct task *task, struct sight *out)
{
	if (task_look(task, task->final_path, out) != 0) {
		/* A server that forbids looking may still allow the rename. */
		out->exists = false;
		return connection_lives(task->connection) && task->err.code != SP_CANCELLED ? 0
											    : -1;
	}
	if (!out->exists || !is_directory(&out->attributes))
		return 0;
	return fail_directory(task);
}

int publish_check_name(struct task *task)
{
	struct sight there;
	task->step = STEP_RENAME_REMOTE;
	if (!task->direct && policy_of(task) != CONFLICT_FAIL)
		return 0;
	if (look_for_directory(task, &there) != 0)
		return -1;
	return there.exists && policy_of(task) == CONFLICT_FAIL ? fail_existing(task) : 0;
}

static bool looks_like_before(const struct sight *before, const struct sight *now)
{
	const struct remote_attributes *a = &before->attributes, *b = &now->attributes;
	return before->exists && a->has_size && b->has_size && a->size == b->size &&
	       (!a->has_times || !b->has_times || a->mtime == b->mtime);
}

/* An OK is a claim: there are servers that answer it and do nothing. @now: what is there since. */
static int judge_renamed(struct task *task, const struct sight *before, const struct sight *now,
			 enum publish_outcome *out)
{
	struct sight part;
	*out = PUBLISH_RENAMED;
	bool fits = now->exists &&
		    (!now->attributes.has_size || now->attributes.size == task->order->size);
	if (fits && !looks_like_before(before, now))
		return 0;
	if (task_look(task, task->part_path, &part) != 0)
		return -1;
	if (part.exists) {
		SP_AUTO_FREE char *shown = words_of_path(task->final_path);
		return task_fail(task, SP_PROTOCOL,
				 "could not publish \"%s\": the server said that it renamed the "
				 "part, and did not",
				 shown);
	}
	if (!fits)
		*out = PUBLISH_INFERRED; /* taken away, or replaced, at once */
	return 0;
}

static int check_renamed(struct task *task, const struct sight *before, enum publish_outcome *out)
{
	struct sight now;
	if (task_look(task, task->final_path, &now) == 0)
		return judge_renamed(task, before, &now, out);
	/* A server that forbids looking: its OK is all there is. */
	*out = PUBLISH_RENAMED;
	bool lives = connection_lives(task->connection);
	return lives ? 0 : -1;
}

/* ---- what stands in the way ------------------------------------------------------------------------------------- */

/* What is about to be done is committed first: after a crash nobody knows it otherwise. */
static int ask_leave(struct task *task, char *final_name)
{
	task_tell(task, &(struct worker_message){ .kind = WORKER_TAKEN, .final_name = final_name });
	return task_wait_for_permit(task);
}

/* The server does not rename onto what is there. Until the rename nobody sees a file of that name. */
static int put_aside(struct task *task)
{
	if (!task->replaces && ask_leave(task, NULL) != 0)
		return -1;
	task->replaces = true;
	return aside_put(task);
}

static int use_another_name(struct task *task)
{
	const struct worker_message *order = task->order;
	for (unsigned number = KEEP_BOTH_FIRST; number <= KEEP_BOTH_LAST; number++) {
		struct sight there;
		SP_AUTO_FREE char *name = keep_both_name(order->name, number);
		if (name == NULL)
			return fail_to_publish(task, SP_EXISTS,
					       "there is a file of that name, and the name is too "
					       "long to get a number");
		SP_AUTO_FREE char *path = task_path(order->directory, name);
		if (task_look(task, path, &there) != 0)
			return -1;
		if (there.exists)
			continue;
		if (ask_leave(task, name) != 0)
			return -1;
		free(task->final_path);
		task->final_path = sp_take_pointer(&path);
		return 0;
	}
	return fail_to_publish(task, SP_EXISTS, "there are files of all names that it could get");
}

/* Whether a rename may be asked to replace, or must not. */
static bool may_replace(const struct task *task)
{
	return policy_of(task) == CONFLICT_OVERWRITE;
}

static bool has_posix_rename(const struct task *task)
{
	const struct connection *connection = task->connection;
	return remote_features(connection->remote)->posix_rename &&
	       !connection->learnt.no_posix_rename;
}

/* The name is taken, and the rename would not just replace. */
static int make_way(struct task *task)
{
	switch (policy_of(task)) {
	case CONFLICT_FAIL:
		return fail_existing(task);
	case CONFLICT_KEEP_BOTH:
		return use_another_name(task);
	case CONFLICT_OVERWRITE:
	case CONFLICT_COUNT:
		break;
	}
	/* What does not replace is not even tried. */
	bool refuses = !has_posix_rename(task) && task->connection->learnt.rename_refuses;
	return refuses || task->replaces ? put_aside(task) : 0;
}

/* ---- the rename ------------------------------------------------------------------------------------------------- */

/* From here on nothing cuts it short: whether a rename that was sent has happened, only its answer tells. */
static int rename_part(struct task *task)
{
	struct connection *connection = task->connection;
	struct remote_patience patience = connection_patience(connection, false);
	bool posix = may_replace(task) && has_posix_rename(task);
	int result = remote_rename(connection->remote, task->part_path, task->final_path, posix,
				   &patience, &task->err);
	if (result != 0 && posix && task->err.code == SP_UNSUPPORTED) {
		learnt_note(connection, &connection->learnt.no_posix_rename);
		result = remote_rename(connection->remote, task->part_path, task->final_path, false,
				       &patience, &task->err);
	}
	return result;
}

/* What a plain rename did about a name that was taken is known for the next file. */
static void learn(struct task *task, bool replaced)
{
	struct learnt *learnt = &task->connection->learnt;
	if (!has_posix_rename(task))
		learnt_note(task->connection,
			    replaced ? &learnt->rename_replaces : &learnt->rename_refuses);
}

/* The server said no. 1: because the name is taken, and there is something that can be done about that. */
static int judge_refusal(struct task *task, const struct sight *before)
{
	struct sp_error why = task->err;
	struct sight now;
	if (why.code == SP_CLOSED || why.code == SP_TIMEOUT || why.code == SP_NOT_FOUND)
		return -1;
	if (!connection_lives(task->connection)) {
		task->err.code = SP_CLOSED;
		return -1;
	}
	bool posix = may_replace(task) && has_posix_rename(task);
	if (!posix && task_look(task, task->final_path, &now) == 0 && now.exists) {
		if (before->exists && may_replace(task))
			learn(task, false);
		return 1;
	}
	task->err = why;
	bool refused = why.code == SP_SYSTEM || why.code == SP_DENIED || why.code == SP_UNSUPPORTED;
	return refused ? task_advise_direct(task) : -1;
}

static struct sight seen(const struct remote_sight *sight)
{
	return (struct sight){ .exists = sight->exists, .attributes = sight->attributes };
}

/*
 * posix-rename replaces a file and refuses a directory: nobody has to look before, and what was there, and what is, is
 * asked for in the same breath. 1: the server has no such rename after all.
 */
static int rename_at_once(struct task *task, enum publish_outcome *out)
{
	struct connection *connection = task->connection;
	struct remote_patience patience = connection_patience(connection, false);
	struct remote_sight told_before, told_after;
	int result = remote_rename_watched(connection->remote, task->part_path, task->final_path,
					   &patience, &told_before, &told_after, &task->err);
	struct sight before = seen(&told_before), after = seen(&told_after);
	*out = PUBLISH_RENAMED;
	if (result == 0)
		return told_after.is_told ? judge_renamed(task, &before, &after, out) : 0;
	if (task->err.code == SP_UNSUPPORTED) {
		learnt_note(connection, &connection->learnt.no_posix_rename);
		return 1;
	}
	if (before.exists && is_directory(&before.attributes) && connection_lives(connection))
		return fail_directory(task);
	return judge_refusal(task, &before);
}

static int give_final_name(struct task *task, enum publish_outcome *out)
{
	task->step = STEP_RENAME_REMOTE;
	*out = PUBLISH_WRITTEN;
	if (task->direct)
		return 0;
	if (may_replace(task) && has_posix_rename(task) && !task->replaces) {
		int result = rename_at_once(task, out);
		if (result != 1)
			return result;
	}
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct sight before;
		if (look_for_directory(task, &before) != 0 ||
		    (before.exists && make_way(task) != 0))
			return -1;
		if (rename_part(task) == 0) {
			if (before.exists && may_replace(task) && !task->replaces)
				learn(task, true);
			return check_renamed(task, &before, out);
		}
		int again = judge_refusal(task, &before);
		if (again != 1)
			return -1;
	}
	return fail_to_publish(task, SP_EXISTS, "its name was taken again and again");
}

int publish_part(struct task *task, enum publish_outcome *out)
{
	return task_note_doubt(task, aside_settle(task, give_final_name(task, out)));
}

/* ---- after a crash ---------------------------------------------------------------------------------------------- */

/* The part is gone, so it was renamed once; only the final name may still tell. */
static int look_at_final(struct task *task, enum publish_outcome *out)
{
	struct sight final;
	if (task_look(task, task->final_path, &final) != 0)
		return -1;
	if (!final.exists) {
		*out = PUBLISH_INFERRED; /* partners take files away at once */
		return 0;
	}
	if (final.attributes.has_size && final.attributes.size == task->order->size &&
	    !is_directory(&final.attributes)) {
		*out = PUBLISH_CONFIRMED;
		task->verification = VERIFIED_SIZE;
		return 0;
	}
	SP_AUTO_FREE char *shown = words_of_path(task->part_path);
	return task_fail(task, SP_NOT_FOUND,
			 "could not rename \"%s\": the part vanished before it was renamed", shown);
}

/* It had all its bytes when the permit was asked for; what became of it since is the partner's matter. */
static int look_at_written(struct task *task, enum publish_outcome *out)
{
	struct sight final;
	if (task_look(task, task->final_path, &final) != 0)
		return -1;
	bool same = final.exists &&
		    (!final.attributes.has_size || final.attributes.size == task->order->size);
	*out = same ? PUBLISH_WRITTEN : PUBLISH_INFERRED;
	task->verification = VERIFIED_DIRECT;
	return 0;
}

static int fail_size(struct task *task, uint64_t size)
{
	SP_AUTO_FREE char *shown = words_of_path(task->part_path);
	return task_fail(task, SP_CHANGED, "could not publish \"%s\": it has %llu bytes, not %llu",
			 shown, (unsigned long long)size, (unsigned long long)task->order->size);
}

static int recover(struct task *task, enum publish_outcome *out)
{
	struct sight part;
	if (aside_find(task) != 0 || task_look(task, task->part_path, &part) != 0)
		return -1;
	if (!part.exists)
		return look_at_final(task, out);
	if (part.attributes.has_size && part.attributes.size != task->order->size)
		return fail_size(task, part.attributes.size);

	if (give_final_name(task, out) == 0)
		return 0;
	/* An earlier rename that the server had queued may have overtaken ours: then what was put aside since the part
	 * was seen is the part itself, under its final name. */
	if (task->err.code != SP_NOT_FOUND)
		return -1;
	if (aside_undo(task) != 0)
		return -1;
	return look_at_final(task, out);
}

int publish_recover(struct task *task, enum publish_outcome *out)
{
	task->step = STEP_RENAME_REMOTE;
	int result =
		task->direct ? look_at_written(task, out) : aside_settle(task, recover(task, out));
	return task_note_doubt(task, result);
}
