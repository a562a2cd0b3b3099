#include "worker/file.h"

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "remote/download.h"
#include "remote/upload.h"
#include "worker/aside.h"
#include "worker/errand.h"
#include "worker/help.h"
#include "worker/list.h"
#include "worker/publish.h"
#include "worker/resume.h"
#include "worker/verify.h"

enum {
	PROGRESS_MS = 500,
	CLEANUP_MS = 5000, /* the longest silence while a part is put out of the way */
};

/* ---- endings --------------------------------------------------------------------------------------------------- */

static void tell_published(struct task *task, enum publish_outcome outcome)
{
	bool seen = outcome != PUBLISH_INFERRED;
	task_tell(task, &(struct worker_message){
				.kind = WORKER_PUBLISHED,
				.request = task->connection->request,
				.outcome = outcome,
				.replaces = task->leaves_aside,
				.verification = seen ? task->verification : VERIFIED_INFERRED,
			});
}

/* The sentences of the SFTP engine know names, but not whose; and when the connection is dead, not who was in between. */
static void tell_failed(struct task *task)
{
	struct connection *connection = task->connection;
	const char *host = connection->configuration->host;
	bool remote = task->step != STEP_READ_OBJECT && task->step != STEP_WRITE_OBJECT;
	if (remote && connection_lives(connection))
		sp_wrap(&task->err, "at %s", host);
	else if (remote)
		sp_wrap(&task->err, "at %s (%s)", host, connection->place);
	connection_tell_failed(connection, connection->schedule.current->letter->file, task->order,
			       task->step, &task->err);
}

static void remove_quietly(struct task *task, const char *path, int64_t idle_ms)
{
	struct remote_patience patience = connection_patience(task->connection, false);
	if (patience.idle_ms > idle_ms)
		patience.idle_ms = idle_ms;
	struct sp_error ignored = { 0 };
	remote_remove(task->connection->remote, path, &patience, &ignored);
}

/* What was to be written over, and never was, stays. */
static void remove_part(struct task *task)
{
	if (connection_lives(task->connection) && (!task->direct || task->made_final))
		remove_quietly(task, task->part_path, CLEANUP_MS);
}

/* ---- moving the bytes ------------------------------------------------------------------------------------------ */

/* Tells the daemon how far it is, but not too often. */
struct progress {
	int64_t told_ms;
	uint64_t told;
};

static void tell_progress(struct task *task, struct progress *progress, uint64_t done)
{
	int64_t now = sp_monotonic_ms();
	if (done == progress->told || now - progress->told_ms < PROGRESS_MS)
		return;
	progress->told_ms = now;
	progress->told = done;
	task_tell(task, &(struct worker_message){ .kind = WORKER_PROGRESS, .size = done });
}

/* They leave at once, whatever becomes of our own connection. */
static void wait_for_helpers(struct task *task, struct help *help)
{
	connection_wait(task->connection);
	bell_hear(&help->bell);
}

static int run_upload(struct task *task, struct feed *feed, struct upload *upload,
		      struct help *help)
{
	struct progress progress = { .told_ms = sp_monotonic_ms() };
	for (;;) {
		bell_hear(&help->bell);
		enum job_state state = upload_step(upload, &task->step, &task->err);
		if (state != JOB_WORKING)
			return state == JOB_DONE ? 0 : -1;
		tell_progress(task, &progress, upload_progress(upload));
		if (!task->direct)
			resume_tell(task, feed, upload_watermark(upload), 0, 0);
		if (task_wait_for_more(task) != 0)
			return -1;
	}
}

/* What the remote file is, by which it can be known again. */
struct identity {
	bool is_known;
	uint64_t size, mtime;
};

static struct identity identity_of(const struct download *download)
{
	struct identity is = { 0 };
	is.is_known = download_identity(download, &is.size, &is.mtime);
	return is;
}

/* A sink's marks are written and hashed: all of them can be told. */
static void tell_written(struct task *task, struct feed *feed, struct identity is)
{
	if (is.is_known)
		resume_tell(task, feed, UINT64_MAX, is.size, is.mtime);
}

/* Once it is known what the file is. */
static void call_for_readers(struct task *task, struct help *help, struct download *download)
{
	uint64_t size, mtime;
	if (help->crew != NULL || !download_identity(download, &size, &mtime))
		return;
	uint64_t progress = download_progress(download);
	uint64_t done = progress - task->order->resume_at;
	if (!help_comes_in_time(help, task->connection, done, size - progress))
		return;
	const struct crew_task fetching = { .path = task->final_path,
					    .size = size,
					    .mtime = mtime };
	help_call(help, task->connection, &fetching);
	download_lend_to(download, help->crew);
}

/* A hint for whoever stores it. */
static void expect_size(struct feed *feed, const struct download *download, bool *told)
{
	uint64_t size, mtime;
	if (*told || !download_identity(download, &size, &mtime))
		return;
	*told = true;
	feed_expect(feed, size);
}

/* Storage may be far slower than the server was: what it keeps meanwhile need not come again. */
static int flush_object(struct task *task, struct feed *feed, struct identity is)
{
	int result;
	do {
		result = task_flush_turn(task, feed);
		tell_written(task, feed, is);
	} while (result == 0);
	return result == 1 ? 0 : -1;
}

static int run_download(struct task *task, struct feed *feed, struct download *download,
			struct help *help)
{
	struct progress progress = { .told_ms = sp_monotonic_ms() };
	bool told = false;
	for (;;) {
		bell_hear(&help->bell);
		call_for_readers(task, help, download);
		expect_size(feed, download, &told);
		enum job_state state = download_step(download, &task->step, &task->err);
		if (state != JOB_WORKING)
			return state == JOB_DONE ? 0 : -1;
		tell_progress(task, &progress, download_progress(download));
		tell_written(task, feed, identity_of(download));
		if (task_wait_for_more(task) != 0)
			return -1;
	}
}

/* ---- SEND ------------------------------------------------------------------------------------------------------ */

/* What attempts before @end left, but for @kept. That one cannot be removed is no reason not to go on: @out_why. */
static int remove_parts(struct task *task, uint32_t end, uint32_t kept, struct sp_error *out_why)
{
	uint32_t part = task->order->part_attempt, first = task->order->oldest_attempt;
	if (part != 0 && part < first)
		first = part;
	for (uint32_t attempt = first; attempt != 0 && attempt < end; attempt++) {
		if (attempt == kept)
			continue;
		SP_AUTO_FREE char *path = task_part_path(task->order, attempt);
		struct remote_patience patience = connection_patience(task->connection, true);
		struct sp_error reason = { 0 };
		if (remote_remove(task->connection->remote, path, &patience, &reason) == 0)
			continue;
		if (connection_cancelled(task->connection))
			return task_fail_cancelled(task);
		if (!connection_lives(task->connection)) {
			task->err = reason;
			return -1;
		}
		if (reason.code != SP_NOT_FOUND)
			*out_why = reason;
	}
	return 0;
}

static int send_bytes(struct task *task, int fd, uint64_t *out_size,
		      char out_sha256[SP_SHA256_HEX_SIZE])
{
	SP_AUTO_FD source_fd = fd;
	bool goes_on;
	struct feed_mark from;
	task->step = STEP_WRITE_REMOTE;
	if (resume_part(task, source_fd, &goes_on, &from) != 0)
		return -1;
	struct feed *feed =
		task_open_feed(task, FEED_SOURCE, sp_take_fd(&source_fd), goes_on ? &from : NULL);
	if (feed == NULL)
		return -1;
	struct block_source source = feed_source(feed);
	struct upload_plan plan = { .part_path = task->part_path,
				    .size = task->order->size,
				    .offset = goes_on ? from.offset : 0,
				    .overwrites = task->direct };
	struct help help = { 0 };
	const struct crew_task sending = { .sends = true,
					   .path = task->part_path,
					   .size = plan.size };
	if (!task->direct && connection_may_stripe(task->connection) &&
	    help_is_worth_while(task->connection, plan.size - plan.offset))
		help_call(&help, task->connection, &sending);
	plan.crew = help.crew;
	struct upload *upload = upload_start(task->connection->remote, &plan, &source);
	int result = run_upload(task, feed, upload, &help);
	while (!upload_recall(upload))
		wait_for_helpers(task, &help);
	task->made_final = task->direct && upload_has_file(upload);
	if (result == 0)
		task->verification = task->direct              ? VERIFIED_DIRECT
				     : upload_saw_size(upload) ? VERIFIED_SIZE
							       : VERIFIED_ACKNOWLEDGED;
	upload_destroy(upload);
	help_end(&help);
	if (result == 0)
		feed_sum(feed, out_size, out_sha256);
	feed_close(feed);
	return result;
}

static int send_file(struct task *task, int fd)
{
	SP_AUTO_FD source = fd;
	uint32_t kept = task->order->resume_at > 0 ? task->order->part_attempt : 0;
	struct sp_error ignored = { 0 };
	if (publish_check_name(task) != 0 ||
	    (!task->direct && remove_parts(task, task->order->attempt, kept, &ignored) != 0))
		return -1;
	task->step = STEP_WRITE_REMOTE;
	uint64_t size;
	char sha256[SP_SHA256_HEX_SIZE];
	if (send_bytes(task, sp_take_fd(&source), &size, sha256) != 0 ||
	    verify_remote(task, task->part_path, size, sha256) != 0) {
		/* A part is gone on with, also when it was a helper's connection that was lost, or a channel. */
		if (task->err.code != SP_CLOSED && task->err.code != SP_TIMEOUT)
			remove_part(task);
		return -1;
	}
	if (task->old_part_path != NULL)
		remove_quietly(task, task->old_part_path, CLEANUP_MS);
	task_tell_ready(task, size, sha256);
	task->step = STEP_RENAME_REMOTE;
	if (task_wait_for_permit(task) != 0) {
		/* It may have been given just now: then the part belongs to whoever finds that out. */
		if (task->err.code == SP_CANCELLED)
			remove_part(task);
		return -1;
	}
	/* With the permit the part is only renamed or looked at: a part that is gone counts as published. When it
	 * may be removed the daemon says, once it has committed that the file FAILED. */
	enum publish_outcome outcome;
	if (publish_part(task, &outcome) != 0)
		return -1;
	tell_published(task, outcome);
	return 0;
}

/* ---- RETRIEVE -------------------------------------------------------------------------------------------------- */

static int retrieve_file(struct task *task, int fd)
{
	task->step = STEP_WRITE_OBJECT;
	struct feed_mark from;
	bool goes_on = resume_mark(task->order, &from);
	struct feed *feed = task_open_feed(task, FEED_SINK, fd, goes_on ? &from : NULL);
	if (feed == NULL)
		return -1;
	task->step = STEP_READ_REMOTE;
	struct block_sink sink = feed_sink(feed);
	struct download_plan plan = { .path = task->final_path,
				      .offset = goes_on ? from.offset : 0,
				      .size = task->order->source_size,
				      .mtime = task->order->source_mtime };
	struct download *download = download_start(task->connection->remote, &plan, &sink);
	struct help help = { 0 };
	int result = run_download(task, feed, download, &help);
	while (!download_recall(download))
		wait_for_helpers(task, &help);
	task->verification = download_saw_size(download) ? VERIFIED_SIZE : VERIFIED_ACKNOWLEDGED;
	const struct identity is = identity_of(download);
	download_destroy(download);
	help_end(&help);
	if (result == 0) {
		task->step = STEP_WRITE_OBJECT;
		result = flush_object(task, feed, is);
	}
	uint64_t size = 0;
	char sha256[SP_SHA256_HEX_SIZE];
	if (result == 0)
		feed_sum(feed, &size, sha256);
	task->holds = result == 0 && feed_is_held(feed);
	if (!task->holds)
		feed_close(sp_take_pointer(&feed)); /* before the daemon publishes */
	if (result == 0)
		result = verify_remote(task, task->final_path, size, sha256);
	if (result == 0)
		task_tell_ready(task, size, sha256);
	if (result == 0 && task->holds) {
		task->step = STEP_WRITE_OBJECT;
		result = task_put_object(task, feed);
	}
	feed_close(feed);
	return result;
}

/* ---- RECOVER --------------------------------------------------------------------------------------------------- */

static int recover_file(struct task *task, int fd)
{
	(void)fd; /* it brings none */
	enum publish_outcome outcome;
	if (publish_recover(task, &outcome) != 0)
		return -1;
	tell_published(task, outcome);
	return 0;
}

/* ---- REMOVE ---------------------------------------------------------------------------------------------------- */

static int remove_file(struct task *task, int fd)
{
	(void)fd; /* it brings none */
	task->step = STEP_WRITE_REMOTE;
	struct sp_error why = { 0 };
	if (aside_clear(task) != 0) {
		if (!connection_lives(task->connection))
			return -1;
		why = task->err;
	}
	if (remove_parts(task, task->order->attempt + 1, 0, &why) != 0)
		return -1;
	task->err = why;
	if (why.code != SP_OK)
		return -1;
	task_tell(task, &(struct worker_message){ .kind = WORKER_REMOVED });
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static const struct {
	enum worker_kind kind;
	int (*run)(struct task *task, int fd); /* @fd is taken */
} works[] = {
	{ WORKER_SEND, send_file },       { WORKER_RETRIEVE, retrieve_file },
	{ WORKER_RECOVER, recover_file }, { WORKER_REMOVE, remove_file },
	{ WORKER_LIST, list_directory },  { WORKER_MOVE, errand_run },
	{ WORKER_DELETE, errand_run },
};

bool file_is_work(enum worker_kind kind)
{
	for (size_t i = 0; i < SP_COUNT_OF(works); i++)
		if (works[i].kind == kind)
			return true;
	return false;
}

void file_work(struct connection *connection, struct letter *letter)
{
	const struct worker_message *order = &letter->message;
	struct task task = {
		.connection = connection,
		.order = order,
		.part_attempt = order->part_attempt,
		.final_path =
			task_path(order->directory,
				  order->final_name != NULL ? order->final_name : order->name),
		.direct = order->upload_mode == UPLOAD_DIRECT,
		.replaces = order->replaces != 0,
	};
	task.part_path = task.direct ? sp_strdup(task.final_path)
				     : task_part_path(order, order->part_attempt);
	for (size_t i = 0; i < SP_COUNT_OF(works); i++)
		if (works[i].kind == order->kind &&
		    works[i].run(&task, sp_take_fd(&letter->fd)) != 0)
			tell_failed(&task);
	free(task.part_path);
	free(task.old_part_path);
	free(task.final_path);
}
