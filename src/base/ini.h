#pragma once
/**
 * Text of "[section]" and "name = value", one a line, with comments after # or ; at its beginning: what AWS's files and
 * rclone's have in common. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** A part of the text, borrowed, without blanks at its ends. */
struct sp_ini_piece {
	const char *at;
	size_t length;
};

/** How far it is read. Begins as { .rest = { text, length } }. */
struct sp_ini {
	struct sp_ini_piece rest;
	/* Set by its owner: a line indented further than the pair above it is part of that, and passed over. */
	bool continues;

	int line;                        /* of the item, from 1 */
	struct sp_ini_piece section;     /* length 0: in front of the first one */
	struct sp_ini_piece name, value; /* of a pair; the value may be of length 0 */
	size_t indent;                   /* of the last pair … */
	bool has_pair;                   /* … if there was one in the section */
};

enum sp_ini_item {
	SP_INI_END,
	SP_INI_SECTION,
	SP_INI_PAIR,
	/* With SP_INVALID: the line that makes no sense. It is not quoted, for it may be a secret; @name has it. */
	SP_INI_BAD,
};

enum sp_ini_item sp_ini_next(struct sp_ini *ini, struct sp_error *err);

bool sp_ini_is(struct sp_ini_piece piece, const char *text);
bool sp_ini_is_blank(char c);
struct sp_ini_piece sp_ini_trim(struct sp_ini_piece piece);
