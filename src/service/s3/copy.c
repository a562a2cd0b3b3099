/* CopyObject and UploadPartCopy: the bytes are read once, for their MD5. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/removal.h"
#include "service/s3/conditions.h"
#include "service/s3/copy_source.h"
#include "service/s3/incoming.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"
#include "service/s3/told.h"

enum { BLOCK = 1 << 20, MS_NS = 1000 * 1000 };

struct copy {
	struct api_call *call;
	struct copy_source source;
	int fd;
	struct object_identity identity;
	struct object_notes notes;
	uint64_t offset, length;
	struct incoming to;
};

static void finish(struct copy *copy)
{
	copy_source_finish(&copy->source);
	sp_close_fd(&copy->fd);
	object_notes_finish(&copy->notes);
	incoming_finish(&copy->to);
}

static int open_source(struct copy *copy, struct sp_error *err)
{
	const char *text = sp_json_string(api_input(copy->call), "x-amz-copy-source");
	if (copy_source_read(text, &copy->source, err) != 0 ||
	    door_open_object(copy->call, copy->source.bucket, copy->source.key, &copy->fd,
			     &copy->identity, err) != 0)
		return -1;
	object_notes_read(copy->fd, &copy->notes);
	if (conditions_check(copy->call, "x-amz-copy-source-", copy->notes.etag,
			     copy->identity.mtime_ns / MS_NS) != CONDITION_HOLDS)
		return sp_fail(err, SP_EXISTS,
			       "At least one of the pre-conditions you specified did not hold");
	const char *range = api_header(copy->call, "x-amz-copy-source-range");
	if (range_read(range, copy->identity.size, &copy->offset, &copy->length) ==
		    (range == NULL ? RANGE_WHOLE : RANGE_PART) &&
	    copy->length <= PAYLOAD_MAX)
		return 0;
	return sp_fail(err, SP_INVALID,
		       "the range to copy must be \"bytes=first-last\" within the source's %ju "
		       "bytes, and of 5 GiB at most",
		       (uintmax_t)copy->identity.size);
}

static int copy_bytes(struct copy *copy, struct sp_error *err)
{
	SP_AUTO_FREE char *block = sp_alloc(BLOCK);
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
	}
	return payload_end(&copy->to.payload, err);
}

/* Into a temporary for the key of the request. */
static int fetch(struct copy *copy, struct sp_error *err)
{
	if (open_source(copy, err) != 0 ||
	    incoming_open(&copy->to, door_context(copy->call), door_bucket(copy->call),
			  door_key(copy->call), err) != 0)
		return -1;
	payload_open_plain(&copy->to.payload);
	return copy_bytes(copy, err) == 0 &&
			       objects_check_source(door_context(copy->call)->objects,
						    copy->source.bucket, copy->source.key,
						    &copy->identity, err) == 0
		       ? 0
		       : -1;
}

static void reply(struct copy *copy, const char *element, const char *etag)
{
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_format(&xml, S3_XML "<%s" S3_XMLNS ">", element);
	door_add_time(&xml, "LastModified", sp_now_ms());
	door_add_etag(&xml, etag);
	sp_buffer_format(&xml, "</%s>", element);
	door_reply_xml(copy->call, &xml);
}

/* ---- an object ---------------------------------------------------------------------------------------------------- */

static int take_told(struct copy *copy, struct sp_error *err)
{
	const char *directive = api_header(copy->call, "x-amz-metadata-directive");
	if (directive != NULL && strcmp(directive, "REPLACE") == 0)
		return told_read(copy->call, &copy->to.told, err);
	copy->to.told = json_incref(copy->notes.told);
	return 0;
}

static int copy_object(struct copy *copy, struct sp_error *err)
{
	return conditions_read_change(copy->call, &copy->to.condition, err) == 0 &&
			       fetch(copy, err) == 0 && take_told(copy, err) == 0
		       ? incoming_publish(&copy->to, copy->to.payload.md5_hex, err)
		       : -1;
}

static void answer_copy(struct api_call *call, const char *element,
			int (*fn)(struct copy *copy, struct sp_error *err))
{
	struct copy copy = { .call = call, .fd = -1, .to = { .fd = -1 } };
	struct sp_error err = { 0 };
	int result = fn(&copy, &err);
	incoming_discard(&copy.to);
	if (result == 0)
		reply(&copy, element, copy.to.etag);
	else
		door_error(call, &err);
	finish(&copy);
}

static void run_copy(void *ctx)
{
	answer_copy(ctx, "CopyObjectResult", copy_object);
}

void door_copy_object(struct api_call *call)
{
	door_run(call, run_copy);
}

/* ---- a part ------------------------------------------------------------------------------------------------------- */

static int copy_part(struct copy *copy, struct sp_error *err)
{
	const json_t *input = api_input(copy->call);
	const char *id = sp_json_string(input, "uploadId");
	struct upload upload;
	if (uploads_find(door_context(copy->call)->objects, door_bucket(copy->call),
			 door_key(copy->call), id, &upload, err) != 0)
		return -1;
	upload_finish(&upload);
	if (fetch(copy, err) != 0)
		return -1;
	struct upload_part part = { .number = (int)sp_json_integer(input, "partNumber", 0),
				    .size = copy->to.payload.seen };
	memcpy(part.md5, copy->to.payload.md5_hex, sizeof(part.md5));
	memcpy(copy->to.etag, part.md5, sizeof(part.md5));
	if (uploads_put_part(door_context(copy->call)->objects, door_bucket(copy->call), id,
			     copy->to.file_id, &part, err) != 0)
		return -1;
	sp_close_fd(&copy->to.fd);
	return 0;
}

static void run_part(void *ctx)
{
	answer_copy(ctx, "CopyPartResult", copy_part);
}

void door_upload_part_copy(struct api_call *call)
{
	door_run(call, run_part);
}
