#pragma once
/**
 * Within objects/: one request of the daemon's own to the storage, and its answer. Blocks; any thread. Tried again with
 * growing pauses when the storage is busy or the connection breaks, so that all that is asked for here may be asked for
 * twice. Of CreateMultipartUpload an answer that was lost leaves an upload that nobody knows (doc/storage.md, "What is left").
 */

#include "base/buffer.h"
#include "objects/s3_place.h"

enum { S3_STATUS_NOT_IMPLEMENTED = 501, S3_RANGE_SIZE = 96 };

struct s3_answer {
	long status;
	uint64_t size;                /* HEAD: of the object */
	bool has_size;                /* it was told */
	char etag[STORAGE_ETAG_SIZE]; /* as it came, with its quotes */
	char mark[S3_MARK_SIZE];
	char modified[S3_MARK_SIZE]; /* Last-Modified, as it came */
	char range[S3_RANGE_SIZE];   /* Content-Range, as it came */
	struct sp_buffer body;
};

/**
 * @body  NULL: none
 * Returns 0 with any answer that is final (see s3_fail() for those that are none of success), -1 when there was none.
 */
int s3_call(struct s3_place *place, const struct s3_wish *wish, const struct sp_buffer *body,
	    struct s3_answer *out, struct sp_error *err);
void s3_answer_finish(struct s3_answer *answer);

/** 2xx, without an <Error> in the body. */
bool s3_succeeded(const struct s3_answer *answer);

/** Whether it may mean that storage does not know the condition that it was asked under. */
bool s3_lacks_condition(const struct s3_answer *answer);

/** Whether there is no such bucket at the storage: that is a setting's fault, and says nothing of its objects. */
bool s3_lacks_bucket(const struct s3_answer *answer);

/** The text of the first element <name> of the body, owned by the caller; NULL when there is none. */
char *s3_answer_text(const struct s3_answer *answer, const char *name);

/** Makes a sentence of an answer that is none of success; @what: "could not look at". Always -1. */
int s3_fail(const struct s3_place *place, const struct s3_answer *answer, const char *what,
	    const char *key, struct sp_error *err);
