/* PutObject and UploadPart: the body comes piece by piece (api/sink.h). */

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "objects/buckets.h"
#include "objects/folder_removal.h"
#include "service/s3/conditions.h"
#include "service/s3/incoming.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"
#include "service/s3/told.h"

struct put {
	struct incoming incoming;
	bool is_folder;          /* a key with a slash at its end, and no bytes */
	struct upload_part part; /* number 0: an object */
	char upload_id[UPLOAD_ID_SIZE];
};

static void destroy(struct put *put)
{
	incoming_finish(&put->incoming);
	free(put);
}

static void fail(struct api_call *call, struct put *put, const struct sp_error *err)
{
	incoming_discard(&put->incoming);
	const char *code = put->incoming.payload.code;
	if (code == NULL && put->part.number > 0)
		code = door_upload_code(call, err);
	door_fail(call, code, err);
}

/* ---- before the first byte ---------------------------------------------------------------------------------------- */

static int open_folder(struct api_call *call, struct put *put, struct sp_error *err)
{
	put->is_folder = true;
	put->incoming.fd = -1;
	if (conditions_judge(&put->incoming.condition) != NULL)
		return sp_fail(err, SP_UNSUPPORTED,
			       "a key that ends in \"/\" names a folder, which is made without "
			       "conditions");
	if (put->incoming.payload.length > 0)
		return sp_fail(err, SP_INVALID,
			       "cannot store bytes in \"%.200s\": a key that ends in \"/\" names a "
			       "folder and no object",
			       door_key(call));
	return objects_find_bucket(door_context(call)->objects, door_bucket(call), err);
}

static int open_object(struct api_call *call, struct put *put, struct sp_error *err)
{
	if (payload_open(&put->incoming.payload, call, err) != 0 ||
	    told_read(call, &put->incoming.told, err) != 0 ||
	    conditions_read_change(call, &put->incoming.condition, err) != 0)
		return -1;
	if (sp_text_ends_with(door_key(call), "/"))
		return open_folder(call, put, err);
	return incoming_open(&put->incoming, door_context(call), door_bucket(call), door_key(call),
			     err);
}

static int open_part(struct api_call *call, struct put *put, struct sp_error *err)
{
	const json_t *input = api_input(call);
	struct upload upload;
	put->part.number = (int)sp_json_integer(input, "partNumber", 0);
	if (payload_open(&put->incoming.payload, call, err) != 0 ||
	    uploads_find(door_context(call)->objects, door_bucket(call), door_key(call),
			 sp_json_string(input, "uploadId"), &upload, err) != 0)
		return -1;
	memcpy(put->upload_id, upload.id, sizeof(put->upload_id));
	upload_finish(&upload);
	return incoming_open(&put->incoming, door_context(call), door_bucket(call), door_key(call),
			     err);
}

static void *open_put(struct api_call *call,
		      int (*fn)(struct api_call *call, struct put *put, struct sp_error *err))
{
	struct put *put = sp_alloc(sizeof(*put));
	struct sp_error err = { 0 };
	put->incoming.fd = -1;
	if (door_check_folder(call, door_bucket(call), &err) == 0 && fn(call, put, &err) == 0)
		return put;
	fail(call, put, &err);
	destroy(put);
	return NULL;
}

static void *begin_object(struct api_call *call)
{
	return open_put(call, open_object);
}

static void *begin_part(struct api_call *call)
{
	return open_put(call, open_part);
}

/* ---- bytes, and the end ------------------------------------------------------------------------------------------- */

static int write_bytes(void *sink, const void *data, size_t length, struct sp_error *err)
{
	struct put *put = sink;
	return payload_add(&put->incoming.payload, data, length, incoming_take, &put->incoming,
			   err);
}

static void add_checksum(struct api_call *call, const struct payload *payload)
{
	if (payload->has_sum)
		api_add_header(call, payload->sum_name, payload->sum_text);
}

static int store_object(struct api_call *call, struct put *put, struct sp_error *err)
{
	struct incoming *incoming = &put->incoming;
	const struct payload *payload = &incoming->payload;
	if (put->is_folder)
		return objects_make_folder(door_context(call)->objects, door_bucket(call),
					   door_key(call), err);
	if (payload->has_sum)
		told_set_checksum(incoming->told, payload->sum_name, payload->sum_text);
	return incoming_publish(incoming, payload->md5_hex, err);
}

static int store_part(struct put *put, struct sp_error *err)
{
	struct incoming *incoming = &put->incoming;
	put->part.size = incoming->payload.seen;
	memcpy(put->part.md5, incoming->payload.md5_hex, sizeof(put->part.md5));
	memcpy(incoming->etag, put->part.md5, sizeof(put->part.md5));
	if (uploads_put_part(incoming->context->objects, incoming->bucket, put->upload_id,
			     incoming->file_id, &put->part, err) != 0)
		return -1;
	sp_close_fd(&incoming->fd);
	return 0;
}

static void end(void *sink, struct api_call *call, const struct sp_error *failed)
{
	struct put *put = sink;
	struct payload *payload = &put->incoming.payload;
	struct sp_error err = failed != NULL ? *failed : (struct sp_error){ 0 };
	if (failed == NULL && payload_end(payload, &err) == 0 &&
	    (put->part.number > 0 ? store_part(put, &err) : store_object(call, put, &err)) == 0) {
		door_add_etag_header(call, put->is_folder ? payload->md5_hex : put->incoming.etag);
		add_checksum(call, payload);
		api_reply_empty(call, 200);
	} else {
		fail(call, put, &err);
	}
	destroy(put);
}

static void abandon(void *sink)
{
	destroy(sink);
}

const struct api_sink door_incoming_object = {
	.open = begin_object, .write = write_bytes, .finish = end, .abandon = abandon
};
const struct api_sink door_incoming_part = {
	.open = begin_part, .write = write_bytes, .finish = end, .abandon = abandon
};
