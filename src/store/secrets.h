#pragma once
/** Secrets and their versions as they are kept (values sealed), and reading one in clear. */

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/vault.h"

/**
 * The clear text of the version that has @stage (NULL: AWSCURRENT), for a connector.
 *
 * @id_or_arn  a name, a full ARN, or an ARN without its random suffix
 * @out        owned by the caller: sp_secret_free()
 * SP_NOT_FOUND (secret, or no version with that stage), SP_CONFLICT (scheduled for deletion), SP_UNSUPPORTED (binary).
 */
int secrets_read_value(struct db *db, const struct vault *vault, const char *id_or_arn,
		       const char *stage, char **out, struct sp_error *err);
