#include "base/json.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

static void wipe_and_free(void *memory)
{
	if (memory != NULL)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void sp_json_wipe_what_is_freed(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

int sp_json_parse(const char *text, size_t length, json_t **out, struct sp_error *err)
{
	json_error_t problem;
	json_t *value =
		json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
	if (value == NULL)
		return sp_fail(err, SP_INVALID, "malformed JSON at line %d, column %d: %s",
			       problem.line, problem.column, problem.text);
	*out = value;
	return 0;
}

char *sp_json_text(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (text == NULL)
		sp_die("a JSON value could not be written");
	return text;
}

const char *sp_json_string(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

json_int_t sp_json_integer(const json_t *object, const char *name, json_int_t fallback)
{
	const json_t *value = json_object_get(object, name);
	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

void sp_json_set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, name, json_string(text));
}

void sp_json_set_words(json_t *object, const char *name, const char *words)
{
	bool is_text = words == NULL || sp_utf8_valid(words, strlen(words));
	SP_AUTO_FREE char *escaped = is_text ? NULL : sp_name_escape(words);
	sp_json_set_text(object, name, is_text ? words : escaped);
}
