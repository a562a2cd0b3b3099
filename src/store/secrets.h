#pragma once
/**
 * Secrets as they are kept: names, dates, deletion. Their values are in store/secret_versions.h.
 *
 * A secret that is scheduled for deletion stays until purge_ms; from then on every function here treats it as absent,
 * and secrets_purge() takes it away.
 */

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/vault.h"

struct secret {
	char *arn, *name;  /* owned, as all below */
	char *description; /* NULL when none */
	char *kms_key_id;  /* NULL when none; kept because it is asked for, never used */
	int64_t created_ms;
	int64_t changed_ms;
	int64_t accessed_ms; /* the start of the day of the last access; 0: never */
	int64_t deleted_ms;  /* when the deletion was asked for; 0: it was not */
	int64_t purge_ms;    /* when it goes for good; 0 when not scheduled for deletion */
};

void secret_finish(struct secret *secret);

/** Copies all but the dates of access and deletion. SP_EXISTS when the name is taken, SP_CONFLICT when it is scheduled for deletion. */
int secrets_insert(struct db *db, const struct secret *secret, int64_t now_ms,
		   struct sp_error *err);

/**
 * @id_or_arn  a name, a full ARN, or an ARN without its random suffix
 * @out        the caller's to finish
 * SP_NOT_FOUND when there is none.
 */
int secrets_find(struct db *db, const char *id_or_arn, int64_t now_ms, struct secret *out,
		 struct sp_error *err);

/** Those that are scheduled for deletion among them. */
int secrets_count(struct db *db, int64_t *out, struct sp_error *err);

/** Everything but arn, name and created_ms. SP_NOT_FOUND. */
int secrets_update(struct db *db, const struct secret *secret, struct sp_error *err);

/** At once, with its versions and tags. SP_NOT_FOUND. */
int secrets_delete(struct db *db, const char *arn, struct sp_error *err);

/** Takes away what is past its purge_ms. */
int secrets_purge(struct db *db, int64_t now_ms, struct sp_error *err);

enum secrets_order { SECRETS_BY_NAME, SECRETS_BY_CREATED, SECRETS_BY_CHANGED, SECRETS_BY_ACCESSED };

/** Where a list stands: the last secret that was given out. */
struct secrets_position {
	char *name; /* owned; NULL: at the start */
	int64_t date_ms;
};

/**
 * Calls @fn for each secret after @after in the order, until it returns false. @secret is borrowed; @fn must not
 * change the store.
 */
int secrets_each(struct db *db, enum secrets_order order, bool descending,
		 const struct secrets_position *after, int64_t now_ms,
		 bool (*fn)(void *ctx, const struct secret *secret), void *ctx,
		 struct sp_error *err);

/**
 * The clear text of the version that has @stage (NULL: AWSCURRENT), for a connector.
 *
 * @id_or_arn  a name, a full ARN, or an ARN without its random suffix
 * @out        owned by the caller: sp_secret_free()
 * SP_NOT_FOUND (secret, or no version with that stage), SP_CONFLICT (scheduled for deletion), SP_UNSUPPORTED (binary).
 */
int secrets_read_value(struct db *db, const struct vault *vault, const char *id_or_arn,
		       const char *stage, char **out, struct sp_error *err);
