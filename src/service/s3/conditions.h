#pragma once
/** Within service/s3/: headers that say "only if" (RFC 9110, in the order that it has them). */

#include <stdint.h>

#include "api/call.h"
#include "base/error.h"

enum condition { CONDITION_HOLDS, CONDITION_FAILED /* 412 */, CONDITION_NOT_MODIFIED /* 304 */ };

/** If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since. @prefix: "", or "x-amz-copy-source-". */
enum condition conditions_check(const struct api_call *call, const char *prefix, const char *etag,
				int64_t time_ms);

/**
 * Of something that is to be stored: whether it may only have the name that nothing has ("If-None-Match: *"), to which the
 * rename itself sees. SP_UNSUPPORTED: any other condition, for it could change between a look and the rename.
 */
int conditions_read_put(const struct api_call *call, bool *out_keeps, struct sp_error *err);

/** Whether If-Range, if it is there, lets the range count. */
bool conditions_let_range(const struct api_call *call, const char *etag, int64_t time_ms);

enum range_kind { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };

/**
 * "bytes=0-99", "bytes=100-", "bytes=-100". What is no single range of bytes counts as none, as RFC 9110 has it. Pure.
 * @size  of all of it
 */
enum range_kind range_read(const char *text, uint64_t size, uint64_t *out_offset,
			   uint64_t *out_length);
