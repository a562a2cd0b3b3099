#include "store/overview.h"

#include "base/text.h"
#include "store/rows.h"

int overview_read(struct db *db, struct store_overview *out, struct sp_error *err)
{
	const struct {
		const char *sql;
		int64_t *out;
	} queries[] = {
		{ "SELECT COUNT(*) FROM connectors WHERE deleted_ms = 0", &out->connectors },
		{ "SELECT COUNT(*) FROM connectors WHERE paused_ms > 0 AND deleted_ms = 0",
		  &out->paused },
		{ "SELECT COUNT(*) FROM breakers", &out->away },
		{ "SELECT COUNT(*) FROM gateways", &out->gateways },
		{ "SELECT COALESCE(SUM(pending_files), 0) FROM connectors WHERE deleted_ms = 0",
		  &out->pending },
	};
	for (size_t i = 0; i < SP_COUNT_OF(queries); i++)
		if (rows_count(db, queries[i].sql, NULL, queries[i].out, err) != 0)
			return -1;
	return 0;
}

int overview_touch(struct db *db, struct sp_error *err)
{
	/* Another value each time: SQLite writes nothing of a row that becomes what it was. */
	return db_run(db, err,
		      "INSERT INTO counters (name, value) VALUES ('health look', 1)"
		      " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1",
		      "");
}
