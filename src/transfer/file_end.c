#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/scope.h"
#include "transfer/file_inside.h"

enum {
	WORKER_DEATHS_MAX = 3, /* of workers that had the file: it FAILS */
	/* While it may have been published already: more patience. */
	PUBLISH_WORKER_DEATHS_MAX = 10,
};

static void tell_end(const struct file_run *run)
{
	const struct transfer_file *file = &run->file;
	const char *what = file->direction == TRANSFER_SEND ? "sent" : "retrieved";
	if (file->state == FILE_FAILED)
		sp_log(SP_LOG_WARNING, "%s %s: %s", file->connector_id, file->failure_code,
		       file->failure_message);
	else if (file->state == FILE_COMPLETED)
		sp_log(SP_LOG_INFO, "%s %s \"%s\" (%lld bytes, sha256 %s)", file->connector_id,
		       what, file->path, (long long)file->size, file->sha256);
}

static void ended(struct file_run *run)
{
	tell_end(run);
	file_over(run);
}

void file_complete(struct file_run *run)
{
	run->at_worker = false;
	run->file.ended_ms = sp_now_ms();
	file_commit(run, FILE_COMPLETED, ended);
}

static void commit_failed(struct file_run *run)
{
	file_commit(run, FILE_FAILED, ended);
}

static void remove_staging(void *ctx)
{
	struct file_run *run = ctx;
	objects_remove_staging(run->owner->ground->rooms.objects, run->file.bucket, run->file.id);
}

static void end_failed(struct file_run *run, enum failure_step step, enum sp_code code,
		       const char *text)
{
	struct transfer_file *file = &run->file;
	SP_AUTO_BUFFER
	message = { 0 };
	sp_buffer_format(&message, "could not %s \"%s\": %s",
			 file->direction == TRANSFER_SEND ? "send" : "retrieve", file->path, text);
	free(file->failure_message);
	file->failure_message = sp_buffer_take(&message);
	file->failure_code = failure_code(step, code);
	file->ended_ms = sp_now_ms();
	if (file->direction == TRANSFER_RETRIEVE && file->attempt > 0)
		file_in_pool(run, remove_staging, commit_failed);
	else
		commit_failed(run);
}

/* Doubles with each try, and a quarter either way, so that files that failed together do not return together. */
static int64_t retry_delay_ms(const struct file_run *run)
{
	const struct transfer_options *options = &run->owner->ground->options;
	int64_t delay = options->retry_delay_ms;
	for (int i = 1; i < run->file.tries && delay < options->retry_delay_max_ms; i++)
		delay *= 2;
	if (delay > options->retry_delay_max_ms)
		delay = options->retry_delay_max_ms;
	uint32_t random;
	sp_random_bytes(&random, sizeof(random));
	return delay * 3 / 4 + (int64_t)(random % (uint64_t)(delay / 2 + 1));
}

static void requeue(struct file_run *run, int64_t delay_ms)
{
	run->file.not_before_ms = sp_now_ms() + delay_ms;
	file_commit(run, FILE_QUEUED, file_over);
}

/* The other side, or the way to it, failed: not the file. */
static bool is_connection_step(enum failure_step step)
{
	return step >= STEP_RESOLVE && step <= STEP_SFTP;
}

static void recover_later(void *ctx)
{
	struct file_run *run = ctx;
	run->timer = NULL;
	run->recover(run);
}

/* In PUBLISHING the rename may have happened: only a definite answer ends it. */
static void fail_publish(struct file_run *run, enum failure_step step, enum sp_code code,
			 const char *text)
{
	const struct transfer_options *options = &run->owner->ground->options;
	bool vanished = (step == STEP_RENAME_REMOTE || step == STEP_WRITE_OBJECT) &&
			(code == SP_NOT_FOUND || code == SP_CHANGED);
	run->file.tries++;
	if (run->file.tries >= options->attempts ||
	    !(vanished || failure_is_transient(step, code))) {
		end_failed(run, step, code, text);
	} else if (vanished) {
		requeue(run, retry_delay_ms(run));
	} else if (run->owner->ground->stopping) {
		file_over(run);
	} else {
		run->timer = loop_add_timer(run->owner->ground->rooms.loop, retry_delay_ms(run),
					    recover_later, run);
	}
}

void file_fail(struct file_run *run, enum failure_step step, enum sp_code code, const char *text)
{
	const struct transfer_options *options = &run->owner->ground->options;
	run->at_worker = false;
	sp_close_fd(&run->fd);
	if (run->file.state == FILE_PUBLISHING) {
		fail_publish(run, step, code, text);
		return;
	}

	bool again = failure_is_transient(step, code) && run->file.tries + 1 < options->attempts;
	if (!again ||
	    run->file.state == FILE_QUEUED) { /* nothing was begun: refused, or too late */
		end_failed(run, step, code, text);
		return;
	}
	run->file.tries++;
	int64_t delay = retry_delay_ms(run);
	sp_log(SP_LOG_INFO, "%s \"%s\" is tried again in %lld ms: %s", run->file.connector_id,
	       run->file.path, (long long)delay, text);
	if (is_connection_step(step))
		run->owner->pause(run->owner->ctx, delay);
	requeue(run, delay);
}

void file_fail_with_err(struct file_run *run, enum failure_step step)
{
	file_fail(run, step, run->err.code, run->err.message);
}

void file_lose_worker(struct file_run *run, bool blame)
{
	run->at_worker = false;
	sp_close_fd(&run->fd);
	if (blame)
		run->file.worker_deaths++;

	bool publishing = run->file.state == FILE_PUBLISHING;
	int most = publishing ? PUBLISH_WORKER_DEATHS_MAX : WORKER_DEATHS_MAX;
	if (run->file.worker_deaths >= most)
		end_failed(run, STEP_WORKER, SP_INTERNAL,
			   "the worker process died on it again and again");
	else if (run->owner->ground->stopping)
		file_over(run); /* the next start finds it */
	else if (publishing)
		run->owner->need_worker(run->owner->ctx);
	else
		requeue(run, blame ? retry_delay_ms(run) : 0);
}

static void staging_removed(struct file_run *run)
{
	file_over(run);
}

void file_run_abandon(struct file_run *run)
{
	run->abandoned = true;
	if (run->busy)
		return;
	loop_cancel_timer(run->timer);
	run->timer = NULL;
	file_in_pool(run, remove_staging, staging_removed);
}
