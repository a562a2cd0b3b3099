#pragma once
/**
 * Where the service is, and whose key asks it: from options, AWS's environment variables and AWS's shared files, in that
 * order, as the `aws` command does it.
 */

#include "cli/command.h"
#include "sign/verify.h"

struct account {
	char *endpoint; /* "http://127.0.0.1:8000", without a slash at its end; owned, as all below */
	char *region;
	struct sign_key key;
	char *session_token; /* NULL: none, as for those below */
	char *ca_file;
	char *role;
};

/** SP_INVALID: a file that makes no sense, or what is missing and where it would be looked for. */
int account_find(const struct run *run, struct account *out, struct sp_error *err);

/** The key is wiped. */
void account_finish(struct account *account);
