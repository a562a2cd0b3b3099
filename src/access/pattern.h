#pragma once
/**
 * Texts of policies with wildcards and variables: "arn:aws:s3:::inbox/${aws:username}/?*". A pattern is compiled once; its
 * stars, question marks and variables become bytes that no text of a policy may hold.
 */

#include <stdbool.h>

#include "access/facts.h"
#include "base/error.h"

/** What is special in a pattern. */
enum { PATTERN_WILDCARDS = 1, PATTERN_VARIABLES = 2, PATTERN_IGNORES_CASE = 4 };

/** Owned by the caller: free(). SP_INVALID names a variable that there is none of, or a control character. */
int access_pattern_read(const char *text, unsigned flags, char **out, struct sp_error *err);

/** A variable without a value fits nothing. */
bool access_pattern_fits(const char *pattern, const char *text, const struct access_facts *facts);

/** The same, part for part between colons, of which an ARN has six: a star does not reach over a colon but in the last. */
bool access_pattern_fits_arn(const char *pattern, const char *arn,
			     const struct access_facts *facts);
