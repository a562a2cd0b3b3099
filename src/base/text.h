#pragma once
/** Small things about text that the C library leaves out. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

bool sp_text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool sp_text_starts_with(const char *text, const char *prefix);
bool sp_text_ends_with(const char *text, const char *suffix);

/** Whole text, decimal digits only, within bounds. False leaves @out alone. */
bool sp_text_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/** Well-formed UTF-8 (no surrogates, no over-long forms). */
bool sp_utf8_valid(const char *text, size_t length);

/** Makes @text fit for people: what is no part of well-formed UTF-8, and control characters, become question marks. */
void sp_text_make_readable(char *text);

/** Unicode characters in well-formed UTF-8: what AWS counts as length. */
size_t sp_utf8_count(const char *text);

/** Writes 2 × @length lower-case digits and a NUL. */
void sp_hex_encode(const void *data, size_t length, char *out);

/** False unless @text is exactly 2 × @length hex digits. */
bool sp_hex_decode(const char *text, void *out, size_t length);

/** -1 when it is no hex digit. */
int sp_hex_value(char digit);
