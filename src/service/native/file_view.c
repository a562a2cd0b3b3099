#include "service/native/file_view.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"
#include "service/native/request.h"

/* Bytes, by the one rule that carries names through JSON. NULL leaves it out. */
static void set_name(json_t *out, const char *name, const char *bytes)
{
	SP_AUTO_FREE char *text = bytes == NULL ? NULL : sp_name_escape(bytes);
	sp_json_set_text(out, name, text);
}

json_t *file_view_summary(const struct transfer_file *file)
{
	json_t *out = json_pack("{s:s, s:s, s:s}", "FileId", file->id, "FilePath", file->path,
				"StatusCode", file_state_aws_name(file->state));
	sp_json_set_text(out, "FailureCode", file->failure_code);
	sp_json_set_text(out, "FailureMessage", file->failure_message);
	return out;
}

static void add_places(json_t *out, const struct transfer_file *file)
{
	sp_json_set_text(out, "Bucket", file->bucket);
	set_name(out, "Key", file->key);
	set_name(out, "RemoteDirectory", file->remote_directory);
	set_name(out, "RemoteName", file->remote_name);
	set_name(out, "TargetPath", file->target_path);
	set_name(out, "PublishedName", file->published_name);
}

static void add_bytes(json_t *out, const struct transfer_file *file)
{
	if (file->size >= 0)
		json_object_set_new(out, "Size", json_integer(file->size));
	if (file->sha256[0] != '\0')
		sp_json_set_text(out, "Sha256", file->sha256);
	if (file->direction == TRANSFER_LIST && file->size >= 0) {
		json_object_set_new(out, "Items", json_integer(file->items));
		json_object_set_new(out, "Truncated", json_boolean(file->truncated));
	}
	json_object_set_new(out, "BytesMoved", json_integer(file->bytes_moved));
	json_object_set_new(out, "Attempts", json_integer(file->attempt));
}

static void add_end(json_t *out, const struct transfer_file *file)
{
	if (file->attempt > 0 && !transfer_is_errand(file->direction)) {
		sp_json_set_text(out, "OnConflict",
				 conflict_policy_name(file->publishing.conflict));
		if (file->direction == TRANSFER_SEND)
			sp_json_set_text(out, "Upload", upload_mode_name(file->publishing.upload));
	}
	if (file->state == FILE_COMPLETED) {
		if (!transfer_is_errand(file->direction))
			sp_json_set_text(out, "Verification",
					 verification_name(file->verification));
		sp_json_set_text(out, "Outcome", publish_outcome_name(file->outcome));
	}
	if (file->state == FILE_FAILED)
		json_object_set_new(out, "MayHaveLeftPart", json_boolean(file->leaves_part));
}

static void add_whose(json_t *out, const struct transfer_file *file)
{
	sp_json_set_text(out, "TransferId", file->transfer_id);
	sp_json_set_text(out, "ConnectorId", file->connector_id);
	sp_json_set_text(out, "Direction", transfer_direction_name(file->direction));
}

static void add_times(json_t *out, const struct transfer_file *file)
{
	native_set_time(out, "Queued", file->queued_ms);
	native_set_time(out, "Started", file->started_ms);
	native_set_time(out, "Ended", file->ended_ms);
}

json_t *file_view_receipt(const struct transfer_file *file, const char *connection_text)
{
	json_t *out = file_view_summary(file);
	add_whose(out, file);
	add_places(out, file);
	add_times(out, file);
	add_bytes(out, file);
	add_end(out, file);
	json_t *connection = NULL;
	if (connection_text != NULL &&
	    sp_json_parse(connection_text, strlen(connection_text), &connection, NULL) == 0)
		json_object_set_new(out, "Connection", connection);
	return out;
}

json_t *file_view_event(const struct transfer_file *file)
{
	json_t *out = file_view_summary(file);
	sp_json_set_text(out, "State", file_state_name(file->state));
	add_whose(out, file);
	add_times(out, file);
	add_bytes(out, file);
	return out;
}

json_t *file_view_progress(const struct progress *progress)
{
	json_t *out = json_pack("{s:I, s:I, s:I}", "BytesDone", (json_int_t)progress->bytes_done,
				"BytesPerSecond", (json_int_t)progress->rate, "Attempt",
				(json_int_t)progress->attempt);
	if (progress->size >= 0)
		json_object_set_new(out, "Size", json_integer(progress->size));
	if (progress->eta_ms >= 0)
		json_object_set_new(out, "SecondsLeft",
				    json_integer((progress->eta_ms + 999) / 1000));
	return out;
}

/* ---- the timeline --------------------------------------------------------------------------------------------- */

static void add_moment(json_t *list, int64_t time_ms, const char *state, int attempt,
		       const char *sentence)
{
	if (time_ms <= 0)
		return;
	json_t *moment = json_object();
	native_set_time(moment, "Time", time_ms);
	sp_json_set_text(moment, "State", state);
	if (attempt > 0)
		json_object_set_new(moment, "Attempt", json_integer(attempt));
	sp_json_set_text(moment, "Sentence", sentence);
	json_array_append_new(list, moment);
}

static void add_earlier(json_t *list, const struct attempt *attempts, size_t count)
{
	if (count > 0 && attempts[0].number > 1) {
		char sentence[96];
		snprintf(sentence, sizeof(sentence),
			 "attempts before number %d ended, too, and are not kept",
			 attempts[0].number);
		add_moment(list, attempts[0].began_ms, "QUEUED", 0, sentence);
	}
	for (size_t i = 0; i < count; i++) {
		add_moment(list, attempts[i].began_ms, "RUNNING", attempts[i].number,
			   "an attempt began");
		add_moment(list, attempts[i].ended_ms, "QUEUED", attempts[i].number,
			   attempts[i].reason);
	}
}

static void add_present(json_t *list, const struct transfer_file *file)
{
	if (file->state != FILE_QUEUED)
		add_moment(list, file->attempt_ms, "RUNNING", file->attempt, "an attempt began");
	add_moment(list, file->state == FILE_QUEUED ? 0 : file->publishing_ms, "PUBLISHING",
		   file->attempt, "all bytes are there; it is given its name");
	if (file->cancelled_ms > 0)
		add_moment(list, file->cancelled_ms, file_state_name(file->state), 0,
			   "it was asked to end");
	if (file->state == FILE_COMPLETED)
		add_moment(list, file->ended_ms, "COMPLETED", file->attempt, "it has its name");
	if (file->state == FILE_FAILED)
		add_moment(list, file->ended_ms, "FAILED", file->attempt, file->failure_message);
}

json_t *file_view_timeline(const struct transfer_file *file, const struct attempt *attempts,
			   size_t count)
{
	json_t *list = json_array();
	add_moment(list, file->queued_ms, "QUEUED", 0, "it was accepted");
	add_earlier(list, attempts, count);
	add_present(list, file);
	return list;
}
