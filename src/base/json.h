#pragma once
/** What jansson leaves to its users. */

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

static inline void sp_cleanup_json(json_t **value)
{
	json_decref(*value);
}

/** In front of an owned reference: SP_AUTO_JSON json_t *object = json_object(); */
#define SP_AUTO_JSON __attribute__((cleanup(sp_cleanup_json)))

/**
 * From now on whatever jansson frees is wiped: the texts of values, and what it keeps while it reads and writes them.
 * For the whole process: called by main() of a program whose JSON may hold secrets, before its first value.
 * What sp_json_text() gives is the caller's: sp_secret_free().
 */
void sp_json_wipe_what_is_freed(void);

/** One JSON value and nothing after it; duplicate members are refused. @out is owned by the caller. SP_INVALID says where it broke. */
int sp_json_parse(const char *text, size_t length, json_t **out, struct sp_error *err);

/** Compact text, owned by the caller. */
char *sp_json_text(const json_t *value);

/** The text of a member, borrowed; NULL when it is absent or no string. */
const char *sp_json_string(const json_t *object, const char *name);

/** @fallback when it is absent or no integer. */
json_int_t sp_json_integer(const json_t *object, const char *name, json_int_t fallback);

/** Sets a string member; NULL leaves it out. */
void sp_json_set_text(json_t *object, const char *name, const char *text);

/** The same with words that quote what others said: what is no UTF-8 in them is escaped (base/name.h). */
void sp_json_set_words(json_t *object, const char *name, const char *words);
