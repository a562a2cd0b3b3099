#include "network/port_ranges.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { PORT_MIN = 1, PORT_MAX = 65535, PORT_DIGITS_MAX = 5 };

static bool parse_port(const char *text, size_t length, uint16_t *out)
{
	if (length > PORT_DIGITS_MAX)
		return false;
	char digits[PORT_DIGITS_MAX + 1] = "";
	memcpy(digits, text, length);
	uint64_t port;
	if (!sp_text_to_u64(digits, PORT_MIN, PORT_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

int port_range_parse(const char *text, struct port_range *out, struct sp_error *err)
{
	const char *dash = strchr(text, '-');
	size_t length = dash != NULL ? (size_t)(dash - text) : strlen(text);
	const char *end = dash != NULL ? dash + 1 : text;

	struct port_range range;
	if (!parse_port(text, length, &range.from) || !parse_port(end, strlen(end), &range.to))
		return sp_fail(err, SP_INVALID,
			       "\"%.40s\" is no port range: it must look like \"22\" or "
			       "\"1000-2000\", with ports from 1 to 65535",
			       text);
	if (range.from > range.to)
		return sp_fail(err, SP_INVALID, "the port range \"%s\" ends before it begins",
			       text);
	*out = range;
	return 0;
}

int port_ranges_check(const struct port_range *ranges, size_t count, struct sp_error *err)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (ranges[i].from > ranges[j].to || ranges[j].from > ranges[i].to)
				continue;
			char first[PORT_RANGE_TEXT_SIZE], second[PORT_RANGE_TEXT_SIZE];
			port_range_text(&ranges[j], first);
			port_range_text(&ranges[i], second);
			return sp_fail(err, SP_INVALID, "the port ranges \"%s\" and \"%s\" overlap",
				       first, second);
		}
	}
	return 0;
}

bool port_ranges_contain(const struct port_range *ranges, size_t count, uint16_t port)
{
	for (size_t i = 0; i < count; i++) {
		if (port >= ranges[i].from && port <= ranges[i].to)
			return true;
	}
	return false;
}

void port_range_text(const struct port_range *range, char out[PORT_RANGE_TEXT_SIZE])
{
	snprintf(out, PORT_RANGE_TEXT_SIZE, "%u-%u", range->from, range->to);
}

void port_ranges_describe(const struct port_range *ranges, size_t count, struct sp_buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		sp_buffer_add_text(out, i > 0 ? ", " : "");
		sp_buffer_format(out, "%u", ranges[i].from);
		if (ranges[i].to != ranges[i].from)
			sp_buffer_format(out, "-%u", ranges[i].to);
	}
}
