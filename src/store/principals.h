#pragma once
/** Users and roles as they are kept, with the policies that stand in them. */

#include "db/db.h"
#include "model/principal.h"

enum { PRINCIPALS_MAX = 5000 /* of each kind */ };

/** SP_EXISTS: there is one of this kind and name, in upper or lower case. SP_LIMIT past PRINCIPALS_MAX. */
int principals_insert(struct db *db, const struct principal *principal, struct sp_error *err);

/** SP_NOT_FOUND. @out is the caller's to finish. */
int principals_find(struct db *db, enum principal_kind kind, const char *name,
		    struct principal *out, struct sp_error *err);
int principals_find_id(struct db *db, const char *id, struct principal *out, struct sp_error *err);

/** Trust, description, max_session_s, name and path. SP_NOT_FOUND; SP_EXISTS: the new name is taken. */
int principals_update(struct db *db, const struct principal *principal, struct sp_error *err);

/** With the policies in it; what else hangs on it is the caller's to look at. SP_NOT_FOUND. */
int principals_delete(struct db *db, const char *id, struct sp_error *err);

typedef int principals_fn(void *ctx, const struct principal *principal, struct sp_error *err);

/** Calls @fn for each of a kind behind the name @after (NULL: all), ascending names, until it returns other than 0. -1 fails; 1 ends. */
int principals_each(struct db *db, enum principal_kind kind, const char *after, principals_fn *fn,
		    void *ctx, struct sp_error *err);

/* ---- the policies that stand in a user or role ---- */

/** Adds or replaces. */
int inline_policies_put(struct db *db, const char *principal_id, const char *name,
			const char *document, struct sp_error *err);

/** @out is owned by the caller. SP_NOT_FOUND. */
int inline_policies_find(struct db *db, const char *principal_id, const char *name, char **out,
			 struct sp_error *err);
int inline_policies_delete(struct db *db, const char *principal_id, const char *name,
			   struct sp_error *err);

/** @document: of the policy called @name. 0 goes on, everything else ends. */
typedef int policies_fn(void *ctx, const char *name, const char *document, struct sp_error *err);

/** Ascending names. */
int inline_policies_each(struct db *db, const char *principal_id, policies_fn *fn, void *ctx,
			 struct sp_error *err);
