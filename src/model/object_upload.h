#pragma once
/** A multipart upload of ours that was begun at storage which speaks S3, and was neither completed nor aborted. */

#include <stdbool.h>

#include "base/error.h"
#include "model/transfer.h"

struct object_upload {
	char file_id[FILE_ID_SIZE];
	int attempt; /* whose bytes it has */
	int64_t created_ms;
	char *bucket, *key; /* as we know them. Owned, as is … */
	char *id;           /* … what the storage calls it */
};

void object_upload_finish(struct object_upload *upload);

/**
 * Whether a PUT of a whole object ended with its condition, and may be made under another one: SP_EXISTS: something else was
 * there than it said; SP_CONFLICT: others wrote there just then; SP_UNSUPPORTED: the storage does not know such conditions.
 */
bool object_put_may_repeat(enum sp_code code);
