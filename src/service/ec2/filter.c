#include "service/ec2/filter.h"

#include <stdio.h>
#include <string.h>

/* ---- wildcards ---------------------------------------------------------------------------------------------------- */

static size_t character_length(const char *text)
{
	size_t length = 1;
	while (((unsigned char)text[length] & 0xc0) == 0x80)
		length++;
	return length;
}

/* Goes back to the last '*' only: what came before it matched with the fewest characters, and more would not help. */
bool ec2_like(const char *pattern, const char *text)
{
	const char *star = NULL, *star_text = NULL;
	while (*text != '\0') {
		bool escaped = *pattern == '\\' && pattern[1] != '\0';
		if (*pattern == '*') {
			star = ++pattern;
			star_text = text;
		} else if (*pattern == '?') {
			pattern++;
			text += character_length(text);
		} else if (pattern[escaped] == *text) {
			pattern += escaped + 1;
			text++;
		} else if (star != NULL) {
			star_text += character_length(star_text);
			pattern = star;
			text = star_text;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* ---- what is asked -------------------------------------------------------------------------------------------------- */

/* @out_key: what follows a name that ends with ':'. */
static const struct ec2_filter *find(const struct ec2_filter *table, const char *name,
				     const char **out_key)
{
	for (; table->name != NULL; table++) {
		size_t length = strlen(table->name);
		*out_key = NULL;
		if (strcmp(table->name, name) == 0 && table->name[length - 1] != ':')
			return table;
		*out_key = name + length;
		if (table->name[length - 1] == ':' && strncmp(table->name, name, length) == 0 &&
		    name[length] != '\0')
			return table;
	}
	return NULL;
}

int ec2_filters_check(const json_t *filters, const struct ec2_filter *table, struct sp_error *err)
{
	size_t values = 0;
	for (size_t i = 0; i < json_array_size(filters); i++) {
		const json_t *filter = json_array_get(filters, i);
		const char *name = sp_json_string(filter, "Name"), *key;
		if (name == NULL || find(table, name, &key) == NULL)
			return sp_fail(err, SP_INVALID, "The filter '%.200s' is invalid",
				       name != NULL ? name : "null");
		size_t count = json_array_size(json_object_get(filter, "Value"));
		if (count == 0)
			return sp_fail(err, SP_INVALID, "The filter '%.200s' has no value", name);
		values += count;
	}
	if (values > EC2_FILTER_VALUES_MAX)
		return sp_fail(err, SP_LIMIT, "the filters have %zu values: more than %d", values,
			       EC2_FILTER_VALUES_MAX);
	return 0;
}

/* ---- matching ----------------------------------------------------------------------------------------------------- */

static bool any_like(const json_t *patterns, const char *text)
{
	for (size_t i = 0; i < json_array_size(patterns); i++)
		if (ec2_like(json_string_value(json_array_get(patterns, i)), text))
			return true;
	return false;
}

static bool value_matches(const json_t *patterns, const json_t *value)
{
	char number[24];
	if (json_is_string(value))
		return any_like(patterns, json_string_value(value));
	if (json_is_boolean(value))
		return any_like(patterns, json_is_true(value) ? "true" : "false");
	if (!json_is_integer(value))
		return false;
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	return any_like(patterns, number);
}

/* What is asked of the things at the end of a path. */
struct question {
	const json_t *patterns;
	const char *key; /* the value of the tag with this key; NULL: the thing is a value itself */
};

static bool thing_matches(const struct question *question, const json_t *thing)
{
	if (question->key == NULL)
		return value_matches(question->patterns, thing);
	const char *key = sp_json_string(thing, "key");
	return key != NULL && strcmp(key, question->key) == 0 &&
	       value_matches(question->patterns, json_object_get(thing, "value"));
}

static bool path_matches(const struct question *question, const char *path, const json_t *at)
{
	for (size_t i = 0; json_is_array(at) && i < json_array_size(at); i++)
		if (path_matches(question, path, json_array_get(at, i)))
			return true;
	if (at == NULL || json_is_array(at))
		return false;
	if (*path == '\0')
		return thing_matches(question, at);
	size_t length = strcspn(path, ".");
	char name[64];
	snprintf(name, sizeof(name), "%.*s", (int)length, path);
	return path_matches(question, path + length + (path[length] == '.'),
			    json_object_get(at, name));
}

bool ec2_filters_match(const json_t *filters, const struct ec2_filter *table, const json_t *shown)
{
	for (size_t i = 0; i < json_array_size(filters); i++) {
		const json_t *filter = json_array_get(filters, i);
		struct question question = { .patterns = json_object_get(filter, "Value") };
		const struct ec2_filter *found =
			find(table, sp_json_string(filter, "Name"), &question.key);
		if (found == NULL || found->path == NULL ||
		    !path_matches(&question, found->path, shown))
			return false;
	}
	return true;
}
