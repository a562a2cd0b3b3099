#include "db/sqlite_room.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <string.h>

#include "base/scope.h"

/*
 * synchronous FULL: in WAL mode a commit is on disk only with it. The caches are small, because there are several
 * connections; temporary tables in memory, because a sort must not leave rows in a file elsewhere.
 */
static const char settings[] = "PRAGMA synchronous = FULL;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA trusted_schema = OFF;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_size = -1024;"
			       "PRAGMA journal_size_limit = 16777216;";

/* The writer walks the indexes of whatever changes, all the time; there is one of it. */
static const char writer_settings[] = "PRAGMA cache_size = -8192;";

/* Its statistics cost a lock at every allocation, and nobody reads them. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int db_sync_folder_of(const char *path, struct sp_error *err)
{
	SP_AUTO_FREE char *copy = sp_strdup(path);
	const char *folder = dirname(copy);
	SP_AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		return sp_fail_errno(err, "could not sync the folder \"%s\"", folder);
	return 0;
}

/* SQLite would create the file with the umask's mode, and follow a link to somewhere else. */
static int create_file(const char *path, struct sp_error *err)
{
	SP_AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST)
		return 0;
	if (fd == -1)
		return sp_fail_errno(err, "could not create the database \"%s\"", path);
	return db_sync_folder_of(path, err);
}

static int use_wal(struct db *db, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "PRAGMA journal_mode = WAL", "") != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0 || strcmp(db_rows_text(rows, 0), "wal") != 0)
		return sp_fail(err, SP_UNSUPPORTED,
			       "the file system cannot hold a write-ahead log");
	return 0;
}

static int set_up(struct db *db, struct sp_error *err)
{
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, DB_BUSY_TIMEOUT_MS);
	/* A column's name that is written wrongly must not pass for a text. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (db->mode == DB_READ_WRITE && use_wal(db, err) != 0)
		return -1;
	if (db_script(db, settings, err) != 0)
		return -1;
	return db->mode == DB_READ_WRITE ? db_script(db, writer_settings, err) : 0;
}

int db_open(const char *path, enum db_mode mode, struct db **out, struct sp_error *err)
{
	if (mode == DB_READ_WRITE && create_file(path, err) != 0)
		return -1;

	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, configure);
	struct db *db = sp_alloc(sizeof(*db));
	db->mode = mode;
	int flags = SQLITE_OPEN_NOMUTEX |
		    (mode == DB_READ_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int result = 0;
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK)
		result = db_fail(err, db->handle, "could not open it");
	else
		result = set_up(db, err);
	if (result != 0) {
		db_close(db);
		return sp_wrap(err, "cannot use the database \"%s\"", path);
	}
	*out = db;
	return 0;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	assert(db->open_rows == 0);
	for (size_t i = 0; i < DB_STATEMENTS_MAX; i++) {
		sqlite3_finalize(db->statements[i].prepared);
		free(db->statements[i].sql);
	}
	sqlite3_close(db->handle);
	free(db);
}
