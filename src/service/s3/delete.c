/* DeleteObject and DeleteObjects. One that is not there is gone already. */

#include "api/xml.h"
#include "base/scope.h"
#include "objects/buckets.h"
#include "objects/folder_removal.h"
#include "service/s3/conditions.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"

static void remove_one(void *ctx)
{
	struct api_call *call = ctx;
	struct change_condition condition = { 0 };
	struct object_removal removal = { .key = door_key(call) };
	if (conditions_read_change(call, &condition, &removal.result) == 0) {
		removal.condition = conditions_judge(&condition);
		objects_remove(door_context(call)->objects, door_bucket(call), &removal, 1);
	}
	if (removal.result.code == SP_OK)
		api_reply_empty(call, 204);
	else
		door_error(call, &removal.result);
	conditions_finish(&condition);
}

void door_delete_object(struct api_call *call)
{
	door_run(call, remove_one);
}

/* ---- many --------------------------------------------------------------------------------------------------------- */

/* All that one call names. */
struct removals {
	struct object_removal *list;         /* owned, as the other */
	struct change_condition *conditions; /* one of each */
	size_t count;
};

static void finish(struct removals *removals)
{
	for (size_t i = 0; i < removals->count; i++)
		conditions_finish(&removals->conditions[i]);
	free(removals->conditions);
	free(removals->list);
}

/* Whether it may go: each for itself, or its result says why not. */
static int prepare_one(const struct api_call *call, const json_t *object,
		       struct object_removal *removal, struct change_condition *condition)
{
	struct sp_error *err = &removal->result;
	removal->key = sp_json_string(object, "Key");
	if (door_check_object(call, "s3:DeleteObject", door_bucket(call), removal->key, err) != 0)
		return -1;
	if (json_object_get(object, "LastModifiedTime") != NULL ||
	    json_object_get(object, "Size") != NULL)
		return sp_fail(err, SP_UNSUPPORTED,
			       "what is removed can have the condition ETag, and not "
			       "LastModifiedTime or Size");
	if (conditions_read_removal(call, removal->key, sp_json_string(object, "ETag"), condition,
				    err) != 0)
		return -1;
	removal->condition = conditions_judge(condition);
	return 0;
}

/* False when nothing of it may go. */
static bool prepare(const struct api_call *call, struct removals *out)
{
	const json_t *list = json_object_get(api_input(call), "Object");
	bool any = false;
	out->count = json_array_size(list);
	out->list = sp_alloc(out->count * sizeof(*out->list));
	out->conditions = sp_alloc(out->count * sizeof(*out->conditions));
	for (size_t i = 0; i < out->count; i++)
		any |= prepare_one(call, json_array_get(list, i), &out->list[i],
				   &out->conditions[i]) == 0;
	return any;
}

static void add_result(const struct object_removal *removal, bool quiet, struct sp_buffer *xml)
{
	const struct sp_error *result = &removal->result;
	if (result->code == SP_OK && quiet)
		return;
	sp_buffer_add_text(xml, result->code == SP_OK ? "<Deleted>" : "<Error>");
	xml_add_element(xml, "Key", removal->key);
	if (result->code != SP_OK) {
		xml_add_element(xml, "Code", door_error_code(result));
		xml_add_element(xml, "Message", result->message);
	}
	sp_buffer_add_text(xml, result->code == SP_OK ? "</Deleted>" : "</Error>");
}

static void reply(struct api_call *call, const struct removals *removals)
{
	bool quiet = json_is_true(json_object_get(api_input(call), "Quiet"));
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_add_text(&xml, S3_XML "<DeleteResult" S3_XMLNS ">");
	for (size_t i = 0; i < removals->count; i++)
		add_result(&removals->list[i], quiet, &xml);
	sp_buffer_add_text(&xml, "</DeleteResult>");
	door_reply_xml(call, &xml);
}

/* Who may remove nothing is not told whether there is such a bucket either. */
static void remove_many(void *ctx)
{
	struct api_call *call = ctx;
	struct objects *objects = door_context(call)->objects;
	struct removals removals = { 0 };
	struct sp_error err = { 0 };
	bool any = prepare(call, &removals);
	if (any && (door_check_folder(call, door_bucket(call), &err) != 0 ||
		    objects_find_bucket(objects, door_bucket(call), &err) != 0)) {
		door_error(call, &err);
	} else {
		objects_remove(objects, door_bucket(call), removals.list, removals.count);
		reply(call, &removals);
	}
	finish(&removals);
}

void door_delete_objects(struct api_call *call)
{
	door_run_unchecked(call, remove_many);
}
