#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/secret.h"
#include "store/events.h"
#include "store/servers.h"
#include "store/transfers.h"
#include "transfer/file_inside.h"
#include "transfer/permission.h"

enum {
	COMMIT_RETRY_MS = 1000,
	OLD_PARTS_MAX = 8, /* parts of so many earlier tries are cleaned up */
};

void file_over(struct file_run *run)
{
	loop_cancel_timer(run->timer);
	loop_cancel_timer(run->deadline);
	object_way_finish(&run->way);
	free(run->late.text);
	free(run->limit.text);
	free(run->connection);
	free(run->free_name);
	free(run->access_role);
	sp_secret_free(run->put.url);
	urls_end(run);
	resume_end(run);
	run->owner->ended(run->owner->ctx, run);
	transfer_file_finish(&run->file);
	free(run);
}

static void came_back(void *ctx)
{
	struct file_run *run = ctx;
	run->busy = false;
	run->after(run);
}

void file_in_pool_long(struct file_run *run, loop_fn *work, void (*after)(struct file_run *run))
{
	struct ground *ground = run->owner->ground;
	size_t storage;
	run->busy = true;
	run->after = after;
	if (objects_storage_of(ground->rooms.objects, run->file.bucket, &storage))
		ground_run_storage(ground, storage, work, came_back, run);
	else
		ground_run_long(ground, work, came_back, run);
}

void file_in_pool(struct file_run *run, loop_fn *work, void (*after)(struct file_run *run))
{
	/* Storage is asked over a network: nobody else waits for that. */
	if (objects_is_remote(run->owner->ground->rooms.objects, run->file.bucket)) {
		file_in_pool_long(run, work, after);
		return;
	}
	run->busy = true;
	run->after = after;
	ground_run(run->owner->ground, work, came_back, run);
}

int file_check_permission(struct file_run *run, const char *key)
{
	const struct transfer_file *file = &run->file;
	bool sends = file->direction == TRANSFER_SEND;
	const struct permission permission = { run->owner->ground, file->connector_id,
					       run->access_role };
	run->err_step = sends ? STEP_READ_OBJECT : STEP_WRITE_OBJECT;
	return permission_check_object(&permission, sends ? "s3:GetObject" : "s3:PutObject",
				       file->bucket, key, &run->err_step, &run->err);
}

static void remove_staging(void *ctx)
{
	struct file_run *run = ctx;
	objects_remove_staging(run->owner->ground->rooms.objects, run->file.bucket, run->file.id);
}

void file_clear_away(struct file_run *run)
{
	if (transfer_makes_object(run->file.direction) && run->file.attempt > 0)
		file_in_pool(run, remove_staging, file_over);
	else
		file_over(run);
}

uint32_t file_oldest_part(const struct transfer_file *file)
{
	return file->attempt > OLD_PARTS_MAX ? (uint32_t)(file->attempt - OLD_PARTS_MAX) : 1;
}

struct worker_message file_message(struct file_run *run, enum worker_kind kind)
{
	struct transfer_file *file = &run->file;
	return (struct worker_message){
		.kind = kind,
		.file_id = file->id,
		.attempt = (uint32_t)file->attempt,
		.oldest_attempt = file_oldest_part(file),
		.part_attempt = (uint32_t)file->part_attempt,
		.resume_at = (uint64_t)file->watermark,
		.resume_state = file->resume_state,
		.source_size = run->remote_size,
		.source_mtime = run->remote_mtime,
		.source_kind = run->remote_kind,
		.recovers = file->state == FILE_PUBLISHING,
		.items_max = (uint32_t)file->items_max,
		.size = kind == WORKER_RECOVER ? (uint64_t)file->size : run->identity.size,
		.directory = file->remote_directory,
		.name = file->remote_name,
		.sha256 = kind == WORKER_RECOVER ? file->sha256 : NULL,
		.final_name =
			file->direction == TRANSFER_MOVE ? file->target_path : file->published_name,
		.replaces = file->replaces,
		.conflict = file->publishing.conflict,
		.upload_mode = file->publishing.upload,
		.staging = file->publishing.staging,
		.temp_pattern = file->publishing.temp_pattern,
		.url = run->way.url,
		.etag = run->identity.etag,
		.part = run->way.parts,
	};
}

/* Its answer comes for a run that is over, and is ignored. */
void file_cancel_at_worker(struct file_run *run)
{
	struct worker_message message = file_message(run, WORKER_CANCEL);
	if (run->at_worker)
		run->owner->send(run->owner->ctx, &message, -1);
}

static int write_end(struct db *db, const struct file_run *run, struct sp_error *err)
{
	const struct logging logging = ground_logging(run->owner->ground);
	int64_t before;
	if (events_last_number(db, &before, err) != 0 ||
	    transfers_move_file(db, &run->file, run->from, err) != 0)
		return -1;
	return logging_settle(db, &logging, before, err);
}

static int write_step(struct db *db, const struct file_run *run, struct sp_error *err)
{
	if (run->from == run->file.state)
		return transfers_note_intent(db, &run->file, err);
	if (run->file.state == FILE_COMPLETED || run->file.state == FILE_FAILED)
		return write_end(db, run, err);
	if (transfers_move_file(db, &run->file, run->from, err) != 0)
		return -1;
	return run->notes_publishing ? transfers_note_publishing(db, &run->file, err) : 0;
}

static int write_move(struct db *db, void *ctx, struct sp_error *err)
{
	const struct file_run *run = ctx;
	const struct transfer_file *file = &run->file;
	if (write_step(db, run, err) != 0)
		return -1;
	return file->connection == NULL || run->connection == NULL
		       ? 0
		       : servers_put_connection(db, file->connection, file->connector_id,
						run->connection, err);
}

static void written(void *ctx, int result, const struct sp_error *err);

static void write_again(void *ctx)
{
	struct file_run *run = ctx;
	run->timer = NULL;
	ground_commit(run->owner->ground, write_move, written, run);
}

static void written(void *ctx, int result, const struct sp_error *err)
{
	struct file_run *run = ctx;
	if (result == 0) {
		sp_log(SP_LOG_DEBUG, "file %s of transfer %s is %s, was %s, attempt %d",
		       run->file.id, run->file.transfer_id, file_state_name(run->file.state),
		       file_state_name(run->from), run->file.attempt);
		run->busy = run->notes_publishing = false;
		free(sp_take_pointer(&run->connection));
		run->after(run);
		return;
	}
	if (err->code == SP_CANCELLED) {
		/* Whose wish that is comes in a moment, unless it is here already: file_run_cancel(). */
		if (run->from != FILE_PUBLISHING)
			run->file.publishing_ms = 0; /* it never was */
		run->file.state = run->from;
		run->busy = false;
		run->catch_up(run);
		return;
	}
	if (err->code == SP_CONFLICT || err->code == SP_NOT_FOUND) {
		/* The row is no longer what it was when it was read: its connector was deleted. */
		run->busy = false;
		file_cancel_at_worker(run);
		file_clear_away(run);
		return;
	}
	sp_log(SP_LOG_ERROR, "could not record file %s as %s, trying again: %s", run->file.id,
	       file_state_name(run->file.state), err->message);
	if (run->owner->ground->stopping) {
		run->busy = false;
		file_over(run);
		return;
	}
	run->timer =
		loop_add_timer(run->owner->ground->rooms.loop, COMMIT_RETRY_MS, write_again, run);
}

void file_commit(struct file_run *run, enum file_state to, void (*after)(struct file_run *run))
{
	run->from = run->file.state;
	run->file.state = to;
	if (to == FILE_PUBLISHING && run->from != to)
		run->file.publishing_ms = sp_now_ms();
	run->busy = true;
	run->after = after;
	ground_commit(run->owner->ground, write_move, written, run);
}

void file_commit_intent(struct file_run *run, void (*after)(struct file_run *run))
{
	file_commit(run, run->file.state, after);
}
