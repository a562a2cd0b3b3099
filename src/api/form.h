#pragma once
/** Form fields (application/x-www-form-urlencoded), and the input that an operation's shape finds in them. */

#include <stdbool.h>
#include <stddef.h>

#include "api/shape.h"
#include "base/error.h"

enum { FORM_FIELDS_MAX = 2000 };

struct form_field {
	char *name, *value; /* owned; UTF-8 */
	bool is_read;       /* form_to_json() found a place for it */
};

/** Whether a request's target is "/", with or without a query string. */
bool form_is_at_root(const char *target);

/** Start with { 0 }. */
struct form {
	struct form_field *fields; /* owned */
	size_t count;
	bool may_repeat; /* set by its owner: a name may come more than once */
};

/** Adds the fields of one text: a query string or a body. SP_PROTOCOL when it is none, or a name comes twice that may not. */
int form_add(struct form *form, const char *text, size_t length, struct sp_error *err);

void form_finish(struct form *form);

/** Borrowed; NULL when there is no such field. */
const char *form_value(const struct form *form, const char *name);

/**
 * The fields that @shape (a STRUCTURE) names, as an object: A.B is a member, A.member.1 and A.1 are elements of a
 * list. A number or truth value that is none stays text, so that shape_find_fault() names it. Owned by the caller.
 */
json_t *form_to_json(struct form *form, const struct shape *shape);

/** The value of one field: a number or truth value if @shape wants one and it is one, else text. Owned by the caller. */
json_t *form_scalar(const struct shape *shape, const char *text);

/** Everything but unreserved characters as %XX (sign_encode()). Owned by the caller. */
char *form_encode(const char *text, bool keep_slashes);

/** Without percent escapes; NULL when it is no UTF-8 text. Owned by the caller. */
char *form_decode(const char *text, size_t length, bool plus_is_space);
