/* Uploads in parts: begun, looked at, given up. What becomes of them: complete.c. */

#include <string.h>

#include "api/xml.h"
#include "base/scope.h"
#include "objects/folder_uploads.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"
#include "service/s3/told.h"

enum { PARTS_PAGE_MAX = 1000 };

static void fail(struct api_call *call, const struct sp_error *err)
{
	door_fail(call, door_upload_code(call, err), err);
}

static void begin(void *ctx)
{
	struct api_call *call = ctx;
	char id[UPLOAD_ID_SIZE];
	struct sp_error err = { 0 };
	SP_AUTO_JSON json_t *told = NULL;
	if (told_read(call, (json_t **)&told, &err) != 0 ||
	    uploads_begin(door_context(call)->objects, door_bucket(call), door_key(call),
			  (json_t *)told, id, &err) != 0) {
		door_error(call, &err);
		return;
	}
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_add_text(&xml, S3_XML "<InitiateMultipartUploadResult" S3_XMLNS ">");
	xml_add_element(&xml, "Bucket", door_bucket(call));
	xml_add_element(&xml, "Key", door_key(call));
	xml_add_element(&xml, "UploadId", id);
	sp_buffer_add_text(&xml, "</InitiateMultipartUploadResult>");
	door_reply_xml(call, &xml);
}

void door_create_multipart_upload(struct api_call *call)
{
	door_run(call, begin);
}

/* False when there is no such upload for the key, and the call is answered. */
static bool finds(struct api_call *call, struct upload *out)
{
	struct sp_error err = { 0 };
	if (uploads_find(door_context(call)->objects, door_bucket(call), door_key(call),
			 sp_json_string(api_input(call), "uploadId"), out, &err) == 0)
		return true;
	fail(call, &err);
	return false;
}

static void give_up(void *ctx)
{
	struct api_call *call = ctx;
	struct upload upload;
	struct sp_error err = { 0 };
	if (!finds(call, &upload))
		return;
	int result = uploads_abort(door_context(call)->objects, door_bucket(call), &upload, &err);
	upload_finish(&upload);
	if (result == 0)
		api_reply_empty(call, 204);
	else if (err.code == SP_CONFLICT)
		door_fail(call, "OperationAborted", &err);
	else
		fail(call, &err);
}

void door_abort_multipart_upload(struct api_call *call)
{
	door_run(call, give_up);
}

/* ---- looking ------------------------------------------------------------------------------------------------------ */

static void write_parts(struct api_call *call, const struct upload_part *parts, size_t count,
			struct sp_buffer *xml)
{
	const json_t *input = api_input(call);
	json_int_t after = sp_json_integer(input, "part-number-marker", 0);
	json_int_t asked = sp_json_integer(input, "max-parts", PARTS_PAGE_MAX);
	size_t max = asked > PARTS_PAGE_MAX ? PARTS_PAGE_MAX : (size_t)asked;
	size_t first = 0;
	while (first < count && parts[first].number <= after)
		first++;
	size_t shown = count - first < max ? count - first : max;
	door_add_number(xml, "PartNumberMarker", (uint64_t)after);
	if (shown > 0)
		door_add_number(xml, "NextPartNumberMarker",
				(uint64_t)parts[first + shown - 1].number);
	door_add_number(xml, "MaxParts", max);
	xml_add_element(xml, "IsTruncated", first + shown < count ? "true" : "false");
	for (size_t i = first; i < first + shown; i++) {
		sp_buffer_add_text(xml, "<Part>");
		door_add_number(xml, "PartNumber", (uint64_t)parts[i].number);
		door_add_time(xml, "LastModified", parts[i].time_ms);
		door_add_etag(xml, parts[i].md5);
		door_add_number(xml, "Size", parts[i].size);
		sp_buffer_add_text(xml, "</Part>");
	}
}

static void list_parts(void *ctx)
{
	struct api_call *call = ctx;
	struct upload upload;
	struct upload_part *parts;
	size_t count;
	struct sp_error err = { 0 };
	if (!finds(call, &upload))
		return;
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_add_text(&xml, S3_XML "<ListPartsResult" S3_XMLNS ">");
	xml_add_element(&xml, "Bucket", door_bucket(call));
	xml_add_element(&xml, "Key", door_key(call));
	xml_add_element(&xml, "UploadId", upload.id);
	int result = uploads_list_parts(door_context(call)->objects, door_bucket(call), upload.id,
					&parts, &count, &err);
	upload_finish(&upload);
	if (result != 0) {
		fail(call, &err);
		return;
	}
	write_parts(call, parts, count, &xml);
	free(parts);
	sp_buffer_add_text(&xml, "<StorageClass>STANDARD</StorageClass></ListPartsResult>");
	door_reply_xml(call, &xml);
}

void door_list_parts(struct api_call *call)
{
	door_run(call, list_parts);
}
