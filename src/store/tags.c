#include "store/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "model/publishing.h"

void tag_finish(struct tag *tag)
{
	free(tag->key);
	free(tag->value);
	*tag = (struct tag){ 0 };
}

static int count_tags(struct db *db, const char *arn, int64_t *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT COUNT(*) FROM tags WHERE arn = ?1", "s", arn) != 0 ||
	    db_rows_next(rows, err) < 0)
		return -1;
	*out = db_rows_integer(rows, 0);
	return 0;
}

int tags_put(struct db *db, const char *arn, const char *key, const char *value,
	     struct sp_error *err)
{
	int64_t count;
	if (db_run(db, err,
		   "INSERT INTO tags (arn, tag_key, tag_value) VALUES (?1, ?2, ?3)"
		   " ON CONFLICT (arn, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
		   "sss", arn, key, value) != 0 ||
	    count_tags(db, arn, &count, err) != 0)
		return sp_wrap(err, "could not keep the tag \"%s\"", key);
	if (count <= TAGS_MAX)
		return 0;

	/* Whoever goes on after the failure must not find one too many. */
	if (tags_remove(db, arn, key, err) != 0)
		return -1;
	return sp_fail(err, SP_LIMIT, "a resource cannot have more than %d tags", TAGS_MAX);
}

int tags_remove(struct db *db, const char *arn, const char *key, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM tags WHERE arn = ?1 AND tag_key = ?2", "ss", arn, key);
}

int tags_remove_all(struct db *db, const char *arn, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM tags WHERE arn = ?1", "s", arn);
}

int tags_list(struct db *db, const char *arn, struct tag out[TAGS_MAX], size_t *out_count,
	      struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT tag_key, tag_value FROM tags WHERE arn = ?1 ORDER BY tag_key", "s",
		     arn) != 0)
		return -1;
	size_t count = 0;
	int got = 0;
	while (count < TAGS_MAX && (got = db_rows_next(rows, err)) == 1) {
		out[count].key = db_rows_copy_text(rows, 0);
		out[count++].value = db_rows_copy_text(rows, 1);
	}
	while (got < 0 && count > 0)
		tag_finish(&out[--count]);
	*out_count = count;
	return got < 0 ? -1 : 0;
}

int tags_find(struct db *db, const char *arn, const char *key, char **out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out = NULL;
	if (db_query(db, &rows, err, "SELECT tag_value FROM tags WHERE arn = ?1 AND tag_key = ?2",
		     "ss", arn, key) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1)
		*out = db_rows_copy_text(rows, 0);
	return got < 0 ? -1 : 0;
}

int tags_read_publishing(struct db *db, const char *arn, struct publishing *out,
			 struct sp_error *err)
{
	struct tag tags[TAGS_MAX];
	size_t count = 0;
	struct publishing read = { 0 };
	int result = tags_list(db, arn, tags, &count, err);
	for (size_t i = 0; i < count; i++) {
		if (result == 0)
			result = publishing_read_tag(&read, tags[i].key, tags[i].value, err);
		tag_finish(&tags[i]);
	}
	if (result == 0)
		result = publishing_check(&read, err);
	if (result != 0 || out == NULL)
		publishing_finish(&read);
	if (result == 0 && out != NULL)
		*out = read;
	return result;
}

/* ';' is what comes behind ':'. */
int tags_each_under(struct db *db, const char *prefix, tags_fn *fn, void *ctx, struct sp_error *err)
{
	SP_AUTO_FREE char *end = sp_strdup(prefix);
	end[strlen(end) - 1] = ':' + 1;
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT arn, tag_key, tag_value FROM tags WHERE arn >= ?1 AND arn < ?2"
		     " ORDER BY arn, tag_key",
		     "ss", prefix, end) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1)
		if (fn(ctx, db_rows_text(rows, 0), db_rows_text(rows, 1), db_rows_text(rows, 2),
		       err) != 0)
			return -1;
	return got;
}
