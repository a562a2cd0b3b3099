#include "folder.h"

#include <sys/stat.h>

#include "store/migrations.h"
#include "store/store.h"

static struct sp_error err;
static struct folder folder;
static char path[128];

static const char *const scripts[] = {
	"CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('first');",
	"ALTER TABLE people ADD COLUMN age BIGINT; UPDATE people SET age = 42;",
	"INSERT INTO people VALUES ('third', 3);",
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

static int migrate(const char *const *list, size_t count)
{
	struct db *db;
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), 0);
	int result = migrations_run(db, path, list, count, &err);
	db_close(db);
	return result;
}

static int64_t number(const char *file, const char *sql)
{
	struct db *db;
	assert_int_equal(db_open(file, DB_READ_WRITE, &db, &err), 0);
	struct db_rows *rows;
	assert_int_equal(db_query(db, &rows, &err, sql, ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	int64_t value = db_rows_integer(rows, 0);
	db_rows_close(rows);
	db_close(db);
	return value;
}

static void an_old_store_is_copied_and_brought_forward(void **state)
{
	(void)state;
	assert_int_equal(migrate(scripts, 1), 0);
	assert_int_equal(access(folder_file(&folder, "store.db.before-1"), F_OK), -1); /* new */
	assert_int_equal(migrate(scripts, 3), 0);
	assert_int_equal(number(path, "SELECT SUM(age) FROM people"), 45);
	assert_int_equal(number(path, "SELECT version FROM schema_version"), 3);

	const char *copy = folder_file(&folder, "store.db.before-3");
	struct stat status;
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(number(copy, "SELECT version FROM schema_version"), 1);
	assert_int_equal(number(copy, "SELECT COUNT(*) FROM people"), 1);

	assert_int_equal(migrate(scripts, 3), 0); /* nothing to do */
	assert_int_equal(number(path, "SELECT SUM(age) FROM people"), 45);
}

static void a_newer_store_is_refused_with_both_numbers(void **state)
{
	(void)state;
	assert_int_equal(migrate(scripts, 3), 0);
	assert_int_equal(migrate(scripts, 2), -1);
	assert_int_equal(err.code, SP_UNSUPPORTED);
	assert_non_null(strstr(err.message, "schema 3"));
	assert_non_null(strstr(err.message, "up to 2"));
	assert_int_equal(number(path, "SELECT SUM(age) FROM people"), 45);
}

static void a_script_that_fails_changes_nothing_and_may_be_tried_again(void **state)
{
	(void)state;
	static const char *const broken[] = {
		"CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('first');",
		"ALTER TABLE people ADD COLUMN age BIGINT; INSERT INTO nobody VALUES (1);",
	};
	assert_int_equal(migrate(scripts, 1), 0);
	for (int i = 0; i < 2; i++) { /* the copy that is there already does not stop it */
		assert_int_equal(migrate(broken, 2), -1);
		assert_non_null(strstr(err.message, "to schema 2"));
		assert_int_equal(number(path, "SELECT version FROM schema_version"), 1);
	}
	assert_int_equal(migrate(scripts, 3), 0);
	assert_int_equal(number(path, "SELECT SUM(age) FROM people"), 45);
}

static void a_store_from_the_future_is_not_opened(void **state)
{
	(void)state;
	struct store *store;
	assert_int_equal(store_open(folder.path, &store, &err), 0);
	store_close(store);
	assert_int_equal(store_open(folder.path, &store, &err), 0);
	store_close(store);

	struct db *db;
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), 0);
	assert_int_equal(db_script(db, "UPDATE schema_version SET version = 999", &err), 0);
	db_close(db);
	assert_int_equal(store_open(folder.path, &store, &err), -1);
	assert_int_equal(err.code, SP_UNSUPPORTED);
	assert_non_null(strstr(err.message, "999"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_FOLDER(an_old_store_is_copied_and_brought_forward),
		WITH_FOLDER(a_newer_store_is_refused_with_both_numbers),
		WITH_FOLDER(a_script_that_fails_changes_nothing_and_may_be_tried_again),
		WITH_FOLDER(a_store_from_the_future_is_not_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
