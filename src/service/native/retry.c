/*
 * Trying FAILED files again: as a new transfer, with new files, that says whose it repeats. An id stands for one end, which
 * was told in results, events and receipts; nothing of that is changed afterwards.
 */

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/transfer/start.h"
#include "store/transfer_lists.h"
#include "store/transfers.h"

struct retry {
	const char *transfer_id;
	const struct service_context *context;
	struct transfer transfer;
	struct plan plan;
	int64_t wait_us; /* when it came too early */
	bool queue_is_full;
};

static json_t *failed_paths(struct transfer_file *files, size_t count)
{
	json_t *paths = json_array();
	for (size_t i = 0; i < count; i++) {
		if (files[i].state == FILE_FAILED)
			json_array_append_new(paths, json_string(files[i].path));
		transfer_file_finish(&files[i]);
	}
	return paths;
}

/* What a client would have to ask for. Owned by the caller; NULL with @err. */
static json_t *write_request(struct db *db, const struct transfer *transfer, struct sp_error *err)
{
	struct transfer_file files[TRANSFER_PATHS_MAX];
	size_t count;
	if (transfers_list_files(db, transfer->id, 0, files, TRANSFER_PATHS_MAX, &count, err) != 0)
		return NULL;
	json_t *request = json_pack("{s:s}", "ConnectorId", transfer->connector_id);
	sp_json_set_text(request, "LocalDirectoryPath", transfer->local_directory);
	sp_json_set_text(request, "RemoteDirectoryPath", transfer->remote_directory);
	json_object_set_new(request,
			    transfer->direction == TRANSFER_SEND ? "SendFilePaths"
								 : "RetrieveFilePaths",
			    failed_paths(files, count));
	return request;
}

static int check(struct db *db, const struct transfer *transfer, struct sp_error *err)
{
	char later[TRANSFER_ID_SIZE];
	if (transfers_find_retry(db, transfer->id, later, err) != 0)
		return -1;
	if (later[0] != '\0')
		return sp_fail(
			err, SP_CONFLICT,
			"cannot try transfer \"%s\" again: that was done already, as transfer "
			"\"%s\"",
			transfer->id, later);
	if (transfer->direction != TRANSFER_SEND && transfer->direction != TRANSFER_RETRIEVE)
		return sp_fail(
			err, SP_CONFLICT,
			"cannot try transfer \"%s\" again: what is to be %s is asked for anew",
			transfer->id, transfer_direction_participle(transfer->direction));
	if (transfer->state == TRANSFER_COMPLETED)
		return sp_fail(err, SP_CONFLICT,
			       "cannot try transfer \"%s\" again: none of its files has failed",
			       transfer->id);
	if (transfer->state != TRANSFER_FAILED)
		return sp_fail(err, SP_CONFLICT,
			       "cannot try transfer \"%s\" again: some of its files have not ended",
			       transfer->id);
	return 0;
}

static int write_retry(struct db *db, void *ctx, struct sp_error *err)
{
	struct retry *retry = ctx;
	if (transfers_find(db, NULL, retry->transfer_id, &retry->transfer, err) != 0 ||
	    check(db, &retry->transfer, err) != 0)
		return -1;
	if (!token_table_take(retry->context->start_rate, retry->transfer.connector_id,
			      sp_monotonic_us(), &retry->wait_us))
		return sp_fail(err, SP_LIMIT, "too often");
	SP_AUTO_JSON json_t *request = write_request(db, &retry->transfer, err);
	if (request == NULL ||
	    plan_make(retry->context->objects, request, sp_now_ms(), &retry->plan, err) != 0)
		return -1;
	memcpy(retry->plan.transfer.retry_of, retry->transfer.id,
	       sizeof(retry->plan.transfer.retry_of));
	return start_insert(db, &retry->plan, retry->context, &retry->queue_is_full, err);
}

void native_retry_transfer(struct api_call *call)
{
	struct retry retry = { .transfer_id = sp_json_string(api_input(call), "TransferId") };
	struct sp_error err = { 0 };
	retry.context = answer_context(call);
	const struct transfer *planned = &retry.plan.transfer;
	if (store_write(answer_context(call)->store, write_retry, &retry, &err) == 0) {
		transfer_engine_wake(answer_context(call)->engine, planned->connector_id);
		api_reply(call,
			  json_pack("{s:s, s:s, s:I}", "TransferId", planned->id, "RetryOf",
				    planned->retry_of, "Files", (json_int_t)retry.plan.count));
	} else if (retry.wait_us > 0) {
		answer_too_often(call, retry.transfer.connector_id, retry.wait_us,
				 "quota.start_rate");
	} else if (retry.queue_is_full) {
		api_fail(call, THROTTLING, "%s", err.message);
	} else if (err.code == SP_NOT_FOUND) {
		answer_not_found(call, "Transfer", retry.transfer_id, err.message);
	} else {
		native_error(call, &err);
	}
	plan_finish(&retry.plan);
	transfer_finish(&retry.transfer);
}
