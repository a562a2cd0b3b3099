#pragma once
/**
 * The schema's history: numbered scripts, in the SQL that SQLite and PostgreSQL have in common. A script that was
 * released is never changed; the next change is the next script.
 */

#include <stddef.h>

#include "db/db.h"

/** Script n (from 0) brings a store from schema n to schema n + 1. */
extern const char *const migrations_scripts[];
extern const size_t migrations_count;

/** The schema that a store has; 0: it is empty. */
int migrations_version(struct db *db, int64_t *out, struct sp_error *err);

/**
 * Brings the store up to schema @count, each script in a transaction of its own. When it holds an older schema, a
 * copy is kept first: PATH.before-<schema it is brought to>.
 *
 * Returns 0, or -1 with SP_UNSUPPORTED for a schema newer than @count, and whatever the database fails with.
 */
int migrations_run(struct db *db, const char *path, const char *const *scripts, size_t count,
		   struct sp_error *err);

/** The same for a store that is a copy itself: none is kept of it. To schema migrations_count. */
int migrations_run_on_copy(struct db *db, const char *path, struct sp_error *err);
