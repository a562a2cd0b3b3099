#include "sign/canonical.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "base/text.h"

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

static void add_encoded(struct sp_buffer *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (is_unreserved(text[i]))
			sp_buffer_add_char(out, text[i]);
		else
			sp_buffer_format(out, "%%%02X", (unsigned)(unsigned char)text[i]);
	}
}

/* An escape that is none stands for itself, as the clients' own libraries read it. */
static void add_decoded(struct sp_buffer *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		int high = text[i] == '%' && length - i > 2 ? sp_hex_value(text[i + 1]) : -1;
		int low = high >= 0 ? sp_hex_value(text[i + 2]) : -1;
		if (low < 0) {
			sp_buffer_add_char(out, text[i]);
			continue;
		}
		sp_buffer_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
}

void sign_encode(const char *text, size_t length, bool keep_slashes, struct sp_buffer *out)
{
	for (size_t i = 0; i < length; i++) {
		if (keep_slashes && text[i] == '/')
			sp_buffer_add_char(out, '/');
		else
			add_encoded(out, text + i, 1);
	}
}

void sign_canonical_path(const char *path, size_t length, struct sp_buffer *out)
{
	SP_AUTO_BUFFER kept = { 0 };

	for (size_t at = 0; at < length;) {
		const char *segment = path + at;
		const char *end = memchr(segment, '/', length - at);
		size_t size = end == NULL ? length - at : (size_t)(end - segment);
		at += size + (end != NULL);

		bool up = size == 2 && memcmp(segment, "..", 2) == 0;
		bool nothing = size == 0 || (size == 1 && *segment == '.');
		if (nothing)
			continue;
		if (up) {
			while (kept.length > 0 && kept.data[--kept.length] != '/')
				;
			continue;
		}
		sp_buffer_add_char(&kept, '/');
		add_encoded(&kept, segment, size);
	}
	sp_buffer_add(out, kept.data, kept.length);
	if (kept.length == 0 || path[length - 1] == '/')
		sp_buffer_add_char(out, '/');
}

void sign_plain_path(const char *path, size_t length, struct sp_buffer *out)
{
	for (size_t at = 0; at < length;) {
		SP_AUTO_BUFFER decoded = { 0 };
		const char *slash = memchr(path + at, '/', length - at);
		size_t size = slash == NULL ? length - at : (size_t)(slash - path) - at;
		add_decoded(&decoded, path + at, size);
		add_encoded(out, decoded.data, decoded.length);
		if (slash != NULL)
			sp_buffer_add_char(out, '/');
		at += size + (slash != NULL);
	}
}

struct pair {
	char *name, *value; /* encoded, owned */
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *one = a, *other = b;
	int order = strcmp(one->name, other->name);
	return order != 0 ? order : strcmp(one->value, other->value);
}

static char *recode(const char *text, size_t length)
{
	SP_AUTO_BUFFER decoded = { 0 };
	SP_AUTO_BUFFER encoded = { 0 };
	add_decoded(&decoded, text, length);
	add_encoded(&encoded, decoded.data, decoded.length);
	return sp_buffer_take(&encoded);
}

/* The next "name=value" of a query. False at its end. */
static bool next_pair(const char **at, const char **name, size_t *name_length, const char **value,
		      size_t *value_length)
{
	while (**at == '&')
		(*at)++;
	if (**at == '\0')
		return false;
	size_t length = strcspn(*at, "&");
	*name = *at;
	*name_length = strcspn(*at, "&=");
	bool valued = *name_length < length;
	*value = *at + *name_length + valued;
	*value_length = length - *name_length - valued;
	*at += length;
	return true;
}

bool sign_canonical_query(const char *query, const char *leave_out, struct sp_buffer *out)
{
	SP_AUTO_FREE struct pair *pairs = sp_alloc(SIGN_QUERY_PAIRS_MAX * sizeof(*pairs));
	size_t count = 0;
	const char *name, *value;
	size_t name_length, value_length;
	bool fits = true;

	while (fits && next_pair(&query, &name, &name_length, &value, &value_length)) {
		SP_AUTO_FREE char *key = recode(name, name_length);
		if (leave_out != NULL && strcmp(key, leave_out) == 0)
			continue;
		fits = count < SIGN_QUERY_PAIRS_MAX;
		if (fits) {
			pairs[count].name = sp_take_pointer(&key);
			pairs[count].value = recode(value, value_length);
			count++;
		}
	}
	qsort(pairs, count, sizeof(*pairs), compare_pairs);
	for (size_t i = 0; i < count; i++) {
		sp_buffer_format(out, "%s%s=%s", i == 0 ? "" : "&", pairs[i].name, pairs[i].value);
		free(pairs[i].name);
		free(pairs[i].value);
	}
	return fits;
}

char *sign_query_value(const char *query, const char *wanted)
{
	const char *name, *value;
	size_t name_length, value_length;
	while (next_pair(&query, &name, &name_length, &value, &value_length)) {
		SP_AUTO_BUFFER key = { 0 };
		add_decoded(&key, name, name_length);
		if (strcmp(sp_buffer_text(&key), wanted) != 0)
			continue;
		SP_AUTO_BUFFER decoded = { 0 };
		add_decoded(&decoded, value, value_length);
		return sp_buffer_take(&decoded);
	}
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Trimmed, and every run of spaces (also a folded line's) is one. */
static void add_header_value(struct sp_buffer *out, const char *value)
{
	bool space = false, began = false;
	for (; *value != '\0'; value++) {
		if (is_space(*value)) {
			space = began;
			continue;
		}
		if (space)
			sp_buffer_add_char(out, ' ');
		sp_buffer_add_char(out, *value);
		space = false;
		began = true;
	}
}

bool sign_canonical_headers(const struct sign_request *request, const char *names,
			    struct sp_buffer *out)
{
	for (const char *name = names; *name != '\0';) {
		size_t length = strcspn(name, ";");
		bool found = false;

		sp_buffer_add(out, name, length);
		for (size_t i = 0; i < request->header_count; i++) {
			const struct sign_header *header = &request->headers[i];
			if (strlen(header->name) != length ||
			    strncasecmp(header->name, name, length) != 0)
				continue;
			sp_buffer_add_char(out, found ? ',' : ':');
			add_header_value(out, header->value);
			found = true;
		}
		if (!found)
			return false;
		sp_buffer_add_char(out, '\n');
		name += length + (name[length] == ';');
	}
	return true;
}

bool sign_names_contain(const char *names, const char *name)
{
	size_t wanted = strlen(name);
	while (*names != '\0') {
		size_t length = strcspn(names, ";");
		if (length == wanted && strncasecmp(names, name, length) == 0)
			return true;
		names += length + (names[length] == ';');
	}
	return false;
}

/* Without the terminators that strcmp() would need: both names end at ';' or at the end of the list. */
static bool is_before(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order < 0 || (order == 0 && a_length < b_length);
}

bool sign_names_are_canonical(const char *names)
{
	const char *before = NULL;
	size_t before_length = 0, count = 0;
	for (;;) {
		size_t length = strcspn(names, ";");
		if (length == 0 || ++count > SIGN_HEADER_NAMES_MAX)
			return false;
		for (size_t i = 0; i < length; i++)
			if (!is_unreserved(names[i]) || (names[i] >= 'A' && names[i] <= 'Z'))
				return false;
		if (before != NULL && !is_before(before, before_length, names, length))
			return false;
		if (names[length] == '\0')
			return true;
		before = names;
		before_length = length;
		names += length + 1;
	}
}

const char *sign_header_value(const struct sign_request *request, const char *name)
{
	const char *value = NULL;
	for (size_t i = 0; i < request->header_count; i++) {
		if (strcasecmp(request->headers[i].name, name) != 0)
			continue;
		if (value != NULL)
			return NULL;
		value = request->headers[i].value;
	}
	return value;
}
