#include "store/client_tokens.h"

#include <string.h>

#include "model/network.h"
#include "store/rows.h"

int client_tokens_look_up(struct db *db, const char *operation, const char *token,
			  const char *fingerprint, int64_t now_ms, char *out_id,
			  struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT fingerprint, resource_id FROM client_tokens"
		     " WHERE operation = ?1 AND token = ?2 AND forget_ms > ?3",
		     "ssi", operation, token, now_ms) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	out_id[0] = '\0';
	if (got == 0)
		return 0;
	if (strcmp(db_rows_text(rows, 0), fingerprint) != 0)
		return sp_fail(err, SP_EXISTS,
			       "the client token \"%s\" was used already with other parameters",
			       token);
	rows_copy(rows, 1, out_id, NETWORK_ID_SIZE);
	return 0;
}

/* A few at a time: many that had their time while nobody was here must not make one long write. */
static int forget_some(struct db *db, int64_t now_ms, struct sp_error *err)
{
	if (db_run(db, err,
		   "DELETE FROM client_tokens WHERE (operation, token) IN"
		   " (SELECT operation, token FROM client_tokens WHERE forget_ms <= ?1"
		   " ORDER BY forget_ms LIMIT ?2)",
		   "ii", now_ms, (int64_t)CLIENT_TOKENS_FORGOTTEN) != 0)
		return sp_wrap(err, "could not forget old client tokens");
	return 0;
}

int client_tokens_note(struct db *db, const char *operation, const char *token,
		       const char *fingerprint, const char *id, int64_t now_ms, int64_t forget_ms,
		       struct sp_error *err)
{
	if (forget_some(db, now_ms, err) != 0)
		return -1;
	if (db_run(db, err,
		   "DELETE FROM client_tokens WHERE operation = ?1 AND token = ?2"
		   " AND forget_ms <= ?3",
		   "ssi", operation, token, now_ms) != 0 ||
	    db_run(db, err,
		   "INSERT INTO client_tokens (operation, token, fingerprint, resource_id,"
		   " created_ms, forget_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		   "ssssii", operation, token, fingerprint, id, now_ms, forget_ms) != 0)
		return sp_wrap(err, "could not note the client token \"%s\"", token);
	return 0;
}
