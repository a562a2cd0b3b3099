#pragma once
/**
 * Within service/s3/: the answer of a call that may take long. What is done soon is answered at its end, like any other
 * call. What is not begins its answer at once, and it goes on with spaces, as S3's own does, so that no client takes the
 * silence for an end; what went wrong is in its document then.
 */

#include <stdint.h>

#include "api/stream.h"
#include "base/buffer.h"
#include "base/id.h"
#include "service/context.h"

struct late_answer {
	struct api_call *call;     /* NULL once it has begun: the call is gone */
	struct api_stream *stream; /* NULL before that */
	int64_t told_ms;
	char id[SP_UUID_SIZE];
};

/**
 * Begins it now, and runs @fn(@ctx), which ends it, where what takes long holds up nothing else. When there is too much of
 * that it is ended with SlowDown, and @drop(@ctx) called. Neither may be looked at afterwards.
 */
void late_answer_run(struct late_answer *answer, struct service_context *context, loop_fn *fn,
		     loop_fn *drop, void *ctx);

/** Says now and then that it goes on. @answer: a struct late_answer. */
void late_answer_tell(void *answer);

/** @xml: the document's element. It is empty afterwards. */
void late_answer_succeed(struct late_answer *answer, struct sp_buffer *xml);

/** @code: S3's, or NULL for that of @err. */
void late_answer_fail(struct late_answer *answer, const char *code, const struct sp_error *err);
