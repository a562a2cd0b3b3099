/* CompleteMultipartUpload: parts become an object. Where the file system cannot share blocks they are copied, which takes its
 * time with a large object. */

#include <stdio.h>
#include <string.h>

#include "api/xml.h"
#include "base/checksum.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/s3/conditions.h"
#include "service/s3/incoming.h"
#include "service/s3/late_answer.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"

/* What is copied well within the time that clients wait for an answer. */
#define QUIET_MAX (512ULL << 20)

struct completion {
	struct service_context *context;
	char *bucket; /* owned, for the call may be gone before the end */
	struct upload upload;
	int hold;
	struct upload_part *parts; /* owned */
	size_t count;
	struct incoming to;
	struct late_answer answer;
	const char *code; /* of an error that is not door_error()'s */
};

static void destroy(void *ctx)
{
	struct completion *completion = ctx;
	sp_close_fd(&completion->hold);
	upload_finish(&completion->upload);
	incoming_finish(&completion->to);
	free(completion->parts);
	free(completion->bucket);
	free(completion);
}

/* ---- what was asked for ------------------------------------------------------------------------------------------- */

static int fail(struct completion *completion, struct sp_error *err, const char *code,
		const char *sentence)
{
	completion->code = code;
	return sp_fail(err, SP_INVALID, "%s", sentence);
}

/* An ETag as an MD5, without its quotes. */
static bool read_md5(const char *etag, char out[UPLOAD_MD5_SIZE])
{
	unsigned char digest[16];
	bool quoted = *etag == '"';
	size_t length = strcspn(etag + quoted, "\"");
	if (length != UPLOAD_MD5_SIZE - 1)
		return false;
	memcpy(out, etag + quoted, length);
	out[length] = '\0';
	for (char *at = out; *at != '\0'; at++)
		*at = (char)(*at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);
	return sp_hex_decode(out, digest, sizeof(digest));
}

static int read_parts(struct completion *completion, const json_t *list, struct sp_error *err)
{
	completion->count = json_array_size(list);
	completion->parts = sp_alloc(completion->count * sizeof(*completion->parts));
	for (size_t i = 0; i < completion->count; i++) {
		const json_t *one = json_array_get(list, i);
		struct upload_part *part = &completion->parts[i];
		part->number = (int)sp_json_integer(one, "PartNumber", 0);
		if (i > 0 && part->number <= part[-1].number)
			return fail(completion, err, "InvalidPartOrder",
				    "The list of parts was not in ascending order. Parts must be "
				    "ordered by part number.");
		if (!read_md5(sp_json_string(one, "ETag"), part->md5))
			return fail(
				completion, err, "InvalidPart",
				"the ETag of a part is 32 hexadecimal digits, as its upload was "
				"answered");
	}
	return 0;
}

/* Bytes of the parts that there are, whether or not they are wanted. */
static uint64_t size_of_all(struct completion *completion)
{
	struct upload_part *parts;
	size_t count;
	uint64_t size = 0;
	if (uploads_list_parts(completion->context->objects, completion->bucket,
			       completion->upload.id, &parts, &count, NULL) != 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		size += parts[i].size;
	free(parts);
	return size;
}

/* ---- the work ----------------------------------------------------------------------------------------------------- */

/* The MD5 of the parts' MD5s, and how many there are: S3's form, which tells that it is no MD5 of the bytes. */
static void make_etag(const struct completion *completion, char out[OBJECT_ETAG_SIZE])
{
	struct sp_checksum all;
	unsigned char digest[SP_CHECKSUM_SIZE_MAX];
	char hex[2 * SP_CHECKSUM_SIZE_MAX + 1];
	sp_checksum_start(&all, SP_MD5);
	for (size_t i = 0; i < completion->count; i++) {
		unsigned char part[16];
		sp_hex_decode(completion->parts[i].md5, part, sizeof(part));
		sp_checksum_add(&all, part, sizeof(part));
	}
	sp_hex_encode(digest, sp_checksum_end(&all, digest), hex);
	sp_checksum_finish(&all);
	snprintf(out, OBJECT_ETAG_SIZE, "%.32s-%zu", hex, completion->count);
}

static int assemble(struct completion *completion, struct sp_error *err)
{
	struct incoming *to = &completion->to;
	struct objects *objects = completion->context->objects;
	char etag[OBJECT_ETAG_SIZE];
	sp_random_hex(to->file_id, UPLOAD_ID_SIZE - 1);
	if (uploads_hold(objects, completion->bucket, &completion->upload, &completion->hold,
			 err) != 0) {
		completion->code = err->code == SP_NOT_FOUND  ? "NoSuchUpload"
				   : err->code == SP_CONFLICT ? "OperationAborted"
							      : NULL;
		return -1;
	}
	if (uploads_assemble(objects, completion->bucket, &completion->upload, completion->parts,
			     completion->count, to->file_id, &to->fd, late_answer_tell,
			     &completion->answer, err) != 0) {
		completion->code = err->code == SP_NOT_FOUND ? "InvalidPart" : NULL;
		return -1;
	}
	make_etag(completion, etag);
	if (incoming_publish(to, etag, err) != 0)
		return -1;
	/* The object is there: what is left of the upload is a sweep's. */
	uploads_remove(objects, completion->bucket, completion->upload.id, NULL);
	return 0;
}

/* ---- the answer --------------------------------------------------------------------------------------------------- */

static void write_result(const struct completion *completion, struct sp_buffer *xml)
{
	sp_buffer_add_text(xml, "<CompleteMultipartUploadResult" S3_XMLNS ">");
	sp_buffer_format(xml, "<Location>/%s/", completion->bucket);
	xml_add_text(xml, completion->upload.key);
	sp_buffer_add_text(xml, "</Location>");
	xml_add_element(xml, "Bucket", completion->bucket);
	xml_add_element(xml, "Key", completion->upload.key);
	door_add_etag(xml, completion->to.etag);
	sp_buffer_add_text(xml, "</CompleteMultipartUploadResult>");
}

static void carry_out(void *ctx)
{
	struct completion *completion = ctx;
	struct sp_error err = { 0 };
	SP_AUTO_BUFFER xml = { 0 };
	int result = assemble(completion, &err);
	/* Before the answer: who is refused may ask again at once. */
	incoming_discard(&completion->to);
	sp_close_fd(&completion->hold);
	if (result == 0) {
		write_result(completion, &xml);
		late_answer_succeed(&completion->answer, &xml);
	} else {
		late_answer_fail(&completion->answer, completion->code, &err);
	}
	destroy(completion);
}

/* ---- the call ----------------------------------------------------------------------------------------------------- */

static int prepare(struct api_call *call, struct completion *completion, struct sp_error *err)
{
	const json_t *input = api_input(call);
	if (uploads_find(completion->context->objects, completion->bucket, door_key(call),
			 sp_json_string(input, "uploadId"), &completion->upload, err) != 0) {
		completion->code = door_upload_code(call, err);
		return -1;
	}
	if (conditions_read_change(call, &completion->to.condition, err) != 0)
		return -1;
	completion->to.context = completion->context;
	completion->to.bucket = sp_strdup(completion->bucket);
	completion->to.key = sp_strdup(completion->upload.key);
	completion->to.told = json_incref(completion->upload.told);
	return read_parts(completion, json_object_get(input, "Part"), err) != 0
		       ? -1
		       : incoming_check(&completion->to, err);
}

static void complete(void *ctx)
{
	struct api_call *call = ctx;
	struct completion *completion = sp_alloc(sizeof(*completion));
	struct sp_error err = { 0 };
	completion->context = door_context(call);
	completion->bucket = sp_strdup(door_bucket(call));
	completion->hold = completion->to.fd = -1;
	completion->answer.call = call;
	if (prepare(call, completion, &err) != 0) {
		door_fail(call, completion->code, &err);
		destroy(completion);
	} else if (size_of_all(completion) > QUIET_MAX) {
		late_answer_run(&completion->answer, completion->context, carry_out, destroy,
				completion);
	} else {
		carry_out(completion);
	}
}

void door_complete_multipart_upload(struct api_call *call)
{
	door_run(call, complete);
}
