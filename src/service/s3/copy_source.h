#pragma once
/** Within service/s3/: what the header x-amz-copy-source names. Pure. */

#include "base/error.h"

struct copy_source {
	char *bucket, *key; /* owned */
};

/** "/bucket/key" or "bucket/key", encoded. SP_INVALID; SP_UNSUPPORTED: a version. */
int copy_source_read(const char *text, struct copy_source *out, struct sp_error *err);
void copy_source_finish(struct copy_source *source);
