#pragma once
/** What one profile of AWS's shared files says to us. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

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
 * @is_config  see base/profile.h, which also says what a file may look like
 *
 * Returns 0, or -1 with SP_INVALID: the line that makes no sense, not quoted.
 */
int profile_file_read(const char *text, size_t length, const char *name, bool is_config,
		      struct profile *profile, struct sp_error *err);

/** Whatever it had is wiped. */
void profile_finish(struct profile *profile);
