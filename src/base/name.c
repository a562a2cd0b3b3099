#include "base/name.h"

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

enum { SHOWN_PART_MAX = 70 }; /* bytes kept of each end of a long name */

/* The byte that "\xHH" at @at stands for, -1 when it is none. */
static int escaped_byte(const char *at)
{
	if (at[0] != '\\' || at[1] != 'x')
		return -1;
	int high = sp_hex_value(at[2]);
	int low = high < 0 ? -1 : sp_hex_value(at[3]);
	return low < 0 ? -1 : high << 4 | low;
}

static size_t character_length(const char *at)
{
	for (size_t length = 1; length <= 4 && at[length - 1] != '\0'; length++)
		if (sp_utf8_valid(at, length))
			return length;
	return 0;
}

char *sp_name_escape(const char *name)
{
	SP_AUTO_BUFFER text = { 0 };
	while (*name != '\0') {
		unsigned char byte = (unsigned char)*name;
		size_t length = character_length(name);
		if (length == 0 || byte < 0x20 || byte == 0x7f || escaped_byte(name) >= 0) {
			sp_buffer_format(&text, "\\x%02x", byte);
			name++;
		} else {
			sp_buffer_add(&text, name, length);
			name += length;
		}
	}
	return sp_buffer_take(&text);
}

/* Forward to where a UTF-8 character begins. */
static size_t character_start(const char *text, size_t at)
{
	while (((unsigned char)text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

char *sp_name_shown(const char *name)
{
	char *text = sp_name_escape(name);
	size_t length = strlen(text);
	if (length <= 2 * SHOWN_PART_MAX)
		return text;

	static const char gap[] = "…";
	size_t head = character_start(text, SHOWN_PART_MAX);
	size_t tail = character_start(text, length - SHOWN_PART_MAX);
	memmove(text + head + sizeof(gap) - 1, text + tail, length - tail + 1);
	memcpy(text + head, gap, sizeof(gap) - 1);
	return text;
}

int sp_name_unescape(const char *text, char **out, struct sp_error *err)
{
	SP_AUTO_BUFFER name = { 0 };
	while (*text != '\0') {
		int byte = escaped_byte(text);
		if (byte == 0)
			return sp_fail(err, SP_INVALID, "a name cannot hold a NUL byte (\\x00)");
		sp_buffer_add_char(&name, byte > 0 ? (char)byte : *text);
		text += byte > 0 ? 4 : 1;
	}
	*out = sp_buffer_take(&name);
	return 0;
}
