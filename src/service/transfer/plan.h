#pragma once
/** Within service/transfer/ and service/native/: from the input of the Start… calls to the rows that are kept. Pure.
 * @objects says what each bucket takes as a key; NULL: what folders take. */

#include "base/json.h"
#include "model/transfer.h"
#include "objects/objects.h"

/* Of a connector and a listing: what its object is called. */
#define LISTING_NAME_FORMAT "%s-%s.json"

struct plan {
	struct transfer transfer;
	struct transfer_file files[TRANSFER_PATHS_MAX];
	size_t count;
};

/**
 * A request that makes no sense as a whole is refused (SP_INVALID, SP_UNSUPPORTED). A path that cannot be used is a
 * file that has FAILED, with its sentence: its neighbours go on.
 */
int plan_make(const struct objects *objects, const json_t *input, int64_t now_ms, struct plan *out,
	      struct sp_error *err);

/**
 * StartDirectoryListing, StartRemoteMove, StartRemoteDelete: one file each. Its path is all there is to such a request,
 * so one that cannot be used is refused (SP_INVALID).
 */
int plan_listing(const struct objects *objects, const json_t *input, int64_t now_ms,
		 struct plan *out, struct sp_error *err);
int plan_move(const struct objects *objects, const json_t *input, int64_t now_ms, struct plan *out,
	      struct sp_error *err);
int plan_delete(const struct objects *objects, const json_t *input, int64_t now_ms,
		struct plan *out, struct sp_error *err);

void plan_finish(struct plan *plan);
