/* Ending files that people do not want to be moved any more. */

#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/native/file_view.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "store/cancellations.h"
#include "store/events.h"
#include "store/transfers.h"

static const struct {
	const char *name, *sentence;
} outcomes[] = {
	[CANCEL_DONE] = { "CANCELLED", "it waited in its queue, and has ended" },
	[CANCEL_ASKED] = { "CANCELLING",
			   "it is under way: the worker is told to stop and to remove its part" },
	[CANCEL_TOO_LATE] = { "TOO_LATE", "it is given its final name just now: that may be done "
					  "already, and cannot be taken back" },
	[CANCEL_NOT_NEEDED] = { "ENDED", "it had ended already" },
};

struct cancel {
	const struct service_context *context;
	const char *transfer_id, *file_id; /* one of the two */
	const char *by;
	int64_t now_ms;
	struct transfer_file files[TRANSFER_PATHS_MAX];
	enum cancel_outcome outcomes[TRANSFER_PATHS_MAX];
	size_t count;
};

static int find_files(struct db *db, struct cancel *cancel, struct sp_error *err)
{
	struct transfer transfer = { 0 };
	if (cancel->file_id != NULL) {
		if (transfers_find_file(db, cancel->file_id, &cancel->files[0], err) != 0)
			return -1;
		cancel->count = 1;
		return 0;
	}
	if (transfers_find(db, NULL, cancel->transfer_id, &transfer, err) != 0)
		return -1;
	transfer_finish(&transfer);
	return transfers_list_files(db, cancel->transfer_id, 0, cancel->files, TRANSFER_PATHS_MAX,
				    &cancel->count, err);
}

static int write_cancel(struct db *db, void *ctx, struct sp_error *err)
{
	struct cancel *cancel = ctx;
	const struct logging logging = service_logging(cancel->context);
	int64_t before;
	if (find_files(db, cancel, err) != 0 || events_last_number(db, &before, err) != 0)
		return -1;
	for (size_t i = 0; i < cancel->count; i++)
		if (cancellations_ask(db, cancel->files[i].id, cancel->by, cancel->now_ms,
				      &cancel->outcomes[i], err) != 0)
			return -1;
	return logging_settle(db, &logging, before, err);
}

static bool did_anything(const struct cancel *cancel)
{
	for (size_t i = 0; i < cancel->count; i++)
		if (cancel->outcomes[i] == CANCEL_DONE || cancel->outcomes[i] == CANCEL_ASKED)
			return true;
	return false;
}

static void tell_engine(struct api_call *call, const struct cancel *cancel)
{
	for (size_t i = 0; i < cancel->count; i++)
		if (cancel->outcomes[i] == CANCEL_ASKED)
			transfer_engine_cancel(answer_context(call)->engine,
					       cancel->files[i].connector_id, cancel->files[i].id,
					       cancel->by, cancel->now_ms);
}

static void refuse(struct api_call *call, const struct cancel *cancel)
{
	size_t too_late = 0;
	while (too_late < cancel->count && cancel->outcomes[too_late] != CANCEL_TOO_LATE)
		too_late++;
	if (too_late < cancel->count)
		api_fail(call, CONFLICT_EXCEPTION, "cannot cancel file \"%s\": %s",
			 cancel->files[too_late].id, outcomes[CANCEL_TOO_LATE].sentence);
	else if (cancel->file_id != NULL)
		api_fail(call, CONFLICT_EXCEPTION, "cannot cancel file \"%s\": it is %s",
			 cancel->file_id, file_state_name(cancel->files[0].state));
	else
		api_fail(call, CONFLICT_EXCEPTION,
			 "cannot cancel transfer \"%s\": all of its files have ended",
			 cancel->transfer_id);
}

static void reply(struct api_call *call, const struct cancel *cancel)
{
	json_t *list = json_array();
	for (size_t i = 0; i < cancel->count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s}", "FileId", cancel->files[i].id,
					"FilePath", cancel->files[i].path, "Outcome",
					outcomes[cancel->outcomes[i]].name, "Sentence",
					outcomes[cancel->outcomes[i]].sentence));
	const char *transfer_id =
		cancel->file_id == NULL ? cancel->transfer_id : cancel->files[0].transfer_id;
	api_reply(call, json_pack("{s:s, s:o}", "TransferId", transfer_id, "Files", list));
}

static void carry_out(struct api_call *call, struct cancel *cancel)
{
	struct sp_error err = { 0 };
	cancel->context = answer_context(call);
	cancel->by = api_access_key_id(call);
	cancel->now_ms = sp_now_ms();
	int result = store_write(answer_context(call)->store, write_cancel, cancel, &err);
	if (result == 0)
		tell_engine(call, cancel);
	if (result == 0 && did_anything(cancel))
		reply(call, cancel);
	else if (result == 0)
		refuse(call, cancel);
	else if (err.code == SP_NOT_FOUND && cancel->file_id != NULL)
		answer_not_found(call, "File", cancel->file_id, err.message);
	else if (err.code == SP_NOT_FOUND)
		answer_not_found(call, "Transfer", cancel->transfer_id, err.message);
	else
		native_error(call, &err);
	for (size_t i = 0; i < cancel->count; i++)
		transfer_file_finish(&cancel->files[i]);
}

void native_cancel_transfer(struct api_call *call)
{
	struct cancel cancel = { .transfer_id = sp_json_string(api_input(call), "TransferId") };
	carry_out(call, &cancel);
}

void native_cancel_file(struct api_call *call)
{
	struct cancel cancel = { .file_id = sp_json_string(api_input(call), "FileId") };
	carry_out(call, &cancel);
}
