#include "db/sqlite_room.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/scope.h"

/* ---- is it whole? ---------------------------------------------------------------------------------------------- */

static int check_pages(struct db *db, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "PRAGMA integrity_check(1)", "") != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	const char *found = got == 1 ? db_rows_text(rows, 0) : NULL;
	if (found == NULL || strcmp(found, "ok") != 0)
		return sp_fail(err, SP_SYSTEM, "the database is damaged: %s",
			       found == NULL ? "its check gave no result" : found);
	return 0;
}

static int check_foreign_keys(struct db *db, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "PRAGMA foreign_key_check", "") != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1)
		return sp_fail(err, SP_SYSTEM,
			       "the database is damaged: a row of \"%s\" belongs to one of \"%s\" "
			       "that is not there",
			       db_rows_text(rows, 0), db_rows_text(rows, 2));
	return got;
}

/* One integer or text of the pragma @sql, which it always has. */
static int read_pragma(struct db *db, const char *sql, int64_t *out, bool *out_is_wal,
		       struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sql, "") != 0 || db_rows_next(rows, err) < 0)
		return -1;
	const char *text = db_rows_text(rows, 0);
	*out_is_wal = text != NULL && strcmp(text, "wal") == 0;
	*out = db_rows_integer(rows, 0);
	return 0;
}

/* Zeros that are missing at the end are no damage to SQLite, yet it is not the file that was written. The end of one with
 * a log may still be in the log. */
static int check_size(struct db *db, struct sp_error *err)
{
	int64_t pages, page_size, none;
	bool is_wal, is_none;
	struct stat status;
	if (read_pragma(db, "PRAGMA page_count", &pages, &is_none, err) != 0 ||
	    read_pragma(db, "PRAGMA page_size", &page_size, &is_none, err) != 0 ||
	    read_pragma(db, "PRAGMA journal_mode", &none, &is_wal, err) != 0)
		return -1;
	if (stat(sqlite3_db_filename(db->handle, "main"), &status) == -1)
		return sp_fail_errno(err, "could not look at the database");
	if (!is_wal && status.st_size != pages * page_size)
		return sp_fail(err, SP_SYSTEM,
			       "the database is damaged: it has %lld bytes, not %lld: was it cut?",
			       (long long)status.st_size, (long long)(pages * page_size));
	return 0;
}

int db_check(struct db *db, struct sp_error *err)
{
	if (check_size(db, err) != 0 || check_pages(db, err) != 0)
		return -1;
	return check_foreign_keys(db, err);
}

/* ---- the copy -------------------------------------------------------------------------------------------------- */

/* What has this name was left by somebody who was killed, or belongs to somebody who is at it right now. */
static int open_part(const char *part, struct sp_error *err)
{
	SP_AUTO_FD fd = open(part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat opened, named;
	if (fd == -1 || fstat(fd, &opened) == -1)
		return sp_fail_errno(err, "could not create \"%s\"", part);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		return sp_fail(err, SP_CONFLICT, "another copy to the same place is under way");
	if (stat(part, &named) == -1 || named.st_ino != opened.st_ino)
		return sp_fail(err, SP_CONFLICT, "another copy to the same place has just ended");
	if (ftruncate(fd, 0) == -1 || fchmod(fd, 0600) == -1)
		return sp_fail_errno(err, "could not write \"%s\"", part);
	return sp_take_fd(&fd);
}

static int check_part(const char *part, struct sp_error *err)
{
	struct db *copy;
	if (db_open(part, DB_READ_ONLY, &copy, err) != 0)
		return -1;
	int result = db_check(copy, err);
	db_close(copy);
	return result;
}

/* @fd is that of @part, whose lock goes with it. */
static int write_copy(struct db *db, int fd, const char *part, struct sp_error *err)
{
	if (db_run(db, err, "VACUUM INTO ?1", "s", part) != 0)
		return -1;
	if (fsync(fd) == -1)
		return sp_fail_errno(err, "could not sync \"%s\"", part);
	return check_part(part, err);
}

/* The copy has its name only once it is whole. */
static int make_copy(struct db *db, const char *to_path, enum db_copy how, struct sp_error *err)
{
	SP_AUTO_BUFFER part = { 0 };
	sp_buffer_format(&part, "%s.part", to_path);
	const char *part_path = sp_buffer_text(&part);
	struct stat there;
	if (how == DB_COPY_NEW && lstat(to_path, &there) == 0)
		return sp_fail(err, SP_EXISTS, "it is there already");
	SP_AUTO_FD fd = open_part(part_path, err);
	if (fd == -1)
		return -1;

	int result = write_copy(db, fd, part_path, err);
	unsigned flags = how == DB_COPY_NEW ? RENAME_NOREPLACE : 0;
	if (result == 0 && renameat2(AT_FDCWD, part_path, AT_FDCWD, to_path, flags) == -1)
		result = sp_fail_errno(err, "could not name it");
	if (result != 0)
		unlink(part_path);
	return result;
}

int db_backup(struct db *db, const char *to_path, enum db_copy how, struct sp_error *err)
{
	if (make_copy(db, to_path, how, err) != 0)
		return sp_wrap(err, "could not copy the database to \"%s\"", to_path);
	return db_sync_folder_of(to_path, err);
}
