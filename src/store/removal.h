#pragma once
/**
 * What nobody will ask for any more is taken away in pieces, so that no write is long: transfers whose time is over, and
 * what connectors have left that were deleted.
 */

#include "db/db.h"
#include "model/transfer.h"

enum { REMOVAL_FILES_MAX = 256 /* of one piece; and as many transfers or connections */ };

/** Where the walk over old transfers is. All zero: at its beginning. */
struct removal_walk {
	int64_t created_ms;
	char transfer_id[TRANSFER_ID_SIZE];
};

/**
 * One piece of what deleted connectors have left: what had not ended FAILS with its event, then all go; the last one takes the connector's row.
 * @out_more  there is still something
 */
int removal_of_deleted(struct db *db, int64_t now_ms, bool *out_more, struct sp_error *err);

/**
 * One piece of the transfers all of whose files ended at or before @before_ms, with the connections that no other file
 * names. One stays as long as something of it may lie at its partner (store/parts_left.h).
 *
 * @walk      goes on behind what was looked at
 * @out_count transfers that were removed
 * @out_more  the walk is not at its end
 */
int removal_of_old(struct db *db, int64_t before_ms, struct removal_walk *walk, size_t *out_count,
		   bool *out_more, struct sp_error *err);
