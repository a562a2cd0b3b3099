#pragma once
/** The condition block of a statement: operators, keys and values, all of which must hold. */

#include <stddef.h>

#include "access/facts.h"
#include "base/error.h"
#include "base/json.h"

enum { ACCESS_CONDITIONS_MAX = 64, ACCESS_VALUES_MAX = 256 };

struct access_condition; /* one operator on one key */

/** A list of them. Start with { 0 }. */
struct access_conditions {
	struct access_condition *list; /* owned */
	size_t count;
};

/**
 * @block  the value of "Condition"
 * SP_INVALID names the operator, the key or the value that is not known here. @out is to be finished in any case.
 */
int access_conditions_read(const json_t *block, bool has_variables, struct access_conditions *out,
			   struct sp_error *err);
void access_conditions_finish(struct access_conditions *conditions);

bool access_conditions_hold(const struct access_conditions *conditions,
			    const struct access_facts *facts);
