#include "base/xml_texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

enum { TAG_SIZE = 64 };

static const struct {
	const char *entity;
	char c;
} entities[] = {
	{ "&lt;", '<' },    { "&gt;", '>' },  { "&amp;", '&' },  { "&quot;", '"' },
	{ "&apos;", '\'' }, { "&#34;", '"' }, { "&#39;", '\'' },
};

static size_t add_entity(struct sp_buffer *out, const char *at, size_t length)
{
	for (size_t i = 0; i < SP_COUNT_OF(entities); i++) {
		size_t size = strlen(entities[i].entity);
		if (size <= length && memcmp(at, entities[i].entity, size) == 0) {
			sp_buffer_add_char(out, entities[i].c);
			return size;
		}
	}
	sp_buffer_add_char(out, *at);
	return 1;
}

bool xml_next(struct xml_piece *rest, const char *name, struct xml_piece *out)
{
	char opening[TAG_SIZE + 3] = "<", closing[TAG_SIZE + 4] = "</";
	if (strlen(name) > TAG_SIZE)
		return false;
	strcat(strcat(opening, name), ">");
	strcat(strcat(closing, name), ">");
	const char *begin = memmem(rest->at, rest->length, opening, strlen(opening));
	if (begin == NULL)
		return false;
	begin += strlen(opening);
	size_t left = rest->length - (size_t)(begin - rest->at);
	const char *end = memmem(begin, left, closing, strlen(closing));
	if (end == NULL)
		return false;
	*out = (struct xml_piece){ begin, (size_t)(end - begin) };
	size_t used = out->length + strlen(closing);
	*rest = (struct xml_piece){ begin + used, left - used };
	return true;
}

char *xml_text(struct xml_piece piece, const char *name)
{
	struct xml_piece found;
	struct sp_buffer out = { 0 };
	if (!xml_next(&piece, name, &found))
		return NULL;
	for (size_t at = 0; at < found.length;)
		at += add_entity(&out, found.at + at, found.length - at);
	return sp_buffer_take(&out);
}
