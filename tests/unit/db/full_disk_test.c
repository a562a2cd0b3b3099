#include "test.h"

#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "db/db.h"

static struct sp_error err;

static int fill(struct db *db)
{
	char text[4096];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 4096; i++)
		if (db_run(db, &err, "INSERT INTO lines VALUES (?1)", "s", text) != 0)
			return -1;
	return 0;
}

static int64_t count_lines(struct db *db)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(db, &rows, &err, "SELECT COUNT(*) FROM lines", ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	return db_rows_integer(rows, 0);
}

/* A transaction that the full disk ended is over, what was committed before stays, and it goes on afterwards. */
static void check_full(const char *folder, const char *limit)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/store.db", folder);
	struct db *db;
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), 0);
	assert_int_equal(db_script(db, "CREATE TABLE lines (text TEXT)", &err), 0);
	assert_int_equal(db_script(db, "INSERT INTO lines VALUES ('before')", &err), 0);
	if (limit != NULL)
		assert_int_equal(db_script(db, limit, &err), 0);

	assert_int_equal(db_begin(db, &err), 0);
	int result = fill(db);
	if (result == 0)
		result = db_commit(db, &err);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, SP_NO_SPACE);
	db_rollback(db);
	assert_false(db_in_transaction(db));
	assert_int_equal(count_lines(db), 1);
	assert_int_equal(db_script(db, "UPDATE lines SET text = 'after'", &err), 0);
	db_close(db);
}

static void a_full_disk_is_told_and_survived(void **state)
{
	(void)state;
	char folder[] = "/tmp/sallyport-full-XXXXXX";
	assert_non_null(mkdtemp(folder));
	if (mount("tmpfs", folder, "tmpfs", 0, "size=1m") == -1) {
		rmdir(folder);
		skip();
	}
	check_full(folder, NULL);
	assert_int_equal(umount(folder), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void a_full_database_is_told_and_survived(void **state)
{
	(void)state;
	char folder[] = "/tmp/sallyport-full-XXXXXX", command[64];
	assert_non_null(mkdtemp(folder));
	check_full(folder, "PRAGMA max_page_count = 50");
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_told_and_survived),
		cmocka_unit_test(a_full_database_is_told_and_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
