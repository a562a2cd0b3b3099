/* Transfers: over all connectors, with filters; and one of them. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "service/native/file_view.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/page_token.h"
#include "store/transfer_lists.h"
#include "store/transfers.h"

static void add_transfer(json_t *out, const struct transfer *transfer)
{
	sp_json_set_text(out, "TransferId", transfer->id);
	sp_json_set_text(out, "ConnectorId", transfer->connector_id);
	sp_json_set_text(out, "Direction", transfer_direction_name(transfer->direction));
	sp_json_set_text(out, "State", transfer_state_name(transfer->state));
	native_set_time(out, "Created", transfer->created_ms);
	sp_json_set_text(out, "LocalDirectoryPath", transfer->local_directory);
	sp_json_set_text(out, "RemoteDirectoryPath", transfer->remote_directory);
	if (transfer->retry_of[0] != '\0')
		sp_json_set_text(out, "RetryOf", transfer->retry_of);
}

static json_t *counts_of(const struct transfer_counts *counts)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "Files", (json_int_t)counts->files, "Queued",
		(json_int_t)counts->queued, "InProgress", (json_int_t)counts->in_progress,
		"Completed", (json_int_t)counts->completed, "Failed", (json_int_t)counts->failed,
		"Bytes", (json_int_t)counts->bytes, "BytesMoved", (json_int_t)counts->bytes_moved);
}

/* ---- a list ---------------------------------------------------------------------------------------------------- */

struct page {
	struct transfer_filter filter;
	enum transfer_state state;
	enum transfer_direction direction;
	struct transfer_position after;
	bool has_after;
	struct transfer_list list;
	struct transfer_counts *counts;
};

static int read_page(struct db *db, void *ctx, struct sp_error *err)
{
	struct page *page = ctx;
	if (transfers_list(db, &page->filter, page->has_after ? &page->after : NULL, &page->list,
			   err) != 0)
		return -1;
	for (size_t i = 0; i < page->list.count; i++)
		if (transfers_count_files(db, page->list.transfers[i].id, &page->counts[i], err) !=
		    0)
			return -1;
	return 0;
}

/* -1 when the call was answered. */
static int read_filter(struct api_call *call, struct page *page)
{
	const json_t *input = api_input(call);
	struct transfer_filter *filter = &page->filter;
	const char *state = sp_json_string(input, "State");
	const char *direction = sp_json_string(input, "Direction");
	if (native_check_connector(call) != 0 ||
	    native_read_time(call, "Since", 0, &filter->since_ms) != 0 ||
	    native_read_time(call, "Until", INT64_MAX, &filter->until_ms) != 0)
		return -1;
	filter->connector_id = sp_json_string(input, "ConnectorId");
	filter->path = sp_json_string(input, "PathContains");
	if (state != NULL && transfer_state_find(state, &page->state))
		filter->state = &page->state;
	if (direction != NULL && transfer_direction_find(direction, &page->direction))
		filter->direction = &page->direction;
	return 0;
}

static void read_position(const char *text, struct page *page)
{
	page->has_after = text != NULL && sscanf(text, "%" SCNd64 " %36s", &page->after.created_ms,
						 page->after.id) == 2;
}

static void reply(struct api_call *call, const struct page *page, const char *list_of)
{
	json_t *output = json_object(), *list = json_array();
	for (size_t i = 0; i < page->list.count; i++) {
		json_t *transfer = json_object();
		add_transfer(transfer, &page->list.transfers[i]);
		json_object_set_new(transfer, "Counts", counts_of(&page->counts[i]));
		json_array_append_new(list, transfer);
	}
	json_object_set_new(output, "Transfers", list);
	if (page->list.more) {
		char position[64];
		snprintf(position, sizeof(position), "%" PRId64 " %s", page->list.last.created_ms,
			 page->list.last.id);
		answer_next_token(answer_context(call), output, list_of, position);
	}
	api_reply(call, output);
}

void native_list_transfers(struct api_call *call)
{
	struct page page = { .list.max = answer_page_size(call) };
	if (read_filter(call, &page) != 0)
		return;
	SP_AUTO_FREE char *list_of = page_token_list_of("transfers", api_input(call));
	SP_AUTO_FREE char *position = NULL;
	if (answer_page_start(call, list_of, INVALID_REQUEST, &position) != 0)
		return;
	read_position(position, &page);
	SP_AUTO_FREE struct transfer *transfers = sp_alloc(page.list.max * sizeof(*transfers));
	SP_AUTO_FREE struct transfer_counts *counts = sp_alloc(page.list.max * sizeof(*counts));
	page.list.transfers = transfers;
	page.counts = counts;

	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_page, &page, &err) == 0)
		reply(call, &page, list_of);
	else
		native_error(call, &err);
	for (size_t i = 0; i < page.list.count; i++)
		transfer_finish(&transfers[i]);
}

/* ---- one of them ----------------------------------------------------------------------------------------------- */

struct files {
	const char *connector_id, *transfer_id;
	struct transfer transfer;
	struct transfer_counts counts;
	char retried_by[TRANSFER_ID_SIZE];
	struct transfer_file files[TRANSFER_PATHS_MAX];
	size_t count;
};

static int read_files(struct db *db, void *ctx, struct sp_error *err)
{
	struct files *files = ctx;
	if (transfers_find(db, files->connector_id, files->transfer_id, &files->transfer, err) !=
		    0 ||
	    transfers_count_files(db, files->transfer_id, &files->counts, err) != 0 ||
	    transfers_find_retry(db, files->transfer_id, files->retried_by, err) != 0)
		return -1;
	return transfers_list_files(db, files->transfer_id, 0, files->files, TRANSFER_PATHS_MAX,
				    &files->count, err);
}

static json_t *transfer_of(const struct files *files, struct progress_board *board)
{
	json_t *out = json_object(), *list = json_array();
	struct progress progress;
	for (size_t i = 0; i < files->count; i++) {
		json_t *file = file_view_summary(&files->files[i]);
		if (files->files[i].size >= 0)
			json_object_set_new(file, "Size", json_integer(files->files[i].size));
		if (progress_find(board, files->files[i].id, &progress))
			json_object_set_new(file, "Progress", file_view_progress(&progress));
		json_array_append_new(list, file);
	}
	add_transfer(out, &files->transfer);
	if (files->retried_by[0] != '\0')
		sp_json_set_text(out, "RetriedBy", files->retried_by);
	json_object_set_new(out, "Counts", counts_of(&files->counts));
	json_object_set_new(out, "Files", list);
	return out;
}

void native_get_transfer(struct api_call *call)
{
	if (native_check_connector(call) != 0)
		return;
	const json_t *input = api_input(call);
	struct files files = { .connector_id = sp_json_string(input, "ConnectorId"),
			       .transfer_id = sp_json_string(input, "TransferId") };
	struct progress_board *board = transfer_engine_progress(answer_context(call)->engine);
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_files, &files, &err) == 0)
		api_reply(call, transfer_of(&files, board));
	else if (err.code == SP_NOT_FOUND)
		answer_not_found(call, "Transfer", files.transfer_id, err.message);
	else
		native_error(call, &err);
	for (size_t i = 0; i < files.count; i++)
		transfer_file_finish(&files.files[i]);
	transfer_finish(&files.transfer);
}
