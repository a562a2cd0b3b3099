#include "db/sqlite_room.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/scope.h"

struct db_rows {
	struct db *db;
	struct statement *kept; /* NULL: @prepared is ours alone */
	sqlite3_stmt *prepared;
	bool ended;
};

static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static int prepare(struct db *db, const char *sql, unsigned flags, sqlite3_stmt **out,
		   struct sp_error *err)
{
	if (sqlite3_prepare_v3(db->handle, sql, -1, flags, out, NULL) != SQLITE_OK)
		return db_fail(err, db->handle, "cannot understand a database statement");
	if (*out == NULL)
		return sp_fail(err, SP_INTERNAL, "an empty database statement was given");
	return 0;
}

/* The place whose statement was not used for longest; NULL when all are taken. */
static struct statement *place_to_reuse(struct db *db)
{
	struct statement *oldest = NULL;
	for (size_t i = 0; i < DB_STATEMENTS_MAX; i++) {
		struct statement *place = &db->statements[i];
		if (place->sql == NULL)
			return place;
		if (!place->taken && (oldest == NULL || place->used < oldest->used))
			oldest = place;
	}
	return oldest;
}

/* @out_kept is NULL when the statement is used already (a query inside a query) or the cache has no place for it. */
static int take_statement(struct db *db, const char *sql, struct statement **out_kept,
			  sqlite3_stmt **out, struct sp_error *err)
{
	uint32_t hash = hash_of(sql);
	*out_kept = NULL;
	for (size_t i = 0; i < DB_STATEMENTS_MAX; i++) {
		struct statement *place = &db->statements[i];
		if (place->sql == NULL || place->hash != hash || strcmp(place->sql, sql) != 0)
			continue;
		if (place->taken)
			return prepare(db, sql, 0, out, err);
		place->taken = true;
		place->used = ++db->turn;
		*out_kept = place;
		*out = place->prepared;
		return 0;
	}

	struct statement *place = place_to_reuse(db);
	sqlite3_stmt *prepared = NULL;
	if (prepare(db, sql, place != NULL ? SQLITE_PREPARE_PERSISTENT : 0, &prepared, err) != 0)
		return -1;
	if (place != NULL) {
		sqlite3_finalize(place->prepared);
		free(place->sql);
		*place = (struct statement){ .sql = sp_strdup(sql),
					     .hash = hash,
					     .prepared = prepared,
					     .taken = true,
					     .used = ++db->turn };
	}
	*out_kept = place;
	*out = prepared;
	return 0;
}

static void give_back(struct statement *kept, sqlite3_stmt *prepared)
{
	if (kept == NULL) {
		sqlite3_finalize(prepared);
		return;
	}
	sqlite3_reset(prepared);
	sqlite3_clear_bindings(prepared); /* values that were bound may be secrets */
	kept->taken = false;
}

/* @lifetime: SQLITE_STATIC when the values outlive the statement's use, else SQLITE_TRANSIENT. */
static int bind_values(struct db *db, sqlite3_stmt *prepared, const char *format, va_list values,
		       sqlite3_destructor_type lifetime, struct sp_error *err)
{
	if ((size_t)sqlite3_bind_parameter_count(prepared) != strlen(format))
		return sp_fail(err, SP_INTERNAL,
			       "a database statement has %d parameters but is given %zu values",
			       sqlite3_bind_parameter_count(prepared), strlen(format));

	for (int i = 1; format[i - 1] != '\0'; i++) {
		int result = SQLITE_MISUSE;
		if (format[i - 1] == 's') {
			const char *text = va_arg(values, const char *);
			result = sqlite3_bind_text(prepared, i, text, -1, lifetime);
		} else if (format[i - 1] == 'i') {
			result = sqlite3_bind_int64(prepared, i, va_arg(values, int64_t));
		} else if (format[i - 1] == 'b') {
			const void *data = va_arg(values, const void *);
			size_t length = va_arg(values, size_t);
			result = sqlite3_bind_blob64(prepared, i, data, length, lifetime);
		} else {
			return sp_fail(err, SP_INTERNAL, "a database value has the format \"%c\"",
				       format[i - 1]);
		}
		if (result != SQLITE_OK)
			return db_fail(err, db->handle, "could not pass a value to the database");
	}
	return 0;
}

/* The statement with its values, the caller's to give back. */
static int take_bound(struct db *db, const char *sql, const char *format, va_list values,
		      sqlite3_destructor_type lifetime, struct statement **out_kept,
		      sqlite3_stmt **out, struct sp_error *err)
{
	if (take_statement(db, sql, out_kept, out, err) != 0)
		return -1;
	if (bind_values(db, *out, format, values, lifetime, err) == 0)
		return 0;
	give_back(*out_kept, *out);
	return -1;
}

int db_script(struct db *db, const char *sql, struct sp_error *err)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(err, db->handle, "could not run a database script");
	return 0;
}

int db_run(struct db *db, struct sp_error *err, const char *sql, const char *format, ...)
{
	struct statement *kept;
	sqlite3_stmt *prepared;
	va_list values;
	va_start(values, format);
	int result = take_bound(db, sql, format, values, SQLITE_STATIC, &kept, &prepared, err);
	va_end(values);
	if (result != 0)
		return -1;

	int step = sqlite3_step(prepared);
	if (step == SQLITE_ROW)
		result = sp_fail(err, SP_INTERNAL, "a database statement without rows gave one");
	else if (step != SQLITE_DONE)
		result = db_fail(err, db->handle, "could not write to the database");
	else
		db->changes = sqlite3_changes64(db->handle);
	give_back(kept, prepared);
	return result;
}

int64_t db_changes(const struct db *db)
{
	return db->changes;
}

int db_query(struct db *db, struct db_rows **out, struct sp_error *err, const char *sql,
	     const char *format, ...)
{
	struct statement *kept;
	sqlite3_stmt *prepared;
	va_list values;
	va_start(values, format);
	int result = take_bound(db, sql, format, values, SQLITE_TRANSIENT, &kept, &prepared, err);
	va_end(values);
	if (result != 0)
		return -1;

	struct db_rows *rows = sp_alloc(sizeof(*rows));
	*rows = (struct db_rows){ .db = db, .kept = kept, .prepared = prepared };
	db->open_rows++;
	*out = rows;
	return 0;
}

int db_rows_next(struct db_rows *rows, struct sp_error *err)
{
	if (rows->ended)
		return 0;
	int step = sqlite3_step(rows->prepared);
	if (step == SQLITE_ROW)
		return 1;

	int result = 0;
	if (step != SQLITE_DONE)
		result = db_fail(err, rows->db->handle, "could not read from the database");
	/* Without the reset the read lock would stay until the rows are closed. */
	rows->ended = true;
	sqlite3_reset(rows->prepared);
	return result;
}

void db_rows_close(struct db_rows *rows)
{
	if (rows == NULL)
		return;
	give_back(rows->kept, rows->prepared);
	rows->db->open_rows--;
	free(rows);
}

const char *db_rows_text(struct db_rows *rows, int column)
{
	assert(!rows->ended);
	return (const char *)sqlite3_column_text(rows->prepared, column);
}

int64_t db_rows_integer(struct db_rows *rows, int column)
{
	assert(!rows->ended);
	return sqlite3_column_int64(rows->prepared, column);
}

const void *db_rows_blob(struct db_rows *rows, int column, size_t *out_length)
{
	assert(!rows->ended);
	if (sqlite3_column_type(rows->prepared, column) == SQLITE_NULL) {
		*out_length = 0;
		return NULL;
	}
	const void *data = sqlite3_column_blob(rows->prepared, column);
	*out_length = (size_t)sqlite3_column_bytes(rows->prepared, column);
	return data != NULL ? data : ""; /* SQLite gives NULL for an empty blob, too */
}

char *db_rows_copy_text(struct db_rows *rows, int column)
{
	return sp_strdup(db_rows_text(rows, column));
}

/* Who will write takes the lock at once: SQLite waits for nobody's lock once the transaction has read something. */
int db_begin(struct db *db, struct sp_error *err)
{
	return db_run(db, err, db->mode == DB_READ_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", "");
}

int db_commit(struct db *db, struct sp_error *err)
{
	assert(db->open_rows == 0);
	if (db_run(db, err, "COMMIT", "") != 0) {
		db_rollback(db);
		return sp_wrap(err, "could not commit");
	}
	return 0;
}

void db_rollback(struct db *db)
{
	if (db_in_transaction(db))
		db_run(db, NULL, "ROLLBACK", "");
}

bool db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

size_t db_open_rows(const struct db *db)
{
	return db->open_rows;
}

void db_each_statement(const struct db *db, void (*fn)(void *ctx, const char *sql), void *ctx)
{
	for (size_t i = 0; i < DB_STATEMENTS_MAX; i++)
		if (db->statements[i].sql != NULL)
			fn(ctx, db->statements[i].sql);
}
