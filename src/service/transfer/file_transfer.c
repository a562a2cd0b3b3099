#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/transfer/answer.h"
#include "service/transfer/operations.h"
#include "service/transfer/start.h"
#include "store/connectors.h"
#include "store/transfers.h"

static json_t *answer(const struct plan *plan, const char *transfer_id)
{
	(void)plan;
	return json_pack("{s:s}", "TransferId", transfer_id);
}

/* Holds no thread while it waits for the disk, so that all who ask meanwhile share the next commit. */
void transfer_start_file_transfer(struct api_call *call)
{
	static const struct start_kind kind = { "transfer StartFileTransfer", plan_make, answer };
	start_plan(call, &kind);
}

/* One page; a transfer has at most TRANSFER_PATHS_MAX files. */
struct results {
	const char *connector_id, *transfer_id;
	int64_t after;
	bool no_transfer;
	struct transfer_file files[TRANSFER_PATHS_MAX + 1];
	size_t room, count;
};

static int read_results(struct db *db, void *ctx, struct sp_error *err)
{
	struct results *results = ctx;
	struct transfer transfer = { 0 };
	if (connectors_check(db, results->connector_id, err) != 0)
		return -1;
	if (transfers_find(db, results->connector_id, results->transfer_id, &transfer, err) != 0) {
		results->no_transfer = err->code == SP_NOT_FOUND;
		return -1;
	}
	results->no_transfer = transfer.direction > TRANSFER_RETRIEVE;
	transfer_finish(&transfer);
	if (results->no_transfer)
		return sp_fail(err, SP_NOT_FOUND,
			       "\"%s\" is no file transfer: what became of listings, moves and "
			       "deletions is told by events and the log",
			       results->transfer_id);
	return transfers_list_files(db, results->transfer_id, results->after, results->files,
				    results->room, &results->count, err);
}

/* A token of one transfer is none of another. Owned by the caller. */
static char *list_name(const char *transfer_id)
{
	SP_AUTO_BUFFER name = { 0 };
	sp_buffer_format(&name, "files of %s", transfer_id);
	return sp_buffer_take(&name);
}

static json_t *result_of(const struct transfer_file *file)
{
	json_t *result = json_pack("{s:s, s:s}", "FilePath", file->path, "StatusCode",
				   file_state_aws_name(file->state));
	sp_json_set_text(result, "FailureCode", file->failure_code);
	sp_json_set_text(result, "FailureMessage", file->failure_message);
	return result;
}

static void answer_results(struct api_call *call, struct results *results, size_t max)
{
	json_t *output = json_object();
	json_t *list = json_array();
	for (size_t i = 0; i < results->count && i < max; i++)
		json_array_append_new(list, result_of(&results->files[i]));
	json_object_set_new(output, "FileTransferResults", list);
	if (results->count > max) {
		SP_AUTO_FREE char *list_of = list_name(results->transfer_id);
		char position[24];
		snprintf(position, sizeof(position), "%" PRId64, results->files[max - 1].position);
		answer_next_token(answer_context(call), output, list_of, position);
	}
	api_reply(call, output);
}

static void answer_no_results(struct api_call *call, const struct results *results,
			      const struct sp_error *err)
{
	if (results->no_transfer)
		answer_not_found(call, "Transfer", results->transfer_id, err->message);
	else if (err->code == SP_NOT_FOUND)
		answer_no_connector(call, results->connector_id);
	else
		answer_error(call, err);
}

/* The one list that has no InvalidNextTokenException. */
void transfer_list_file_transfer_results(struct api_call *call)
{
	const json_t *input = api_input(call);
	const char *transfer_id = sp_json_string(input, "TransferId");
	SP_AUTO_FREE char *list_of = list_name(transfer_id);
	SP_AUTO_FREE char *position = NULL;
	if (answer_page_start(call, list_of, INVALID_REQUEST, &position) != 0)
		return;
	uint64_t after = 0;
	if (position != NULL && !sp_text_to_u64(position, 0, INT64_MAX, &after)) {
		api_fail(call, INVALID_REQUEST,
			 "NextToken: the token is not one that this list gave out: begin without "
			 "one");
		return;
	}
	size_t max = answer_page_size(call);
	struct results results = {
		.connector_id = sp_json_string(input, "ConnectorId"),
		.transfer_id = transfer_id,
		.after = (int64_t)after,
		.room = max < TRANSFER_PATHS_MAX ? max + 1 : TRANSFER_PATHS_MAX + 1,
	};
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_results, &results, &err) == 0)
		answer_results(call, &results, max);
	else
		answer_no_results(call, &results, &err);
	for (size_t i = 0; i < results.count; i++)
		transfer_file_finish(&results.files[i]);
}
