#include "base/id.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/text.h"

void sp_random_bytes(void *out, size_t length)
{
	unsigned char *bytes = out;
	while (length > 0) {
		ssize_t got = getrandom(bytes, length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			sp_die("the kernel gives no random bytes");
		bytes += got;
		length -= (size_t)got;
	}
}

void sp_random_hex(char *out, size_t digits)
{
	unsigned char bytes[64];
	char text[2 * sizeof(bytes) + 1];
	if (digits > 2 * sizeof(bytes))
		sp_die("an id of %zu digits was asked for", digits);
	sp_random_bytes(bytes, (digits + 1) / 2);
	sp_hex_encode(bytes, (digits + 1) / 2, text);
	snprintf(out, digits + 1, "%s", text);
}

void sp_random_alphanumeric(char *out, size_t length)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	enum { LETTERS = sizeof(letters) - 1, FAIR = 256 / LETTERS * LETTERS };

	for (size_t i = 0; i < length;) {
		unsigned char byte;
		sp_random_bytes(&byte, 1);
		if (byte < FAIR)
			out[i++] = letters[byte % LETTERS];
	}
	out[length] = '\0';
}

void sp_random_uuid(char out[SP_UUID_SIZE])
{
	unsigned char b[16];
	char hex[33];
	sp_random_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	sp_hex_encode(b, sizeof(b), hex);
	snprintf(out, SP_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		 hex + 20);
}
