#include "service/transfer/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/name.h"
#include "base/scope.h"
#include "model/failure.h"
#include "objects/objects.h"
#include "service/transfer/remote_path.h"

void plan_finish(struct plan *plan)
{
	transfer_finish(&plan->transfer);
	for (size_t i = 0; i < plan->count; i++)
		transfer_file_finish(&plan->files[i]);
	plan->count = 0;
}

/* ---- the request as a whole --------------------------------------------------------------------------------------- */

static int check_direction(const json_t *input, enum transfer_direction *out, struct sp_error *err)
{
	bool sends = json_object_get(input, "SendFilePaths") != NULL;
	bool retrieves = json_object_get(input, "RetrieveFilePaths") != NULL;
	if (json_array_size(json_object_get(input, "CustomHttpHeaders")) > 0)
		return sp_fail(err, SP_UNSUPPORTED,
			       "CustomHttpHeaders: they belong to AS2, which is not offered");
	if (sends == retrieves)
		return sp_fail(
			err, SP_INVALID,
			"exactly one of SendFilePaths and RetrieveFilePaths is required, and "
			"%s given",
			sends ? "both are" : "neither is");
	if (retrieves && json_object_get(input, "LocalDirectoryPath") == NULL)
		return sp_fail(err, SP_INVALID,
			       "LocalDirectoryPath: is required with RetrieveFilePaths, it says "
			       "where the files go: /bucket or /bucket/prefix");
	if (retrieves && json_object_get(input, "RemoteDirectoryPath") != NULL)
		return sp_fail(
			err, SP_INVALID,
			"RemoteDirectoryPath: goes with SendFilePaths; RetrieveFilePaths are "
			"whole paths");
	if (sends && json_object_get(input, "LocalDirectoryPath") != NULL)
		return sp_fail(err, SP_INVALID,
			       "LocalDirectoryPath: goes with RetrieveFilePaths; SendFilePaths are "
			       "whole paths");
	*out = sends ? TRANSFER_SEND : TRANSFER_RETRIEVE;
	return 0;
}

static int check_distinct(const char *member, const json_t *paths, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(paths); i++)
		for (size_t j = 0; j < i; j++)
			if (json_equal(json_array_get(paths, i), json_array_get(paths, j)))
				return sp_fail(err, SP_INVALID,
					       "%s[%zu]: the same path is given twice", member, i);
	return 0;
}

/* ---- one file ----------------------------------------------------------------------------------------------------- */

static int plan_send(const struct objects *objects, struct transfer_file *file,
		     const char *remote_directory, enum failure_step *step, struct sp_error *err)
{
	*step = STEP_READ_OBJECT;
	if (objects_split_path(objects, file->path, true, &file->bucket, &file->key, err) != 0)
		return -1;
	file->remote_name = sp_strdup(remote_base_name(file->key));
	if (file->remote_name[0] == '\0')
		return sp_fail(err, SP_INVALID,
			       "cannot use the path \"%s\": it ends in \"/\", so the file would "
			       "have no name at the "
			       "partner",
			       file->path);
	*step = STEP_WRITE_REMOTE;
	return remote_read_directory(remote_directory, &file->remote_directory, err);
}

static int plan_retrieve(const struct objects *objects, struct transfer_file *file,
			 const char *local_directory, enum failure_step *step, struct sp_error *err)
{
	SP_AUTO_FREE char *prefix = NULL;
	*step = STEP_READ_REMOTE;
	if (remote_read_file(file->path, &file->remote_name, err) != 0)
		return -1;
	*step = STEP_WRITE_OBJECT;
	if (objects_split_path(objects, local_directory, false, &file->bucket, &prefix, err) != 0)
		return -1;
	SP_AUTO_BUFFER key = { 0 };
	sp_buffer_format(&key, "%s%s%s", prefix, prefix[0] != '\0' ? "/" : "",
			 remote_base_name(file->remote_name));
	file->key = sp_buffer_take(&key);
	if (objects_check_key(objects, file->bucket, file->key, err) == 0)
		return 0;
	SP_AUTO_FREE char *shown = sp_name_shown(file->key);
	return sp_wrap(err, "cannot store the remote file as \"%s\"", shown);
}

/* What the worker or the daemon would only find out later: the file ends here, with the same code and sentence. */
static void fail_file(struct transfer_file *file, enum failure_step step,
		      const struct sp_error *reason, int64_t now_ms)
{
	file->state = FILE_FAILED;
	file->failure_code = failure_code(step, reason->code);
	file->failure_message = sp_strdup(reason->message);
	file->ended_ms = now_ms;
}

static const char *target_name(const struct transfer_file *file)
{
	return remote_base_name(file->direction == TRANSFER_SEND ? file->remote_name : file->key);
}

/* Two files of one request that end under one name: the later would overwrite the earlier, in any order. */
static int check_targets(const struct plan *plan, const char *member, struct sp_error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct transfer_file *a = &plan->files[j];
			const struct transfer_file *b = &plan->files[i];
			if (a->state == FILE_FAILED || b->state == FILE_FAILED ||
			    strcmp(target_name(a), target_name(b)) != 0)
				continue;
			SP_AUTO_FREE char *shown = sp_name_shown(target_name(b));
			return sp_fail(err, SP_INVALID,
				       "%s[%zu]: it would overwrite %s[%zu], both end as \"%s\" in "
				       "one folder",
				       member, i, member, j, shown);
		}
	}
	return 0;
}

static void plan_file(const struct objects *objects, struct plan *plan, const json_t *input,
		      const char *path, int64_t now_ms)
{
	struct transfer_file *file = &plan->files[plan->count++];
	*file = (struct transfer_file){
		.direction = plan->transfer.direction,
		.path = sp_strdup(path),
		.size = -1,
		.queued_ms = now_ms,
	};
	sp_random_hex(file->id, FILE_ID_SIZE - 1);
	memcpy(file->transfer_id, plan->transfer.id, sizeof(file->transfer_id));
	memcpy(file->connector_id, plan->transfer.connector_id, sizeof(file->connector_id));

	struct sp_error reason = { 0 };
	enum failure_step step;
	int result =
		file->direction == TRANSFER_SEND
			? plan_send(objects, file, sp_json_string(input, "RemoteDirectoryPath"),
				    &step, &reason)
			: plan_retrieve(objects, file, sp_json_string(input, "LocalDirectoryPath"),
					&step, &reason);
	if (result != 0)
		fail_file(file, step, &reason, now_ms);
}

int plan_make(const struct objects *objects, const json_t *input, int64_t now_ms, struct plan *out,
	      struct sp_error *err)
{
	enum transfer_direction direction;
	if (check_direction(input, &direction, err) != 0)
		return -1;
	const char *member = direction == TRANSFER_SEND ? "SendFilePaths" : "RetrieveFilePaths";
	const json_t *paths = json_object_get(input, member);
	if (json_array_size(paths) > TRANSFER_PATHS_MAX)
		return sp_fail(err, SP_INVALID, "%s: at most %d paths fit in a request", member,
			       TRANSFER_PATHS_MAX);
	if (check_distinct(member, paths, err) != 0)
		return -1;

	struct plan plan = { .transfer = {
				     .direction = direction,
				     .created_ms = now_ms,
				     .local_directory =
					     sp_strdup(sp_json_string(input, "LocalDirectoryPath")),
				     .remote_directory = sp_strdup(
					     sp_json_string(input, "RemoteDirectoryPath")),
			     } };
	sp_random_uuid(plan.transfer.id);
	snprintf(plan.transfer.connector_id, sizeof(plan.transfer.connector_id), "%s",
		 sp_json_string(input, "ConnectorId"));
	for (size_t i = 0; i < json_array_size(paths); i++)
		plan_file(objects, &plan, input, json_string_value(json_array_get(paths, i)),
			  now_ms);
	if (check_targets(&plan, member, err) != 0) {
		plan_finish(&plan);
		return -1;
	}
	*out = plan;
	return 0;
}
