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
	/* STRUCTURE; ends with a NULL name. Members not listed are ignored, as AWS does: shape_drop_strangers(). */
	const struct shape_member *members;
	bool is_union;  /* STRUCTURE: exactly one member */
	bool is_secret; /* the message never quotes the value */
};

enum shape_fault_kind {
	SHAPE_MISSING,    /* a required member is not there */
	SHAPE_WRONG_TYPE, /* another JSON type */
	SHAPE_UNFIT,      /* too long, too large, not of the pattern … */
};

enum { SHAPE_MEMBER_SIZE = 128, SHAPE_REASON_SIZE = 384 };

/** The first thing that does not fit. Protocols tell it in their own words. */
struct shape_fault {
	enum shape_fault_kind kind;
	char member[SHAPE_MEMBER_SIZE]; /* "SftpConfig.TrustedHostKeys[2]"; "": the input itself */
	char reason[SHAPE_REASON_SIZE]; /* "must have at least 1 character, not 0" */
};

/** Returns 0, or -1 with @out. JSON null counts as absent. */
int shape_find_fault(const struct shape *shape, const json_t *value, struct shape_fault *out);

/** A fault as a sentence: SP_PROTOCOL for a wrong JSON type, else SP_INVALID. Returns -1. */
int shape_tell_fault(const struct shape_fault *fault, struct sp_error *err);

/** Removes every member that is null, at any depth: handlers need to know one kind of absent only. Done before a handler sees its input. */
void shape_drop_nulls(json_t *value);

/**
 * Removes every member that the shape does not have, at any depth, of a value that fits it: what an operation does not take must
 * say nothing to a handler, or to the check of permissions, that another operation shares with it.
 */
void shape_drop_strangers(const struct shape *shape, json_t *value);
