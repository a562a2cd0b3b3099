/* Plans of one file: a listing, a move, a deletion. */

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "objects/objects.h"
#include "service/transfer/plan.h"
#include "service/transfer/remote_path.h"

static struct transfer_file *begin(const json_t *input, enum transfer_direction direction,
				   const char *path, int64_t now_ms, struct plan *out)
{
	struct transfer *transfer = &out->transfer;
	struct transfer_file *file = &out->files[0];
	*out = (struct plan){ .count = 1 };
	*transfer = (struct transfer){ .direction = direction, .created_ms = now_ms };
	sp_random_uuid(transfer->id);
	snprintf(transfer->connector_id, sizeof(transfer->connector_id), "%s",
		 sp_json_string(input, "ConnectorId"));
	*file = (struct transfer_file){
		.direction = direction,
		.path = sp_strdup(path),
		.size = -1,
		.queued_ms = now_ms,
	};
	sp_random_hex(file->id, FILE_ID_SIZE - 1);
	memcpy(file->transfer_id, transfer->id, sizeof(file->transfer_id));
	memcpy(file->connector_id, transfer->connector_id, sizeof(file->connector_id));
	return file;
}

/* The names of the input's members are what a sentence begins with. */
static int refuse(struct plan *plan, const char *member, struct sp_error *err)
{
	plan_finish(plan);
	return sp_wrap(err, "%s", member);
}

/* ---- listings --------------------------------------------------------------------------------------------------- */

/* "c-…-<ListingId>.json", under the prefix of OutputDirectoryPath. */
static int name_object(const struct objects *objects, struct plan *plan, const char *output,
		       struct sp_error *err)
{
	struct transfer_file *file = &plan->files[0];
	SP_AUTO_FREE char *prefix = NULL;
	if (objects_split_path(objects, output, false, &file->bucket, &prefix, err) != 0)
		return -1;
	SP_AUTO_BUFFER key = { 0 };
	sp_buffer_format(&key, "%s%s" LISTING_NAME_FORMAT, prefix, prefix[0] != '\0' ? "/" : "",
			 plan->transfer.connector_id, plan->transfer.id);
	file->key = sp_buffer_take(&key);
	return objects_check_key(objects, file->bucket, file->key, err) == 0
		       ? 0
		       : sp_wrap(err, "cannot store a listing under \"%s\"", output);
}

int plan_listing(const struct objects *objects, const json_t *input, int64_t now_ms,
		 struct plan *out, struct sp_error *err)
{
	const char *directory = sp_json_string(input, "RemoteDirectoryPath");
	const char *output = sp_json_string(input, "OutputDirectoryPath");
	struct transfer_file *file = begin(input, TRANSFER_LIST, directory, now_ms, out);
	out->transfer.remote_directory = sp_strdup(directory);
	out->transfer.local_directory = sp_strdup(output);
	file->items_max =
		(int)sp_json_integer(input, "MaxItems", (json_int_t)LISTING_ITEMS_DEFAULT);
	if (remote_read_directory(directory, &file->remote_name, err) != 0)
		return refuse(out, "RemoteDirectoryPath", err);
	return name_object(objects, out, output, err) == 0
		       ? 0
		       : refuse(out, "OutputDirectoryPath", err);
}

/* ---- moves and deletions ---------------------------------------------------------------------------------------- */

int plan_move(const struct objects *objects, const json_t *input, int64_t now_ms, struct plan *out,
	      struct sp_error *err)
{
	(void)objects;
	const char *source = sp_json_string(input, "SourcePath");
	const char *target = sp_json_string(input, "TargetPath");
	struct transfer_file *file = begin(input, TRANSFER_MOVE, source, now_ms, out);
	out->transfer.remote_directory = sp_strdup(target);
	if (remote_read_entry(source, &file->remote_name, err) != 0)
		return refuse(out, "SourcePath", err);
	if (remote_read_entry(target, &file->target_path, err) != 0)
		return refuse(out, "TargetPath", err);
	if (strcmp(file->remote_name, file->target_path) != 0)
		return 0;
	sp_fail(err, SP_INVALID, "is the same as SourcePath: nothing would be moved");
	return refuse(out, "TargetPath", err);
}

int plan_delete(const struct objects *objects, const json_t *input, int64_t now_ms,
		struct plan *out, struct sp_error *err)
{
	(void)objects;
	const char *path = sp_json_string(input, "DeletePath");
	struct transfer_file *file = begin(input, TRANSFER_DELETE, path, now_ms, out);
	return remote_read_entry(path, &file->remote_name, err) == 0
		       ? 0
		       : refuse(out, "DeletePath", err);
}
