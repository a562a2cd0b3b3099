#pragma once
/** Access keys: who may sign requests. The secrets are sealed. A key is a user's, or the account's own. */

#include "db/db.h"
#include "model/principal.h"
#include "store/vault.h"

enum { ACCESS_KEY_ID_MAX = 128, ACCESS_KEY_SECRET_MAX = 128 };

/** What is known of a key without its secret. */
struct access_key {
	char id[ACCESS_KEY_ID_MAX + 1];
	char owner[PRINCIPAL_ID_SIZE]; /* a user's id; "": the account itself */
	bool is_active;
	int64_t created_ms, used_ms; /* used_ms 0: never */
	char used_service[65], used_region[65];
};

#define ACCESS_KEY_LASTING    "AKIA"
#define ACCESS_KEY_OF_SESSION "ASIA"

/** A new one as AWS draws them, whose id begins with @prefix; wipe @secret after use. */
void access_keys_draw(const char *prefix, char id[ACCESS_KEY_ID_MAX + 1],
		      char secret[ACCESS_KEY_SECRET_MAX + 1]);

/**
 * @owner  a user's id; NULL: the account itself
 * SP_EXISTS when there is one with that id; SP_INVALID when either is empty or too long.
 */
int access_keys_insert(struct db *db, const struct vault *vault, const char *owner, const char *id,
		       const char *secret, struct sp_error *err);

/** SP_NOT_FOUND. */
int access_keys_describe(struct db *db, const char *id, struct access_key *out,
			 struct sp_error *err);

/** Those of a user (NULL: of the account itself), the oldest first, at most as many as there may be. */
int access_keys_list(struct db *db, const char *owner,
		     struct access_key out[ACCESS_KEYS_PER_USER_MAX], size_t *out_count,
		     struct sp_error *err);

int access_keys_set_active(struct db *db, const char *id, bool is_active, struct sp_error *err);
int access_keys_delete(struct db *db, const char *id, struct sp_error *err);

/** It was used just now. */
int access_keys_note_use(struct db *db, const char *id, const char *service, const char *region,
			 int64_t now_ms, struct sp_error *err);

/** The first that was made of the account's own that are active. SP_NOT_FOUND when there is none. Wipe @secret after use. */
int access_keys_first(struct db *db, const struct vault *vault, char id[ACCESS_KEY_ID_MAX + 1],
		      char secret[ACCESS_KEY_SECRET_MAX + 1], struct sp_error *err);

/** Whether all of them can be opened. */
int access_keys_check(struct db *db, const struct vault *vault, struct sp_error *err);

/** SP_NOT_FOUND when there is none, or it is not active. Wipe @secret after use. */
int access_keys_find(struct db *db, const struct vault *vault, const char *id,
		     char secret[ACCESS_KEY_SECRET_MAX + 1], struct sp_error *err);
