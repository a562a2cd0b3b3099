#include "store/migrations.h"

#include "base/buffer.h"

/* The table has one row, whose number is 1. */
static int create_version(struct db *db, struct sp_error *err)
{
	return db_script(db,
			 "CREATE TABLE IF NOT EXISTS schema_version ("
			 "  number BIGINT NOT NULL PRIMARY KEY CHECK (number = 1),"
			 "  version BIGINT NOT NULL)",
			 err);
}

int migrations_version(struct db *db, int64_t *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT version FROM schema_version", "") != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	*out = got == 1 ? db_rows_integer(rows, 0) : 0;
	return 0;
}

/* A copy of this name that is there already comes from a start that ended before it migrated: ours is newer. */
static int keep_copy(struct db *db, const char *path, size_t target, struct sp_error *err)
{
	SP_AUTO_BUFFER copy = { 0 };
	sp_buffer_format(&copy, "%s.before-%zu", path, target);
	return db_backup(db, sp_buffer_text(&copy), DB_COPY_REPLACE, err);
}

static int apply(struct db *db, const char *script, size_t version, struct sp_error *err)
{
	if (db_begin(db, err) != 0)
		return -1;
	if (db_script(db, script, err) != 0 ||
	    db_run(db, err,
		   "INSERT INTO schema_version (number, version) VALUES (1, ?1)"
		   " ON CONFLICT (number) DO UPDATE SET version = excluded.version",
		   "i", (int64_t)version) != 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

static int bring_up(struct db *db, const char *path, const char *const *scripts, size_t count,
		    bool keeps_copy, struct sp_error *err)
{
	int64_t version;
	if (create_version(db, err) != 0 || migrations_version(db, &version, err) != 0)
		return sp_wrap(err, "could not read the schema of \"%s\"", path);
	if (version > (int64_t)count)
		return sp_fail(err, SP_UNSUPPORTED,
			       "the store \"%s\" has schema %lld, but this program knows only up "
			       "to %zu: use the newer program, or the copy from before",
			       path, (long long)version, count);
	bool is_old = version > 0 && version < (int64_t)count;
	if (keeps_copy && is_old && keep_copy(db, path, count, err) != 0)
		return -1;
	for (size_t next = (size_t)version; next < count; next++)
		if (apply(db, scripts[next], next + 1, err) != 0)
			return sp_wrap(err, "could not bring the store \"%s\" to schema %zu", path,
				       next + 1);
	return 0;
}

int migrations_run(struct db *db, const char *path, const char *const *scripts, size_t count,
		   struct sp_error *err)
{
	return bring_up(db, path, scripts, count, true, err);
}

int migrations_run_on_copy(struct db *db, const char *path, struct sp_error *err)
{
	return bring_up(db, path, migrations_scripts, migrations_count, false, err);
}
