/* DeleteObject and DeleteObjects. One that is not there is gone already. */

#include "api/xml.h"
#include "base/scope.h"
#include "objects/buckets.h"
#include "objects/removal.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"

#define NO_CONDITIONS                                                                              \
	"the buckets of Sallyport are folders, and a file there is removed as it is, without "     \
	"conditions"

/* What cannot be kept must not be passed over: more would go than was meant. */
static bool has_conditions(const struct api_call *call)
{
	return api_header(call, "if-match") != NULL ||
	       api_header(call, "x-amz-if-match-last-modified-time") != NULL ||
	       api_header(call, "x-amz-if-match-size") != NULL;
}

static bool has_condition(const json_t *object)
{
	return json_object_get(object, "ETag") != NULL ||
	       json_object_get(object, "LastModifiedTime") != NULL ||
	       json_object_get(object, "Size") != NULL;
}

static void remove_one(void *ctx)
{
	struct api_call *call = ctx;
	struct sp_error err = { 0 };
	if (has_conditions(call))
		api_fail(call, "NotImplemented", NO_CONDITIONS);
	else if (objects_remove(door_context(call)->objects, door_bucket(call), door_key(call),
				&err) == 0)
		api_reply_empty(call, 204);
	else
		door_error(call, &err);
}

void door_delete_object(struct api_call *call)
{
	door_run(call, remove_one);
}

static void add_result(const char *key, const struct sp_error *result, bool quiet,
		       struct sp_buffer *xml)
{
	if (result->code == SP_OK && quiet)
		return;
	sp_buffer_add_text(xml, result->code == SP_OK ? "<Deleted>" : "<Error>");
	xml_add_element(xml, "Key", key);
	if (result->code != SP_OK) {
		xml_add_element(xml, "Code", door_error_code(result));
		xml_add_element(xml, "Message", result->message);
	}
	sp_buffer_add_text(xml, result->code == SP_OK ? "</Deleted>" : "</Error>");
}

static void remove_many(void *ctx)
{
	struct api_call *call = ctx;
	struct objects *objects = door_context(call)->objects;
	const json_t *list = json_object_get(api_input(call), "Object");
	bool quiet = json_is_true(json_object_get(api_input(call), "Quiet"));
	size_t count = json_array_size(list);
	struct sp_error err = { 0 };
	if (objects_find_bucket(objects, door_bucket(call), &err) != 0) {
		door_error(call, &err);
		return;
	}
	SP_AUTO_FREE const char **keys = sp_alloc(count * sizeof(*keys));
	SP_AUTO_FREE struct sp_error *results = sp_alloc(count * sizeof(*results));
	for (size_t i = 0; i < count; i++) {
		keys[i] = sp_json_string(json_array_get(list, i), "Key");
		if (has_condition(json_array_get(list, i))) {
			api_fail(call, "NotImplemented", NO_CONDITIONS);
			return;
		}
	}
	objects_remove_all(objects, door_bucket(call), keys, count, results);

	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_add_text(&xml, S3_XML "<DeleteResult" S3_XMLNS ">");
	for (size_t i = 0; i < count; i++)
		add_result(keys[i], &results[i], quiet, &xml);
	sp_buffer_add_text(&xml, "</DeleteResult>");
	door_reply_xml(call, &xml);
}

void door_delete_objects(struct api_call *call)
{
	door_run(call, remove_many);
}
