#pragma once
/** Within service/s3/: what its operations have in common. */

#include "api/call.h"
#include "base/buffer.h"
#include "service/context.h"

/* Codes of S3's errors. */
#define S3_NO_SUCH_KEY     "NoSuchKey"
#define S3_INVALID_REQUEST "InvalidRequest"
#define S3_INVALID         "InvalidArgument"
#define S3_PRECONDITION    "PreconditionFailed"

#define S3_XML   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define S3_XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

struct service_context *door_context(const struct api_call *call);
const char *door_bucket(const struct api_call *call);
const char *door_key(const struct api_call *call);

/** -1 with SP_UNSUPPORTED for a bucket that is no folder. */
int door_check_folder(const struct api_call *call, const char *bucket, struct sp_error *err);

/** An object's file, for reading; @out_fd is owned by the caller. As objects_open_source(), and door_check_folder(). */
int door_open_object(const struct api_call *call, const char *bucket, const char *key, int *out_fd,
		     struct object_identity *out, struct sp_error *err);

/** Runs @fn(@call) where buckets are read and written, for a file system may hang. Answers when that cannot be, or its bucket is no folder. */
void door_run(struct api_call *call, loop_fn *fn);

/** The same before it is known whether who asks may know what its bucket is. */
void door_run_unchecked(struct api_call *call, loop_fn *fn);

/** Whether who asks may do @action on the object: 0, or -1 as api_check(). */
int door_check_object(const struct api_call *call, const char *action, const char *bucket,
		      const char *key, struct sp_error *err);

/** The error that stands for @err's code. Without a bucket it is NoSuchBucket, whatever was looked for in it. */
void door_error(struct api_call *call, const struct sp_error *err);

/** The same, where @code is known better. NULL: it is not. */
void door_fail(struct api_call *call, const char *code, const struct sp_error *err);

/** The code for an upload that was not found; NULL when it is its bucket, or something else is wrong. */
const char *door_upload_code(const struct api_call *call, const struct sp_error *err);

/** The same code, for a document that tells several. */
const char *door_error_code(const struct sp_error *err);

/** @xml is empty afterwards. */
void door_reply_xml(struct api_call *call, struct sp_buffer *xml);

/** The ETag with its quotes, as a header. */
void door_add_etag_header(struct api_call *call, const char *etag);

/** <name>2026-11-23T15:41:48.000Z</name> */
void door_add_time(struct sp_buffer *xml, const char *name, int64_t time_ms);

/** <ETag>"…"</ETag> */
void door_add_etag(struct sp_buffer *xml, const char *etag);

/** <name>number</name> */
void door_add_number(struct sp_buffer *xml, const char *name, uint64_t number);

/** Whether two ETags are the same one, with quotes or without. "*" is any. */
bool door_same_etag(const char *said, const char *etag);
