#pragma once
/** Access keys: who may sign requests. The secrets are sealed. */

#include "db/db.h"
#include "store/vault.h"

enum { ACCESS_KEY_ID_MAX = 128, ACCESS_KEY_SECRET_MAX = 128 };

/** SP_EXISTS when there is one with that id; SP_INVALID when either is empty or too long. */
int access_keys_insert(struct db *db, const struct vault *vault, const char *id, const char *secret,
		       struct sp_error *err);

/** The one that was made first. SP_NOT_FOUND when there is none. Wipe @secret after use. */
int access_keys_first(struct db *db, const struct vault *vault, char id[ACCESS_KEY_ID_MAX + 1],
		      char secret[ACCESS_KEY_SECRET_MAX + 1], struct sp_error *err);

/** Whether all of them can be opened. */
int access_keys_check(struct db *db, const struct vault *vault, struct sp_error *err);

/** SP_NOT_FOUND when there is none. Wipe @secret after use. */
int access_keys_find(struct db *db, const struct vault *vault, const char *id,
		     char secret[ACCESS_KEY_SECRET_MAX + 1], struct sp_error *err);
