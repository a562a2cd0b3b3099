#pragma once
/** Form fields (application/x-www-form-urlencoded), and the input that an operation's shape finds in them. */

#include <stddef.h>

#include "api/shape.h"
#include "base/error.h"

enum { FORM_FIELDS_MAX = 2000 };

struct form_field {
	char *name, *value; /* owned; UTF-8 */
};

/** Start with { 0 }. */
struct form {
	struct form_field *fields; /* owned */
	size_t count;
};

/** Adds the fields of one text: a query string or a body. SP_PROTOCOL when it is none, or a name comes twice. */
int form_add(struct form *form, const char *text, size_t length, struct sp_error *err);

void form_finish(struct form *form);

/** Borrowed; NULL when there is no such field. */
const char *form_value(const struct form *form, const char *name);

/**
 * The fields that @shape (a STRUCTURE) names, as an object: A.B is a member, A.member.1 and A.1 are elements of a
 * list. A number or truth value that is none stays text, so that shape_check() names it. Owned by the caller.
 */
json_t *form_to_json(const struct form *form, const struct shape *shape);
