#pragma once
/**
 * Filter patterns of CloudWatch Logs for records that are looked at as text: terms, all of which must be in it.
 *
 *   FAILED a_csv        both words, upper and lower case as they are
 *   "could not connect" these words in this order; also for terms with other characters than letters, digits and _
 *   ?FAILED ?DENIED     at least one of those with a question mark
 *   -COMPLETED          not this one
 *
 * Pure.
 */

#include <stdbool.h>

#include "base/error.h"

struct log_filter;

enum { LOG_FILTER_TERMS_MAX = 128 };

/**
 * "" matches everything.
 * SP_INVALID; SP_LIMIT; SP_UNSUPPORTED for patterns of members ({ $.… }), of fields ([…]) and regular expressions (%…%).
 * @out  owned by the caller
 */
int log_filter_parse(const char *pattern, struct log_filter **out, struct sp_error *err);
void log_filter_free(struct log_filter *filter); /* NULL is fine */

bool log_filter_matches(const struct log_filter *filter, const char *record);
