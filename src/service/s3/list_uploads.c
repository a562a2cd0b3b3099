/* ListMultipartUploads: a bucket's uploads that are not complete, a page at a time. */

#include "api/form.h"
#include "api/xml.h"
#include "base/scope.h"
#include "objects/folder_uploads.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"

struct list {
	struct api_call *call;
	bool is_encoded;
	struct uploads_query query;
};

static const char *input_text(const struct api_call *call, const char *name)
{
	const char *text = sp_json_string(api_input(call), name);
	return text == NULL ? "" : text;
}

static void add_key(const struct list *list, struct sp_buffer *xml, const char *name,
		    const char *key)
{
	SP_AUTO_FREE char *encoded = list->is_encoded ? form_encode(key, true) : sp_strdup(key);
	xml_add_element(xml, name, encoded);
}

/* What was asked for, told again, and where the next page begins: a group has no id. */
static void add_question(const struct list *list, const struct upload_listing *page,
			 struct sp_buffer *xml)
{
	xml_add_element(xml, "Bucket", door_bucket(list->call));
	add_key(list, xml, "KeyMarker", list->query.after_key);
	xml_add_element(xml, "UploadIdMarker", list->query.after_id);
	if (page->more) {
		const struct upload *last = &page->list[page->count - 1].upload;
		add_key(list, xml, "NextKeyMarker", last->key);
		xml_add_element(xml, "NextUploadIdMarker", last->id);
	}
	add_key(list, xml, "Prefix", list->query.prefix);
	if (list->query.grouped)
		xml_add_element(xml, "Delimiter", "/");
	door_add_number(xml, "MaxUploads", list->query.max);
	if (list->is_encoded)
		xml_add_element(xml, "EncodingType", "url");
	xml_add_element(xml, "IsTruncated", page->more ? "true" : "false");
}

static void add_upload(const struct list *list, const struct upload *upload, struct sp_buffer *xml)
{
	sp_buffer_add_text(xml, "<Upload>");
	add_key(list, xml, "Key", upload->key);
	xml_add_element(xml, "UploadId", upload->id);
	sp_buffer_add_text(xml, "<StorageClass>STANDARD</StorageClass>");
	door_add_time(xml, "Initiated", upload->begun_ms);
	sp_buffer_add_text(xml, "</Upload>");
}

static void add_group(const struct list *list, const struct upload *group, struct sp_buffer *xml)
{
	sp_buffer_add_text(xml, "<CommonPrefixes>");
	add_key(list, xml, "Prefix", group->key);
	sp_buffer_add_text(xml, "</CommonPrefixes>");
}

static void write_page(const struct list *list, const struct upload_listing *page,
		       struct sp_buffer *xml)
{
	sp_buffer_add_text(xml, S3_XML "<ListMultipartUploadsResult" S3_XMLNS ">");
	add_question(list, page, xml);
	for (size_t i = 0; i < page->count; i++)
		if (!page->list[i].is_group)
			add_upload(list, &page->list[i].upload, xml);
	for (size_t i = 0; i < page->count; i++)
		if (page->list[i].is_group)
			add_group(list, &page->list[i].upload, xml);
	sp_buffer_add_text(xml, "</ListMultipartUploadsResult>");
}

static void list_uploads(void *ctx)
{
	struct api_call *call = ctx;
	json_int_t max = sp_json_integer(api_input(call), "max-uploads", UPLOADS_PAGE_MAX);
	const struct list list = {
		.call = call,
		.is_encoded = sp_json_string(api_input(call), "encoding-type") != NULL,
		.query = { .prefix = input_text(call, "prefix"),
			   .after_key = input_text(call, "key-marker"),
			   .after_id = input_text(call, "upload-id-marker"),
			   .grouped = *input_text(call, "delimiter") != '\0',
			   .max = max > UPLOADS_PAGE_MAX ? UPLOADS_PAGE_MAX : (size_t)max },
	};
	struct upload_listing page;
	struct sp_error err = { 0 };
	if (uploads_list(door_context(call)->objects, door_bucket(call), &list.query, &page,
			 &err) != 0) {
		door_error(call, &err);
		return;
	}
	SP_AUTO_BUFFER xml = { 0 };
	write_page(&list, &page, &xml);
	upload_listing_finish(&page);
	door_reply_xml(call, &xml);
}

void door_list_multipart_uploads(struct api_call *call)
{
	door_run(call, list_uploads);
}
