/* StartDirectoryListing, StartRemoteMove, StartRemoteDelete: through the same queue as files. */

#include "base/buffer.h"
#include "service/transfer/operations.h"
#include "service/transfer/start.h"

static json_t *answer_listing(const struct plan *plan, const char *listing_id)
{
	SP_AUTO_BUFFER name = { 0 };
	sp_buffer_format(&name, LISTING_NAME_FORMAT, plan->transfer.connector_id, listing_id);
	return json_pack("{s:s, s:s}", "ListingId", listing_id, "OutputFileName",
			 sp_buffer_text(&name));
}

void transfer_start_directory_listing(struct api_call *call)
{
	static const struct start_kind kind = { "transfer StartDirectoryListing", plan_listing,
						answer_listing };
	start_plan(call, &kind);
}

static json_t *answer_move(const struct plan *plan, const char *move_id)
{
	(void)plan;
	return json_pack("{s:s}", "MoveId", move_id);
}

void transfer_start_remote_move(struct api_call *call)
{
	static const struct start_kind kind = { "transfer StartRemoteMove", plan_move,
						answer_move };
	start_plan(call, &kind);
}

static json_t *answer_delete(const struct plan *plan, const char *delete_id)
{
	(void)plan;
	return json_pack("{s:s}", "DeleteId", delete_id);
}

void transfer_start_remote_delete(struct api_call *call)
{
	static const struct start_kind kind = { "transfer StartRemoteDelete", plan_delete,
						answer_delete };
	start_plan(call, &kind);
}
