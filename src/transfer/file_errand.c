/*
 * MOVE and DELETE: no bytes. What the worker found is committed together with PUBLISHING, before the permit: whoever
 * asks after it later knows that it may have been done, and to what.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/scope.h"
#include "transfer/file_inside.h"

enum { IDENTITY_MAX = 64 };

static const char *const kind_names[FOUND_KIND_COUNT] = {
	[FOUND_UNKNOWN] = "unknown",
	[FOUND_FILE] = "file",
	[FOUND_DIRECTORY] = "directory",
};

void errand_begin(struct file_run *run)
{
	char name[IDENTITY_MAX];
	uint64_t size, mtime;
	const char *kept = run->file.source_identity;
	run->remote_kind = FOUND_UNKNOWN;
	run->remote_size = run->remote_mtime = 0;
	if (run->file.state != FILE_PUBLISHING || kept == NULL ||
	    sscanf(kept, "found %15s %" SCNu64 " %" SCNu64, name, &size, &mtime) != 3)
		return;
	for (int kind = FOUND_UNKNOWN; kind < FOUND_KIND_COUNT; kind++)
		if (strcmp(kind_names[kind], name) == 0)
			run->remote_kind = (enum found_kind)kind;
	run->remote_size = size;
	run->remote_mtime = mtime;
}

bool errand_found(struct file_run *run, const struct worker_message *message)
{
	struct transfer_file *file = &run->file;
	char identity[IDENTITY_MAX];
	if (!transfer_is_errand(file->direction) || file->state != FILE_RUNNING || run->busy ||
	    message->source_kind == FOUND_UNKNOWN)
		return false;
	snprintf(identity, sizeof(identity), "found %s %" PRIu64 " %" PRIu64,
		 kind_names[message->source_kind], message->source_size, message->source_mtime);
	free(file->source_identity);
	file->source_identity = sp_strdup(identity);
	publish_note_connection(run, message);
	file_commit(run, FILE_PUBLISHING, publish_permit);
	return true;
}

bool errand_done(struct file_run *run, const struct worker_message *message)
{
	struct transfer_file *file = &run->file;
	enum publish_outcome outcome = (enum publish_outcome)message->outcome;
	if (!transfer_is_errand(file->direction) || file->state != FILE_PUBLISHING || run->busy ||
	    outcome == PUBLISH_RENAMED || outcome == PUBLISH_WRITTEN)
		return false;
	if (outcome == PUBLISH_INFERRED)
		sp_log(SP_LOG_WARNING,
		       "%s \"%s\": what was to be %s is not there any more, and nobody saw where "
		       "it went",
		       file->connector_id, file->path,
		       transfer_direction_participle(file->direction));
	file->outcome = outcome;
	file->size = 0; /* nothing was carried */
	publish_note_connection(run, message);
	file_complete(run);
	return true;
}
