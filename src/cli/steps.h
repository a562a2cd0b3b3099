#pragma once
/** The steps that a test of a connector or of a bucket took, as a table. */

#include "base/json.h"

void steps_print(const json_t *steps);
