/*
 * Stores of every earlier schema, with rows in all their tables, become stores of the newest. What a row holds follows
 * from its number and the column's type alone, so that foreign keys fit, whatever tables there are.
 */
#include "folder.h"

#include "base/buffer.h"
#include "base/scope.h"
#include "store/migrations.h"

enum { ROWS = 3, TABLES_MAX = 128, COLUMNS_MAX = 64 };

static struct sp_error err;
static struct folder folder;
static char path[128];

struct table {
	char *name;
	char *columns[COLUMNS_MAX];
	char types[COLUMNS_MAX]; /* of its columns: 'T', 'I' or 'B' */
	size_t count;
};

struct tables {
	struct table list[TABLES_MAX];
	size_t count;
};

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	strcpy(path, folder_file(&folder, "store.db"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

static struct db *open_db(const char *file)
{
	struct db *db;
	if (db_open(file, DB_READ_WRITE, &db, &err) != 0)
		fail_msg("%s", err.message);
	return db;
}

/* ---- what tables there are ------------------------------------------------------------------------------------- */

static void read_columns(struct db *db, struct table *table)
{
	struct db_rows *rows;
	assert_int_equal(
		db_query(db, &rows, &err,
			 "SELECT name, substr(upper(type), 1, 4) FROM pragma_table_info(?1)", "s",
			 table->name),
		0);
	while (db_rows_next(rows, &err) == 1) {
		assert_true(table->count < COLUMNS_MAX);
		const char *type = db_rows_text(rows, 1);
		table->types[table->count] = strcmp(type, "TEXT") == 0 ? 'T'
					     : type[1] == 'I'          ? 'I'
								       : 'B';
		table->columns[table->count++] = db_rows_copy_text(rows, 0);
	}
	db_rows_close(rows);
}

/* Those that hold what people have put in: not the schema's number, nor what a script itself has filled. */
static struct tables *read_tables(struct db *db)
{
	struct tables *tables = sp_alloc(sizeof(*tables));
	struct db_rows *rows;
	assert_int_equal(db_query(db, &rows, &err,
				  "SELECT name FROM sqlite_master WHERE type = 'table'"
				  " AND name NOT IN ('schema_version', 'counters') ORDER BY name",
				  ""),
			 0);
	while (db_rows_next(rows, &err) == 1) {
		assert_true(tables->count < TABLES_MAX);
		tables->list[tables->count++].name = db_rows_copy_text(rows, 0);
	}
	db_rows_close(rows);
	for (size_t i = 0; i < tables->count; i++)
		read_columns(db, &tables->list[i]);
	return tables;
}

static void forget_tables(struct tables *tables)
{
	for (size_t i = 0; i < tables->count; i++) {
		free(tables->list[i].name);
		for (size_t k = 0; k < tables->list[i].count; k++)
			free(tables->list[i].columns[k]);
	}
	free(tables);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static void add_value(struct sp_buffer *sql, char type, int number)
{
	if (type == 'T')
		sp_buffer_format(sql, "'row %d'", number);
	else if (type == 'I')
		sp_buffer_format(sql, "%d", number);
	else
		sp_buffer_format(sql, "x'ff%02x'", (unsigned)number);
}

static void fill(struct db *db, const struct tables *tables)
{
	SP_AUTO_BUFFER sql = { 0 };
	/* A row may come before the one that it belongs to; at the end all are there. */
	sp_buffer_add_text(&sql, "BEGIN; PRAGMA defer_foreign_keys = ON;");
	for (size_t i = 0; i < tables->count; i++) {
		const struct table *table = &tables->list[i];
		for (int number = 1; number <= ROWS; number++) {
			sp_buffer_format(&sql, "INSERT INTO %s VALUES (", table->name);
			for (size_t k = 0; k < table->count; k++) {
				sp_buffer_add_text(&sql, k == 0 ? "" : ", ");
				add_value(&sql, table->types[k], number);
			}
			sp_buffer_add_text(&sql, ");");
		}
	}
	sp_buffer_add_text(&sql, "COMMIT;");
	if (db_script(db, sp_buffer_text(&sql), &err) != 0)
		fail_msg("%s", err.message);
}

/* All rows of the tables, in the columns that they had then. */
static char *show_rows(struct db *db, const struct tables *tables)
{
	struct sp_buffer shown = { 0 };
	for (size_t i = 0; i < tables->count; i++) {
		const struct table *table = &tables->list[i];
		SP_AUTO_BUFFER sql = { 0 };
		sp_buffer_add_text(&sql, "SELECT ''");
		for (size_t k = 0; k < table->count; k++)
			sp_buffer_format(&sql, " || ' %s=' || quote(%s)", table->columns[k],
					 table->columns[k]);
		sp_buffer_format(&sql, " FROM %s ORDER BY 1", table->name);
		struct db_rows *rows;
		if (db_query(db, &rows, &err, sp_buffer_text(&sql), "") != 0)
			fail_msg("%s", err.message);
		while (db_rows_next(rows, &err) == 1)
			sp_buffer_format(&shown, "%s:%s\n", table->name, db_rows_text(rows, 0));
		db_rows_close(rows);
	}
	return sp_buffer_take(&shown);
}

static void assert_is(const char *file, int64_t schema, const struct tables *tables,
		      const char *rows)
{
	struct db *db = open_db(file);
	int64_t version;
	assert_int_equal(migrations_version(db, &version, &err), 0);
	assert_int_equal(version, schema);
	SP_AUTO_FREE char *now = show_rows(db, tables);
	assert_string_equal(now, rows);
	if (db_check(db, &err) != 0)
		fail_msg("%s", err.message);
	db_close(db);
}

/* ---- the tests ------------------------------------------------------------------------------------------------- */

static void upgrade_from(size_t schema)
{
	struct db *db = open_db(path);
	assert_int_equal(migrations_run(db, path, migrations_scripts, schema, &err), 0);
	struct tables *tables = read_tables(db);
	assert_true(tables->count > 0);
	fill(db, tables);
	SP_AUTO_FREE char *rows = show_rows(db, tables);
	if (migrations_run(db, path, migrations_scripts, migrations_count, &err) != 0)
		fail_msg("from schema %zu: %s", schema, err.message);
	db_close(db);

	assert_is(path, (int64_t)migrations_count, tables, rows);
	char copy[160];
	snprintf(copy, sizeof(copy), "%s.before-%zu", path, migrations_count);
	assert_is(copy, (int64_t)schema, tables, rows);
	forget_tables(tables);
	assert_int_equal(unlink(path) | unlink(copy), 0);
}

static void a_store_of_every_earlier_schema_keeps_its_rows_and_a_copy_from_before(void **state)
{
	(void)state;
	for (size_t schema = 1; schema < migrations_count; schema++)
		upgrade_from(schema);
}

static void the_newest_store_is_left_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct db *db = open_db(path);
		assert_int_equal(
			migrations_run(db, path, migrations_scripts, migrations_count, &err), 0);
		db_close(db);
	}
	char copy[160];
	snprintf(copy, sizeof(copy), "%s.before-%zu", path, migrations_count);
	assert_int_equal(access(copy, F_OK), -1);
}

static int64_t count_connections(struct db *db)
{
	struct db_rows *rows;
	assert_int_equal(db_query(db, &rows, &err, "SELECT count(*) FROM server_connections", ""),
			 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	int64_t count = db_rows_integer(rows, 0);
	db_rows_close(rows);
	return count;
}

static void connections_that_no_file_names_go(void **state)
{
	(void)state;
	enum { SCHEMA_BEFORE = 6 };
	struct db *db = open_db(path);
	assert_int_equal(migrations_run(db, path, migrations_scripts, SCHEMA_BEFORE, &err), 0);
	struct tables *tables = read_tables(db);
	fill(db, tables);
	forget_tables(tables);
	assert_int_equal(db_script(db,
				   "INSERT INTO server_connections VALUES ('stray', 'row 1', '{}')",
				   &err),
			 0);
	assert_int_equal(count_connections(db), ROWS + 1);
	assert_int_equal(migrations_run(db, path, migrations_scripts, migrations_count, &err), 0);
	assert_int_equal(count_connections(db), ROWS);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_FOLDER(a_store_of_every_earlier_schema_keeps_its_rows_and_a_copy_from_before),
		WITH_FOLDER(connections_that_no_file_names_go),
		WITH_FOLDER(the_newest_store_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
