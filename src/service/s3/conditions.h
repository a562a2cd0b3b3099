#pragma once
/** Within service/s3/: headers that say "only if" (RFC 9110, in the order that it has them). */

#include <stdint.h>

#include "api/call.h"
#include "objects/condition.h"

enum condition { CONDITION_HOLDS, CONDITION_FAILED /* 412 */, CONDITION_NOT_MODIFIED /* 304 */ };

/** If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since. @prefix: "", or "x-amz-copy-source-". */
enum condition conditions_check(const struct api_call *call, const char *prefix, const char *etag,
				int64_t time_ms);

/** What has to have a name, so that an object may be stored there or be removed. Outlives the call that it came with. */
struct change_condition {
	char *match, *none_match; /* owned: If-Match, If-None-Match; NULL: not said */
	struct object_condition judge;
};

/**
 * Of a call that is to change what the key stands for. Who names an ETag has to have the permission to read it: SP_DENIED.
 * SP_UNSUPPORTED: a condition of another kind. @out is to be finished also after a failure, and stays where it is.
 */
int conditions_read_change(const struct api_call *call, struct change_condition *out,
			   struct sp_error *err);

/** The same of one of many: If-Match only. @etag: NULL is none. */
int conditions_read_removal(const struct api_call *call, const char *key, const char *etag,
			    struct change_condition *out, struct sp_error *err);

/** NULL: there is no condition. Borrows from @condition. */
const struct object_condition *conditions_judge(const struct change_condition *condition);

void conditions_finish(struct change_condition *condition);

/** Whether If-Range, if it is there, lets the range count. */
bool conditions_let_range(const struct api_call *call, const char *etag, int64_t time_ms);

enum range_kind { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };

/**
 * "bytes=0-99", "bytes=100-", "bytes=-100". What is no single range of bytes counts as none, as RFC 9110 has it. Pure.
 * @size  of all of it
 */
enum range_kind range_read(const char *text, uint64_t size, uint64_t *out_offset,
			   uint64_t *out_length);
