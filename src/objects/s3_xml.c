#include "objects/s3_xml.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

enum { TAG_MAX = 64 };

static const struct {
	const char *entity;
	char character;
} entities[] = {
	{ "&quot;", '"' }, { "&#34;", '"' }, { "&amp;", '&' },
	{ "&lt;", '<' },   { "&gt;", '>' },  { "&apos;", '\'' },
};

static char *resolve(const char *text, size_t length)
{
	struct sp_buffer out = { 0 };
	for (size_t at = 0; at < length;) {
		size_t i = 0;
		for (; i < SP_COUNT_OF(entities); i++)
			if (strncmp(text + at, entities[i].entity, strlen(entities[i].entity)) == 0)
				break;
		bool is_entity = i < SP_COUNT_OF(entities);
		sp_buffer_add_char(&out, is_entity ? entities[i].character : text[at]);
		at += is_entity ? strlen(entities[i].entity) : 1;
	}
	return sp_buffer_take(&out);
}

char *s3_xml_next(const char **at, const char *end, const char *name)
{
	char open[TAG_MAX], close[TAG_MAX];
	snprintf(open, sizeof(open), "<%s>", name);
	snprintf(close, sizeof(close), "</%s>", name);
	const char *from = strstr(*at, open);
	if (from == NULL || from >= end)
		return NULL;
	from += strlen(open);
	const char *to = strstr(from, close);
	if (to == NULL || to >= end)
		return NULL;
	*at = to + strlen(close);
	return resolve(from, (size_t)(to - from));
}

char *s3_xml_first(const char *text, const char *name)
{
	return s3_xml_next(&text, text + strlen(text), name);
}
