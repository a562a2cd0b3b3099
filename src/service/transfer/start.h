#pragma once
/** Within service/transfer/: what a request wants is planned, comes into the connector's queue, and is answered. */

#include "api/call.h"
#include "service/transfer/plan.h"

struct start_kind {
	const char *operation; /* "transfer StartFileTransfer": for request_token.h */
	int (*plan)(const json_t *input, int64_t now_ms, struct plan *out, struct sp_error *err);
	/** The output. @transfer_id: the plan's, or that of an earlier try of the same request. */
	json_t *(*answer)(const struct plan *plan, const char *transfer_id);
};

/**
 * Answers once it is kept, and the engine was woken; or fails: it makes no sense, there is no such connector, it is not
 * active, or its queue is full. Holds no thread while it waits for the disk, so that all who ask meanwhile share the next
 * commit. @kind: kept until then.
 */
void start_plan(struct api_call *call, const struct start_kind *kind);
