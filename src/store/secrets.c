#include "store/secrets.h"

#include <stdlib.h>
#include <string.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/rows.h"
#include "store/secret_versions.h"
#include "store/tags.h"

/* What read_secret() reads, in its order. */
#define SECRET_COLUMNS                                                                             \
	"arn, name, description, kms_key_id, created_ms, changed_ms, accessed_ms, deleted_ms,"     \
	" purge_ms"

/* Holds for all but those past their recovery window; ?2 is the time. */
#define STILL_THERE "(purge_ms = 0 OR purge_ms > ?2)"

void secret_finish(struct secret *secret)
{
	free(secret->arn);
	free(secret->name);
	free(secret->description);
	free(secret->kms_key_id);
	*secret = (struct secret){ 0 };
}

static void cleanup_secret(struct secret *secret)
{
	secret_finish(secret);
}

#define AUTO_SECRET __attribute__((cleanup(cleanup_secret))) struct secret

static void read_secret(struct db_rows *rows, struct secret *out)
{
	*out = (struct secret){ .arn = db_rows_copy_text(rows, 0),
				.name = db_rows_copy_text(rows, 1),
				.description = db_rows_copy_text(rows, 2),
				.kms_key_id = db_rows_copy_text(rows, 3),
				.created_ms = db_rows_integer(rows, 4),
				.changed_ms = db_rows_integer(rows, 5),
				.accessed_ms = db_rows_integer(rows, 6),
				.deleted_ms = db_rows_integer(rows, 7),
				.purge_ms = db_rows_integer(rows, 8) };
}

/* 1 and the secret, 0 when there is none, -1. @sql has the parameters ?1 @key and ?2 @now_ms. */
static int find_one(struct db *db, const char *sql, const char *key, int64_t now_ms,
		    struct secret *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sql, "si", key, now_ms) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1)
		read_secret(rows, out);
	return got;
}

static int find_by_name(struct db *db, const char *name, int64_t now_ms, struct secret *out,
			struct sp_error *err)
{
	return find_one(db,
			"SELECT " SECRET_COLUMNS " FROM secrets WHERE name = ?1 AND " STILL_THERE,
			name, now_ms, out, err);
}

/* An ARN without its suffix names the secret of that name, if region and account fit as well. */
static int find_by_partial_arn(struct db *db, const char *partial, int64_t now_ms,
			       struct secret *out, struct sp_error *err)
{
	static const char kind[] = "secret:";
	struct sp_arn arn;
	if (!sp_arn_parse(partial, &arn) || !sp_text_starts_with(arn.resource, kind))
		return 0;
	int got = find_by_name(db, arn.resource + sizeof(kind) - 1, now_ms, out, err);
	if (got == 1 && !sp_text_starts_with(out->arn, partial)) {
		secret_finish(out);
		return 0;
	}
	return got;
}

int secrets_find(struct db *db, const char *id_or_arn, int64_t now_ms, struct secret *out,
		 struct sp_error *err)
{
	int got;
	if (sp_text_starts_with(id_or_arn, "arn:")) {
		got = find_one(db,
			       "SELECT " SECRET_COLUMNS
			       " FROM secrets WHERE arn = ?1 AND " STILL_THERE,
			       id_or_arn, now_ms, out, err);
		if (got == 0)
			got = find_by_partial_arn(db, id_or_arn, now_ms, out, err);
	} else {
		got = find_by_name(db, id_or_arn, now_ms, out, err);
	}
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "there is no secret \"%s\"", id_or_arn);
	return got == 1 ? 0 : -1;
}

int secrets_insert(struct db *db, const struct secret *secret, int64_t now_ms, struct sp_error *err)
{
	AUTO_SECRET there = { 0 };
	if (secrets_purge(db, now_ms, err) != 0)
		return -1;
	int got = find_by_name(db, secret->name, now_ms, &there, err);
	if (got < 0)
		return -1;
	if (got == 1 && there.deleted_ms != 0)
		return sp_fail(err, SP_CONFLICT, "the secret \"%s\" is scheduled for deletion",
			       secret->name);
	if (got == 1)
		return sp_fail(err, SP_EXISTS, "the secret \"%s\" exists already", secret->name);
	if (db_run(db, err,
		   "INSERT INTO secrets (" SECRET_COLUMNS
		   ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0)",
		   "ssssii", secret->arn, secret->name, secret->description, secret->kms_key_id,
		   secret->created_ms, secret->changed_ms) != 0)
		return sp_wrap(err, "could not keep the secret \"%s\"", secret->name);
	return 0;
}

int secrets_count(struct db *db, int64_t *out, struct sp_error *err)
{
	return rows_count(db, "SELECT COUNT(*) FROM secrets", NULL, out, err);
}

int secrets_update(struct db *db, const struct secret *secret, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE secrets SET description = ?2, kms_key_id = ?3, changed_ms = ?4,"
		   " accessed_ms = ?5, deleted_ms = ?6, purge_ms = ?7 WHERE arn = ?1",
		   "sssiiii", secret->arn, secret->description, secret->kms_key_id,
		   secret->changed_ms, secret->accessed_ms, secret->deleted_ms,
		   secret->purge_ms) != 0)
		return sp_wrap(err, "could not change the secret \"%s\"", secret->name);
	if (db_changes(db) == 0)
		return sp_fail(err, SP_NOT_FOUND, "there is no secret \"%s\"", secret->name);
	return 0;
}

int secrets_delete(struct db *db, const char *arn, struct sp_error *err)
{
	if (db_run(db, err, "DELETE FROM secrets WHERE arn = ?1", "s", arn) != 0)
		return sp_wrap(err, "could not delete the secret \"%s\"", arn);
	if (db_changes(db) == 0)
		return sp_fail(err, SP_NOT_FOUND, "there is no secret \"%s\"", arn);
	return tags_remove_all(db, arn, err);
}

int secrets_purge(struct db *db, int64_t now_ms, struct sp_error *err)
{
	if (db_run(db, err,
		   "DELETE FROM tags WHERE arn IN"
		   " (SELECT arn FROM secrets WHERE purge_ms > 0 AND purge_ms <= ?1)",
		   "i", now_ms) != 0 ||
	    db_run(db, err, "DELETE FROM secrets WHERE purge_ms > 0 AND purge_ms <= ?1", "i",
		   now_ms) != 0)
		return sp_wrap(err, "could not take away deleted secrets");
	return 0;
}

/* Names are unique, so they settle the order where dates are equal. ?1 name, ?2 time, ?3 date, ?4 1 at the start. */
#define EACH(column, comparison, direction)                                                        \
	"SELECT " SECRET_COLUMNS " FROM secrets WHERE " STILL_THERE " AND (?4 = 1 OR " column      \
	" " comparison " ?3 OR (" column " = ?3 AND name " comparison " ?1)) ORDER BY " column     \
	" " direction ", name " direction
#define EACH_NAME(comparison, direction)                                                           \
	"SELECT " SECRET_COLUMNS " FROM secrets WHERE " STILL_THERE                                \
	" AND (?4 = 1 OR (?3 IS NOT NULL AND name " comparison " ?1)) ORDER BY name " direction

static const char *const each_sql[][2] = {
	[SECRETS_BY_NAME] = { EACH_NAME(">", "ASC"), EACH_NAME("<", "DESC") },
	[SECRETS_BY_CREATED] = { EACH("created_ms", ">", "ASC"), EACH("created_ms", "<", "DESC") },
	[SECRETS_BY_CHANGED] = { EACH("changed_ms", ">", "ASC"), EACH("changed_ms", "<", "DESC") },
	[SECRETS_BY_ACCESSED] = { EACH("accessed_ms", ">", "ASC"),
				  EACH("accessed_ms", "<", "DESC") },
};

int secrets_each(struct db *db, enum secrets_order order, bool descending,
		 const struct secrets_position *after, int64_t now_ms,
		 bool (*fn)(void *ctx, const struct secret *secret), void *ctx,
		 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, each_sql[order][descending], "siii", after->name, now_ms,
		     after->date_ms, (int64_t)(after->name == NULL)) != 0)
		return -1;
	int got;
	bool more = true;
	while (more && (got = db_rows_next(rows, err)) != 0) {
		if (got < 0)
			return -1;
		AUTO_SECRET secret;
		read_secret(rows, &secret);
		more = fn(ctx, &secret);
	}
	return 0;
}

int secrets_read_value(struct db *db, const struct vault *vault, const char *id_or_arn,
		       const char *stage, char **out, struct sp_error *err)
{
	AUTO_SECRET secret = { 0 };
	if (secrets_find(db, id_or_arn, sp_now_ms(), &secret, err) != 0)
		return -1;
	if (secret.deleted_ms != 0)
		return sp_fail(err, SP_CONFLICT, "the secret \"%s\" is scheduled for deletion",
			       secret.name);
	struct secret_version version;
	struct secret_value value;
	if (secret_versions_find(db, vault, secret.arn, NULL, stage, &version, &value, err) != 0)
		return sp_wrap(err, "cannot read the secret \"%s\"", secret.name);
	secret_version_finish(&version);
	if (value.is_binary) {
		secret_value_finish(&value);
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot read the secret \"%s\": its value is binary, not text",
			       secret.name);
	}
	*out = value.data;
	return 0;
}
