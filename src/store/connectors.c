#include "store/connectors.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "store/rows.h"
#include "store/usage.h"

enum { NAMESAKES_TOLD = 5 /* in a sentence, besides the first */ };

/* What read_connector() reads, in its order. */
#define CONNECTOR_COLUMNS                                                                          \
	"id, url, access_role, logging_role, user_secret_id, max_connections, security_policy,"    \
	" created_ms, configuration_arn, port, state, failure, dual_stack"

/* Texts that a connector has several of, in their order: a table for each kind. */
struct text_list {
	const char *select, *remove, *insert; /* ?1: the connector; ?2, ?3: place and text */
};

static const struct text_list trusted_keys = {
	"SELECT trusted_key FROM connector_trusted_keys WHERE connector_id = ?1 ORDER BY place",
	"DELETE FROM connector_trusted_keys WHERE connector_id = ?1",
	"INSERT INTO connector_trusted_keys (connector_id, place, trusted_key) VALUES (?1, ?2, ?3)",
};

static const struct text_list secret_stages = {
	"SELECT stage FROM connector_secret_stages WHERE connector_id = ?1 ORDER BY place",
	"DELETE FROM connector_secret_stages WHERE connector_id = ?1",
	"INSERT INTO connector_secret_stages (connector_id, place, stage) VALUES (?1, ?2, ?3)",
};

static int read_list(struct db *db, const struct text_list *list, const char *id, char **out,
		     size_t max, size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, list->select, "s", id) != 0)
		return -1;
	int got = 0;
	while (*out_count < max && (got = db_rows_next(rows, err)) == 1)
		out[(*out_count)++] = db_rows_copy_text(rows, 0);
	return got < 0 ? -1 : 0;
}

static int write_list(struct db *db, const struct text_list *list, const char *id,
		      char *const *texts, size_t count, struct sp_error *err)
{
	if (db_run(db, err, list->remove, "s", id) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (db_run(db, err, list->insert, "sis", id, (int64_t)i, texts[i]) != 0)
			return -1;
	return 0;
}

static int read_lists(struct db *db, struct connector *connector, struct sp_error *err)
{
	return read_list(db, &trusted_keys, connector->id, connector->trusted_keys,
			 CONNECTOR_TRUSTED_KEYS_MAX, &connector->trusted_key_count, err) != 0
		       ? -1
		       : read_list(db, &secret_stages, connector->id, connector->secret_stages,
				   CONNECTOR_STAGES_MAX, &connector->secret_stage_count, err);
}

static int write_lists(struct db *db, const struct connector *connector, struct sp_error *err)
{
	return write_list(db, &trusted_keys, connector->id, connector->trusted_keys,
			  connector->trusted_key_count, err) != 0
		       ? -1
		       : write_list(db, &secret_stages, connector->id, connector->secret_stages,
				    connector->secret_stage_count, err);
}

/* On failure there is nothing to finish. */
static int read_connector(struct db *db, struct db_rows *rows, struct connector *out,
			  struct sp_error *err)
{
	*out = (struct connector){ .url = db_rows_copy_text(rows, 1),
				   .access_role = db_rows_copy_text(rows, 2),
				   .logging_role = db_rows_copy_text(rows, 3),
				   .user_secret_id = db_rows_copy_text(rows, 4),
				   .max_connections = (int)db_rows_integer(rows, 5),
				   .security_policy = db_rows_copy_text(rows, 6),
				   .created_ms = db_rows_integer(rows, 7),
				   .configuration_arn = db_rows_copy_text(rows, 8),
				   .port = (int)db_rows_integer(rows, 9),
				   .state = (enum connector_state)db_rows_integer(rows, 10),
				   .failure = db_rows_copy_text(rows, 11),
				   .dual_stack = db_rows_integer(rows, 12) != 0 };
	rows_copy(rows, 0, out->id, sizeof(out->id));
	if (read_lists(db, out, err) != 0) {
		connector_finish(out);
		return -1;
	}
	return 0;
}

int connectors_count(struct db *db, int64_t *out, struct sp_error *err)
{
	return rows_count(db, "SELECT COUNT(*) FROM connectors WHERE deleted_ms = 0", NULL, out,
			  err);
}

int connectors_insert(struct db *db, const struct connector *connector, struct sp_error *err)
{
	if (db_run(db, err,
		   "INSERT INTO connectors (" CONNECTOR_COLUMNS
		   ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		   "sssssisisiisi", connector->id, connector->url, connector->access_role,
		   connector->logging_role, connector->user_secret_id,
		   (int64_t)connector->max_connections, connector->security_policy,
		   connector->created_ms, connector->configuration_arn, (int64_t)connector->port,
		   (int64_t)connector->state, connector->failure,
		   (int64_t)connector->dual_stack) != 0 ||
	    write_lists(db, connector, err) != 0 ||
	    lifetimes_begin(db, connector->id, LIFETIME_CONNECTOR, connector->created_ms, err) != 0)
		return sp_wrap(err, "could not keep the connector");
	return 0;
}

static int not_there(const char *id, struct sp_error *err)
{
	return sp_fail(err, SP_NOT_FOUND, "there is no connector \"%s\"", id);
}

int connectors_find(struct db *db, const char *id, struct connector *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " CONNECTOR_COLUMNS
		     " FROM connectors WHERE id = ?1 AND deleted_ms = 0",
		     "s", id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	return got == 0 ? not_there(id, err) : read_connector(db, rows, out, err);
}

int connectors_check(struct db *db, const char *id, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT 1 FROM connectors WHERE id = ?1 AND deleted_ms = 0",
		     "s", id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	return got == 0 ? not_there(id, err) : 0;
}

int connectors_check_active(struct db *db, const char *id, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT state, failure FROM connectors WHERE id = ?1 AND deleted_ms = 0", "s",
		     id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return not_there(id, err);
	enum connector_state state = (enum connector_state)db_rows_integer(rows, 0);
	if (state == CONNECTOR_ACTIVE)
		return 0;
	const char *failure = db_rows_text(rows, 1);
	return sp_fail(err, SP_CONFLICT, "the connector \"%s\" is %s: %s", id,
		       connector_state_name(state),
		       failure != NULL ? failure : "its private path is being made");
}

int connectors_update(struct db *db, const struct connector *connector, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE connectors SET url = ?2, access_role = ?3, logging_role = ?4,"
		   " user_secret_id = ?5, max_connections = ?6, security_policy = ?7,"
		   " configuration_arn = ?8, port = ?9, state = ?10, failure = ?11,"
		   " dual_stack = ?12 WHERE id = ?1 AND deleted_ms = 0",
		   "sssssissiisi", connector->id, connector->url, connector->access_role,
		   connector->logging_role, connector->user_secret_id,
		   (int64_t)connector->max_connections, connector->security_policy,
		   connector->configuration_arn, (int64_t)connector->port,
		   (int64_t)connector->state, connector->failure,
		   (int64_t)connector->dual_stack) != 0)
		return sp_wrap(err, "could not change the connector");
	if (db_changes(db) == 0)
		return not_there(connector->id, err);
	return write_lists(db, connector, err);
}

int connectors_delete(struct db *db, const char *id, int64_t now_ms, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE connectors SET deleted_ms = ?2 WHERE id = ?1 AND deleted_ms = 0", "si",
		   id, now_ms) != 0)
		return sp_wrap(err, "could not delete the connector");
	if (db_changes(db) == 0)
		return not_there(id, err);
	if (lifetimes_end(db, id, now_ms, err) != 0 ||
	    db_run(db, err, "DELETE FROM breakers WHERE connector_id = ?1", "s", id) != 0)
		return -1;
	/* Tags hang on an ARN, whose region and account only the services know. */
	return db_run(db, err,
		      "DELETE FROM tags WHERE arn LIKE 'arn:%:transfer:%:connector/' || ?1", "s",
		      id);
}

int connectors_forget(struct db *db, const char *id, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM connectors WHERE id = ?1 AND deleted_ms > 0", "s", id);
}

int connectors_settle(struct db *db, const struct connector *connector, enum connector_state state,
		      const char *failure, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE connectors SET state = ?2, failure = ?3"
		   " WHERE id = ?1 AND state = ?4 AND configuration_arn = ?5 AND port = ?6"
		   " AND deleted_ms = 0",
		   "sisisi", connector->id, (int64_t)state, failure, (int64_t)CONNECTOR_PENDING,
		   connector->configuration_arn, (int64_t)connector->port) != 0)
		return sp_wrap(err, "could not note the state of the connector \"%s\"",
			       connector->id);
	return 0;
}

int connectors_using(struct db *db, const char *configuration_arn, char out_id[CONNECTOR_ID_SIZE],
		     struct sp_error *err)
{
	return rows_text(db,
			 "SELECT id FROM connectors WHERE configuration_arn = ?1"
			 " AND deleted_ms = 0 ORDER BY id LIMIT 1",
			 configuration_arn, out_id, CONNECTOR_ID_SIZE, err);
}

static int read_page(struct db *db, struct db_rows *rows, struct connector *out, size_t max,
		     size_t *out_count, struct sp_error *err)
{
	size_t count = 0;
	int got = 0;
	while (count < max && (got = db_rows_next(rows, err)) == 1) {
		if (read_connector(db, rows, &out[count], err) != 0) {
			got = -1;
			break;
		}
		count++;
	}
	while (got < 0 && count > 0)
		connector_finish(&out[--count]);
	*out_count = count;
	return got < 0 ? -1 : 0;
}

int connectors_list(struct db *db, const char *after, struct connector *out, size_t max,
		    size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " CONNECTOR_COLUMNS
		     " FROM connectors WHERE id > ?1 AND deleted_ms = 0 ORDER BY id LIMIT ?2",
		     "si", after != NULL ? after : "", (int64_t)max) != 0)
		return -1;
	return read_page(db, rows, out, max, out_count, err);
}

int connectors_pending(struct db *db, const char *after, struct connector *out, size_t max,
		       size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " CONNECTOR_COLUMNS
		     " FROM connectors WHERE state = ?1 AND id > ?2 AND deleted_ms = 0"
		     " ORDER BY id LIMIT ?3",
		     "isi", (int64_t)CONNECTOR_PENDING, after != NULL ? after : "",
		     (int64_t)max) != 0)
		return -1;
	return read_page(db, rows, out, max, out_count, err);
}

int connectors_find_pause(struct db *db, const char *id, struct connector_pause *out,
			  struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT paused_ms, resumed_ms FROM connectors WHERE id = ?1"
		     " AND deleted_ms = 0",
		     "s", id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return not_there(id, err);
	out->paused_ms = db_rows_integer(rows, 0);
	out->resumed_ms = db_rows_integer(rows, 1);
	return 0;
}

int connectors_pause(struct db *db, const char *id, int64_t now_ms, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE connectors SET paused_ms = ?2 WHERE id = ?1 AND paused_ms = 0"
		      " AND deleted_ms = 0",
		      "si", id, now_ms);
}

int connectors_resume(struct db *db, const char *id, int64_t now_ms, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE connectors SET paused_ms = 0, resumed_ms = ?2"
		      " WHERE id = ?1 AND paused_ms > 0",
		      "si", id, now_ms);
}

static int fail_ambiguous(struct db_rows *rows, const char *name, const char *first,
			  struct sp_error *err)
{
	SP_AUTO_BUFFER ids = { 0 };
	size_t more = 0;
	int got = 1;
	sp_buffer_format(&ids, "%s", first);
	do {
		const char *arn = db_rows_text(rows, 0);
		if (more++ < NAMESAKES_TOLD)
			sp_buffer_format(&ids, ", %s", strrchr(arn, '/') + 1);
	} while ((got = db_rows_next(rows, err)) == 1);
	if (got < 0)
		return -1;
	return sp_fail(err, SP_CONFLICT, "more than one connector has the Name \"%.64s\": %s%s",
		       name, sp_buffer_text(&ids), more > NAMESAKES_TOLD ? ", and more" : "");
}

int connectors_find_name(struct db *db, const char *arn_prefix, const char *name,
			 char out_id[CONNECTOR_ID_SIZE], struct sp_error *err)
{
	SP_AUTO_FREE char *end = sp_strdup(arn_prefix);
	end[strlen(end) - 1]++; /* what comes behind all that begin with it */
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT arn FROM tags WHERE tag_key = 'Name' AND tag_value = ?1"
		     " AND arn >= ?2 AND arn < ?3 ORDER BY arn",
		     "sss", name, arn_prefix, end) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND,
			       "there is no connector \"%.256s\", nor one with that Name", name);
	const char *id = strrchr(db_rows_text(rows, 0), '/') + 1;
	snprintf(out_id, CONNECTOR_ID_SIZE, "%s", id);
	got = db_rows_next(rows, err);
	return got == 1 ? fail_ambiguous(rows, name, out_id, err) : got;
}
