#include "api/xml.h"

#include <stdio.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* U+FFFE and U+FFFF are UTF-8, and yet no document may hold them. */
static bool is_forbidden(const char *text)
{
	return strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0;
}

static const char *escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\r':
		return "&#xD;"; /* a bare one would be read as a line feed */
	case '\n':
	case '\t':
		return NULL;
	default:
		return (unsigned char)c < 0x20 ? REPLACEMENT : NULL;
	}
}

void xml_add_text(struct sp_buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		const char *escape = escape_of(*text);
		if (is_forbidden(text)) {
			sp_buffer_add_text(out, REPLACEMENT);
			text += 2;
		} else if (escape != NULL) {
			sp_buffer_add_text(out, escape);
		} else {
			sp_buffer_add_char(out, *text);
		}
	}
}

void xml_add_element(struct sp_buffer *out, const char *name, const char *text)
{
	sp_buffer_format(out, "<%s>", name);
	xml_add_text(out, text);
	sp_buffer_format(out, "</%s>", name);
}

void xml_add_members(struct sp_buffer *out, const json_t *object, const char *element)
{
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *)object, key, member)
		xml_add_value(out, key, member, element);
}

void xml_add_value(struct sp_buffer *out, const char *name, const json_t *value,
		   const char *element)
{
	if (value == NULL || json_is_null(value))
		return;
	sp_buffer_format(out, "<%s>", name);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		xml_add_members(out, value, element);
		break;
	case JSON_ARRAY:
		for (size_t i = 0; i < json_array_size(value); i++)
			xml_add_value(out, element, json_array_get(value, i), element);
		break;
	case JSON_STRING:
		xml_add_text(out, json_string_value(value));
		break;
	case JSON_INTEGER:
		sp_buffer_format(out, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		sp_buffer_format(out, "%.17g", json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		sp_buffer_add_text(out, json_is_true(value) ? "true" : "false");
		break;
	case JSON_NULL:
		break;
	}
	sp_buffer_format(out, "</%s>", name);
}
