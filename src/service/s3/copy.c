/* CopyObject and UploadPartCopy: the bytes are read once, for their MD5. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/folder_removal.h"
#include "service/s3/conditions.h"
#include "service/s3/copy_source.h"
#include "service/s3/incoming.h"
#include "service/s3/late_answer.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"
#include "service/s3/told.h"

/* What is copied in a moment, also by a slow disk. */
#define QUIET_MAX (64ULL << 20)

enum { BLOCK = 1 << 20, MS_NS = 1000 * 1000 };

struct copy {
	struct copy_source source;
	int fd;
	struct object_identity identity;
	struct object_notes notes;
	uint64_t offset, length;
	struct incoming to;
	int part; /* its number; 0: an object */
	char upload_id[UPLOAD_ID_SIZE];
	const char *code; /* of an error that is not door_error()'s */
	struct late_answer answer;
};

static void destroy(void *ctx)
{
	struct copy *copy = ctx;
	copy_source_finish(&copy->source);
	sp_close_fd(&copy->fd);
	object_notes_finish(&copy->notes);
	incoming_finish(&copy->to);
	free(copy);
}

/* ---- what was asked for: the call is gone when a large one is copied ----------------------------------------------- */

static int open_source(const struct api_call *call, struct copy *copy, struct sp_error *err)
{
	const char *text = sp_json_string(api_input(call), "x-amz-copy-source");
	if (copy_source_read(text, &copy->source, err) != 0 ||
	    door_open_object(call, copy->source.bucket, copy->source.key, &copy->fd,
			     &copy->identity, err) != 0)
		return -1;
	object_notes_read(copy->fd, &copy->notes);
	if (conditions_check(call, "x-amz-copy-source-", copy->notes.etag,
			     copy->identity.mtime_ns / MS_NS) != CONDITION_HOLDS)
		return sp_fail(err, SP_EXISTS,
			       "At least one of the pre-conditions you specified did not hold");
	const char *range = api_header(call, "x-amz-copy-source-range");
	if (range_read(range, copy->identity.size, &copy->offset, &copy->length) ==
		    (range == NULL ? RANGE_WHOLE : RANGE_PART) &&
	    copy->length <= PAYLOAD_MAX)
		return 0;
	return sp_fail(err, SP_INVALID,
		       "the range to copy must be \"bytes=first-last\" within the source's %ju "
		       "bytes, and of 5 GiB at most",
		       (uintmax_t)copy->identity.size);
}

static int take_told(const struct api_call *call, struct copy *copy, struct sp_error *err)
{
	const char *directive = api_header(call, "x-amz-metadata-directive");
	if (directive != NULL && strcmp(directive, "REPLACE") == 0)
		return told_read(call, &copy->to.told, err);
	if (directive != NULL && strcmp(directive, "COPY") != 0)
		return sp_fail(err, SP_INVALID,
			       "x-amz-metadata-directive must be COPY or REPLACE, not \"%.64s\"",
			       directive);
	copy->to.told = json_incref(copy->notes.told);
	return 0;
}

static int prepare_object(const struct api_call *call, struct copy *copy, struct sp_error *err)
{
	return conditions_read_change(call, &copy->to.condition, err) == 0 &&
			       open_source(call, copy, err) == 0
		       ? take_told(call, copy, err)
		       : -1;
}

static int prepare_part(const struct api_call *call, struct copy *copy, struct sp_error *err)
{
	const json_t *input = api_input(call);
	struct upload upload;
	copy->part = (int)sp_json_integer(input, "partNumber", 0);
	if (uploads_find(door_context(call)->objects, door_bucket(call), door_key(call),
			 sp_json_string(input, "uploadId"), &upload, err) != 0) {
		copy->code = door_upload_code(call, err);
		return -1;
	}
	memcpy(copy->upload_id, upload.id, sizeof(copy->upload_id));
	upload_finish(&upload);
	return open_source(call, copy, err);
}

/* ---- the work ----------------------------------------------------------------------------------------------------- */

static int copy_bytes(struct copy *copy, struct sp_error *err)
{
	SP_AUTO_FREE char *block = sp_alloc(BLOCK);
	payload_open_plain(&copy->to.payload);
	for (uint64_t done = 0; done < copy->length;) {
		uint64_t left = copy->length - done;
		ssize_t count = pread(copy->fd, block, left < BLOCK ? (size_t)left : BLOCK,
				      (off_t)(copy->offset + done));
		if (count == -1 && errno == EINTR)
			continue;
		if (count == -1)
			return sp_fail_errno(err, "could not read the object to copy");
		if (count == 0)
			return sp_fail(err, SP_CHANGED, "the object to copy changed meanwhile");
		if (payload_add(&copy->to.payload, block, (size_t)count, incoming_take, &copy->to,
				err) != 0)
			return -1;
		done += (uint64_t)count;
		late_answer_tell(&copy->answer);
	}
	return payload_end(&copy->to.payload, err);
}

static int store_part(struct copy *copy, struct sp_error *err)
{
	struct incoming *to = &copy->to;
	struct upload_part part = { .number = copy->part, .size = to->payload.seen };
	memcpy(part.md5, to->payload.md5_hex, sizeof(part.md5));
	memcpy(to->etag, part.md5, sizeof(part.md5));
	if (uploads_put_part(to->context->objects, to->bucket, copy->upload_id, to->file_id, &part,
			     err) != 0) {
		copy->code = err->code == SP_NOT_FOUND ? "NoSuchUpload" : NULL;
		return -1;
	}
	sp_close_fd(&to->fd);
	return 0;
}

static int carry_out(struct copy *copy, struct sp_error *err)
{
	if (copy_bytes(copy, err) != 0 ||
	    objects_check_source(copy->to.context->objects, copy->source.bucket, copy->source.key,
				 &copy->identity, err) != 0)
		return -1;
	return copy->part > 0 ? store_part(copy, err)
			      : incoming_publish(&copy->to, copy->to.payload.md5_hex, err);
}

static void write_result(const struct copy *copy, struct sp_buffer *xml)
{
	const char *element = copy->part > 0 ? "CopyPartResult" : "CopyObjectResult";
	sp_buffer_format(xml, "<%s" S3_XMLNS ">", element);
	door_add_time(xml, "LastModified", sp_now_ms());
	door_add_etag(xml, copy->to.etag);
	sp_buffer_format(xml, "</%s>", element);
}

static void run(void *ctx)
{
	struct copy *copy = ctx;
	struct sp_error err = { 0 };
	SP_AUTO_BUFFER xml = { 0 };
	int result = carry_out(copy, &err);
	incoming_discard(&copy->to);
	if (result == 0) {
		write_result(copy, &xml);
		late_answer_succeed(&copy->answer, &xml);
	} else {
		late_answer_fail(&copy->answer, copy->code, &err);
	}
	destroy(copy);
}

static void begin(struct api_call *call, int (*prepare)(const struct api_call *call,
							struct copy *copy, struct sp_error *err))
{
	struct copy *copy = sp_alloc(sizeof(*copy));
	struct service_context *context = door_context(call);
	struct sp_error err = { 0 };
	copy->fd = copy->to.fd = -1;
	copy->answer.call = call;
	if (prepare(call, copy, &err) != 0 ||
	    incoming_open(&copy->to, context, door_bucket(call), door_key(call), &err) != 0) {
		incoming_discard(&copy->to);
		door_fail(call, copy->code, &err);
		destroy(copy);
	} else if (copy->length > QUIET_MAX) {
		late_answer_run(&copy->answer, context, run, destroy, copy);
	} else {
		run(copy);
	}
}

static void begin_object(void *ctx)
{
	begin(ctx, prepare_object);
}

static void begin_part(void *ctx)
{
	begin(ctx, prepare_part);
}

void door_copy_object(struct api_call *call)
{
	door_run(call, begin_object);
}

void door_upload_part_copy(struct api_call *call)
{
	door_run(call, begin_part);
}
