#pragma once
/** How a connector logs in: what its secret is made of. */

#include "cli/ask.h"

/**
 * The login that options say (--user, --password-file, --key-file), as the text of a secret. Owned by the caller, to be
 * wiped. @user: when no option says it; may be "". NULL in @out: no option is about a login.
 */
int login_read(const struct run *run, const char *user, char **out, struct sp_error *err);

/** The same of its parts; NULL: not part of it. At least one of @password and @key. Owned by the caller, to be wiped. */
char *login_text(const char *user, const char *password, const char *key);

/** A new secret for the connector @name: "aws/transfer/NAME", what a secret cannot be called so written as "-". @out_id: its ARN, owned by the caller. */
int login_keep(struct ask *ask, const char *name, const char *text, char **out_id,
	       struct sp_error *err);

/** Another login in a secret that is there. */
int login_change(struct ask *ask, const char *secret_id, const char *text, struct sp_error *err);

/** It goes at once, without the days in which it could be had back. */
int login_forget(struct ask *ask, const char *secret_id, struct sp_error *err);

/** Who logs in by a secret; owned by the caller. */
int login_user(struct ask *ask, const char *secret_id, char **out, struct sp_error *err);
