#include "base/text.h"

#include <string.h>

bool sp_text_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool sp_text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool sp_text_ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t wanted = strlen(suffix);
	return length >= wanted && strcmp(text + length - wanted, suffix) == 0;
}

bool sp_text_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	if (text == NULL || *text == '\0')
		return false;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

/* Length of the well-formed character at @at, 0 when there is none. */
static size_t utf8_character(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		size_t length;
		uint32_t least; /* anything smaller is an over-long form */
	} forms[] = { { 0x80, 0x00, 1, 0 },
		      { 0xe0, 0xc0, 2, 0x80 },
		      { 0xf0, 0xe0, 3, 0x800 },
		      { 0xf8, 0xf0, 4, 0x10000 } };

	for (size_t i = 0; i < SP_COUNT_OF(forms); i++) {
		if ((at[0] & forms[i].mask) != forms[i].lead)
			continue;
		if (left < forms[i].length)
			return 0;
		uint32_t value = at[0] & (unsigned char)~forms[i].mask;
		for (size_t k = 1; k < forms[i].length; k++) {
			if ((at[k] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (at[k] & 0x3f);
		}
		bool good = value >= forms[i].least && value <= 0x10ffff &&
			    !(value >= 0xd800 && value <= 0xdfff);
		return good ? forms[i].length : 0;
	}
	return 0;
}

void sp_text_make_readable(char *text)
{
	size_t left = strlen(text);
	for (unsigned char *at = (unsigned char *)text; left > 0;) {
		size_t step = utf8_character(at, left);
		if (step == 0 || *at < ' ' || *at == 0x7f) {
			*at = '?';
			step = 1;
		}
		at += step;
		left -= step;
	}
}

bool sp_utf8_valid(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text;
	while (length > 0) {
		size_t step = utf8_character(at, length);
		if (step == 0)
			return false;
		at += step;
		length -= step;
	}
	return true;
}

size_t sp_utf8_count(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

void sp_hex_encode(const void *data, size_t length, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;
	for (size_t i = 0; i < length; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

int sp_hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool sp_hex_decode(const char *text, void *out, size_t length)
{
	unsigned char *bytes = out;
	if (strlen(text) != 2 * length)
		return false;
	for (size_t i = 0; i < length; i++) {
		int high = sp_hex_value(text[2 * i]);
		int low = sp_hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
