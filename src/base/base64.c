#include "base/base64.h"

#include <stdint.h>

#include "base/scope.h"

enum { GROUP = 4, BITS = 6 };

static int digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '+')
		return 62;
	return digit == '/' ? 63 : -1;
}

static size_t padding_of(const char *text, size_t length)
{
	size_t padding = 0;
	while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
		padding++;
	return padding;
}

bool sp_base64_decode(const char *text, size_t length, void *out, size_t *out_length)
{
	uint8_t *bytes = out;
	size_t written = 0;
	size_t digits = length - padding_of(text, length);
	uint32_t bits = 0;

	if (length % GROUP != 0)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int value = digit_value(text[i]);
		if (value < 0)
			return false;
		bits = bits << BITS | (uint32_t)value;
		/* The first digit of a group completes no byte, each of the other three completes one. */
		if (i % GROUP != 0)
			bytes[written++] = (uint8_t)(bits >> (2 * (GROUP - 1 - i % GROUP)));
	}
	/* Two texts must never stand for the same bytes: what the last digit has too much must be zero. */
	size_t tail = digits % GROUP;
	if ((tail == 2 && (bits & 0x0f) != 0) || (tail == 3 && (bits & 0x03) != 0))
		return false;
	*out_length = written;
	return true;
}

char *sp_base64_encode(const void *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *bytes = data;
	char *text = sp_alloc((length + 2) / 3 * GROUP + 1);
	char *at = text;
	for (size_t i = 0; i < length; i += 3) {
		size_t count = length - i < 3 ? length - i : 3;
		uint32_t bits = (uint32_t)bytes[i] << 16;
		if (count > 1)
			bits |= (uint32_t)bytes[i + 1] << 8;
		if (count > 2)
			bits |= bytes[i + 2];
		for (size_t k = 0; k < GROUP; k++)
			*at++ = k <= count ? digits[bits >> (BITS * (GROUP - 1 - k)) & 63] : '=';
	}
	return text;
}
