#pragma once
/**
 * AWS's shared files, config and credentials: what one profile says. Sections, "name = value", comments after # or ;
 * at the beginning of a line; what is indented belongs to the line above it and is passed over. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { PROFILE_FILE_MAX = 1 << 20 /* bytes */ };

/** All owned; NULL: it does not say. */
struct profile {
	char *access_key_id, *secret_access_key, *session_token;
	char *endpoint_url, *region, *ca_bundle;
	char *role; /* ours: sallyport_role */
	bool is_found;
	bool has_other_login; /* a way to get keys that we do not go: a role, SSO, a program */
};

/**
 * Adds what the file says to @profile; what is there already stays.
 *
 * @is_config  sections are called "profile NAME" there, but for "default"
 *
 * Returns 0, or -1 with SP_INVALID: the line that makes no sense. What stands in it is not quoted, for it may be a secret.
 */
int profile_file_read(const char *text, size_t length, const char *name, bool is_config,
		      struct profile *profile, struct sp_error *err);

/** Whatever it had is wiped. */
void profile_finish(struct profile *profile);
