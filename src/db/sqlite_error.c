#include "db/sqlite_room.h"

#include <errno.h>

#include "base/text.h"

/* Extended codes stand in front of the primary code that they belong to: the first that fits wins. */
static const struct {
	int number;
	enum sp_code code;
	const char *text; /* NULL: SQLite's own */
} meanings[] = {
	{ SQLITE_CONSTRAINT_FOREIGNKEY, SP_NOT_FOUND, "what it belongs to does not exist" },
	{ SQLITE_CONSTRAINT_UNIQUE, SP_EXISTS, NULL },
	{ SQLITE_CONSTRAINT_PRIMARYKEY, SP_EXISTS, NULL },
	{ SQLITE_CONSTRAINT_ROWID, SP_EXISTS, NULL },
	{ SQLITE_CONSTRAINT, SP_INTERNAL, NULL },
	{ SQLITE_FULL, SP_NO_SPACE, "the disk is full" },
	{ SQLITE_BUSY, SP_TIMEOUT, "the store is locked by another program" },
	{ SQLITE_LOCKED, SP_TIMEOUT, "the store is locked by another program" },
	{ SQLITE_CORRUPT, SP_SYSTEM, "the database is damaged" },
	{ SQLITE_NOTADB, SP_SYSTEM, "the file is not a database, or it is damaged" },
	{ SQLITE_READONLY, SP_DENIED, "the database is read-only" },
	{ SQLITE_PERM, SP_DENIED, "permission denied" },
	{ SQLITE_AUTH, SP_DENIED, "permission denied" },
	{ SQLITE_NOMEM, SP_NO_MEMORY, "out of memory" },
	{ SQLITE_TOOBIG, SP_LIMIT, "the value is too large" },
	{ SQLITE_INTERRUPT, SP_CANCELLED, "it was interrupted" },
	{ SQLITE_ERROR, SP_INTERNAL, NULL },
	{ SQLITE_MISUSE, SP_INTERNAL, NULL },
	{ SQLITE_RANGE, SP_INTERNAL, NULL },
	{ SQLITE_SCHEMA, SP_INTERNAL, NULL },
	{ SQLITE_MISMATCH, SP_INTERNAL, NULL },
};

/* What the system last said about a file that SQLite has open. */
static int last_errno_of(sqlite3_file *file)
{
	int number = 0;
	if (file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) != SQLITE_OK)
		return 0;
	return number;
}

/*
 * When a disk cannot be read, SQLite says that the database is damaged; the file knows better. 0 when the database is
 * damaged indeed.
 */
static int read_error_of(sqlite3 *handle)
{
	static const int files[] = { SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER };
	static const int told_as_damage[] = { EIO, ENXIO, ERANGE };
	for (size_t i = 0; i < SP_COUNT_OF(files); i++) {
		sqlite3_file *file = NULL;
		sqlite3_file_control(handle, "main", files[i], &file);
		int number = last_errno_of(file);
		for (size_t k = 0; k < SP_COUNT_OF(told_as_damage); k++)
			if (number == told_as_damage[k])
				return number;
	}
	return 0;
}

static int errno_of(sqlite3 *handle, int primary)
{
	if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)
		return sqlite3_system_errno(handle);
	return primary == SQLITE_CORRUPT ? read_error_of(handle) : 0;
}

int db_fail(struct sp_error *err, sqlite3 *handle, const char *what)
{
	int number = sqlite3_extended_errcode(handle);
	int primary = number & 0xff;

	/* What is the operating system's: errno knows more than SQLite tells. */
	int system = errno_of(handle, primary);
	if (system != 0) {
		errno = system;
		return sp_fail_errno(err, "%s", what);
	}
	for (size_t i = 0; i < SP_COUNT_OF(meanings); i++) {
		if (meanings[i].number != number && meanings[i].number != primary)
			continue;
		const char *text = meanings[i].text;
		return sp_fail(err, meanings[i].code, "%s: %s", what,
			       text != NULL ? text : sqlite3_errmsg(handle));
	}
	return sp_fail(err, SP_SYSTEM, "%s: %s", what, sqlite3_errmsg(handle));
}
