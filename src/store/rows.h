#pragma once
/** What the files of this room share for entities that have an "id": finding, listing, deleting. For this room only. */

#include "db/db.h"

/** How a row becomes a struct. */
struct row_kind {
	const char *name;    /* in sentences: "subnet" */
	const char *table;   /* whose primary key is "id" */
	const char *columns; /* what read() reads, in its order */
	size_t size;         /* of the struct, in bytes */

	/* On failure there is nothing to finish. */
	int (*read)(struct db *db, struct db_rows *rows, void *out, struct sp_error *err);
	void (*finish)(void *entry); /* NULL: there is nothing to finish */
};

/** What forbids to delete a row: @sql has the parameter ?1, the row's id, and gives the id of one that uses it. */
struct row_use {
	const char *name; /* in sentences: "network interface" */
	const char *sql;
};

/** SP_NOT_FOUND. */
int rows_find(struct db *db, const struct row_kind *kind, const char *id, void *out,
	      struct sp_error *err);

/**
 * All whose @column is @value, ascending ids; @value NULL: all.
 *
 * @out_array  the address of a pointer to the kind's structs; owned by the caller: rows_free()
 */
int rows_list(struct db *db, const struct row_kind *kind, const char *column, const char *value,
	      void *out_array, size_t *out_count, struct sp_error *err);
void rows_free(const struct row_kind *kind, void *array, size_t count); /* NULL is fine */

/** SP_LIMIT when there are @max already. */
int rows_check_room(struct db *db, const struct row_kind *kind, int64_t max, struct sp_error *err);

/** SP_EXISTS, with a sentence that names the first user. */
int rows_check_unused(struct db *db, const struct row_kind *kind, const char *id,
		      const struct row_use *uses, size_t use_count, struct sp_error *err);

/** SP_NOT_FOUND. */
int rows_delete(struct db *db, const struct row_kind *kind, const char *id, struct sp_error *err);

/** After an UPDATE by id: SP_NOT_FOUND when it changed nothing. */
int rows_check_changed(struct db *db, const struct row_kind *kind, const char *id,
		       struct sp_error *err);

/** The number in the only column and row. @sql has the parameter ?1, or none and @id is NULL. */
int rows_count(struct db *db, const char *sql, const char *id, int64_t *out, struct sp_error *err);

/** The first column of the first row as a text, "" when there is no row. @sql and @id as above. */
int rows_text(struct db *db, const char *sql, const char *id, char *out, size_t out_size,
	      struct sp_error *err);

/** Copies a column into a field of fixed size; "" for SQL NULL. */
void rows_copy(struct db_rows *rows, int column, char *out, size_t out_size);

/** Bytes with a NUL behind them, owned by the caller; NULL for SQL NULL. */
char *rows_copy_bytes(struct db_rows *rows, int column);
