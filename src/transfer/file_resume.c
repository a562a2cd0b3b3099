/*
 * Going on with what an earlier attempt left. The worker tells marks (a number of bytes that are safe at the other side,
 * and the hash's state there); the newest is kept with the file, together with what the source was. The next attempt
 * keeps the part when the source is still that; everything else begins anew. A part that ever had a permit is not
 * written again: it is forgotten here.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "store/transfers.h"
#include "transfer/file_inside.h"

enum { IDENTITY_MAX = 160 + STORAGE_ETAG_SIZE, BOOT_ID_SIZE = 37 };

/* What the page cache has is as good as written until the machine starts anew. "" when the kernel does not tell. */
static void read_boot_id(char out[BOOT_ID_SIZE])
{
	SP_AUTO_FD fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd == -1 ? -1 : read(fd, out, BOOT_ID_SIZE - 1);
	out[got < 0 ? 0 : got] = '\0';
}

static void object_text(const struct object_identity *identity, char out[IDENTITY_MAX])
{
	snprintf(out, IDENTITY_MAX,
		 "object %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "%s%s",
		 identity->size, identity->device, identity->inode, identity->mtime_ns,
		 identity->ctime_ns, identity->etag[0] != '\0' ? " " : "", identity->etag);
}

static void remote_text(uint64_t size, uint64_t mtime, char out[IDENTITY_MAX])
{
	char boot_id[BOOT_ID_SIZE];
	read_boot_id(boot_id);
	snprintf(out, IDENTITY_MAX, "remote %" PRIu64 " %" PRIu64 " %s", size, mtime, boot_id);
}

static bool parse_remote(const char *text, uint64_t *out_size, uint64_t *out_mtime)
{
	char now[IDENTITY_MAX];
	if (text == NULL || sscanf(text, "remote %" SCNu64 " %" SCNu64, out_size, out_mtime) != 2)
		return false;
	remote_text(*out_size, *out_mtime, now);
	return strcmp(now, text) == 0; /* and not from before the machine started */
}

/* ---- whether to go on ------------------------------------------------------------------------------------------ */

void resume_forget(struct file_run *run)
{
	struct transfer_file *file = &run->file;
	file->watermark = 0;
	free(sp_take_pointer(&file->resume_state));
	free(sp_take_pointer(&file->source_identity));
}

static void begin_anew(struct file_run *run)
{
	resume_forget(run);
	run->file.part_attempt = run->file.attempt;
}

static bool has_mark(const struct transfer_file *file)
{
	return file->watermark > 0 && file->part_attempt > 0 && file->resume_state != NULL &&
	       file->source_identity != NULL;
}

int resume_prepare(struct file_run *run, struct sp_error *err)
{
	struct transfer_file *file = &run->file;
	struct objects *objects = run->owner->ground->rooms.objects;
	if (file->direction == TRANSFER_SEND) {
		char now[IDENTITY_MAX];
		if (objects_open_source(objects, file->bucket, file->key, &run->way, &run->identity,
					err) != 0)
			return -1;
		object_text(&run->identity, now);
		if (!has_mark(file) || strcmp(now, file->source_identity) != 0)
			begin_anew(run);
		return 0;
	}
	if (has_mark(file) &&
	    parse_remote(file->source_identity, &run->remote_size, &run->remote_mtime)) {
		struct sp_error why = { 0 };
		if (objects_open_staging(objects, file->bucket, file->id, file->part_attempt,
					 (uint64_t)file->watermark, &run->way, &why) == 0)
			return 0;
		/* What was moved is not given up because storage has a bad moment: a later attempt may find it. */
		if (why.code != SP_NOT_FOUND && why.code != SP_CHANGED &&
		    failure_is_transient(STEP_WRITE_OBJECT, why.code)) {
			*err = why;
			return -1;
		}
	}
	begin_anew(run);
	return objects_create_staging(objects, file->bucket, file->key, file->id,
				      file->part_attempt, &run->way, err);
}

void resume_begin(struct file_run *run)
{
	run->moved_before = run->file.bytes_moved;
	run->went_on_at = (uint64_t)run->file.watermark;
	bool sends = run->file.direction == TRANSFER_SEND;
	uint64_t size = sends ? run->identity.size : run->remote_size;
	progress_begin(run->owner->ground->board, &run->file, run->file.watermark,
		       sends || size > 0 ? (int64_t)size : -1);
	if (run->went_on_at > 0)
		sp_log(SP_LOG_INFO, "%s \"%s\" goes on behind byte %" PRIu64,
		       run->file.connector_id, run->file.path, run->went_on_at);
}

void resume_progress(struct file_run *run, uint64_t done)
{
	run->bytes_done = done;
	progress_note(run->owner->ground->board, run->file.id, (int64_t)done);
	if (done > run->went_on_at)
		run->file.bytes_moved = run->moved_before + (int64_t)(done - run->went_on_at);
}

/* ---- marks ------------------------------------------------------------------------------------------------------ */

/* On its way to the store; what came meanwhile goes with the next one. */
struct mark_note {
	struct file_run *run;      /* NULL: it is over */
	struct transfer_file file; /* what is noted of it; texts owned */
};

static int write_note(struct db *db, void *ctx, struct sp_error *err)
{
	const struct mark_note *note = ctx;
	return transfers_note_watermark(db, &note->file, err);
}

static void send_note(struct file_run *run);

static void note_written(void *ctx, int result, const struct sp_error *err)
{
	struct mark_note *note = ctx;
	struct file_run *run = note->run;
	if (result != 0)
		sp_log(SP_LOG_WARNING, "%s", err->message);
	free(note->file.resume_state);
	free(note->file.source_identity);
	free(note);
	if (run == NULL)
		return;
	run->note = NULL;
	if (run->has_newer_mark)
		send_note(run);
}

static void send_note(struct file_run *run)
{
	const struct transfer_file *file = &run->file;
	struct mark_note *note = run->note = sp_alloc(sizeof(*note));
	note->run = run;
	note->file = (struct transfer_file){
		.attempt = file->attempt,
		.part_attempt = file->part_attempt,
		.watermark = file->watermark,
		.bytes_moved = file->bytes_moved,
		.resume_state = sp_strdup(file->resume_state),
		.source_identity = sp_strdup(file->source_identity),
	};
	memcpy(note->file.id, file->id, sizeof(note->file.id));
	run->has_newer_mark = false;
	ground_commit(run->owner->ground, write_note, note_written, note);
}

bool resume_note(struct file_run *run, const struct worker_message *message)
{
	struct transfer_file *file = &run->file;
	char identity[IDENTITY_MAX];
	if (file->state != FILE_RUNNING || message->size > INT64_MAX ||
	    file->direction > TRANSFER_RETRIEVE || message->resume_state == NULL)
		return false;
	if (file->direction == TRANSFER_SEND)
		object_text(&run->identity, identity);
	else
		remote_text(message->source_size, message->source_mtime, identity);
	if (file->direction == TRANSFER_RETRIEVE && message->source_size <= INT64_MAX)
		progress_note_size(run->owner->ground->board, file->id,
				   (int64_t)message->source_size);
	resume_forget(run);
	file->part_attempt = (int)message->part_attempt;
	file->watermark = (int64_t)message->size;
	file->resume_state = sp_strdup(message->resume_state);
	file->source_identity = sp_strdup(identity);
	resume_progress(run, message->size);
	if (run->note == NULL)
		send_note(run);
	else
		run->has_newer_mark = true;
	return true;
}

void resume_end(struct file_run *run)
{
	if (run->note != NULL)
		run->note->run = NULL;
	run->note = NULL;
	progress_end(run->owner->ground->board, run->file.id);
}
