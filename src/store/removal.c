#include "store/removal.h"

#include <stdio.h>
#include <string.h>

#include "store/connectors.h"
#include "store/rows.h"
#include "store/servers.h"
#include "store/transfers.h"

/* Transfers that go together. */
struct piece {
	struct removal_walk found[REMOVAL_FILES_MAX];
	size_t count;
	bool is_full; /* there may be more */
};

/* Rows of created_ms, id, how many files. */
static int read_piece(struct db_rows *rows, struct piece *out, struct sp_error *err)
{
	int64_t files = 0;
	int got;
	while ((got = db_rows_next(rows, err)) == 1) {
		struct removal_walk *found = &out->found[out->count++];
		found->created_ms = db_rows_integer(rows, 0);
		rows_copy(rows, 1, found->transfer_id, sizeof(found->transfer_id));
		files += db_rows_integer(rows, 2);
		out->is_full = out->count == REMOVAL_FILES_MAX || files >= REMOVAL_FILES_MAX;
		if (out->is_full)
			return 0;
	}
	return got;
}

static int remove_transfer(struct db *db, const char *id, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM transfers WHERE id = ?1", "s", id);
}

/* ---- deleted connectors ----------------------------------------------------------------------------------------- */

static int end_its_files(struct db *db, const char *connector_id, int64_t now_ms, bool *out_more,
			 struct sp_error *err)
{
	size_t count;
	if (transfers_end_with_connector(db, connector_id, now_ms, REMOVAL_FILES_MAX, &count,
					 err) != 0)
		return -1;
	*out_more = count > 0; /* the connector stays until what ended is committed */
	return 0;
}

static int remove_its_transfers(struct db *db, const char *connector_id, bool *out_more,
				struct sp_error *err)
{
	struct piece piece = { .count = 0 };
	{
		DB_AUTO_ROWS struct db_rows *rows = NULL;
		if (db_query(db, &rows, err,
			     "SELECT t.created_ms, t.id,"
			     " (SELECT COUNT(*) FROM files f WHERE f.transfer_id = t.id)"
			     " FROM transfers t WHERE t.connector_id = ?1 LIMIT ?2",
			     "si", connector_id, (int64_t)REMOVAL_FILES_MAX) != 0 ||
		    read_piece(rows, &piece, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < piece.count; i++)
		if (remove_transfer(db, piece.found[i].transfer_id, err) != 0)
			return -1;
	*out_more = piece.is_full;
	return 0;
}

static int remove_its_connections(struct db *db, const char *connector_id, bool *out_more,
				  struct sp_error *err)
{
	if (db_run(db, err,
		   "DELETE FROM server_connections WHERE id IN"
		   " (SELECT id FROM server_connections WHERE connector_id = ?1 LIMIT ?2)",
		   "si", connector_id, (int64_t)REMOVAL_FILES_MAX) != 0)
		return -1;
	*out_more = db_changes(db) == REMOVAL_FILES_MAX;
	return 0;
}

int removal_of_deleted(struct db *db, int64_t now_ms, bool *out_more, struct sp_error *err)
{
	char id[CONNECTOR_ID_SIZE];
	*out_more = false;
	if (rows_text(db, "SELECT id FROM connectors WHERE deleted_ms > 0 LIMIT 1", NULL, id,
		      sizeof(id), err) != 0)
		return -1;
	if (id[0] == '\0')
		return 0;
	if (end_its_files(db, id, now_ms, out_more, err) != 0 ||
	    (!*out_more && remove_its_transfers(db, id, out_more, err) != 0) ||
	    (!*out_more && remove_its_connections(db, id, out_more, err) != 0))
		return sp_wrap(err, "could not remove what the deleted connector \"%s\" has left",
			       id);
	if (*out_more)
		return 0;
	*out_more = true; /* perhaps another connector */
	return connectors_forget(db, id, err);
}

/* ---- old transfers ---------------------------------------------------------------------------------------------- */

/* Whether a transfer of the store may go: none of its files is under way, young, or may have left something. */
static int may_go(struct db *db, const char *transfer_id, int64_t before_ms, bool *out,
		  struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT 1 FROM files f WHERE f.transfer_id = ?1 AND (f.state < 3"
		     " OR f.ended_ms > ?2 OR EXISTS"
		     " (SELECT 1 FROM parts_left p WHERE p.file_id = f.id)) LIMIT 1",
		     "si", transfer_id, before_ms) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	*out = got == 0;
	return got < 0 ? -1 : 0;
}

/* Those that the files of a transfer name, and nobody else does. */
struct named {
	char ids[TRANSFER_PATHS_MAX][SERVER_CONNECTION_ID_SIZE];
	size_t count;
};

static int read_connections(struct db *db, const char *transfer_id, struct named *out,
			    struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT DISTINCT connection FROM files WHERE transfer_id = ?1"
		     " AND connection IS NOT NULL",
		     "s", transfer_id) != 0)
		return -1;
	int got;
	out->count = 0;
	while ((got = db_rows_next(rows, err)) == 1 && out->count < TRANSFER_PATHS_MAX)
		rows_copy(rows, 0, out->ids[out->count++], SERVER_CONNECTION_ID_SIZE);
	return got < 0 ? -1 : 0;
}

static int remove_with_connections(struct db *db, const char *transfer_id, struct sp_error *err)
{
	struct named named;
	if (read_connections(db, transfer_id, &named, err) != 0 ||
	    remove_transfer(db, transfer_id, err) != 0)
		return -1;
	for (size_t i = 0; i < named.count; i++)
		if (db_run(db, err,
			   "DELETE FROM server_connections WHERE id = ?1 AND NOT EXISTS"
			   " (SELECT 1 FROM files WHERE connection = ?1)",
			   "s", named.ids[i]) != 0)
			return -1;
	return 0;
}

static int read_old(struct db *db, int64_t before_ms, const struct removal_walk *walk,
		    struct piece *out, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT t.created_ms, t.id,"
		     " (SELECT COUNT(*) FROM files f WHERE f.transfer_id = t.id)"
		     " FROM transfers t WHERE t.created_ms <= ?1"
		     " AND (t.created_ms, t.id) > (?2, ?3)"
		     " ORDER BY t.created_ms, t.id LIMIT ?4",
		     "iisi", before_ms, walk->created_ms, walk->transfer_id,
		     (int64_t)REMOVAL_FILES_MAX) != 0)
		return -1;
	return read_piece(rows, out, err);
}

int removal_of_old(struct db *db, int64_t before_ms, struct removal_walk *walk, size_t *out_count,
		   bool *out_more, struct sp_error *err)
{
	struct piece piece = { .count = 0 };
	*out_count = 0;
	if (read_old(db, before_ms, walk, &piece, err) != 0)
		return sp_wrap(err, "could not look for old transfers");
	for (size_t i = 0; i < piece.count; i++) {
		const char *id = piece.found[i].transfer_id;
		bool goes;
		if (may_go(db, id, before_ms, &goes, err) != 0 ||
		    (goes && remove_with_connections(db, id, err) != 0))
			return sp_wrap(err, "could not remove the old transfer \"%s\"", id);
		*out_count += goes;
	}
	if (piece.count > 0)
		*walk = piece.found[piece.count - 1];
	*out_more = piece.is_full;
	return 0;
}
