#pragma once
/** The room's own: the kinds of values that settings have, and how each is written. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum value_kind {
	VALUE_TEXT,
	VALUE_PATH,
	VALUE_FILE,
	VALUE_LISTEN,
	VALUE_REGION,
	VALUE_ACCOUNT,
	VALUE_LEVEL,
	VALUE_PROVIDER,
	VALUE_ADDRESSES,
	VALUE_BOOLEAN,
	VALUE_NUMBER,
	VALUE_SIZE, /* bytes */
	VALUE_TIME, /* milliseconds */
};

struct value_rule {
	enum value_kind kind;
	bool optional;    /* texts: an empty value means none */
	int64_t min, max; /* numbers, sizes, times */
};

/**
 * Reads @text into @out, which is a char * (owned; the old one is freed), a bool or an int64_t, as the kind wants.
 * False leaves @out alone.
 */
bool value_read(const struct value_rule *rule, const char *text, void *out);

void value_clear(enum value_kind kind, void *out);
bool value_equal(enum value_kind kind, const void *a, const void *b);

/** "a time from 1s to 1h, such as 500ms, 20s, 5m or 12h" */
void value_describe(const struct value_rule *rule, struct sp_buffer *out);

/** One word for the manual: "time". */
const char *value_word(enum value_kind kind);

/** Of an address and port such as "127.0.0.1:8722" or "[::1]:8722". */
bool value_listen_is_loopback(const char *text);
