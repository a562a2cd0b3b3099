#pragma once
/** Tags of any resource, by its ARN. */

#include "db/db.h"

enum { TAGS_MAX = 50, TAG_KEY_MAX = 128, TAG_VALUE_MAX = 256 };

struct publishing;

struct tag {
	char *key, *value; /* owned */
};

void tag_finish(struct tag *tag);
/** Adds or overwrites. SP_LIMIT past TAGS_MAX in all. */
int tags_put(struct db *db, const char *arn, const char *key, const char *value,
	     struct sp_error *err);
int tags_remove(struct db *db, const char *arn, const char *key, struct sp_error *err);
int tags_remove_all(struct db *db, const char *arn, struct sp_error *err);
/** Ascending keys; @out has room for TAGS_MAX. */
int tags_list(struct db *db, const char *arn, struct tag out[TAGS_MAX], size_t *out_count,
	      struct sp_error *err);

/** The value of one, owned by the caller; NULL: it has none. */
int tags_find(struct db *db, const char *arn, const char *key, char **out, struct sp_error *err);

/** What a connector's tags say (model/publishing.h). SP_INVALID: one of them, or all together, make no sense. @out NULL: only
 *  that is looked at. */
int tags_read_publishing(struct db *db, const char *arn, struct publishing *out,
			 struct sp_error *err);

typedef int tags_fn(void *ctx, const char *arn, const char *key, const char *value,
		    struct sp_error *err);
/** Every tag of every resource whose ARN begins with @prefix, which ends with a ':'; ascending. The first failure of @fn ends it. */
int tags_each_under(struct db *db, const char *prefix, tags_fn *fn, void *ctx,
		    struct sp_error *err);
