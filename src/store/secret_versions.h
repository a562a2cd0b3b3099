#pragma once
/**
 * The versions of a secret, their values (sealed, bound to ARN and version id) and the stages that name them. A stage
 * is on one version at most. AWSCURRENT is what is read when nothing else is said; when it moves, AWSPREVIOUS goes to
 * the version that lost it. A version without a stage is deprecated and goes when there are too many.
 */

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/vault.h"

enum {
	SECRET_VERSION_ID_MAX = 64,
	SECRET_STAGES_MAX = 20,        /* of one version */
	SECRET_STAGE_MAX = 256,        /* characters */
	SECRET_VERSIONS_KEPT = 100,    /* older ones without a stage go … */
	SECRET_VERSION_AGE_MIN_H = 24, /* … once they are so old */
	SECRET_VERSIONS_MAX = 1000,    /* however young they are */
};

#define SECRET_CURRENT  "AWSCURRENT"
#define SECRET_PREVIOUS "AWSPREVIOUS"

struct secret_value {
	char *data; /* owned, wiped when finished, with a NUL behind it */
	size_t length;
	bool is_binary;
};

void secret_value_finish(struct secret_value *value);

/** Whether all values can be opened. */
int secret_versions_check(struct db *db, const struct vault *vault, struct sp_error *err);

/**
 * Keeps a version. When it is there already, with the same value, nothing changes; @out_new says which.
 *
 * @stages  NULL and 0: AWSCURRENT, which the first version gets in any case
 * SP_EXISTS when the id has another value, SP_NOT_FOUND when there is no such secret, SP_LIMIT past SECRET_STAGES_MAX
 * or SECRET_VERSIONS_MAX.
 */
int secret_versions_put(struct db *db, const struct vault *vault, const char *arn, const char *id,
			const struct secret_value *value, const char *const *stages,
			size_t stage_count, int64_t now_ms, bool *out_new, struct sp_error *err);

/** Calls @fn for each stage of the secret and the version it is on, by version and stage; it must not change the store. */
int secret_versions_each_stage(struct db *db, const char *arn,
			       void (*fn)(void *ctx, const char *id, const char *stage), void *ctx,
			       struct sp_error *err);

/** Whether the secret has a version with that id: 1 or 0; -1 on failure. */
int secret_versions_has(struct db *db, const char *arn, const char *id, struct sp_error *err);

struct secret_version {
	char id[SECRET_VERSION_ID_MAX + 1];
	int64_t created_ms, accessed_ms;
	char *stages[SECRET_STAGES_MAX]; /* ascending; owned */
	size_t stage_count;
};

void secret_version_finish(struct secret_version *version);

/**
 * One version, by its id, its stage or both (both must fit); neither: AWSCURRENT.
 *
 * @out_value  NULL when only the version is asked for
 * SP_NOT_FOUND when there is none.
 */
int secret_versions_find(struct db *db, const struct vault *vault, const char *arn, const char *id,
			 const char *stage, struct secret_version *out,
			 struct secret_value *out_value, struct sp_error *err);

/** Notes the day of an access, for the secret and the version. */
int secret_versions_note_access(struct db *db, const char *arn, const char *id, int64_t day_ms,
				struct sp_error *err);

/**
 * The versions with ids after @after (NULL: from the start), ascending, at most @max; without @deprecated only those
 * with a stage.
 */
int secret_versions_list(struct db *db, const char *arn, bool deprecated, const char *after,
			 struct secret_version *out, size_t max, size_t *out_count,
			 struct sp_error *err);

/**
 * Moves a stage. NULL @from: the stage must be on no version; NULL @to: it goes from @from to nowhere.
 * SP_INVALID when @from does not have it, or when AWSCURRENT would go nowhere; SP_NOT_FOUND when there is no version
 * @to; SP_LIMIT when @to has SECRET_STAGES_MAX.
 */
int secret_versions_move_stage(struct db *db, const char *arn, const char *stage, const char *from,
			       const char *to, struct sp_error *err);
