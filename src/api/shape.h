#pragma once
/**
 * Input shapes, as tables: every operation declares what it takes, one validator checks it, and the message names the
 * member ("SftpConfig.TrustedHostKeys[2]: …"). Terms are Smithy's: structure, list, map, string …
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

enum shape_type {
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_BOOLEAN,
	SHAPE_TIMESTAMP, /* a JSON number: seconds since 1970 */
	SHAPE_BLOB,      /* base64 text in JSON */
	SHAPE_STRUCTURE,
	SHAPE_LIST,
	SHAPE_MAP, /* string keys */
};

struct shape;

struct shape_member {
	const char *name;
	const struct shape *shape;
	bool required;
};

struct shape {
	enum shape_type type;
	/* STRING: Unicode characters. BLOB: bytes. LIST, MAP: entries. INTEGER: the value. max 0: none (INTEGER: when both
	 * are 0). */
	int64_t min, max;
	/* STRING: POSIX extended regular expression for the whole text; NULL: any. */
	const char *pattern;
	const struct shape *element; /* LIST, MAP */
	/* STRUCTURE; ends with a NULL name. Members not listed are ignored, as AWS does. */
	const struct shape_member *members;
	bool is_union;  /* STRUCTURE: exactly one member */
	bool is_secret; /* the message never quotes the value */
};

/**
 * Returns 0, or -1 with SP_INVALID. JSON null counts as absent.
 * A wrong JSON type is SP_PROTOCOL instead: protocols answer it as a SerializationException.
 */
int shape_check(const struct shape *shape, const json_t *value, struct sp_error *err);

/** Removes every member that is null, at any depth: handlers need to know one kind of absent only. Done before a handler sees its input. */
void shape_drop_nulls(json_t *value);
