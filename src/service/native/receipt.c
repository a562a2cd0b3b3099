/* What became of a file, and what is known of the server that it went to. */

#include <string.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/scope.h"
#include "service/native/operations.h"
#include "service/transfer/answer.h"
#include "store/connectors.h"
#include "store/servers.h"
#include "store/transfers.h"

static void set_time(json_t *out, const char *name, int64_t time_ms)
{
	char text[SP_ISO_TIME_SIZE];
	if (time_ms <= 0)
		return;
	sp_time_to_iso(time_ms, text);
	sp_json_set_text(out, name, text);
}

/* Bytes, by the one rule that carries names through JSON. NULL leaves it out. */
static void set_name(json_t *out, const char *name, const char *bytes)
{
	SP_AUTO_FREE char *text = bytes == NULL ? NULL : sp_name_escape(bytes);
	sp_json_set_text(out, name, text);
}

/* ---- one file --------------------------------------------------------------------------------------------------- */

struct receipt {
	const char *file_id;
	struct transfer_file file;
	char *connection; /* JSON; NULL: not known */
};

static int read_receipt(struct db *db, void *ctx, struct sp_error *err)
{
	struct receipt *receipt = ctx;
	if (transfers_find_file(db, receipt->file_id, &receipt->file, err) != 0)
		return -1;
	return receipt->file.connection == NULL
		       ? 0
		       : servers_find_connection(db, receipt->file.connection, &receipt->connection,
						 err);
}

static json_t *summary_of(const struct transfer_file *file)
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

static json_t *receipt_of(const struct receipt *receipt)
{
	const struct transfer_file *file = &receipt->file;
	json_t *out = summary_of(file);
	sp_json_set_text(out, "TransferId", file->transfer_id);
	sp_json_set_text(out, "ConnectorId", file->connector_id);
	sp_json_set_text(out, "Direction", transfer_direction_name(file->direction));
	add_places(out, file);
	set_time(out, "Queued", file->queued_ms);
	set_time(out, "Started", file->started_ms);
	set_time(out, "Ended", file->ended_ms);
	add_bytes(out, file);
	add_end(out, file);
	json_t *connection = NULL;
	if (receipt->connection != NULL &&
	    sp_json_parse(receipt->connection, strlen(receipt->connection), &connection, NULL) == 0)
		json_object_set_new(out, "Connection", connection);
	return out;
}

void native_get_receipt(struct api_call *call)
{
	struct receipt receipt = { .file_id = sp_json_string(api_input(call), "FileId") };
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_receipt, &receipt, &err) == 0)
		api_reply(call, receipt_of(&receipt));
	else if (err.code == SP_NOT_FOUND)
		answer_not_found(call, "File", receipt.file_id, err.message);
	else
		answer_error(call, &err);
	transfer_file_finish(&receipt.file);
	free(receipt.connection);
}

/* ---- the files of a transfer ------------------------------------------------------------------------------------ */

struct files {
	const char *connector_id, *transfer_id;
	struct transfer transfer;
	struct transfer_file files[TRANSFER_PATHS_MAX];
	size_t count;
};

static int read_files(struct db *db, void *ctx, struct sp_error *err)
{
	struct files *files = ctx;
	if (transfers_find(db, files->connector_id, files->transfer_id, &files->transfer, err) != 0)
		return -1;
	return transfers_list_files(db, files->transfer_id, 0, files->files, TRANSFER_PATHS_MAX,
				    &files->count, err);
}

static json_t *transfer_of(const struct files *files)
{
	const struct transfer *transfer = &files->transfer;
	json_t *list = json_array();
	for (size_t i = 0; i < files->count; i++)
		json_array_append_new(list, summary_of(&files->files[i]));
	json_t *out = json_pack("{s:s, s:s, s:s}", "TransferId", transfer->id, "ConnectorId",
				transfer->connector_id, "Direction",
				transfer_direction_name(transfer->direction));
	set_time(out, "Created", transfer->created_ms);
	sp_json_set_text(out, "LocalDirectoryPath", transfer->local_directory);
	sp_json_set_text(out, "RemoteDirectoryPath", transfer->remote_directory);
	json_object_set_new(out, "Files", list);
	return out;
}

void native_get_transfer(struct api_call *call)
{
	const json_t *input = api_input(call);
	struct files files = { .connector_id = sp_json_string(input, "ConnectorId"),
			       .transfer_id = sp_json_string(input, "TransferId") };
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_files, &files, &err) == 0)
		api_reply(call, transfer_of(&files));
	else if (err.code == SP_NOT_FOUND)
		answer_not_found(call, "Transfer", files.transfer_id, err.message);
	else
		answer_error(call, &err);
	for (size_t i = 0; i < files.count; i++)
		transfer_file_finish(&files.files[i]);
	transfer_finish(&files.transfer);
}

/* ---- a connector's server --------------------------------------------------------------------------------------- */

struct about {
	const char *connector_id;
	struct known_server server;
	int64_t confirmed, inferred;
};

static int read_about(struct db *db, void *ctx, struct sp_error *err)
{
	struct about *about = ctx;
	if (connectors_check(db, about->connector_id, err) != 0 ||
	    servers_find(db, about->connector_id, &about->server, err) != 0)
		return -1;
	return servers_count_ambiguous(db, about->connector_id, &about->confirmed, &about->inferred,
				       err);
}

static json_t *words_of(const char *text)
{
	json_t *list = json_array();
	SP_AUTO_FREE char *copy = sp_strdup(text);
	char *rest = copy, *word;
	while ((word = strsep(&rest, " ")) != NULL)
		json_array_append_new(list, json_string(word));
	return list;
}

static json_t *server_of(const struct about *about)
{
	json_t *out = json_pack("{s:s, s:{s:I, s:I}}", "ConnectorId", about->connector_id,
				"AmbiguousPublishes", "Confirmed", (json_int_t)about->confirmed,
				"Inferred", (json_int_t)about->inferred);
	sp_json_set_text(out, "Banner", about->server.banner);
	sp_json_set_text(out, "HostKeyFingerprint", about->server.host_key);
	set_time(out, "Learnt", about->server.learnt_ms);
	json_object_set_new(out, "Features", words_of(about->server.features));
	return out;
}

void native_get_server(struct api_call *call)
{
	struct about about = { .connector_id = sp_json_string(api_input(call), "ConnectorId") };
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_about, &about, &err) == 0)
		api_reply(call, server_of(&about));
	else if (err.code == SP_NOT_FOUND)
		answer_no_connector(call, about.connector_id);
	else
		answer_error(call, &err);
	known_server_finish(&about.server);
}
