#include "transfer/file_run.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "transfer/file_inside.h"

enum {
	WORKER_DEATHS_ALONE = 2, /* so many, and the file gets a worker for itself */
};

struct file_run *file_run_next(const struct file_run *run)
{
	return run->next;
}

void file_run_set_next(struct file_run *run, struct file_run *next)
{
	run->next = next;
}

const char *file_run_id(const struct file_run *run)
{
	return run->file.id;
}

const char *file_run_transfer_id(const struct file_run *run)
{
	return run->file.transfer_id;
}

int64_t file_run_position(const struct file_run *run)
{
	return run->file.position;
}

bool file_is_suspect(const struct transfer_file *file)
{
	return file->worker_deaths >= WORKER_DEATHS_ALONE;
}

bool file_run_is_suspect(const struct file_run *run)
{
	return file_is_suspect(&run->file);
}

bool file_run_is_at_worker(const struct file_run *run)
{
	return run->at_worker;
}

bool file_run_is_at(const struct file_run *run, const char *origin)
{
	return run->file.bucket != NULL &&
	       objects_is_origin(run->owner->ground->rooms.objects, run->file.bucket, origin);
}

bool file_needs_worker(const struct transfer_file *file)
{
	return !(file->state == FILE_PUBLISHING && transfer_makes_object(file->direction));
}

/* ---- to the worker ---------------------------------------------------------------------------------------------------- */

/* What it is asked for, at first and while it is PUBLISHING. */
static const struct {
	enum worker_kind begins, recovers;
} orders[TRANSFER_DIRECTION_COUNT] = {
	[TRANSFER_SEND] = { WORKER_SEND, WORKER_RECOVER },
	[TRANSFER_RETRIEVE] = { WORKER_RETRIEVE, WORKER_RETRIEVE },
	[TRANSFER_LIST] = { WORKER_LIST, WORKER_LIST },
	[TRANSFER_MOVE] = { WORKER_MOVE, WORKER_MOVE },
	[TRANSFER_DELETE] = { WORKER_DELETE, WORKER_DELETE },
};

static void give_to_worker(struct file_run *run, enum worker_kind kind)
{
	struct worker_message message = file_message(run, kind);
	run->at_worker = true;
	bool sent = run->owner->send(run->owner->ctx, &message, sp_take_fd(&run->way.fd));
	object_way_finish(&run->way);
	if (!sent)
		file_lose_worker(run, false);
}

static void prepare(void *ctx)
{
	struct file_run *run = ctx;
	/* Asked anew for each attempt: policies change while files wait. */
	run->result = file_check_permission(run, run->file.key) == 0 &&
				      publish_check_object(run, &run->err) == 0 &&
				      resume_prepare(run, &run->err) == 0
			      ? limits_check_source(run, &run->err)
			      : -1;
}

static void prepared(struct file_run *run)
{
	if (file_catch_up(run))
		return;
	bool sends = run->file.direction == TRANSFER_SEND;
	if (run->result != 0) {
		file_fail_with_err(run, run->err_step);
		return;
	}
	if (sends)
		run->owner->sized(run->owner->ctx, run->identity.size);
	resume_begin(run);
	give_to_worker(run, orders[run->file.direction].begins);
}

static void running(struct file_run *run)
{
	if (file_catch_up(run))
		return;
	limits_begin(run);
	if (!transfer_is_errand(run->file.direction)) {
		file_in_pool(run, prepare, prepared);
		return;
	}
	errand_begin(run);
	give_to_worker(run, orders[run->file.direction].begins);
}

/* A file that was under way once waits for its partner only. */
int64_t file_gives_up_at(const struct transfer_file *file, const struct file_owner *owner,
			 int64_t unreached_since_ms)
{
	int64_t since = file->started_ms == 0 ? file->queued_ms : unreached_since_ms;
	if (since == 0)
		return INT64_MAX;
	if (since < owner->resumed_ms)
		since = owner->resumed_ms;
	return since + owner->ground->options.queue_wait_max_ms;
}

static void give_up_waiting(struct file_run *run)
{
	const char *why;
	int64_t since = run->owner->unreached_since(run->owner->ctx, &why);
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_add_text(&text, "Transfer request timeout: it waited in the queue for too long");
	if (since != 0) {
		char when[SP_ISO_TIME_SIZE];
		sp_time_to_iso(since, when);
		sp_buffer_format(&text, "; there was no connection since %s: %s", when, why);
	}
	file_fail(run, STEP_WAIT, SP_TIMEOUT, sp_buffer_text(&text));
}

static void begin(struct file_run *run)
{
	struct transfer_file *file = &run->file;
	enum failure_step step;
	const struct sp_error *refusal = run->owner->refusal(run->owner->ctx, &step);
	const char *why;
	int64_t unreached_since = run->owner->unreached_since(run->owner->ctx, &why);

	if (file->cancelled_ms > 0) {
		file_end_cancelled(run);
	} else if (ground_early_ms(run->owner->ground) >
		   file_gives_up_at(file, run->owner, unreached_since)) {
		give_up_waiting(run);
	} else if (refusal != NULL) {
		file_fail(run, step, refusal->code, refusal->message);
	} else {
		file->attempt++;
		file->attempt_ms = sp_now_ms();
		file->publishing_ms = 0;
		file->size = -1;
		file->sha256[0] = '\0';
		if (file->started_ms == 0)
			file->started_ms = sp_now_ms();
		free(run->access_role);
		run->access_role = sp_strdup(run->owner->server->access_role);
		publish_begin(run);
		file_commit(run, FILE_RUNNING, running);
	}
}

static void recover(struct file_run *run)
{
	enum failure_step step;
	const struct sp_error *refusal = run->owner->refusal(run->owner->ctx, &step);
	if (transfer_makes_object(run->file.direction)) {
		publish_object(run);
	} else if (refusal != NULL) {
		file_fail(run, step, refusal->code, refusal->message);
	} else {
		if (transfer_is_errand(run->file.direction))
			errand_begin(run);
		give_to_worker(run, orders[run->file.direction].recovers);
	}
}

struct file_run *file_run_create(const struct file_owner *owner, struct transfer_file *file)
{
	struct file_run *run = sp_alloc(sizeof(*run));
	run->owner = owner;
	run->recover = recover;
	run->catch_up = file_catch_up;
	run->file = *file;
	run->way.fd = -1;
	*file = (struct transfer_file){ 0 };
	return run;
}

void file_run_go(struct file_run *run)
{
	if (run->file.state == FILE_PUBLISHING)
		recover(run);
	else
		begin(run);
}

/* ---- from the worker -------------------------------------------------------------------------------------------------- */

static void check_source(void *ctx)
{
	struct file_run *run = ctx;
	run->result = objects_check_source(run->owner->ground->rooms.objects, run->file.bucket,
					   run->file.key, &run->identity, &run->err);
}

static void source_checked(struct file_run *run)
{
	if (file_catch_up(run))
		return;
	if (run->result == 0) {
		file_commit(run, FILE_PUBLISHING, publish_permit);
		return;
	}
	file_cancel_at_worker(run);
	file_fail_with_err(run, STEP_READ_OBJECT);
}

static void sync_staging(void *ctx)
{
	struct file_run *run = ctx;
	run->result = objects_sync_staging(run->owner->ground->rooms.objects, run->file.bucket,
					   run->file.id, run->file.part_attempt,
					   (uint64_t)run->file.size, &run->err);
}

static void staging_synced(struct file_run *run)
{
	if (file_catch_up(run))
		return;
	if (run->result == 0)
		file_commit(run, FILE_PUBLISHING, publish_object);
	else
		file_fail_with_err(run, STEP_WRITE_OBJECT);
}

/* Only what goes to storage. What a worker holds is not larger than its memory, whatever it says. */
static bool may_hold(const struct file_run *run)
{
	return transfer_makes_object(run->file.direction) &&
	       objects_is_remote(run->owner->ground->rooms.objects, run->file.bucket);
}

static bool ready(struct file_run *run, const struct worker_message *message)
{
	struct transfer_file *file = &run->file;
	bool sends = file->direction == TRANSFER_SEND;
	if (file->state != FILE_RUNNING || run->busy || file->size >= 0 ||
	    transfer_is_errand(file->direction) || message->items > (uint32_t)file->items_max ||
	    message->size > INT64_MAX || (sends && message->size != run->identity.size) ||
	    (message->held != 0 && !may_hold(run)) || !publish_note_ready(run, message))
		return false;
	resume_progress(run, message->size);
	if (sends)
		file->part_attempt = (int)message->part_attempt;
	file->size = (int64_t)message->size;
	file->items = (int)message->items;
	file->truncated = message->truncated != 0;
	snprintf(file->sha256, sizeof(file->sha256), "%s", message->sha256);
	run->held = message->held != 0;
	run->at_worker = sends || run->held;
	if (sends) {
		file_in_pool(run, check_source, source_checked);
		return true;
	}
	run->owner->sized(run->owner->ctx, message->size);
	if (!limits_hear_size(run, message->size, false))
		return true;
	if (run->held)
		file_commit(run, FILE_PUBLISHING,
			    publish_object); /* there is nothing to be synced */
	else
		file_in_pool_long(run, sync_staging, staging_synced);
	return true;
}

static void note_late_failure(struct file_run *run, const struct worker_message *message)
{
	if (run->late.text != NULL)
		return;
	run->late.step = (enum failure_step)message->step;
	run->late.code = (enum sp_code)message->code;
	run->late.text = sp_strdup(message->text == NULL ? "" : message->text);
}

static bool abandoned_message(struct file_run *run, const struct worker_message *message)
{
	if (message->kind == WORKER_READY || message->kind == WORKER_PROGRESS ||
	    message->kind == WORKER_WATERMARK || message->kind == WORKER_TAKEN ||
	    message->kind == WORKER_FOUND || message->kind == WORKER_NEED_URLS)
		return true; /* said before it heard of the CANCEL */
	run->at_worker = false;
	if (!run->busy)
		file_clear_away(run);
	return true;
}

bool file_run_message(struct file_run *run, const struct worker_message *message)
{
	if (!run->at_worker || message->attempt != (uint32_t)run->file.attempt)
		return message->kind == WORKER_PROGRESS || message->kind == WORKER_WATERMARK ||
		       message->kind == WORKER_NEED_URLS ||
		       message->kind == WORKER_FILE_FAILED; /* late, and harmless */

	if (run->abandoned)
		return abandoned_message(run, message);
	/* A failure tells by its step who was heard. */
	if (message->kind != WORKER_FILE_FAILED)
		run->owner->answered(run->owner->ctx);
	switch (message->kind) {
	case WORKER_READY:
		return message->sha256 != NULL && strlen(message->sha256) == 64 &&
		       ready(run, message);
	case WORKER_PUBLISHED:
		return run->held ? publish_put_done(run) : publish_done(run, message);
	case WORKER_NEED_URLS:
		return urls_asked(run, message);
	case WORKER_TAKEN:
		return publish_taken(run, message);
	case WORKER_FOUND:
		return errand_found(run, message);
	case WORKER_DONE:
		return errand_done(run, message);
	case WORKER_FILE_FAILED:
		if (message->step >= FAILURE_STEP_COUNT || message->code == SP_OK)
			return false;
		if (run->busy)
			note_late_failure(run, message);
		else
			file_fail(run, (enum failure_step)message->step,
				  (enum sp_code)message->code,
				  message->text == NULL ? "" : message->text);
		return true;
	case WORKER_PROGRESS:
		resume_progress(run, message->size);
		limits_hear_size(run, message->size, true);
		return true;
	case WORKER_WATERMARK:
		if (!resume_note(run, message))
			return false;
		limits_hear_size(run, message->source_size, false);
		return true;
	default:
		return false;
	}
}

/* ---- losing the worker ------------------------------------------------------------------------------------------------ */

void file_run_worker_lost(struct file_run *run, bool blame)
{
	if (run->abandoned && run->at_worker) {
		run->at_worker = false;
		if (!run->busy)
			file_clear_away(run);
	} else if (run->busy) {
		run->worker_lost = run->at_worker;
		run->blamed = blame;
	} else if (run->at_worker) {
		file_lose_worker(run, blame);
	}
}

void file_run_worker_changed(struct file_run *run)
{
	if (!run->busy && !run->at_worker && run->timer == NULL &&
	    run->file.state == FILE_PUBLISHING)
		recover(run);
}
