#pragma once
/** A store's database in a folder of its own, for one test. */

#include "folder.h"
#include "store/migrations.h"

static struct sp_error err;
static struct folder folder;
static struct db *db;

static inline void database_open_at(size_t schema)
{
	const char *path = folder_file(&folder, "store.db");
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), 0);
	assert_int_equal(migrations_run(db, path, migrations_scripts, schema, &err), 0);
}

/** In the newest schema, without a row. */
static inline int database_set_up(void **state)
{
	(void)state;
	err = (struct sp_error){ 0 };
	folder_make(&folder);
	database_open_at(migrations_count);
	return 0;
}

static inline int database_tear_down(void **state)
{
	(void)state;
	db_close(db);
	folder_remove(&folder);
	return 0;
}
