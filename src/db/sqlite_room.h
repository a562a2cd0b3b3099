#pragma once
/** What the files behind db/db.h share. Nobody else includes this. */

#include <sqlite3.h>

#include "db/db.h"

struct statement {
	char *sql; /* owned; NULL: an empty place */
	uint32_t hash;
	sqlite3_stmt *prepared;
	bool taken;
	uint64_t used; /* when it was last taken, in turns of the connection */
};

struct db {
	sqlite3 *handle;
	enum db_mode mode;
	struct statement statements[DB_STATEMENTS_MAX];
	uint64_t turn;
	size_t open_rows;
	int64_t changes;
};

/** A file is only as durable as its name in the folder. */
int db_sync_folder_of(const char *path, struct sp_error *err);

/** Fails with the sentence and the code for what @handle last complained about. */
int db_fail(struct sp_error *err, sqlite3 *handle, const char *what);
