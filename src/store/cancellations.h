#pragma once
/**
 * Files that somebody wants to end. What waits in its queue ends in the same commit; of what is under way the wish is
 * noted, and whoever moves it next finds that it may not be published any more (transfers_move_file()).
 */

#include "db/db.h"
#include "model/transfer.h"

enum cancel_outcome {
	CANCEL_DONE,       /* it was QUEUED, and is FAILED now */
	CANCEL_ASKED,      /* it is RUNNING: noted */
	CANCEL_TOO_LATE,   /* it is PUBLISHING: it may have its final name already */
	CANCEL_NOT_NEEDED, /* it had ended */
};

/** @by: who wants it, an access key's id. SP_NOT_FOUND. */
int cancellations_ask(struct db *db, const char *file_id, const char *by, int64_t now_ms,
		      enum cancel_outcome *out, struct sp_error *err);

/** Those that are back in their queues since: they end. @connector_id NULL: of all connectors. */
int cancellations_settle(struct db *db, const char *connector_id, int64_t now_ms,
			 struct sp_error *err);

/** What a cancelled file's failure says; owned by the caller. */
char *cancellation_sentence(const struct transfer_file *file);
