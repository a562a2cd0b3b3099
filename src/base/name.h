#pragma once
/**
 * File names are bytes; JSON, listings and logs are UTF-8 text. One rule carries names through them without loss:
 *
 *   a byte that is not part of well-formed UTF-8, and a control character (below 0x20, 0x7f), is written \xHH;
 *   a backslash stands for itself, unless "x" and two hex digits follow it: then it is written \x5c.
 *
 * So every ordinary name is written as it is, and every name has exactly one text.
 */

#include "base/error.h"

/** The text of @name, owned by the caller. */
char *sp_name_escape(const char *name);

/**
 * The text of @name for a sentence, owned by the caller: names come in any length, sentences do not. A long one has a
 * gap ("…") in its middle.
 */
char *sp_name_shown(const char *name);

/**
 * The bytes behind @text, owned by the caller, NUL-terminated.
 * Returns 0, or -1 with SP_INVALID when the name would hold a NUL byte.
 */
int sp_name_unescape(const char *text, char **out, struct sp_error *err);
