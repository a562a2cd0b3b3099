#include "store/rows.h"

#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"

void rows_copy(struct db_rows *rows, int column, char *out, size_t out_size)
{
	const char *text = db_rows_text(rows, column);
	size_t length = text == NULL ? 0 : strnlen(text, out_size - 1);
	if (length > 0)
		memcpy(out, text, length);
	out[length] = '\0';
}

char *rows_copy_bytes(struct db_rows *rows, int column)
{
	size_t length;
	const void *data = db_rows_blob(rows, column, &length);
	if (data == NULL)
		return NULL;
	char *copy = sp_alloc(length + 1);
	memcpy(copy, data, length);
	return copy;
}

static int not_there(const struct row_kind *kind, const char *id, struct sp_error *err)
{
	return sp_fail(err, SP_NOT_FOUND, "there is no %s \"%s\"", kind->name, id);
}

int rows_find(struct db *db, const struct row_kind *kind, const char *id, void *out,
	      struct sp_error *err)
{
	SP_AUTO_BUFFER sql = { 0 };
	sp_buffer_format(&sql, "SELECT %s FROM %s WHERE id = ?1", kind->columns, kind->table);
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sp_buffer_text(&sql), "s", id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 0)
		return not_there(kind, id, err);
	return got == 1 ? kind->read(db, rows, out, err) : -1;
}

static int query_list(struct db *db, const struct row_kind *kind, const char *column,
		      const char *value, struct db_rows **out, struct sp_error *err)
{
	SP_AUTO_BUFFER sql = { 0 };
	sp_buffer_format(&sql, "SELECT %s FROM %s", kind->columns, kind->table);
	if (value == NULL) {
		sp_buffer_add_text(&sql, " ORDER BY id");
		return db_query(db, out, err, sp_buffer_text(&sql), "");
	}
	sp_buffer_format(&sql, " WHERE %s = ?1 ORDER BY id", column);
	return db_query(db, out, err, sp_buffer_text(&sql), "s", value);
}

int rows_list(struct db *db, const struct row_kind *kind, const char *column, const char *value,
	      void *out_array, size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (query_list(db, kind, column, value, &rows, err) != 0)
		return -1;

	char *array = NULL;
	size_t count = 0;
	size_t room = 0;
	int got;
	while ((got = db_rows_next(rows, err)) == 1) {
		if (count == room) {
			room = room == 0 ? 16 : 2 * room;
			array = sp_realloc(array, room * kind->size);
		}
		if (kind->read(db, rows, array + count * kind->size, err) != 0) {
			got = -1;
			break;
		}
		count++;
	}
	if (got < 0) {
		rows_free(kind, array, count);
		return -1;
	}
	if (array == NULL)
		array = sp_alloc(kind->size); /* so that an empty list is no NULL to look at */
	memcpy(out_array, &array, sizeof(array));
	*out_count = count;
	return 0;
}

void rows_free(const struct row_kind *kind, void *array, size_t count)
{
	if (kind->finish != NULL)
		for (size_t i = 0; i < count; i++)
			kind->finish((char *)array + i * kind->size);
	free(array);
}

int rows_count(struct db *db, const char *sql, const char *id, int64_t *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sql, id != NULL ? "s" : "", id) != 0 ||
	    db_rows_next(rows, err) != 1)
		return -1;
	*out = db_rows_integer(rows, 0);
	return 0;
}

int rows_text(struct db *db, const char *sql, const char *id, char *out, size_t out_size,
	      struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sql, id != NULL ? "s" : "", id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	out[0] = '\0';
	if (got == 1)
		rows_copy(rows, 0, out, out_size);
	return 0;
}

int rows_check_room(struct db *db, const struct row_kind *kind, int64_t max, struct sp_error *err)
{
	SP_AUTO_BUFFER sql = { 0 };
	sp_buffer_format(&sql, "SELECT COUNT(*) FROM %s", kind->table);
	int64_t count;
	if (rows_count(db, sp_buffer_text(&sql), NULL, &count, err) != 0)
		return -1;
	if (count >= max)
		return sp_fail(err, SP_LIMIT, "there cannot be more than %lld %ss", (long long)max,
			       kind->name);
	return 0;
}

int rows_check_unused(struct db *db, const struct row_kind *kind, const char *id,
		      const struct row_use *uses, size_t use_count, struct sp_error *err)
{
	char user[64];
	for (size_t i = 0; i < use_count; i++) {
		if (rows_text(db, uses[i].sql, id, user, sizeof(user), err) != 0)
			return -1;
		if (user[0] != '\0')
			return sp_fail(err, SP_EXISTS, "the %s \"%s\" is used by the %s \"%s\"",
				       kind->name, id, uses[i].name, user);
	}
	return 0;
}

int rows_check_changed(struct db *db, const struct row_kind *kind, const char *id,
		       struct sp_error *err)
{
	return db_changes(db) == 0 ? not_there(kind, id, err) : 0;
}

int rows_delete(struct db *db, const struct row_kind *kind, const char *id, struct sp_error *err)
{
	SP_AUTO_BUFFER sql = { 0 };
	sp_buffer_format(&sql, "DELETE FROM %s WHERE id = ?1", kind->table);
	if (db_run(db, err, sp_buffer_text(&sql), "s", id) != 0)
		return sp_wrap(err, "could not delete the %s \"%s\"", kind->name, id);
	return rows_check_changed(db, kind, id, err);
}
