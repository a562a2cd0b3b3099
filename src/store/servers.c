#include "store/servers.h"

#include <stdlib.h>

void known_server_finish(struct known_server *server)
{
	free(server->banner);
	free(server->host_key);
	free(server->features);
	*server = (struct known_server){ 0 };
}

int servers_find(struct db *db, const char *connector_id, struct known_server *out,
		 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out = (struct known_server){ 0 };
	if (db_query(db, &rows, err,
		     "SELECT banner, host_key, features, learnt_ms FROM server_features"
		     " WHERE connector_id = ?1",
		     "s", connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got != 1)
		return got;
	out->banner = db_rows_copy_text(rows, 0);
	out->host_key = db_rows_copy_text(rows, 1);
	out->features = db_rows_copy_text(rows, 2);
	out->learnt_ms = db_rows_integer(rows, 3);
	return 0;
}

int servers_put(struct db *db, const char *connector_id, const struct known_server *server,
		struct sp_error *err)
{
	if (db_run(db, err,
		   "INSERT INTO server_features (connector_id, banner, host_key, features, "
		   "learnt_ms)"
		   " VALUES (?1, ?2, ?3, ?4, ?5)"
		   " ON CONFLICT (connector_id) DO UPDATE SET banner = excluded.banner,"
		   " host_key = excluded.host_key, features = excluded.features,"
		   " learnt_ms = excluded.learnt_ms",
		   "ssssi", connector_id, server->banner, server->host_key, server->features,
		   server->learnt_ms) != 0)
		return sp_wrap(err, "could not note what the server of \"%s\" can do",
			       connector_id);
	return 0;
}

int servers_count_ambiguous(struct db *db, const char *connector_id, int64_t *out_confirmed,
			    int64_t *out_inferred, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out_confirmed = *out_inferred = 0;
	if (db_query(db, &rows, err,
		     "SELECT confirmed_publishes, inferred_publishes FROM connectors WHERE id = ?1",
		     "s", connector_id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1) {
		*out_confirmed = db_rows_integer(rows, 0);
		*out_inferred = db_rows_integer(rows, 1);
	}
	return got < 0 ? -1 : 0;
}

int servers_put_connection(struct db *db, const char *id, const char *connector_id,
			   const char *description, struct sp_error *err)
{
	if (db_run(db, err,
		   "INSERT INTO server_connections (id, connector_id, description)"
		   " VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
		   "sss", id, connector_id, description) != 0)
		return sp_wrap(err, "could not note a connection of \"%s\"", connector_id);
	return 0;
}

int servers_find_connection(struct db *db, const char *id, char **out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out = NULL;
	if (db_query(db, &rows, err, "SELECT description FROM server_connections WHERE id = ?1",
		     "s", id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 1)
		*out = db_rows_copy_text(rows, 0);
	return got < 0 ? -1 : 0;
}
