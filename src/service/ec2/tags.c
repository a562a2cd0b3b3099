#include "service/ec2/tags.h"

#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "store/tags.h"

#define RESERVED_PREFIX "aws:" /* in any case of its letters */

/* ---- putting -------------------------------------------------------------------------------------------------------- */

static int check_key(struct ec2_request *request, const char *key, struct sp_error *err)
{
	if (key == NULL || *key == '\0')
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Tag key cannot be null or empty.");
	if (sp_utf8_count(key) > TAG_KEY_MAX)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Tag key exceeds the maximum length of %d characters",
				  TAG_KEY_MAX);
	if (strncasecmp(key, RESERVED_PREFIX, strlen(RESERVED_PREFIX)) == 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Tag keys starting with '" RESERVED_PREFIX
				  "' are reserved for internal use");
	return 0;
}

int ec2_tags_check(struct ec2_request *request, const json_t *tags, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *key = sp_json_string(json_array_get(tags, i), "Key");
		const char *value = sp_json_string(json_array_get(tags, i), "Value");
		if (check_key(request, key, err) != 0)
			return -1;
		if (value != NULL && sp_utf8_count(value) > TAG_VALUE_MAX)
			return ec2_refuse(request, err, EC2_INVALID_VALUE,
					  "Tag value exceeds the maximum length of %d characters",
					  TAG_VALUE_MAX);
		for (size_t j = 0; j < i; j++)
			if (strcmp(sp_json_string(json_array_get(tags, j), "Key"), key) == 0)
				return ec2_refuse(request, err, EC2_INVALID_VALUE,
						  "Duplicate tag key '%s' specified.", key);
	}
	return 0;
}

int ec2_tags_put(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
		 const char *id, const json_t *tags, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = ec2_arn(request->context, kind, id);
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *key = sp_json_string(json_array_get(tags, i), "Key");
		const char *value = sp_json_string(json_array_get(tags, i), "Value");
		if (value == NULL)
			value = "";
		if (kind->check_tag != NULL &&
		    kind->check_tag(request, db, id, key, value, err) != 0)
			return -1;
		if (tags_put(db, arn, key, value, err) == 0)
			continue;
		if (err->code != SP_LIMIT)
			return -1;
		return ec2_refuse(request, err, "TagLimitExceeded",
				  "The maximum number of tags for a resource is %d: '%s' cannot "
				  "have more",
				  TAGS_MAX, id);
	}
	return 0;
}

static const json_t *specifications(const struct ec2_request *request)
{
	return json_object_get(request->input, "TagSpecification");
}

int ec2_tags_create(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
		    const char *id, struct sp_error *err)
{
	SP_AUTO_JSON json_t *all = json_array();
	for (size_t i = 0; i < json_array_size(specifications(request)); i++) {
		const json_t *specification = json_array_get(specifications(request), i);
		const char *type = sp_json_string(specification, "ResourceType");
		if (type == NULL)
			return ec2_refuse(request, err, EC2_MISSING_PARAMETER,
					  "Tag specification resource type must have a value");
		if (strcmp(type, kind->type) != 0)
			return ec2_refuse(request, err, EC2_INVALID_VALUE,
					  "'%.64s' is not a valid taggable resource type for this "
					  "operation: it makes a '%s'",
					  type, kind->type);
		json_array_extend(all, json_object_get(specification, "Tag"));
	}
	if (ec2_tags_check(request, all, err) != 0)
		return -1;
	return ec2_tags_put(request, db, kind, id, all, err);
}

const char *ec2_tag_wanted(const struct ec2_request *request, const char *key)
{
	for (size_t i = 0; i < json_array_size(specifications(request)); i++) {
		const json_t *tags =
			json_object_get(json_array_get(specifications(request), i), "Tag");
		for (size_t j = 0; j < json_array_size(tags); j++) {
			const json_t *tag = json_array_get(tags, j);
			const char *value = sp_json_string(tag, "Value");
			if (sp_text_equal(sp_json_string(tag, "Key"), key))
				return value != NULL ? value : "";
		}
	}
	return NULL;
}

int ec2_tag_set(const struct service_context *context, struct db *db, const struct ec2_kind *kind,
		const char *id, json_t **out, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = ec2_arn(context, kind, id);
	struct tag tags[TAGS_MAX];
	size_t count = 0;
	if (tags_list(db, arn, tags, &count, err) != 0)
		return -1;
	*out = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(
			*out, json_pack("{s:s, s:s}", "key", tags[i].key, "value", tags[i].value));
		tag_finish(&tags[i]);
	}
	return 0;
}

int ec2_tag_find(const struct service_context *context, struct db *db, const struct ec2_kind *kind,
		 const char *id, const char *key, char **out, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = ec2_arn(context, kind, id);
	return tags_find(db, arn, key, out, err);
}

int ec2_tags_delete(const struct service_context *context, struct db *db,
		    const struct ec2_kind *kind, const char *id, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = ec2_arn(context, kind, id);
	return tags_remove_all(db, arn, err);
}
