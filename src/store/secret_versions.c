#include "store/secret_versions.h"

#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

enum { HOUR_MS = 3600 * 1000 };

void secret_value_finish(struct secret_value *value)
{
	if (value->data != NULL)
		explicit_bzero(value->data, value->length);
	free(value->data);
	*value = (struct secret_value){ 0 };
}

void secret_version_finish(struct secret_version *version)
{
	for (size_t i = 0; i < version->stage_count; i++)
		free(version->stages[i]);
	*version = (struct secret_version){ 0 };
}

/* What a sealed value is bound to. */
static char *place_of(const char *arn, const char *id)
{
	SP_AUTO_BUFFER place = { 0 };
	sp_buffer_format(&place, "%s|%s", arn, id);
	return sp_buffer_take(&place);
}

/* ---- stages ---- */

static int read_stages(struct db *db, const char *arn, struct secret_version *version,
		       struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT stage FROM secret_stages WHERE secret_arn = ?1 AND version_id = ?2"
		     " ORDER BY stage",
		     "ss", arn, version->id) != 0)
		return -1;
	int got = 0;
	while (version->stage_count < SECRET_STAGES_MAX && (got = db_rows_next(rows, err)) == 1)
		version->stages[version->stage_count++] = db_rows_copy_text(rows, 0);
	return got < 0 ? -1 : 0;
}

/* The id of the version that has the stage: 1; 0 when none has; -1. */
static int holder_of(struct db *db, const char *arn, const char *stage,
		     char out[SECRET_VERSION_ID_MAX + 1], struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT version_id FROM secret_stages WHERE secret_arn = ?1 AND stage = ?2",
		     "ss", arn, stage) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	out[0] = '\0';
	if (got == 1)
		strncat(out, db_rows_text(rows, 0), SECRET_VERSION_ID_MAX);
	return got;
}

static int set_stage(struct db *db, const char *arn, const char *stage, const char *id,
		     struct sp_error *err)
{
	return db_run(
		db, err,
		"INSERT INTO secret_stages (secret_arn, stage, version_id) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (secret_arn, stage) DO UPDATE SET version_id ="
		" excluded.version_id",
		"sss", arn, stage, id);
}

static int drop_stage(struct db *db, const char *arn, const char *stage, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM secret_stages WHERE secret_arn = ?1 AND stage = ?2",
		      "ss", arn, stage);
}

static int check_stage_count(struct db *db, const char *arn, const char *id, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT COUNT(*) FROM secret_stages WHERE secret_arn = ?1 AND version_id = ?2",
		     "ss", arn, id) != 0 ||
	    db_rows_next(rows, err) < 0)
		return -1;
	if (db_rows_integer(rows, 0) > SECRET_STAGES_MAX)
		return sp_fail(err, SP_LIMIT, "a version cannot have more than %d stages",
			       SECRET_STAGES_MAX);
	return 0;
}

/* Puts the stage on the version, wherever it was; what loses AWSCURRENT gets AWSPREVIOUS. */
static int place_stage(struct db *db, const char *arn, const char *stage, const char *id,
		       struct sp_error *err)
{
	char holder[SECRET_VERSION_ID_MAX + 1];
	int held = holder_of(db, arn, stage, holder, err);
	if (held < 0)
		return -1;
	if (held == 1 && strcmp(holder, id) == 0)
		return 0;
	if (set_stage(db, arn, stage, id, err) != 0)
		return -1;
	if (strcmp(stage, SECRET_CURRENT) == 0) {
		/* It is the current one now, so it cannot be the previous one as well. */
		char previous[SECRET_VERSION_ID_MAX + 1];
		int has_previous = holder_of(db, arn, SECRET_PREVIOUS, previous, err);
		if (has_previous < 0)
			return -1;
		if (has_previous == 1 && strcmp(previous, id) == 0 &&
		    drop_stage(db, arn, SECRET_PREVIOUS, err) != 0)
			return -1;
		if (held == 1 && set_stage(db, arn, SECRET_PREVIOUS, holder, err) != 0)
			return -1;
	}
	return check_stage_count(db, arn, id, err);
}

int secret_versions_move_stage(struct db *db, const char *arn, const char *stage, const char *from,
			       const char *to, struct sp_error *err)
{
	char holder[SECRET_VERSION_ID_MAX + 1];
	int held = holder_of(db, arn, stage, holder, err);
	if (held < 0)
		return -1;
	if (held == 1 && from == NULL && !sp_text_equal(holder, to))
		return sp_fail(err, SP_INVALID,
			       "the stage \"%s\" is on version \"%s\": say so to move it away",
			       stage, holder);
	if (from != NULL && !(held == 1 && strcmp(holder, from) == 0))
		return sp_fail(err, SP_INVALID, "version \"%s\" does not have the stage \"%s\"",
			       from, stage);
	if (to == NULL && strcmp(stage, SECRET_CURRENT) == 0)
		return sp_fail(err, SP_INVALID,
			       "cannot take " SECRET_CURRENT
			       " away without a version to move it to");
	if (to == NULL)
		return drop_stage(db, arn, stage, err);

	int there = secret_versions_has(db, arn, to, err);
	if (there < 0)
		return -1;
	if (there == 0)
		return sp_fail(err, SP_NOT_FOUND, "the secret has no version \"%s\"", to);
	return place_stage(db, arn, stage, to, err);
}

int secret_versions_each_stage(struct db *db, const char *arn,
			       void (*fn)(void *ctx, const char *id, const char *stage), void *ctx,
			       struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT version_id, stage FROM secret_stages WHERE secret_arn = ?1"
		     " ORDER BY version_id, stage",
		     "s", arn) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1)
		fn(ctx, db_rows_text(rows, 0), db_rows_text(rows, 1));
	return got;
}

/* ---- versions ---- */

int secret_versions_has(struct db *db, const char *arn, const char *id, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT 1 FROM secret_versions WHERE secret_arn = ?1 AND id = ?2", "ss", arn,
		     id) != 0)
		return -1;
	return db_rows_next(rows, err);
}

static int insert_version(struct db *db, const struct vault *vault, const char *arn, const char *id,
			  const struct secret_value *value, int64_t now_ms, struct sp_error *err)
{
	SP_AUTO_FREE char *place = place_of(arn, id);
	SP_AUTO_FREE void *sealed = NULL;
	size_t length;
	if (vault_seal(vault, place, value->data, value->length, &sealed, &length, err) != 0)
		return -1;
	return db_run(db, err,
		      "INSERT INTO secret_versions (secret_arn, id, sealed, is_binary, created_ms,"
		      " accessed_ms) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
		      "ssbii", arn, id, sealed, length, (int64_t)value->is_binary, now_ms);
}

/* The version with that id must have the same value. */
static int check_same(struct db *db, const struct vault *vault, const char *arn, const char *id,
		      const struct secret_value *value, struct sp_error *err)
{
	struct secret_version version;
	struct secret_value there;
	if (secret_versions_find(db, vault, arn, id, NULL, &version, &there, err) != 0)
		return -1;
	bool same = there.length == value->length && there.is_binary == value->is_binary &&
		    memcmp(there.data, value->data, value->length) == 0;
	secret_version_finish(&version);
	secret_value_finish(&there);
	return same ? 0
		    : sp_fail(err, SP_EXISTS, "version \"%s\" exists already with another value",
			      id);
}

static int count_versions(struct db *db, const char *arn, int64_t *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT COUNT(*) FROM secret_versions WHERE secret_arn = ?1",
		     "s", arn) != 0 ||
	    db_rows_next(rows, err) < 0)
		return -1;
	*out = db_rows_integer(rows, 0);
	return 0;
}

/* Oldest first, as many as there are too many, but none that has a stage or is younger than a day. */
static int drop_old(struct db *db, const char *arn, int64_t now_ms, struct sp_error *err)
{
	int64_t count;
	if (count_versions(db, arn, &count, err) != 0)
		return -1;
	if (count <= SECRET_VERSIONS_KEPT)
		return 0;
	if (db_run(db, err,
		   "DELETE FROM secret_versions WHERE secret_arn = ?1 AND id IN ("
		   "SELECT v.id FROM secret_versions v WHERE v.secret_arn = ?1"
		   " AND v.created_ms < ?2 AND NOT EXISTS (SELECT 1 FROM secret_stages s"
		   " WHERE s.secret_arn = ?1 AND s.version_id = v.id)"
		   " ORDER BY v.created_ms, v.id LIMIT ?3)",
		   "sii", arn, now_ms - (int64_t)SECRET_VERSION_AGE_MIN_H * HOUR_MS,
		   count - SECRET_VERSIONS_KEPT) != 0)
		return -1;
	if (count - db_changes(db) > SECRET_VERSIONS_MAX)
		return sp_fail(err, SP_LIMIT,
			       "a secret cannot have more than %d versions that are younger than "
			       "%d hours",
			       SECRET_VERSIONS_MAX, SECRET_VERSION_AGE_MIN_H);
	return 0;
}

int secret_versions_put(struct db *db, const struct vault *vault, const char *arn, const char *id,
			const struct secret_value *value, const char *const *stages,
			size_t stage_count, int64_t now_ms, bool *out_new, struct sp_error *err)
{
	int there = secret_versions_has(db, arn, id, err);
	if (there < 0)
		return -1;
	*out_new = there == 0;
	if (there == 1)
		return check_same(db, vault, arn, id, value, err);
	if (insert_version(db, vault, arn, id, value, now_ms, err) != 0)
		return sp_wrap(err, "could not keep a version of the secret");
	char current[SECRET_VERSION_ID_MAX + 1];
	int held = holder_of(db, arn, SECRET_CURRENT, current, err);
	if (held < 0 ||
	    ((held == 0 || stage_count == 0) && place_stage(db, arn, SECRET_CURRENT, id, err) != 0))
		return -1;
	for (size_t i = 0; i < stage_count; i++)
		if (place_stage(db, arn, stages[i], id, err) != 0)
			return -1;
	return drop_old(db, arn, now_ms, err);
}

#define FIND                                                                                       \
	"SELECT id, created_ms, accessed_ms, is_binary, sealed, secret_arn FROM secret_versions "

static int query_version(struct db *db, const char *arn, const char *id, const char *stage,
			 struct db_rows **out, struct sp_error *err)
{
	if (id != NULL)
		return db_query(db, out, err, FIND "WHERE secret_arn = ?1 AND id = ?2", "ss", arn,
				id);
	return db_query(db, out, err,
			FIND "WHERE secret_arn = ?1 AND id = (SELECT version_id FROM secret_stages"
			     " WHERE secret_arn = ?1 AND stage = ?2)",
			"ss", arn, stage != NULL ? stage : SECRET_CURRENT);
}

static bool has_stage(const struct secret_version *version, const char *stage)
{
	for (size_t i = 0; i < version->stage_count; i++)
		if (strcmp(version->stages[i], stage) == 0)
			return true;
	return false;
}

static void read_version(struct db_rows *rows, struct secret_version *out)
{
	*out = (struct secret_version){ .created_ms = db_rows_integer(rows, 1),
					.accessed_ms = db_rows_integer(rows, 2) };
	strncat(out->id, db_rows_text(rows, 0), SECRET_VERSION_ID_MAX);
}

static int unseal(struct db_rows *rows, const struct vault *vault, struct secret_value *out,
		  struct sp_error *err)
{
	SP_AUTO_FREE char *place = place_of(db_rows_text(rows, 5), db_rows_text(rows, 0));
	size_t length;
	const void *sealed = db_rows_blob(rows, 4, &length);
	*out = (struct secret_value){ .is_binary = db_rows_integer(rows, 3) != 0 };
	return vault_unseal(vault, place, sealed, length, &out->data, &out->length, err);
}

int secret_versions_find(struct db *db, const struct vault *vault, const char *arn, const char *id,
			 const char *stage, struct secret_version *out,
			 struct secret_value *out_value, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (query_version(db, arn, id, stage, &rows, err) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0 && id != NULL)
		return sp_fail(err, SP_NOT_FOUND, "there is no version \"%s\"", id);
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "no version has the stage \"%s\"",
			       stage != NULL ? stage : SECRET_CURRENT);

	read_version(rows, out);
	int result = read_stages(db, arn, out, err);
	if (result == 0 && id != NULL && stage != NULL && !has_stage(out, stage))
		result = sp_fail(err, SP_NOT_FOUND, "version \"%s\" does not have the stage \"%s\"",
				 id, stage);
	if (result == 0 && out_value != NULL)
		result = unseal(rows, vault, out_value, err);
	if (result != 0)
		secret_version_finish(out);
	return result;
}

int secret_versions_check(struct db *db, const struct vault *vault, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, FIND, "") != 0)
		return -1;
	int got, result = 0;
	while (result == 0 && (got = db_rows_next(rows, err)) != 0) {
		struct secret_value value = { 0 };
		result = got < 0 ? -1 : unseal(rows, vault, &value, err);
		if (got == 1 && result != 0)
			sp_wrap(err, "could not read version \"%s\" of the secret \"%s\"",
				db_rows_text(rows, 0), db_rows_text(rows, 5));
		secret_value_finish(&value);
	}
	return result;
}

int secret_versions_note_access(struct db *db, const char *arn, const char *id, int64_t day_ms,
				struct sp_error *err)
{
	if (db_run(db, err, "UPDATE secrets SET accessed_ms = ?2 WHERE arn = ?1", "si", arn,
		   day_ms) != 0)
		return -1;
	return db_run(
		db, err,
		"UPDATE secret_versions SET accessed_ms = ?3 WHERE secret_arn = ?1 AND id = ?2",
		"ssi", arn, id, day_ms);
}

int secret_versions_list(struct db *db, const char *arn, bool deprecated, const char *after,
			 struct secret_version *out, size_t max, size_t *out_count,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT v.id, v.created_ms, v.accessed_ms FROM secret_versions v"
		     " WHERE v.secret_arn = ?1 AND v.id > ?2 AND (?3 = 1 OR EXISTS"
		     " (SELECT 1 FROM secret_stages s WHERE s.secret_arn = ?1"
		     " AND s.version_id = v.id)) ORDER BY v.id LIMIT ?4",
		     "ssii", arn, after != NULL ? after : "", (int64_t)deprecated,
		     (int64_t)max) != 0)
		return -1;
	size_t count = 0;
	int got = 0;
	while (count < max && (got = db_rows_next(rows, err)) == 1) {
		read_version(rows, &out[count]);
		got = read_stages(db, arn, &out[count++], err);
		if (got < 0)
			break;
	}
	while (got < 0 && count > 0)
		secret_version_finish(&out[--count]);
	*out_count = count;
	return got < 0 ? -1 : 0;
}
