#include "store/breakers.h"

#include "store/rows.h"

int breakers_find(struct db *db, const char *connector_id, struct breaker_record *out,
		  bool *out_found, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT openings, since_ms, next_ms, step, code, reason FROM breakers"
		     " WHERE connector_id = ?1",
		     "s", connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got < 0)
		return -1;
	*out_found = got == 1;
	if (got == 0)
		return 0;
	*out = (struct breaker_record){
		.openings = (int)db_rows_integer(rows, 0),
		.since_ms = db_rows_integer(rows, 1),
		.next_ms = db_rows_integer(rows, 2),
		.step = (enum failure_step)db_rows_integer(rows, 3),
		.code = (enum sp_code)db_rows_integer(rows, 4),
	};
	rows_copy(rows, 5, out->reason, sizeof(out->reason));
	return 0;
}

int breakers_put(struct db *db, const char *connector_id, const struct breaker_record *record,
		 struct sp_error *err)
{
	return db_run(db, err,
		      "INSERT INTO breakers (connector_id, openings, since_ms, next_ms, step, code,"
		      " reason) SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM connectors WHERE id = ?1 "
		      "AND deleted_ms = 0"
		      " ON CONFLICT (connector_id) DO UPDATE SET openings = excluded.openings,"
		      " since_ms = excluded.since_ms, next_ms = excluded.next_ms,"
		      " step = excluded.step, code = excluded.code, reason = excluded.reason",
		      "siiiiis", connector_id, (int64_t)record->openings, record->since_ms,
		      record->next_ms, (int64_t)record->step, (int64_t)record->code,
		      record->reason);
}

int breakers_delete(struct db *db, const char *connector_id, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM breakers WHERE connector_id = ?1", "s", connector_id);
}

int breakers_ask_again(struct db *db, const char *connector_id, struct sp_error *err)
{
	if (connector_id == NULL)
		return db_run(db, err, "UPDATE breakers SET next_ms = 0", "");
	return db_run(db, err, "UPDATE breakers SET next_ms = 0 WHERE connector_id = ?1", "s",
		      connector_id);
}
