#include "base/backoff.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/name.h"
#include "base/scope.h"
#include "store/cancellations.h"
#include "transfer/file_inside.h"

enum {
	WORKER_DEATHS_MAX = 3, /* of workers that had the file: it FAILS */
	/* While it may have been published already: more patience. */
	PUBLISH_WORKER_DEATHS_MAX = 10,
};

/* What it is called in sentences. */
static char *shown_name(const struct transfer_file *file)
{
	struct sp_buffer shown = { 0 };
	sp_buffer_format(&shown, "\"%s\"", file->path);
	if (file->target_path != NULL) {
		SP_AUTO_FREE char *target = sp_name_shown(file->target_path);
		sp_buffer_format(&shown, " to \"%s\"", target);
	}
	return sp_buffer_take(&shown);
}

static void tell_end(const struct file_run *run)
{
	const struct transfer_file *file = &run->file;
	const char *what = transfer_direction_participle(file->direction);
	SP_AUTO_FREE char *shown = shown_name(file);
	if (file->state == FILE_FAILED)
		sp_log(SP_LOG_WARNING, "%s %s: %s", file->connector_id, file->failure_code,
		       file->failure_message);
	else if (file->state == FILE_COMPLETED && transfer_is_errand(file->direction))
		sp_log(SP_LOG_INFO, "%s %s %s", file->connector_id, what, shown);
	else if (file->state == FILE_COMPLETED)
		sp_log(SP_LOG_INFO, "%s %s %s (%lld bytes, sha256 %s)", file->connector_id, what,
		       shown, (long long)file->size, file->sha256);
}

/* ---- COMPLETED ---------------------------------------------------------------------------------------------------- */

static void ended(struct file_run *run)
{
	tell_end(run);
	progress_count(run->owner->ground->board, &run->file);
	file_over(run);
}

void file_complete(struct file_run *run)
{
	run->at_worker = false;
	run->file.ended_ms = sp_now_ms();
	file_commit(run, FILE_COMPLETED, ended);
}

/* ---- FAILED ------------------------------------------------------------------------------------------------------- */

/* Temporaries go only now: after a crash before the commit, one that is gone would count as published. */
static void failed(struct file_run *run)
{
	tell_end(run);
	progress_count(run->owner->ground->board, &run->file);
	if (run->file.leaves_part)
		run->owner->left_part(run->owner->ctx, &run->file);
	file_clear_away(run);
}

/* The other side, or the way to it, failed: not the file. */
static bool is_connection_step(enum failure_step step)
{
	return step >= STEP_RESOLVE && step <= STEP_SFTP;
}

static bool is_errand_step(enum failure_step step)
{
	return step == STEP_MOVE_REMOTE || step == STEP_MOVE_TARGET || step == STEP_DELETE_REMOTE;
}

/* Only who is in can fail there. */
static bool is_partner_step(enum failure_step step)
{
	return step == STEP_WRITE_REMOTE || step == STEP_RENAME_REMOTE ||
	       step == STEP_READ_REMOTE || step == STEP_LIST_REMOTE || is_errand_step(step);
}

/* A worker whose connection lived has removed the part itself, unless there was a permit. */
static bool may_leave_part(const struct file_run *run, enum failure_step step, enum sp_code code)
{
	return !is_connection_step(step) &&
	       (run->file.state == FILE_PUBLISHING ||
		(run->file.state == FILE_RUNNING &&
		 (code == SP_PROTOCOL || failure_is_transient(step, code))));
}

/* What was written under its final name is nothing that may be removed later: it may be another file by then. */
static void note_part(struct file_run *run, bool may_leave)
{
	struct transfer_file *file = &run->file;
	file->leaves_part = file->leaves_part ||
			    (may_leave && file->direction == TRANSFER_SEND && file->attempt > 0 &&
			     file->publishing.upload != UPLOAD_DIRECT);
}

static void end_failed(struct file_run *run, enum failure_step step, enum sp_code code,
		       const char *text)
{
	struct transfer_file *file = &run->file;
	SP_AUTO_BUFFER message = { 0 };
	SP_AUTO_FREE char *shown = shown_name(file);
	sp_buffer_format(&message, "could not %s %s: %s", transfer_direction_verb(file->direction),
			 shown, text);
	free(file->failure_message);
	file->failure_message = sp_buffer_take(&message);
	file->failure_code = failure_code(step, code);
	file->ended_ms = sp_now_ms();
	file_commit(run, FILE_FAILED, failed);
}

void file_end_cancelled(struct file_run *run)
{
	struct transfer_file *file = &run->file;
	run->at_worker = false;
	object_way_finish(&run->way);
	free(file->failure_message);
	file->failure_message = cancellation_sentence(file);
	file->failure_code = failure_cancelled;
	file->ended_ms = sp_now_ms();
	file_commit(run, FILE_FAILED, failed);
}

/* Somebody wants it to end, or it is more than a file may be. */
static bool is_unwanted(const struct file_run *run)
{
	return run->cancelled || run->limit.text != NULL;
}

static void end_unwanted(struct file_run *run)
{
	if (run->cancelled) {
		file_end_cancelled(run);
		return;
	}
	run->at_worker = false;
	object_way_finish(&run->way);
	end_failed(run, run->limit.step, run->limit.code, run->limit.text);
}

/* ---- another try -------------------------------------------------------------------------------------------------- */

static int64_t retry_delay_ms(const struct file_run *run, int tries)
{
	const struct transfer_options *options = &run->owner->ground->options;
	uint32_t random;
	sp_random_bytes(&random, sizeof(random));
	return sp_backoff_ms(options->retry_delay_ms, options->retry_delay_max_ms, tries, random);
}

/* Nothing of what was meant holds for the next attempt. */
static void forget_publish(struct file_run *run)
{
	struct transfer_file *file = &run->file;
	free(sp_take_pointer(&file->published_name));
	file->replaces = false;
}

static void queued_again(struct file_run *run)
{
	progress_count(run->owner->ground->board, &run->file);
	file_over(run);
}

/* @why: how the attempt ended. */
static void requeue(struct file_run *run, int64_t delay_ms, const char *why)
{
	free(run->file.attempt_failure);
	run->file.attempt_failure = sp_strdup(why);
	if (run->file.state == FILE_PUBLISHING) {
		resume_forget(run); /* its part had a permit */
		forget_publish(run);
	}
	run->file.not_before_ms = ground_late_ms(run->owner->ground) + delay_ms;
	file_commit(run, FILE_QUEUED, queued_again);
}

static void recover_later(void *ctx)
{
	struct file_run *run = ctx;
	enum failure_step step;
	run->timer = NULL;
	run->owner->need_worker(run->owner->ctx); /* one with the settings of now */
	if (run->owner->refusal(run->owner->ctx, &step) == NULL)
		run->recover(run);
}

/* While it is PUBLISHING. */
static const char *may_have_been(const struct transfer_file *file)
{
	return transfer_is_errand(file->direction) ? transfer_direction_participle(file->direction)
						   : "published";
}

/* Nobody could be asked. The file may have its final name, so this is not yet the end of it: as long as a file may
 * wait in the queue, this one is asked after. */
static void ask_again(struct file_run *run, enum failure_step step, enum sp_code code,
		      const char *text)
{
	const struct transfer_options *options = &run->owner->ground->options;
	if (ground_early_ms(run->owner->ground) - run->file.started_ms >
	    options->queue_wait_max_ms) {
		SP_AUTO_BUFFER honest = { 0 };
		sp_buffer_format(&honest, "%s; it may have been %s already", text,
				 may_have_been(&run->file));
		end_failed(run, step, code, sp_buffer_text(&honest));
	} else if (run->owner->ground->stopping) {
		file_over(run);
	} else {
		int64_t delay = retry_delay_ms(run, ++run->asked);
		sp_log(SP_LOG_WARNING,
		       "%s \"%s\" was permitted to be %s and is asked after in %lld ms: %s",
		       run->file.connector_id, run->file.path, may_have_been(&run->file),
		       (long long)delay, text);
		run->timer =
			loop_add_timer(run->owner->ground->rooms.loop, delay, recover_later, run);
	}
}

/* In PUBLISHING the rename may have happened: only a definite answer to it ends it. */
static void fail_publish(struct file_run *run, enum failure_step step, enum sp_code code,
			 const char *text)
{
	bool vanished = (code == SP_NOT_FOUND || code == SP_CHANGED) &&
			!transfer_is_errand(run->file.direction);
	bool answered =
		(step == STEP_RENAME_REMOTE || step == STEP_WRITE_OBJECT || is_errand_step(step)) &&
		(vanished || !failure_is_transient(step, code));
	if (!answered) {
		ask_again(run, step, code, text);
	} else if (vanished && run->file.tries + 1 < run->owner->ground->options.attempts) {
		run->file.tries++;
		requeue(run, retry_delay_ms(run, run->file.tries), text);
	} else {
		end_failed(run, step, code, text);
	}
}

/* Tells who has the worker what the failure says of the partner. True when it is not the file's own. */
static bool tell_partner(struct file_run *run, enum failure_step step, enum sp_code code,
			 const char *text, bool gives_up)
{
	bool refused_here = code == SP_DENIED || code == SP_INVALID || code == SP_INTERNAL;
	if (is_connection_step(step) && !refused_here) {
		const struct breaker_failure failure = {
			.step = step, .code = code, .reason = text, .gave_up = gives_up
		};
		return run->owner->unreached(run->owner->ctx, &failure);
	}
	if (is_partner_step(step))
		run->owner->answered(run->owner->ctx);
	return false;
}

void file_fail(struct file_run *run, enum failure_step step, enum sp_code code, const char *text)
{
	const struct transfer_options *options = &run->owner->ground->options;
	run->at_worker = run->held = false;
	object_way_finish(&run->way);
	note_part(run, may_leave_part(run, step, code));
	/* What could not be synced once may be lost although the next sync succeeds. What storage acknowledged it has. */
	bool may_lack = step == STEP_WRITE_OBJECT && run->file.state == FILE_RUNNING &&
			!objects_is_remote(run->owner->ground->rooms.objects, run->file.bucket);
	if (code == SP_CHANGED || may_lack)
		resume_forget(run);
	if (run->file.state == FILE_PUBLISHING) {
		tell_partner(run, step, code, text, false);
		fail_publish(run, step, code, text);
		return;
	}

	if (is_unwanted(run)) {
		end_unwanted(run);
		return;
	}
	bool begun =
		run->file.state != FILE_QUEUED; /* otherwise it was refused, or it is too late */
	bool last = !begun || !failure_is_transient(step, code) ||
		    run->file.tries + 1 >= options->attempts;
	if (tell_partner(run, step, code, text, last)) {
		requeue(run, 0, text);
		return;
	}
	if (last) {
		end_failed(run, step, code, text);
		return;
	}
	run->file.tries++;
	int64_t delay = retry_delay_ms(run, run->file.tries);
	sp_log(SP_LOG_INFO, "%s \"%s\" is tried again in %lld ms, after %llu bytes: %s",
	       run->file.connector_id, run->file.path, (long long)delay,
	       (unsigned long long)run->bytes_done, text);
	requeue(run, delay, text);
}

void file_fail_with_err(struct file_run *run, enum failure_step step)
{
	file_fail(run, step, run->err.code, run->err.message);
}

static void end_after_deaths(struct file_run *run, bool publishing)
{
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_add_text(&text, "worker processes ended on it again and again");
	if (publishing)
		sp_buffer_format(&text, "; it may have been %s already", may_have_been(&run->file));
	end_failed(run, STEP_WORKER, SP_INTERNAL, sp_buffer_text(&text));
}

/* What the worker held and was told to put may be there; nobody else can put it. */
static void look_for_object(struct file_run *run)
{
	run->held = false;
	run->recover(run);
}

void file_lose_worker(struct file_run *run, bool blame)
{
	run->at_worker = false;
	object_way_finish(&run->way);
	if (blame)
		run->file.worker_deaths++;
	note_part(run, run->file.state != FILE_QUEUED);

	bool publishing = run->file.state == FILE_PUBLISHING;
	if (is_unwanted(run) && !publishing) {
		end_unwanted(run);
		return;
	}
	int most = publishing ? PUBLISH_WORKER_DEATHS_MAX : WORKER_DEATHS_MAX;
	if (run->file.worker_deaths >= most)
		end_after_deaths(run, publishing);
	else if (run->owner->ground->stopping)
		file_over(run); /* the next start finds it */
	else if (publishing && run->held)
		look_for_object(run);
	else if (publishing)
		run->owner->need_worker(run->owner->ctx);
	else
		requeue(run, blame ? retry_delay_ms(run, run->file.worker_deaths) : 0,
			blame ? "the worker process ended while it had the file"
			      : "the worker process was told to leave while it had the file");
}

/* True: it ends, now or with the worker's answer. */
static bool end_in_time(struct file_run *run)
{
	if (!run->at_worker)
		end_unwanted(run);
	else if (!run->cancel_told)
		file_cancel_at_worker(run);
	run->cancel_told = true;
	return true;
}

bool file_catch_up(struct file_run *run)
{
	if (run->abandoned) {
		if (!run->at_worker)
			file_clear_away(run);
		return true; /* its answer to the CANCEL ends the run */
	}
	if (run->worker_lost) {
		run->worker_lost = false;
		file_lose_worker(run, run->blamed);
		return true;
	}
	if (run->late.text != NULL) {
		SP_AUTO_FREE char *text = sp_take_pointer(&run->late.text);
		file_fail(run, run->late.step, run->late.code, text);
		return true;
	}
	return is_unwanted(run) && run->file.state == FILE_RUNNING && end_in_time(run);
}

void file_end_early(struct file_run *run, enum failure_step step, const struct sp_error *why)
{
	if (run->file.state != FILE_RUNNING || run->abandoned || is_unwanted(run))
		return;
	run->limit.step = step;
	run->limit.code = why->code;
	run->limit.text = sp_strdup(why->message);
	if (!run->busy)
		file_catch_up(run);
}

bool file_run_cancel(struct file_run *run, const char *by, int64_t at_ms)
{
	struct transfer_file *file = &run->file;
	if (file->state == FILE_QUEUED)
		return false;
	if (run->abandoned || run->cancelled || file->state == FILE_COMPLETED ||
	    file->state == FILE_FAILED)
		return true;
	run->cancelled = true;
	file->cancelled_ms = at_ms;
	free(file->cancelled_by);
	file->cancelled_by = sp_strdup(by);
	if (!run->busy)
		file_catch_up(run);
	return true;
}

/* ---- no end at all ------------------------------------------------------------------------------------------------ */

void file_run_stop(struct file_run *run)
{
	if (!run->busy || run->timer != NULL)
		file_over(run);
}

void file_run_abandon(struct file_run *run)
{
	if (run->abandoned)
		return;
	run->abandoned = true;
	file_cancel_at_worker(run); /* and wait for its answer, so that the part is gone */
	if (run->busy || run->at_worker)
		return;
	loop_cancel_timer(run->timer);
	run->timer = NULL;
	file_clear_away(run);
}
