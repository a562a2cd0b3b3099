#pragma once
/** Base64 (RFC 4648): written, and read strictly: whole groups, padding where it belongs, no spaces, no bits left over. */

#include <stdbool.h>
#include <stddef.h>

/** Bytes that @length characters of base64 stand for, at most. */
static inline size_t sp_base64_decoded_max(size_t length)
{
	return length / 4 * 3;
}

/**
 * Decodes @length characters of @text. @out has room for sp_base64_decoded_max(@length) bytes.
 * False when it is no well-formed base64; what @out holds then means nothing.
 */
bool sp_base64_decode(const char *text, size_t length, void *out, size_t *out_length);

/** With padding; owned by the caller. */
char *sp_base64_encode(const void *data, size_t length);
