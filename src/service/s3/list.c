/* A bucket's keys, a page at a time: ListObjectsV2, the one before it, which some clients still ask, and ListObjectVersions, for
 * those who look for versions: there is one of each. */

#include <string.h>

#include "api/form.h"
#include "api/xml.h"
#include "base/base64.h"
#include "base/scope.h"
#include "objects/folder_listing.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"

#define NO_VERSION "null" /* what S3 calls an object's only version */

struct kind {
	const char *root, *object; /* elements */
	const char *start;         /* the parameter that says where the first page begins */
};

static const struct kind v1 = { "ListBucketResult", "Contents", "marker" };
static const struct kind v2 = { "ListBucketResult", "Contents", "start-after" };
static const struct kind versions = { "ListVersionsResult", "Version", "key-marker" };

struct list {
	struct api_call *call;
	const struct kind *kind;
	bool is_encoded;
	char *after; /* owned */
	struct listing_query query;
};

static const char *input_text(const struct list *list, const char *name, const char *otherwise)
{
	const char *text = sp_json_string(api_input(list->call), name);
	return text == NULL ? otherwise : text;
}

/* Keys may hold what XML cannot: clients ask for them encoded. */
static void add_key(const struct list *list, struct sp_buffer *xml, const char *name,
		    const char *key)
{
	if (!list->is_encoded) {
		xml_add_element(xml, name, key);
		return;
	}
	SP_AUTO_FREE char *encoded = form_encode(key, true);
	xml_add_element(xml, name, encoded);
}

/* ---- where a page begins ------------------------------------------------------------------------------------------ */

/* The token is the last key or group that was told, so that it holds across restarts and whatever comes and goes. */
static int read_token(const char *token, char **out, struct sp_error *err)
{
	size_t length = strlen(token), room = sp_base64_decoded_max(length) + 1, size = 0;
	SP_AUTO_FREE char *key = sp_alloc(room + 1);
	if (!sp_base64_decode(token, length, key, &size) || size == 0 || strlen(key) != size)
		return sp_fail(err, SP_INVALID, "The continuation token provided is incorrect");
	*out = sp_take_pointer(&key);
	return 0;
}

static int begin(struct list *list, struct sp_error *err)
{
	const json_t *input = api_input(list->call);
	const char *token = sp_json_string(input, "continuation-token");
	json_int_t max = sp_json_integer(input, "max-keys", LISTING_PAGE_MAX);
	list->is_encoded = sp_json_string(input, "encoding-type") != NULL;
	if (list->kind == &v2 && token != NULL) {
		if (read_token(token, &list->after, err) != 0)
			return -1;
	} else {
		list->after = sp_strdup(input_text(list, list->kind->start, ""));
	}
	list->query = (struct listing_query){
		.prefix = input_text(list, "prefix", ""),
		.after = list->after,
		.grouped = *input_text(list, "delimiter", "") != '\0',
		.max = max > LISTING_PAGE_MAX ? LISTING_PAGE_MAX : (size_t)max,
	};
	return 0;
}

/* ---- the page ----------------------------------------------------------------------------------------------------- */

static void add_owner(const struct list *list, struct sp_buffer *xml)
{
	if (list->kind == &v2 &&
	    !json_is_true(json_object_get(api_input(list->call), "fetch-owner")))
		return;
	sp_buffer_add_text(xml, "<Owner>");
	xml_add_element(xml, "ID", door_context(list->call)->account);
	sp_buffer_add_text(xml, "</Owner>");
}

static void add_object(const struct list *list, const struct listed_object *object,
		       struct sp_buffer *xml)
{
	sp_buffer_format(xml, "<%s>", list->kind->object);
	add_key(list, xml, "Key", object->key);
	door_add_time(xml, "LastModified", object->time_ms);
	door_add_etag(xml, object->etag);
	door_add_number(xml, "Size", object->size);
	add_owner(list, xml);
	if (list->kind == &versions)
		sp_buffer_add_text(xml, "<VersionId>" NO_VERSION
					"</VersionId><IsLatest>true</IsLatest>");
	sp_buffer_format(xml, "<StorageClass>STANDARD</StorageClass></%s>", list->kind->object);
}

static void add_next(const struct list *list, const struct object_listing *page,
		     struct sp_buffer *xml)
{
	if (!page->more || page->count == 0)
		return;
	const char *last = page->objects[page->count - 1].key;
	if (list->kind == &versions) {
		add_key(list, xml, "NextKeyMarker", last);
		xml_add_element(xml, "NextVersionIdMarker", NO_VERSION);
	} else if (list->kind == &v2) {
		SP_AUTO_FREE char *token = sp_base64_encode(last, strlen(last));
		xml_add_element(xml, "NextContinuationToken", token);
	} else if (list->query.grouped) {
		add_key(list, xml, "NextMarker", last);
	}
}

static void add_place_v2(const struct list *list, const struct object_listing *page,
			 struct sp_buffer *xml)
{
	const char *token = input_text(list, "continuation-token", NULL);
	door_add_number(xml, "KeyCount", page->count);
	if (token != NULL)
		xml_add_element(xml, "ContinuationToken", token);
	if (input_text(list, "start-after", NULL) != NULL)
		add_key(list, xml, "StartAfter", input_text(list, "start-after", ""));
}

/* What was asked for, told again. */
static void add_question(const struct list *list, const struct object_listing *page,
			 struct sp_buffer *xml)
{
	xml_add_element(xml, "Name", door_bucket(list->call));
	add_key(list, xml, "Prefix", list->query.prefix);
	door_add_number(xml, "MaxKeys", list->query.max);
	if (list->query.grouped)
		xml_add_element(xml, "Delimiter", "/");
	if (list->is_encoded)
		xml_add_element(xml, "EncodingType", "url");
	xml_add_element(xml, "IsTruncated", page->more ? "true" : "false");
	if (list->kind == &v1)
		add_key(list, xml, "Marker", list->after);
	if (list->kind == &versions) {
		add_key(list, xml, "KeyMarker", list->after);
		xml_add_element(xml, "VersionIdMarker", input_text(list, "version-id-marker", ""));
	}
	if (list->kind == &v2)
		add_place_v2(list, page, xml);
}

static void write_page(const struct list *list, const struct object_listing *page,
		       struct sp_buffer *xml)
{
	sp_buffer_format(xml, S3_XML "<%s" S3_XMLNS ">", list->kind->root);
	add_question(list, page, xml);
	add_next(list, page, xml);
	for (size_t i = 0; i < page->count; i++)
		if (!page->objects[i].is_group)
			add_object(list, &page->objects[i], xml);
	for (size_t i = 0; i < page->count; i++) {
		if (!page->objects[i].is_group)
			continue;
		sp_buffer_add_text(xml, "<CommonPrefixes>");
		add_key(list, xml, "Prefix", page->objects[i].key);
		sp_buffer_add_text(xml, "</CommonPrefixes>");
	}
	sp_buffer_format(xml, "</%s>", list->kind->root);
}

static void answer(struct api_call *call, const struct kind *kind)
{
	struct list list = { .call = call, .kind = kind };
	struct object_listing page;
	struct sp_error err = { 0 };
	SP_AUTO_BUFFER xml = { 0 };
	int result = begin(&list, &err);
	if (result == 0)
		result = objects_list(door_context(call)->objects, door_bucket(call), &list.query,
				      &page, &err);
	if (result == 0) {
		write_page(&list, &page, &xml);
		object_listing_finish(&page);
	}
	free(list.after);
	if (result == 0)
		door_reply_xml(call, &xml);
	else
		door_error(call, &err);
}

static void list_v1(void *ctx)
{
	answer(ctx, &v1);
}

static void list_v2(void *ctx)
{
	answer(ctx, &v2);
}

static void list_versions(void *ctx)
{
	answer(ctx, &versions);
}

void door_list_objects(struct api_call *call)
{
	door_run(call, list_v1);
}

void door_list_objects_v2(struct api_call *call)
{
	door_run(call, list_v2);
}

void door_list_object_versions(struct api_call *call)
{
	door_run(call, list_versions);
}
