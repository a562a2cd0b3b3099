#include "service/tag_list.h"

#include <string.h>
#include <strings.h>

#define RESERVED_PREFIX "aws:" /* in any case of its letters */

int tag_list_check(const json_t *tags, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *key = sp_json_string(json_array_get(tags, i), "Key");
		if (key[0] == '\0')
			return sp_fail(err, SP_INVALID,
				       "Tags[%zu].Key: a tag's key cannot be empty", i);
		if (strncasecmp(key, RESERVED_PREFIX, strlen(RESERVED_PREFIX)) == 0)
			return sp_fail(err, SP_INVALID,
				       "Tags[%zu].Key: \"%s\" begins with \"" RESERVED_PREFIX
				       "\", which is AWS's own",
				       i, key);
		for (size_t j = 0; j < i; j++)
			if (strcmp(sp_json_string(json_array_get(tags, j), "Key"), key) == 0)
				return sp_fail(err, SP_INVALID,
					       "Tags[%zu].Key: \"%s\" is given twice", i, key);
	}
	return 0;
}

int tag_list_put(struct db *db, const char *arn, const json_t *tags, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);
		const char *value = sp_json_string(tag, "Value");
		if (tags_put(db, arn, sp_json_string(tag, "Key"), value != NULL ? value : "",
			     err) == 0)
			continue;
		/* Too many tags are the client's matter; SP_LIMIT is left to the store itself. */
		if (err->code == SP_LIMIT)
			err->code = SP_INVALID;
		return -1;
	}
	return 0;
}

int tag_list_remove(struct db *db, const char *arn, const json_t *keys, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(keys); i++)
		if (tags_remove(db, arn, json_string_value(json_array_get(keys, i)), err) != 0)
			return -1;
	return 0;
}

int tag_list_read(struct db *db, const char *arn, const char *after, size_t max, json_t **out,
		  bool *out_more, struct sp_error *err)
{
	struct tag tags[TAGS_MAX];
	size_t count = 0;
	if (tags_list(db, arn, tags, &count, err) != 0)
		return -1;
	json_t *list = json_array();
	*out_more = false;
	for (size_t i = 0; i < count; i++) {
		bool behind = after == NULL || strcmp(tags[i].key, after) > 0;
		if (behind && json_array_size(list) < max)
			json_array_append_new(list, json_pack("{s:s, s:s}", "Key", tags[i].key,
							      "Value", tags[i].value));
		else if (behind)
			*out_more = true;
		tag_finish(&tags[i]);
	}
	*out = list;
	return 0;
}

int tag_list_read_all(struct db *db, const char *arn, json_t **out, struct sp_error *err)
{
	bool more;
	return tag_list_read(db, arn, NULL, TAGS_MAX, out, &more, err);
}
