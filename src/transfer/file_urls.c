/*
 * URLs for a worker whose bytes are at storage. It asks for them while the file is RUNNING: of the source again, when the
 * one it has is too old, or of the next parts of what it uploads. They are signed in the pool, where the credentials are
 * read, and an upload is begun there before the first ones.
 */

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/secret.h"
#include "transfer/file_inside.h"

/* On its way to the pool and back; the run may be over meanwhile. */
struct url_request {
	struct file_run *run; /* NULL: it is over */
	struct objects *objects;
	bool sends, keeps_both;
	char *bucket, *key; /* owned */
	char file_id[FILE_ID_SIZE];
	int part_attempt;
	uint32_t attempt, part;
	char *urls; /* owned, wiped */
	int result;
	struct sp_error err;
};

/* An upload gets the name that it is begun with: one that is free, where both are to be kept. */
static char *choose_key(const struct url_request *request)
{
	if (!request->keeps_both ||
	    !objects_is_taken(request->objects, request->bucket, request->key, request->file_id))
		return sp_strdup(request->key);
	for (unsigned number = KEEP_BOTH_FIRST; number <= KEEP_BOTH_LAST; number++) {
		SP_AUTO_FREE char *key = keep_both_name(request->key, number);
		if (key == NULL)
			break;
		if (!objects_is_taken(request->objects, request->bucket, key, request->file_id))
			return sp_take_pointer(&key);
	}
	return sp_strdup(request->key);
}

static void sign(void *ctx)
{
	struct url_request *request = ctx;
	struct objects *objects = request->objects;
	if (request->sends) {
		request->result = objects_source_url(objects, request->bucket, request->key,
						     &request->urls, &request->err);
		return;
	}
	SP_AUTO_FREE char *key = objects_staging_key(objects, request->bucket, request->file_id,
						     request->part_attempt);
	if (key == NULL)
		key = choose_key(request);
	request->result = objects_part_urls(objects, request->bucket, key, request->file_id,
					    request->part_attempt, request->part, OBJECT_URLS_MAX,
					    &request->urls, &request->err);
}

static void finish(struct url_request *request)
{
	sp_secret_free(request->urls);
	free(request->bucket);
	free(request->key);
	free(request);
}

static void is_signed(void *ctx)
{
	struct url_request *request = ctx;
	struct file_run *run = request->run;
	if (run != NULL) {
		run->urls = NULL;
		struct worker_message message = {
			.kind = WORKER_URLS,
			.file_id = run->file.id,
			.attempt = request->attempt,
			.part = request->part,
			.url = request->urls,
			.code = request->result == 0 ? SP_OK : request->err.code,
			.text = request->result == 0 ? NULL : request->err.message,
		};
		/* Without a worker nobody waits for them. */
		if (run->at_worker)
			run->owner->send(run->owner->ctx, &message, -1);
	}
	finish(request);
}

bool urls_asked(struct file_run *run, const struct worker_message *message)
{
	const struct transfer_file *file = &run->file;
	struct objects *objects = run->owner->ground->rooms.objects;
	bool sends = file->direction == TRANSFER_SEND;
	size_t storage;
	if (run->urls != NULL)
		return true; /* whoever asks next gets these */
	if (file->state != FILE_RUNNING || run->busy || file->size >= 0 ||
	    !objects_storage_of(objects, file->bucket, &storage) || sends != (message->part == 0) ||
	    !(sends || transfer_makes_object(file->direction)))
		return false;
	struct url_request *request = run->urls = sp_alloc(sizeof(*request));
	*request = (struct url_request){
		.run = run,
		.objects = objects,
		.sends = sends,
		.keeps_both = file->publishing.conflict == CONFLICT_KEEP_BOTH,
		.bucket = sp_strdup(file->bucket),
		.key = sp_strdup(file->key),
		.part_attempt = file->part_attempt,
		.attempt = (uint32_t)file->attempt,
		.part = message->part,
	};
	memcpy(request->file_id, file->id, sizeof(request->file_id));
	ground_run_storage(run->owner->ground, storage, sign, is_signed, request);
	return true;
}

void urls_end(struct file_run *run)
{
	if (run->urls != NULL)
		run->urls->run = NULL;
	run->urls = NULL;
}
