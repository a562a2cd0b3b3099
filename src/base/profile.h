#pragma once
/**
 * AWS's shared files, config and credentials: what one profile says. Read as AWS's SDKs do: of a name that is there twice the
 * last one counts, sections of the same name are one, " #" and " ;" begin a comment, what is indented belongs to the line
 * above it and is passed over, names that nobody asked for are as well, and quotes are part of a value. Names may be written
 * in capitals, as the AWS CLI takes them. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { SP_PROFILE_FILE_MAX = 1 << 20 /* bytes */ };

struct sp_profile_wanted {
	const char *name;
	/** Sections are called "profile NAME" there, but for "default", which counts if there is no "profile default". */
	bool is_config;
	/** What stands in front of the first section belongs to the profile; otherwise nothing may stand there. */
	bool takes_front;
};

/**
 * Looks for @count values by their @names. @out_values: owned by the caller, to be wiped; NULL where the profile does not say,
 * or says nothing.
 *
 * Returns 1, or 0 when there is no such profile, or -1 with SP_INVALID: the line that makes no sense, which is not quoted, for it
 * may be a secret; all values are NULL then.
 */
int sp_profile_read(const char *text, size_t length, const struct sp_profile_wanted *wanted,
		    const char *const *names, size_t count, char **out_values,
		    struct sp_error *err);
