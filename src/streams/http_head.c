#include "streams/http_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { LINE_MAX_BYTES = 8192 };

static bool read_status(const char *line, size_t length, struct http_head *out)
{
	if (length < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ')
		return false;
	out->closes = line[7] == '0';
	out->status = 0;
	for (size_t i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		out->status = out->status * 10 + (line[i] - '0');
	}
	return out->status >= 100;
}

static bool is_named(const char *line, size_t length, const char *name, const char **value,
		     size_t *value_length)
{
	size_t size = strlen(name);
	if (length <= size || line[size] != ':' || strncasecmp(line, name, size) != 0)
		return false;
	const char *from = line + size + 1, *end = line + length;
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*value = from;
	*value_length = (size_t)(end - from);
	return true;
}

/* "bytes 0-9/10"; of how many is not our concern. */
static bool read_range(const char *value, size_t length, struct http_head *out)
{
	char text[64], *rest = text;
	uint64_t first, last;
	if (length >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)length, value);
	if (!sp_text_starts_with(text, "bytes ") || strsep(&rest, " ") == NULL)
		return false;
	const char *from = strsep(&rest, "-"), *to = strsep(&rest, "/");
	if (to == NULL || rest == NULL || !sp_text_to_u64(from, 0, INT64_MAX, &first) ||
	    !sp_text_to_u64(to, first, INT64_MAX, &last) ||
	    (out->has_range && (out->first != first || out->last != last)))
		return false;
	out->has_range = true;
	out->first = first;
	out->last = last;
	return true;
}

static bool read_header(const char *line, size_t length, struct http_head *out)
{
	const char *value;
	size_t size;
	char text[32];
	if (memchr(line, '\0', length) != NULL)
		return false;
	if (is_named(line, length, "content-length", &value, &size)) {
		uint64_t number;
		snprintf(text, sizeof(text), "%.*s", (int)size, value);
		if (size >= sizeof(text) || !sp_text_to_u64(text, 0, INT64_MAX, &number) ||
		    (out->has_length && out->length != number))
			return false;
		out->has_length = true;
		out->length = number;
	} else if (is_named(line, length, "content-range", &value, &size)) {
		/* Of an answer that has no bytes of the object it says only how many there are. */
		return out->status != 206 || read_range(value, size, out);
	} else if (is_named(line, length, "transfer-encoding", &value, &size)) {
		if (size != 7 || strncasecmp(value, "chunked", 7) != 0)
			return false;
		out->chunked = true;
	} else if (is_named(line, length, "connection", &value, &size)) {
		out->closes = out->closes || (size == 5 && strncasecmp(value, "close", 5) == 0);
	} else if (is_named(line, length, "etag", &value, &size)) {
		if (size >= sizeof(out->etag))
			return false;
		snprintf(out->etag, sizeof(out->etag), "%.*s", (int)size, value);
	}
	return true;
}

int http_head_read(const char *data, size_t length, struct http_head *out)
{
	*out = (struct http_head){ 0 };
	if (length > HTTP_HEAD_MAX)
		length = HTTP_HEAD_MAX;
	const char *end = memmem(data, length, "\r\n\r\n", 4);
	if (end == NULL)
		return length == HTTP_HEAD_MAX ? -1 : 0;
	const char *line = data;
	for (bool first = true; line <= end; first = false) {
		const char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
		size_t size = (size_t)(stop - line);
		if (size > LINE_MAX_BYTES ||
		    !(first ? read_status(line, size, out) : read_header(line, size, out)))
			return -1;
		line = stop + 2;
	}
	/* Both together are how a body is smuggled past one of two readers. */
	if (out->chunked && out->has_length)
		return -1;
	return (int)(end + 4 - data);
}
