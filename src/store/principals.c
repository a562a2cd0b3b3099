#include "store/principals.h"

#include <string.h>

#include "store/rows.h"

#define COLUMNS "id, kind, name, path, trust, description, max_session_s, created_ms"

static int read_principal(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	struct principal *principal = out;
	(void)db;
	(void)err;
	*principal = (struct principal){
		.kind = (enum principal_kind)db_rows_integer(rows, 1),
		.trust = db_rows_copy_text(rows, 4),
		.description = db_rows_copy_text(rows, 5),
		.max_session_s = db_rows_integer(rows, 6),
		.created_ms = db_rows_integer(rows, 7),
	};
	rows_copy(rows, 0, principal->id, sizeof(principal->id));
	rows_copy(rows, 2, principal->name, sizeof(principal->name));
	rows_copy(rows, 3, principal->path, sizeof(principal->path));
	return 0;
}

static void finish_principal(void *entry)
{
	principal_finish(entry);
}

static const struct row_kind row = {
	.name = "user or role",
	.table = "principals",
	.columns = COLUMNS,
	.size = sizeof(struct principal),
	.read = read_principal,
	.finish = finish_principal,
};

static int check_room(struct db *db, enum principal_kind kind, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT COUNT(*) FROM principals WHERE kind = ?1", "i",
		     (int64_t)kind) != 0 ||
	    db_rows_next(rows, err) < 0)
		return -1;
	if (db_rows_integer(rows, 0) < PRINCIPALS_MAX)
		return 0;
	return sp_fail(err, SP_LIMIT, "Cannot exceed quota for %ssPerAccount: %d",
		       kind == PRINCIPAL_USER ? "User" : "Role", PRINCIPALS_MAX);
}

static int taken(const struct principal *principal, struct sp_error *err)
{
	if (err->code != SP_EXISTS)
		return sp_wrap(err, "could not keep the %s \"%s\"",
			       principal_kind_name(principal->kind), principal->name);
	return sp_fail(err, SP_EXISTS, "%s with name %s already exists.",
		       principal->kind == PRINCIPAL_USER ? "User" : "Role", principal->name);
}

int principals_insert(struct db *db, const struct principal *principal, struct sp_error *err)
{
	if (check_room(db, principal->kind, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO principals (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		   "sissssii", principal->id, (int64_t)principal->kind, principal->name,
		   principal->path, principal->trust, principal->description,
		   principal->max_session_s, principal->created_ms) != 0)
		return taken(principal, err);
	return 0;
}

int principals_find(struct db *db, enum principal_kind kind, const char *name,
		    struct principal *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " COLUMNS " FROM principals WHERE kind = ?1 AND name = ?2", "is",
		     (int64_t)kind, name) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "The %s with name %s cannot be found.",
			       principal_kind_name(kind), name);
	return got < 0 ? -1 : read_principal(db, rows, out, err);
}

int principals_find_id(struct db *db, const char *id, struct principal *out, struct sp_error *err)
{
	return rows_find(db, &row, id, out, err);
}

int principals_update(struct db *db, const struct principal *principal, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE principals SET name = ?2, path = ?3, trust = ?4, description = ?5,"
		   " max_session_s = ?6 WHERE id = ?1",
		   "sssssi", principal->id, principal->name, principal->path, principal->trust,
		   principal->description, principal->max_session_s) != 0)
		return taken(principal, err);
	return rows_check_changed(db, &row, principal->id, err);
}

int principals_delete(struct db *db, const char *id, struct sp_error *err)
{
	return rows_delete(db, &row, id, err);
}

int principals_each(struct db *db, enum principal_kind kind, const char *after, principals_fn *fn,
		    void *ctx, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " COLUMNS " FROM principals WHERE kind = ?1 AND name > ?2"
		     " ORDER BY name",
		     "is", (int64_t)kind, after == NULL ? "" : after) != 0)
		return -1;
	int got, result = 0;
	while (result == 0 && (got = db_rows_next(rows, err)) != 0) {
		struct principal principal;
		if (got < 0 || read_principal(db, rows, &principal, err) != 0)
			return -1;
		result = fn(ctx, &principal, err);
		principal_finish(&principal);
	}
	return result < 0 ? -1 : 0;
}

/* ---- the policies that stand in a user or role -------------------------------------------------------------------- */

int inline_policies_put(struct db *db, const char *principal_id, const char *name,
			const char *document, struct sp_error *err)
{
	return db_run(db, err,
		      "INSERT INTO inline_policies (principal_id, name, document)"
		      " VALUES (?1, ?2, ?3) ON CONFLICT (principal_id, name)"
		      " DO UPDATE SET document = excluded.document",
		      "sss", principal_id, name, document);
}

static int no_policy(const char *name, struct sp_error *err)
{
	return sp_fail(err, SP_NOT_FOUND, "The policy with name %s cannot be found.", name);
}

int inline_policies_find(struct db *db, const char *principal_id, const char *name, char **out,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT document FROM inline_policies WHERE principal_id = ?1 AND name = ?2",
		     "ss", principal_id, name) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 0)
		return no_policy(name, err);
	if (got < 0)
		return -1;
	*out = db_rows_copy_text(rows, 0);
	return 0;
}

int inline_policies_delete(struct db *db, const char *principal_id, const char *name,
			   struct sp_error *err)
{
	if (db_run(db, err, "DELETE FROM inline_policies WHERE principal_id = ?1 AND name = ?2",
		   "ss", principal_id, name) != 0)
		return -1;
	return db_changes(db) == 0 ? no_policy(name, err) : 0;
}

int inline_policies_each(struct db *db, const char *principal_id, policies_fn *fn, void *ctx,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT name, document FROM inline_policies WHERE principal_id = ?1"
		     " ORDER BY name",
		     "s", principal_id) != 0)
		return -1;
	int got, result = 0;
	while (result == 0 && (got = db_rows_next(rows, err)) == 1)
		result = fn(ctx, db_rows_text(rows, 0), db_rows_text(rows, 1), err);
	return result < 0 || (result == 0 && got < 0) ? -1 : 0;
}
