#include "store/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "store/access_keys.h"
#include "store/migrations.h"
#include "store/secret_versions.h"
#include "store/store.h"

static void cleanup_db(struct db **db)
{
	db_close(*db);
}

#define AUTO_DB __attribute__((cleanup(cleanup_db))) struct db

static bool is_there(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0;
}

static uint64_t size_of(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* ---- backup ---------------------------------------------------------------------------------------------------- */

int store_back_up(const char *directory, const char *to_path, enum db_copy how,
		  struct store_copy *out, struct sp_error *err)
{
	AUTO_DB *db = NULL;
	*out = (struct store_copy){ 0 };
	if (!store_exists(directory))
		return sp_fail(err, SP_NOT_FOUND, "there is no store in \"%s\"", directory);
	SP_AUTO_FREE char *path = sp_format("%s/store.db", directory);
	if (db_open(path, DB_READ_ONLY, &db, err) != 0 ||
	    migrations_version(db, &out->schema, err) != 0 || db_backup(db, to_path, how, err) != 0)
		return -1;
	out->size = size_of(to_path);
	return 0;
}

/* ---- restore --------------------------------------------------------------------------------------------------- */

/* SQLite would play the journal of an earlier store into the new one. */
static int refuse_remains(const char *directory, struct sp_error *err)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-journal" };
	for (size_t i = 0; i < SP_COUNT_OF(names); i++) {
		SP_AUTO_FREE char *path = sp_format("%s/%s", directory, names[i]);
		if (is_there(path))
			return sp_fail(err, SP_EXISTS,
				       "there is \"%s\" already: move it away first", path);
	}
	return 0;
}

static int check_source(struct db *source, int64_t *out_schema, struct sp_error *err)
{
	if (db_check(source, err) != 0)
		return -1;
	if (migrations_version(source, out_schema, NULL) != 0 || *out_schema < 1)
		return sp_fail(err, SP_INVALID, "it is a database, but no store of Sallyport");
	if (*out_schema > (int64_t)migrations_count)
		return sp_fail(err, SP_UNSUPPORTED,
			       "it has schema %lld, but this program knows only up to %zu: use the "
			       "newer program",
			       (long long)*out_schema, migrations_count);
	return 0;
}

static int bring_up(struct db *db, const char *path, const struct vault *vault,
		    enum restored_files unfinished, struct store_copy *out, struct sp_error *err)
{
	if (migrations_run_on_copy(db, path, err) != 0 || access_keys_check(db, vault, err) != 0 ||
	    secret_versions_check(db, vault, err) != 0 || db_begin(db, err) != 0)
		return -1;
	if (transfers_after_restore(db, unfinished, sp_now_ms(), &out->files_begun, err) != 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

/* @path: the copy in the folder, which has not its final name yet. */
static int prepare(const char *path, const struct vault *vault, enum restored_files unfinished,
		   struct store_copy *out, struct sp_error *err)
{
	struct db *db;
	if (db_open(path, DB_READ_WRITE, &db, err) != 0)
		return -1;
	int result = bring_up(db, path, vault, unfinished, out, err);
	db_close(db); /* what was written goes from the log into the file, which is synced */
	SP_AUTO_BUFFER log = { 0 };
	sp_buffer_format(&log, "%s-wal", path);
	if (result == 0 && is_there(sp_buffer_text(&log)))
		result = sp_fail(err, SP_SYSTEM, "could not write \"%s\" out", path);
	return result;
}

static void remove_all_of(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".part" };
	for (size_t i = 0; i < SP_COUNT_OF(ends); i++) {
		SP_AUTO_BUFFER name = { 0 };
		sp_buffer_format(&name, "%s%s", path, ends[i]);
		unlink(sp_buffer_text(&name));
	}
}

static int name_it(const char *directory, const char *from, struct sp_error *err)
{
	SP_AUTO_FREE char *to = sp_format("%s/store.db", directory);
	SP_AUTO_FD folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1 || renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == -1 ||
	    fsync(folder) == -1)
		return sp_fail_errno(err, "could not name \"%s\"", to);
	return 0;
}

static int restore(const char *directory, const char *from_path, const struct vault *vault,
		   enum restored_files unfinished, struct store_copy *out, struct sp_error *err)
{
	AUTO_DB *source = NULL;
	if (refuse_remains(directory, err) != 0)
		return -1;
	if (access(from_path, R_OK) == -1)
		return sp_fail_errno(err, "could not read it");
	if (db_open(from_path, DB_READ_ONLY, &source, err) != 0 ||
	    check_source(source, &out->schema, err) != 0)
		return -1;

	SP_AUTO_FREE char *part = sp_format("%s/store.db.restore", directory);
	remove_all_of(part); /* left by a restore that was killed */
	int result = db_backup(source, part, DB_COPY_NEW, err);
	if (result == 0)
		result = prepare(part, vault, unfinished, out, err);
	out->size = size_of(part);
	if (result == 0)
		result = name_it(directory, part, err);
	if (result != 0)
		remove_all_of(part);
	return result;
}

int store_restore(const char *directory, const char *from_path, const struct vault *vault,
		  enum restored_files unfinished, struct store_copy *out, struct sp_error *err)
{
	*out = (struct store_copy){ 0 };
	if (restore(directory, from_path, vault, unfinished, out, err) != 0)
		return sp_wrap(err, "cannot restore \"%s\"", from_path);
	return 0;
}
