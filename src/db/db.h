#pragma once
/**
 * The SQL door. One struct db is one connection and belongs to one thread at a time.
 * Parameters are ?1, ?2 … Values are bound by a format, one letter each:
 *
 *   s  const char *, NULL is SQL NULL     i  int64_t (cast it: a plain int is read wrongly)
 *   b  const void *, size_t: a blob, NULL is SQL NULL
 *
 * Failures, whatever database is behind: SP_EXISTS (a unique key is taken), SP_NOT_FOUND (a foreign key names nothing),
 * SP_NO_SPACE (the disk is full), SP_TIMEOUT (another program holds a lock for too long), SP_DENIED (read-only),
 * SP_SYSTEM (damaged, or the disk fails), SP_INTERNAL (SQL that makes no sense). Messages never hold a bound value.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct db;
struct db_rows;

enum db_mode { DB_READ_WRITE, DB_READ_ONLY };

enum {
	DB_STATEMENTS_MAX = 128,    /* prepared statements that a connection keeps */
	DB_BUSY_TIMEOUT_MS = 10000, /* how long a lock is waited for */
};

/** SQLite: WAL, synchronous FULL, foreign keys on. The file is created with mode 0600 (DB_READ_WRITE). */
int db_open(const char *path, enum db_mode mode, struct db **out, struct sp_error *err);
void db_close(struct db *db); /* NULL is fine */

/**
 * A transaction. On a DB_READ_ONLY connection everything up to the end of it reads one snapshot.
 * A full disk or a failing one may end a transaction behind our back: db_in_transaction() tells.
 */
int db_begin(struct db *db, struct sp_error *err);
/** No rows may be open. When it fails the transaction is over as well, and nothing of it is kept. */
int db_commit(struct db *db, struct sp_error *err);
/** Nothing to do is fine. */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/** How many db_rows are not closed. */
size_t db_open_rows(const struct db *db);

/** The text of every prepared statement that is kept: for those who look at query plans. */
void db_each_statement(const struct db *db, void (*fn)(void *ctx, const char *sql), void *ctx);

/** Statements without parameters or rows, several separated by semicolons. */
int db_script(struct db *db, const char *sql, struct sp_error *err);

/** One statement without rows. SP_EXISTS when a unique constraint forbids it. */
int db_run(struct db *db, struct sp_error *err, const char *sql, const char *format, ...);

/** Rows changed by the last db_run(). */
int64_t db_changes(const struct db *db);

/** One statement with rows; @out is owned by the caller: db_rows_close(). Prepared statements are kept and reused. */
int db_query(struct db *db, struct db_rows **out, struct sp_error *err, const char *sql,
	     const char *format, ...);

/** 1 and the next row, 0 at the end, -1 on failure. */
int db_rows_next(struct db_rows *rows, struct sp_error *err);
void db_rows_close(struct db_rows *rows); /* NULL is fine */

/* Values of the current row, by column from 0. Borrowed until the next row. */
const char *db_rows_text(struct db_rows *rows, int column); /* NULL for SQL NULL */
int64_t db_rows_integer(struct db_rows *rows, int column);
const void *db_rows_blob(struct db_rows *rows, int column, size_t *out_length);

/** A copy for the caller, NULL for SQL NULL. */
char *db_rows_copy_text(struct db_rows *rows, int column);

static inline void db_cleanup_rows(struct db_rows **rows)
{
	db_rows_close(*rows);
}

/** In front of rows: DB_AUTO_ROWS struct db_rows *rows = NULL; */
#define DB_AUTO_ROWS __attribute__((cleanup(db_cleanup_rows)))

/** Reads all of it: SP_SYSTEM says what is damaged first. What a column holds is its owner's to know. */
int db_check(struct db *db, struct sp_error *err);

enum db_copy { DB_COPY_NEW, DB_COPY_REPLACE };

/**
 * A consistent copy of the whole database, whoever else writes to it meanwhile: a file of mode 0600, checked, and on
 * disk when it returns; nobody sees it half. Not in a transaction.
 * SP_EXISTS when there is something of that name (DB_COPY_NEW), SP_CONFLICT when another copy goes there.
 */
int db_backup(struct db *db, const char *to_path, enum db_copy how, struct sp_error *err);
