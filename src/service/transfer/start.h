#pragma once
/** Within service/transfer/ and service/native/: what a request wants is planned, comes into the connector's queue, and is answered. */

#include "api/call.h"
#include "db/db.h"
#include "service/context.h"
#include "service/transfer/plan.h"

struct start_kind {
	const char *operation; /* "transfer StartFileTransfer": for request_token.h */
	int (*plan)(const struct objects *objects, const json_t *input, int64_t now_ms,
		    struct plan *out, struct sp_error *err);
	/** The output. @transfer_id: the plan's, or that of an earlier try of the same request. */
	json_t *(*answer)(const struct plan *plan, const char *transfer_id);
};

/**
 * Answers once it is kept, and the engine was woken; or fails: it makes no sense, there is no such connector, it is not
 * active, or its queue is full. Holds no thread while it waits for the disk, so that all who ask meanwhile share the next
 * commit. @kind: kept until then.
 */
void start_plan(struct api_call *call, const struct start_kind *kind);

/**
 * Only its way into the store, in a write.
 * @out_full  it was refused (SP_LIMIT) because the connector's queue is full
 * SP_NOT_FOUND: there is no such connector. SP_CONFLICT: it is not ACTIVE.
 */
int start_insert(struct db *db, struct plan *plan, const struct service_context *context,
		 bool *out_full, struct sp_error *err);
