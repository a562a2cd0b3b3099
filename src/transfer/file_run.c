#include "transfer/file_run.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "store/transfers.h"

enum {
	WORKER_DEATHS_ALONE = 2, /* so many, and the file gets a worker for itself */
	WORKER_DEATHS_MAX = 3,   /* so many, and it FAILS */
	PUBLISH_WORKER_DEATHS_MAX =
		10,        /* while it may have been published already: more patience */
	OLD_PARTS_MAX = 8, /* parts of so many earlier attempts are cleaned up */
	COMMIT_RETRY_MS = 1000,
};

struct failure {
	enum failure_step step;
	enum sp_code code;
	char *text; /* owned */
};

struct file_run {
	struct lane *lane;
	struct file_run *next;
	struct transfer_file
		file; /* state and all: as committed, or as the commit under way will have it */
	enum file_state from; /* the state before the commit under way */
	bool busy; /* a pool job or a commit is under way: what happens meanwhile waits in @late */
	bool at_worker; /* the worker owes an answer */
	bool abandoned;
	bool worker_lost, blamed; /* while busy */
	struct failure late;      /* while busy; text NULL: none */
	int fd;                   /* source or staging, until it is sent */
	struct object_identity identity;
	struct sp_error err;
	int result;
	void (*after)(struct file_run *run);
	struct loop_timer *timer;
};

static void recover(struct file_run *run);
static void publish_object(struct file_run *run);
static void fail(struct file_run *run, enum failure_step step, enum sp_code code, const char *text);
static void lose_worker(struct file_run *run, bool blame);

static struct transfer_engine *engine_of(const struct file_run *run)
{
	return lane_engine(run->lane);
}

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

bool file_is_suspect(const struct transfer_file *file)
{
	return file->worker_deaths >= WORKER_DEATHS_ALONE;
}

bool file_run_is_suspect(const struct file_run *run)
{
	return file_is_suspect(&run->file);
}

bool file_needs_worker(const struct transfer_file *file)
{
	return !(file->state == FILE_PUBLISHING && file->direction == TRANSFER_RETRIEVE);
}

/* ---- leaving the thread and coming back ------------------------------------------------------------------------------ */

static void end_run(struct file_run *run)
{
	loop_cancel_timer(run->timer);
	sp_close_fd(&run->fd);
	free(run->late.text);
	lane_run_ended(run->lane, run);
	transfer_file_finish(&run->file);
	free(run);
}

/* What came while the run was away. True when that changed its course. */
static bool catch_up(struct file_run *run)
{
	if (run->abandoned) {
		end_run(run);
		return true;
	}
	if (run->worker_lost) {
		run->worker_lost = false;
		lose_worker(run, run->blamed);
		return true;
	}
	if (run->late.text != NULL) {
		SP_AUTO_FREE char *text = sp_take_pointer(&run->late.text);
		fail(run, run->late.step, run->late.code, text);
		return true;
	}
	return false;
}

static void came_back(void *ctx)
{
	struct file_run *run = ctx;
	run->busy = false;
	run->after(run);
}

static void run_in_pool(struct file_run *run, loop_fn *work, void (*after)(struct file_run *run))
{
	run->busy = true;
	run->after = after;
	engine_run(engine_of(run), work, came_back, run);
}

static int write_move(struct db *db, void *ctx, struct sp_error *err)
{
	struct file_run *run = ctx;
	return transfers_move_file(db, &run->file, run->from, err);
}

static void written(void *ctx, int result, const struct sp_error *err);

static void write_again(void *ctx)
{
	struct file_run *run = ctx;
	run->timer = NULL;
	engine_commit(engine_of(run), write_move, written, run);
}

static void written(void *ctx, int result, const struct sp_error *err)
{
	struct file_run *run = ctx;
	if (result == 0) {
		run->busy = false;
		run->after(run);
		return;
	}
	if (err->code == SP_CONFLICT || err->code == SP_NOT_FOUND) {
		/* The row is no longer what it was when it was read: its connector was deleted. */
		run->busy = false;
		end_run(run);
		return;
	}
	sp_log(SP_LOG_ERROR, "could not record file %s as %s, trying again: %s", run->file.id,
	       file_state_aws_name(run->file.state), err->message);
	if (engine_of(run)->stopping) {
		run->busy = false;
		end_run(run);
		return;
	}
	run->timer = loop_add_timer(engine_of(run)->rooms.loop, COMMIT_RETRY_MS, write_again, run);
}

static void commit(struct file_run *run, enum file_state to, void (*after)(struct file_run *run))
{
	run->from = run->file.state;
	run->file.state = to;
	run->busy = true;
	run->after = after;
	engine_commit(engine_of(run), write_move, written, run);
}

/* ---- ends ------------------------------------------------------------------------------------------------------------- */

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
	end_run(run);
}

static void complete(struct file_run *run)
{
	run->at_worker = false;
	run->file.ended_ms = sp_now_ms();
	commit(run, FILE_COMPLETED, ended);
}

static void commit_failed(struct file_run *run)
{
	commit(run, FILE_FAILED, ended);
}

static void remove_staging(void *ctx)
{
	struct file_run *run = ctx;
	objects_remove_staging(engine_of(run)->rooms.objects, run->file.bucket, run->file.id);
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
		run_in_pool(run, remove_staging, commit_failed);
	else
		commit_failed(run);
}

/* Doubles with each try, and a quarter either way, so that files that failed together do not return together. */
static int64_t retry_delay_ms(const struct file_run *run)
{
	const struct transfer_options *options = &engine_of(run)->options;
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
	commit(run, FILE_QUEUED, end_run);
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
	recover(run);
}

/* In PUBLISHING the rename may have happened: only a definite answer ends it. */
static void fail_publish(struct file_run *run, enum failure_step step, enum sp_code code,
			 const char *text)
{
	const struct transfer_options *options = &engine_of(run)->options;
	bool vanished = (step == STEP_RENAME_REMOTE || step == STEP_WRITE_OBJECT) &&
			(code == SP_NOT_FOUND || code == SP_CHANGED);
	run->file.tries++;
	if (run->file.tries >= options->attempts ||
	    !(vanished || failure_is_transient(step, code))) {
		end_failed(run, step, code, text);
	} else if (vanished) {
		requeue(run, retry_delay_ms(run));
	} else if (engine_of(run)->stopping) {
		end_run(run);
	} else {
		run->timer = loop_add_timer(engine_of(run)->rooms.loop, retry_delay_ms(run),
					    recover_later, run);
	}
}

static void fail(struct file_run *run, enum failure_step step, enum sp_code code, const char *text)
{
	const struct transfer_options *options = &engine_of(run)->options;
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
		lane_pause(run->lane, delay);
	requeue(run, delay);
}

static void fail_with_err(struct file_run *run, enum failure_step step)
{
	fail(run, step, run->err.code, run->err.message);
}

/* ---- to the worker ---------------------------------------------------------------------------------------------------- */

static void give_to_worker(struct file_run *run, enum worker_kind kind)
{
	struct transfer_file *file = &run->file;
	int oldest = file->attempt > OLD_PARTS_MAX ? file->attempt - OLD_PARTS_MAX : 1;
	struct worker_message message = {
		.kind = kind,
		.file_id = file->id,
		.attempt = (uint32_t)file->attempt,
		.oldest_attempt = (uint32_t)oldest,
		.size = kind == WORKER_RECOVER ? (uint64_t)file->size : run->identity.size,
		.directory = file->remote_directory,
		.name = file->remote_name,
		.sha256 = kind == WORKER_RECOVER ? file->sha256 : NULL,
	};
	run->at_worker = true;
	if (!lane_send(run->lane, &message, sp_take_fd(&run->fd)))
		lose_worker(run, false);
}

static void prepare(void *ctx)
{
	struct file_run *run = ctx;
	struct transfer_file *file = &run->file;
	struct objects *objects = engine_of(run)->rooms.objects;
	run->result = file->direction == TRANSFER_SEND
			      ? objects_open_source(objects, file->bucket, file->key, &run->fd,
						    &run->identity, &run->err)
			      : objects_create_staging(objects, file->bucket, file->key, file->id,
						       file->attempt, &run->fd, &run->err);
}

static void prepared(struct file_run *run)
{
	if (catch_up(run))
		return;
	if (run->result != 0)
		fail_with_err(run, run->file.direction == TRANSFER_SEND ? STEP_READ_OBJECT
									: STEP_WRITE_OBJECT);
	else
		give_to_worker(run, run->file.direction == TRANSFER_SEND ? WORKER_SEND
									 : WORKER_RETRIEVE);
}

static void running(struct file_run *run)
{
	if (!catch_up(run))
		run_in_pool(run, prepare, prepared);
}

static void begin(struct file_run *run)
{
	struct transfer_file *file = &run->file;
	int64_t now = sp_now_ms();
	enum failure_step step;
	const struct sp_error *refusal = lane_refusal(run->lane, &step);

	if (now - file->queued_ms > engine_of(run)->options.queue_wait_max_ms) {
		fail(run, STEP_WAIT, SP_TIMEOUT,
		     "Transfer request timeout: it waited in the queue for too long");
	} else if (refusal != NULL) {
		fail(run, step, refusal->code, refusal->message);
	} else {
		file->attempt++;
		file->size = -1;
		file->sha256[0] = '\0';
		if (file->started_ms == 0)
			file->started_ms = now;
		commit(run, FILE_RUNNING, running);
	}
}

static void recover(struct file_run *run)
{
	enum failure_step step;
	const struct sp_error *refusal = lane_refusal(run->lane, &step);
	if (run->file.direction == TRANSFER_RETRIEVE)
		publish_object(run);
	else if (refusal != NULL)
		fail(run, step, refusal->code, refusal->message);
	else
		give_to_worker(run, WORKER_RECOVER);
}

struct file_run *file_run_create(struct lane *lane, struct transfer_file *file)
{
	struct file_run *run = sp_alloc(sizeof(*run));
	run->lane = lane;
	run->file = *file;
	run->fd = -1;
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

static void permitted(struct file_run *run)
{
	if (catch_up(run))
		return;
	struct worker_message message = {
		.kind = WORKER_PERMIT,
		.file_id = run->file.id,
		.attempt = (uint32_t)run->file.attempt,
	};
	if (!lane_send(run->lane, &message, -1))
		lose_worker(run, false);
}

static void check_source(void *ctx)
{
	struct file_run *run = ctx;
	run->result = objects_check_source(engine_of(run)->rooms.objects, run->file.bucket,
					   run->file.key, &run->identity, &run->err);
}

static void cancel_at_worker(struct file_run *run)
{
	struct worker_message message = {
		.kind = WORKER_CANCEL,
		.file_id = run->file.id,
		.attempt = (uint32_t)run->file.attempt,
	};
	lane_send(run->lane, &message, -1);
}

static void source_checked(struct file_run *run)
{
	if (catch_up(run))
		return;
	if (run->result == 0) {
		commit(run, FILE_PUBLISHING, permitted);
		return;
	}
	cancel_at_worker(
		run); /* it removes the part; its answer comes for a run that is over, and is ignored */
	fail_with_err(run, STEP_READ_OBJECT);
}

static void publish(void *ctx)
{
	struct file_run *run = ctx;
	run->result = objects_publish(engine_of(run)->rooms.objects, run->file.bucket,
				      run->file.key, run->file.id, run->file.attempt,
				      (uint64_t)run->file.size, &run->err);
}

static void published(struct file_run *run)
{
	if (run->result == 0)
		complete(run);
	else
		fail_with_err(run, STEP_WRITE_OBJECT);
}

static void publish_object(struct file_run *run)
{
	run_in_pool(run, publish, published);
}

static void sync_staging(void *ctx)
{
	struct file_run *run = ctx;
	run->result =
		objects_sync_staging(engine_of(run)->rooms.objects, run->file.bucket, run->file.id,
				     run->file.attempt, (uint64_t)run->file.size, &run->err);
}

static void staging_synced(struct file_run *run)
{
	if (catch_up(run))
		return;
	if (run->result == 0)
		commit(run, FILE_PUBLISHING, publish_object);
	else
		fail_with_err(run, STEP_WRITE_OBJECT);
}

static bool ready(struct file_run *run, const struct worker_message *message)
{
	struct transfer_file *file = &run->file;
	bool sends = file->direction == TRANSFER_SEND;
	if (file->state != FILE_RUNNING || run->busy || file->size >= 0 ||
	    message->size > INT64_MAX || (sends && message->size != run->identity.size))
		return false;
	file->size = (int64_t)message->size;
	snprintf(file->sha256, sizeof(file->sha256), "%s", message->sha256);
	run->at_worker = sends;
	if (sends)
		run_in_pool(run, check_source, source_checked);
	else
		run_in_pool(run, sync_staging, staging_synced);
	return true;
}

static void note_late_failure(struct file_run *run, const struct worker_message *message)
{
	if (run->late.text != NULL)
		return;
	run->late =
		(struct failure){ .step = (enum failure_step)message->step,
				  .code = (enum sp_code)message->code,
				  .text = sp_strdup(message->text == NULL ? "" : message->text) };
}

bool file_run_message(struct file_run *run, const struct worker_message *message)
{
	if (!run->at_worker || message->attempt != (uint32_t)run->file.attempt)
		return message->kind == WORKER_PROGRESS ||
		       message->kind == WORKER_FILE_FAILED; /* late, and harmless */

	switch (message->kind) {
	case WORKER_READY:
		return message->sha256 != NULL && strlen(message->sha256) == 64 &&
		       ready(run, message);
	case WORKER_PUBLISHED:
		if (run->file.state != FILE_PUBLISHING || run->busy)
			return false;
		complete(run);
		return true;
	case WORKER_FILE_FAILED:
		if (message->step >= FAILURE_STEP_COUNT || message->code == SP_OK)
			return false;
		if (run->busy)
			note_late_failure(run, message);
		else
			fail(run, (enum failure_step)message->step, (enum sp_code)message->code,
			     message->text == NULL ? "" : message->text);
		return true;
	case WORKER_PROGRESS:
		return true;
	default:
		return false;
	}
}

/* ---- losing the worker ------------------------------------------------------------------------------------------------ */

static void lose_worker(struct file_run *run, bool blame)
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
	else if (engine_of(run)->stopping)
		end_run(run); /* the next start finds it */
	else if (publishing)
		lane_need_worker(run->lane);
	else
		requeue(run, blame ? retry_delay_ms(run) : 0);
}

void file_run_worker_lost(struct file_run *run, bool blame)
{
	if (run->busy) {
		run->worker_lost = run->at_worker;
		run->blamed = blame;
	} else if (run->at_worker) {
		lose_worker(run, blame);
	}
}

void file_run_worker_changed(struct file_run *run)
{
	if (!run->busy && !run->at_worker && run->timer == NULL &&
	    run->file.state == FILE_PUBLISHING)
		recover(run);
}

void file_run_stop(struct file_run *run)
{
	if (!run->busy || run->timer != NULL)
		end_run(run);
}

static void staging_removed(struct file_run *run)
{
	end_run(run);
}

void file_run_abandon(struct file_run *run)
{
	run->abandoned = true;
	if (run->busy)
		return;
	loop_cancel_timer(run->timer);
	run->timer = NULL;
	run_in_pool(run, remove_staging, staging_removed);
}
