#pragma once
/** How a bucket may be called: AWS's rule, so that every bucket could move to S3 as it is. */

#include <stdbool.h>

bool bucket_name_is_valid(const char *name);

/** The rule as a sentence, to stand behind a colon. */
extern const char bucket_name_rule[];
