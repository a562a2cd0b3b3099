/* One file: what is known of it, how far it is, and what happened to it. */

#include "base/scope.h"
#include "service/native/file_view.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "store/servers.h"
#include "store/transfers.h"

struct look {
	const char *file_id;
	struct transfer_file file;
	struct attempt attempts[ATTEMPTS_KEPT];
	size_t attempt_count;
	char *connection; /* JSON; NULL: not known */
};

static int read_file(struct db *db, void *ctx, struct sp_error *err)
{
	struct look *look = ctx;
	if (transfers_find_file(db, look->file_id, &look->file, err) != 0 ||
	    attempts_list(db, look->file.position, look->attempts, &look->attempt_count, err) != 0)
		return -1;
	return look->file.connection == NULL
		       ? 0
		       : servers_find_connection(db, look->file.connection, &look->connection, err);
}

static json_t *file_of(const struct look *look, struct progress_board *board)
{
	json_t *out = file_view_receipt(&look->file, look->connection);
	struct progress progress;
	if (progress_find(board, look->file.id, &progress))
		json_object_set_new(out, "Progress", file_view_progress(&progress));
	if (look->file.state == FILE_QUEUED)
		native_set_time(out, "NotBefore", look->file.not_before_ms);
	native_set_time(out, "Cancelled", look->file.cancelled_ms);
	sp_json_set_text(out, "CancelledBy", look->file.cancelled_by);
	json_object_set_new(out, "Timeline",
			    file_view_timeline(&look->file, look->attempts, look->attempt_count));
	return out;
}

void native_get_file(struct api_call *call)
{
	struct look look = { .file_id = sp_json_string(api_input(call), "FileId") };
	struct progress_board *board = transfer_engine_progress(answer_context(call)->engine);
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_file, &look, &err) == 0)
		api_reply(call, file_of(&look, board));
	else if (err.code == SP_NOT_FOUND)
		answer_not_found(call, "File", look.file_id, err.message);
	else
		native_error(call, &err);
	for (size_t i = 0; i < look.attempt_count; i++)
		free(look.attempts[i].reason);
	transfer_file_finish(&look.file);
	free(look.connection);
}
