#pragma once
/** Whether a value fits a shape, as the dispatcher asks it. */

#include "api/shape.h"

static inline int shape_check(const struct shape *shape, const json_t *value, struct sp_error *err)
{
	struct shape_fault fault;
	return shape_find_fault(shape, value, &fault) == 0 ? 0 : shape_tell_fault(&fault, err);
}
