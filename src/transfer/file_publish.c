/*
 * How a file comes by its final name, and what is known of it then. What the connector's tags say holds from a file's
 * beginning to its end, because a part lies where they said it should. What a worker claims is believed as far as it can
 * be true.
 */

#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "transfer/file_inside.h"

enum {
	NAMES_TAKEN_MAX = 16,  /* in a row, between the look at a name and the rename */
	PUTS_REFUSED_MAX = 16, /* of one attempt */
};

void publish_begin(struct file_run *run)
{
	struct publishing *kept = &run->file.publishing;
	const struct publishing *now = &run->owner->server->publishing;
	if (run->file.leaves_part)
		return;
	run->notes_publishing = kept->conflict != now->conflict || kept->upload != now->upload ||
				!sp_text_equal(kept->staging, now->staging) ||
				!sp_text_equal(kept->temp_pattern, now->temp_pattern);
	if (!run->notes_publishing)
		return;
	publishing_finish(kept);
	*kept = publishing_copy(now);
}

/* ---- what a worker claims --------------------------------------------------------------------------------------- */

void publish_note_connection(struct file_run *run, const struct worker_message *message)
{
	const struct server_connection *connection =
		server_connection(run->owner->server, message->request);
	free(run->file.connection);
	free(run->connection);
	run->file.connection = sp_strdup(connection == NULL ? NULL : connection->id);
	run->connection = sp_strdup(connection == NULL ? NULL : connection->description);
}

static bool may_claim(const struct file_run *run, enum verification level)
{
	bool direct = run->file.direction == TRANSFER_SEND &&
		      run->file.publishing.upload == UPLOAD_DIRECT;
	switch (level) {
	case VERIFIED_DIRECT:
		return direct;
	case VERIFIED_ACKNOWLEDGED:
	case VERIFIED_SIZE:
	case VERIFIED_REREAD:
		return !direct;
	case VERIFIED_SERVER_HASH:
		return !direct && server_can(run->owner->server, "check-file");
	case VERIFIED_UNKNOWN:
	case VERIFIED_INFERRED:
	case VERIFICATION_COUNT:
		return false;
	}
	return false;
}

bool publish_note_ready(struct file_run *run, const struct worker_message *message)
{
	enum verification level = (enum verification)message->verification;
	if (!may_claim(run, level))
		return false;
	run->file.verification = level;
	publish_note_connection(run, message);
	return true;
}

/* A file is published once only unless the answer to its rename was lost, and then that is told (doc/guarantees.md). */
static const char *const outcomes[PUBLISH_OUTCOME_COUNT] = {
	[PUBLISH_CONFIRMED] =
		"the answer to its rename was lost; a file of its name and size is there",
	[PUBLISH_INFERRED] = "after its rename neither the part nor a file of its size is there: "
			     "it was taken away",
};

bool publish_done(struct file_run *run, const struct worker_message *message)
{
	struct transfer_file *file = &run->file;
	enum publish_outcome outcome = (enum publish_outcome)message->outcome;
	bool inferred = outcome == PUBLISH_INFERRED;
	bool direct = file->publishing.upload == UPLOAD_DIRECT;
	if (file->state != FILE_PUBLISHING || run->busy || file->direction != TRANSFER_SEND ||
	    outcome == PUBLISH_DONE || (!inferred && (outcome == PUBLISH_WRITTEN) != direct) ||
	    (message->replaces != 0 && !file->replaces) ||
	    inferred != (message->verification == VERIFIED_INFERRED))
		return false;
	if (outcomes[outcome] != NULL)
		sp_log(SP_LOG_WARNING, "%s \"%s\": %s", file->connector_id, file->path,
		       outcomes[outcome]);
	file->outcome = outcome;
	file->leaves_aside = message->replaces != 0;
	/* What was known of the part is known of the file: it was not written to since. */
	if (inferred || file->verification == VERIFIED_UNKNOWN)
		file->verification = (enum verification)message->verification;
	publish_note_connection(run, message);
	file_complete(run);
	return true;
}

void publish_permit(struct file_run *run)
{
	if (file_catch_up(run))
		return;
	struct worker_message message = {
		.kind = WORKER_PERMIT,
		.file_id = run->file.id,
		.attempt = (uint32_t)run->file.attempt,
	};
	if (!run->owner->send(run->owner->ctx, &message, -1))
		file_lose_worker(run, false);
}

/* ---- RETRIEVE: objects ------------------------------------------------------------------------------------------ */

static struct objects *objects_of(const struct file_run *run)
{
	return run->owner->ground->rooms.objects;
}

int publish_check_object(struct file_run *run, struct sp_error *err)
{
	const struct transfer_file *file = &run->file;
	if (!transfer_makes_object(file->direction) || file->publishing.conflict != CONFLICT_FAIL ||
	    !objects_is_taken(objects_of(run), file->bucket, file->key, file->id))
		return 0;
	return sp_fail(err, SP_EXISTS,
		       "there is an object of that name, and the tag " PUBLISHING_TAG_CONFLICT
		       " of the connector says \"fail\"");
}

static void find_free_name(struct file_run *run)
{
	const struct transfer_file *file = &run->file;
	free(sp_take_pointer(&run->free_name));
	for (unsigned number = KEEP_BOTH_FIRST; number <= KEEP_BOTH_LAST; number++) {
		SP_AUTO_FREE char *key = keep_both_name(file->key, number);
		if (key == NULL || objects_check_key(objects_of(run), file->bucket, key, NULL) != 0)
			return;
		if (objects_is_taken(objects_of(run), file->bucket, key, file->id))
			continue;
		/* The role may write the name that was asked for, which says nothing of this one. */
		if (file_check_permission(run, key) == 0)
			run->free_name = sp_take_pointer(&key);
		return;
	}
}

/* What a worker holds gets its name by being put there. */
static int allow_put(struct file_run *run, const char *key, bool replaces)
{
	const struct transfer_file *file = &run->file;
	struct object_put *put = &run->put;
	sp_secret_free(sp_take_pointer(&put->url));
	put->file_id = file->id;
	put->attempt = file->part_attempt;
	put->size = (uint64_t)file->size;
	put->replaces = replaces;
	return objects_allow_put(objects_of(run), file->bucket, key, put, &run->err);
}

/* An upload has the name that it was begun with. */
static bool has_another_name(struct file_run *run, const char *key)
{
	const struct transfer_file *file = &run->file;
	if (file->publishing.conflict != CONFLICT_KEEP_BOTH || file->published_name != NULL)
		return false;
	SP_AUTO_FREE char *meant =
		objects_staging_key(objects_of(run), file->bucket, file->id, file->part_attempt);
	if (meant == NULL || strcmp(meant, key) == 0 || !keep_both_is_of(key, meant) ||
	    file_check_permission(run, meant) != 0)
		return false;
	free(run->free_name);
	run->free_name = sp_take_pointer(&meant);
	return true;
}

/* Somebody else has the name. What has none yet gets another one; an upload cannot, so the next attempt begins one anew. */
static void choose_another_name(struct file_run *run)
{
	const struct transfer_file *file = &run->file;
	SP_AUTO_FREE char *begun_with = run->held
						? NULL
						: objects_staging_key(objects_of(run), file->bucket,
								      file->id, file->part_attempt);
	if (begun_with != NULL)
		run->err.code = SP_CHANGED;
	else
		find_free_name(run);
}

static void publish(void *ctx)
{
	struct file_run *run = ctx;
	const struct transfer_file *file = &run->file;
	bool replaces = file->publishing.conflict == CONFLICT_OVERWRITE;
	const char *key = file->published_name != NULL ? file->published_name : file->key;
	if (!run->held && has_another_name(run, key)) {
		run->result = -1;
		return;
	}
	run->result = run->held ? allow_put(run, key, replaces)
				: objects_publish(objects_of(run), file->bucket, key, file->id,
						  file->part_attempt, (uint64_t)file->size,
						  replaces, &run->err);
	if (run->result != 0 && run->err.code == SP_EXISTS &&
	    file->publishing.conflict == CONFLICT_KEEP_BOTH)
		choose_another_name(run);
}

static void permit_put(struct file_run *run)
{
	SP_AUTO_SECRET char *url = sp_take_pointer(&run->put.url);
	struct worker_message message = {
		.kind = WORKER_PERMIT,
		.file_id = run->file.id,
		.attempt = (uint32_t)run->file.attempt,
		.url = url,
		.etag = run->put.condition,
	};
	if (!run->owner->send(run->owner->ctx, &message, -1))
		file_lose_worker(run, false);
}

/* The worker need not keep it any more; that it let go of it is said of a file that has ended, and ignored. */
static void let_go(struct file_run *run)
{
	if (run->held)
		file_cancel_at_worker(run);
	run->held = run->at_worker = false;
}

/* Its name is committed before it gets it: after a crash it is looked for there. */
static void published(struct file_run *run)
{
	struct transfer_file *file = &run->file;
	if (run->held && file_catch_up(run))
		return;
	if (run->result == 0 && run->held && run->put.url != NULL) {
		permit_put(run);
	} else if (run->result == 0) {
		let_go(run);
		file_complete(run);
	} else if (run->free_name != NULL && run->names_taken++ < NAMES_TAKEN_MAX) {
		free(file->published_name);
		file->published_name = sp_take_pointer(&run->free_name);
		run->put.refused = SP_OK;
		file_commit_intent(run, publish_object);
	} else {
		let_go(run);
		file_fail_with_err(run, STEP_WRITE_OBJECT);
	}
}

/* What it says is looked at: objects_publish() finds the object, or it is not there. */
bool publish_put_done(struct file_run *run)
{
	if (run->file.state != FILE_PUBLISHING || run->busy)
		return false;
	run->held = run->at_worker = false;
	publish_object(run);
	return true;
}

void publish_object(struct file_run *run)
{
	file_in_pool_long(run, publish, published);
}

/* What it was to replace is not what is there: it was put already, and the answer was lost; or somebody came in between. */
static bool put_refused(struct file_run *run, const struct worker_message *message)
{
	enum sp_code code = (enum sp_code)message->code;
	if (run->file.state != FILE_PUBLISHING || run->busy || run->put.condition[0] == '\0' ||
	    !object_put_may_repeat(code))
		return false;
	run->put.refused = code;
	if (run->puts_refused++ < PUTS_REFUSED_MAX) {
		publish_object(run);
		return true;
	}
	let_go(run);
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "its name was taken by other objects again and again: %s",
			 message->text == NULL ? "" : message->text);
	file_fail(run, STEP_WRITE_OBJECT, SP_CHANGED, sp_buffer_text(&text));
	return true;
}

/* ---- SEND: a name that is taken --------------------------------------------------------------------------------- */

bool publish_taken(struct file_run *run, const struct worker_message *message)
{
	struct transfer_file *file = &run->file;
	if (run->held)
		return put_refused(run, message);
	if (file->state != FILE_PUBLISHING || run->busy || file->direction != TRANSFER_SEND ||
	    file->publishing.upload == UPLOAD_DIRECT)
		return false;
	switch (file->publishing.conflict) {
	case CONFLICT_OVERWRITE:
		if (message->final_name != NULL)
			return false;
		file->replaces = true;
		break;
	case CONFLICT_KEEP_BOTH:
		if (message->final_name == NULL ||
		    !keep_both_is_of(file->remote_name, message->final_name))
			return false;
		free(file->published_name);
		file->published_name = sp_strdup(message->final_name);
		break;
	case CONFLICT_FAIL:
	case CONFLICT_COUNT:
		return false;
	}
	file_commit_intent(run, publish_permit);
	return true;
}
