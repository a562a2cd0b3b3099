#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/request_token.h"
#include "service/transfer/answer.h"
#include "service/transfer/operations.h"
#include "service/transfer/plan.h"
#include "store/connectors.h"
#include "store/transfers.h"

/* A request on its way to the store. */
struct start {
	struct api_call *call;
	struct plan plan;
	struct request_try this_try;
	char made_before[NETWORK_ID_SIZE]; /* by an earlier try; "" */
	bool queue_is_full;
};

static int insert(struct db *db, void *ctx, struct sp_error *err)
{
	struct start *start = ctx;
	const char *connector_id = start->plan.transfer.connector_id;
	int64_t pending = 0;
	if (request_try_look_up(db, &start->this_try, start->made_before, err) != 0)
		return -1;
	if (start->made_before[0] != '\0')
		return 0;
	if (connectors_check_active(db, connector_id, err) != 0 ||
	    transfers_count_pending(db, connector_id, &pending, err) != 0)
		return -1;
	int64_t most = answer_context(start->call)->queued_files_max;
	start->queue_is_full = pending + (int64_t)start->plan.count > most;
	if (start->queue_is_full)
		return sp_fail(err, SP_LIMIT,
			       "the queue of connector \"%s\" is full: %" PRId64
			       " files are waiting, and at most %" PRId64
			       " may (quota.queued_files)",
			       connector_id, pending, most);
	if (transfers_insert(db, &start->plan.transfer, start->plan.files, start->plan.count,
			     err) != 0)
		return -1;
	return request_try_note(db, &start->this_try, start->plan.transfer.id, err);
}

/* On the writer's thread, once it is on disk. The engine is woken before the answer: as long as a call has none, the
 * rooms are there. */
static void inserted(void *ctx, int result, const struct sp_error *err)
{
	struct start *start = ctx;
	const struct transfer *transfer = &start->plan.transfer;
	if (result == 0 && start->made_before[0] != '\0') {
		api_reply(start->call, json_pack("{s:s}", "TransferId", start->made_before));
	} else if (result == 0) {
		transfer_engine_wake(answer_context(start->call)->engine, transfer->connector_id);
		api_reply(start->call, json_pack("{s:s}", "TransferId", transfer->id));
	} else if (start->queue_is_full) {
		api_fail(start->call, THROTTLING, "%s", err->message);
	} else if (err->code == SP_NOT_FOUND) {
		answer_no_connector(start->call, transfer->connector_id);
	} else {
		answer_error(start->call, err);
	}
	plan_finish(&start->plan);
	free(start);
}

/* Holds no thread while it waits for the disk, so that all who ask meanwhile share the next commit. */
void transfer_start_file_transfer(struct api_call *call)
{
	struct start *start = sp_alloc(sizeof(*start));
	struct sp_error err = { 0 };
	start->call = call;
	if (plan_make(api_input(call), sp_now_ms(), &start->plan, &err) != 0) {
		free(start);
		answer_error(call, &err);
		return;
	}
	request_try_begin(call, "transfer StartFileTransfer", answer_context(call)->retry_window_ms,
			  &start->this_try);
	store_submit(answer_context(call)->store, insert, start, inserted, start);
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
	transfer_finish(&transfer);
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
