#include "service/secretsmanager/request.h"

#include "base/text.h"

static int put_tag(struct db *db, const char *arn, const char *key, const char *value,
		   struct sp_error *err)
{
	if (sp_text_starts_with(key, "aws:"))
		return sp_fail(err, SP_INVALID,
			       "the tag \"%s\" cannot be set: keys that begin with \"aws:\" are "
			       "reserved",
			       key);
	if (tags_put(db, arn, key, value != NULL ? value : "", err) == 0)
		return 0;
	if (err->code == SP_LIMIT) /* this service has no other name for it */
		sp_fail(err, SP_INVALID, "a secret cannot have more than %d tags", TAGS_MAX);
	return -1;
}

int tags_put_from_input(struct db *db, const json_t *input, const char *arn, struct sp_error *err)
{
	const json_t *list = json_object_get(input, "Tags");
	SP_AUTO_JSON json_t *seen = json_object();
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *tag = json_array_get(list, i);
		const char *key = sp_json_string(tag, "Key");
		if (json_object_get(seen, key) != NULL)
			return sp_fail(err, SP_INVALID, "the tag \"%s\" is given twice", key);
		json_object_set_new(seen, key, json_true());
		if (put_tag(db, arn, key, sp_json_string(tag, "Value"), err) != 0)
			return -1;
	}
	return 0;
}

int tags_to_json(struct db *db, const char *arn, json_t **out, struct sp_error *err)
{
	struct tag tags[TAGS_MAX];
	size_t count;
	if (tags_list(db, arn, tags, &count, err) != 0)
		return -1;
	*out = count > 0 ? json_array() : NULL;
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(
			*out, json_pack("{s:s, s:s}", "Key", tags[i].key, "Value", tags[i].value));
		tag_finish(&tags[i]);
	}
	return 0;
}

static int tag(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	if (request_find_secret(db, request, false, &secret, err) != 0 ||
	    tags_put_from_input(db, request->input, secret.arn, err) != 0)
		return -1;
	return request_touch_secret(db, request, &secret, err);
}

/* Both answer with nothing at all. */
void tag_resource(struct api_call *call)
{
	request_write(call, tag);
}

static int untag(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	if (request_find_secret(db, request, false, &secret, err) != 0)
		return -1;
	const json_t *keys = json_object_get(request->input, "TagKeys");
	for (size_t i = 0; i < json_array_size(keys); i++)
		if (tags_remove(db, secret.arn, json_string_value(json_array_get(keys, i)), err) !=
		    0)
			return -1;
	return request_touch_secret(db, request, &secret, err);
}

void untag_resource(struct api_call *call)
{
	request_write(call, untag);
}
