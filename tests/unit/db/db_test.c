#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "db/db.h"

struct fixture {
	char folder[64];
	char path[128];
	struct db *db;
};

static struct sp_error err;

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	strcpy(f->folder, "/tmp/sallyport-db-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
	assert_int_equal(db_open(f->path, DB_READ_WRITE, &f->db, &err), 0);
	assert_int_equal(db_script(f->db,
				   "CREATE TABLE parents (id BIGINT PRIMARY KEY, name TEXT UNIQUE);"
				   "CREATE TABLE children (parent BIGINT REFERENCES parents (id), "
				   "note TEXT, data BYTEA);",
				   &err),
			 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	db_close(f->db);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static int64_t count_of(struct db *db, const char *sql)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(db, &rows, &err, sql, ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	return db_rows_integer(rows, 0);
}

static void values_come_back_as_they_were_given(void **state)
{
	struct fixture *f = *state;
	const unsigned char bytes[] = { 0, 0xff, 'x', 0 };
	assert_int_equal(db_run(f->db, &err, "INSERT INTO children VALUES (NULL, ?1, ?2)", "sb",
				"gr\xc3\xbc\xc3\x9f'); DROP TABLE children; --", bytes,
				sizeof(bytes)),
			 0);
	assert_int_equal(db_changes(f->db), 1);
	assert_int_equal(db_run(f->db, &err, "INSERT INTO children VALUES (NULL, ?1, ?2)", "sb",
				NULL, "", (size_t)0),
			 0);

	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(f->db, &rows, &err,
				  "SELECT note, data, ?1 FROM children ORDER BY note DESC", "i",
				  INT64_MIN),
			 0);
	size_t length;
	assert_int_equal(db_rows_next(rows, &err), 1);
	assert_string_equal(db_rows_text(rows, 0), "gr\xc3\xbc\xc3\x9f'); DROP TABLE children; --");
	assert_memory_equal(db_rows_blob(rows, 1, &length), bytes, sizeof(bytes));
	assert_int_equal(length, sizeof(bytes));
	assert_int_equal(db_rows_integer(rows, 2), INT64_MIN);

	assert_int_equal(db_rows_next(rows, &err), 1);
	assert_null(db_rows_text(rows, 0));
	assert_null(db_rows_copy_text(rows, 0));
	assert_non_null(db_rows_blob(rows, 1, &length)); /* empty, but not NULL */
	assert_int_equal(length, 0);
	assert_int_equal(db_rows_next(rows, &err), 0);
	assert_int_equal(db_rows_next(rows, &err), 0);
}

static void failures_have_codes(void **state)
{
	struct fixture *f = *state;
	const char *insert = "INSERT INTO parents VALUES (?1, ?2)";
	assert_int_equal(db_run(f->db, &err, insert, "is", (int64_t)1, "secret-value"), 0);
	assert_int_equal(db_run(f->db, &err, insert, "is", (int64_t)1, "b"), -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_int_equal(db_run(f->db, &err, insert, "is", (int64_t)2, "secret-value"), -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_null(strstr(err.message, "secret-value"));

	assert_int_equal(
		db_run(f->db, &err, "INSERT INTO children (parent) VALUES (?1)", "i", (int64_t)9),
		-1);
	assert_int_equal(err.code, SP_NOT_FOUND);

	assert_int_equal(db_run(f->db, &err, "INSERT INTO nobody VALUES (1)", ""), -1);
	assert_int_equal(err.code, SP_INTERNAL);
	assert_int_equal(db_run(f->db, &err, insert, "i", (int64_t)3), -1);
	assert_int_equal(err.code, SP_INTERNAL);
	assert_int_equal(db_run(f->db, &err, "SELECT \"wrong\"", ""), -1); /* no text */
	assert_int_equal(err.code, SP_INTERNAL);
}

static void a_reader_cannot_write_and_sees_one_snapshot(void **state)
{
	struct fixture *f = *state;
	const char *count = "SELECT COUNT(*) FROM parents";
	struct db *reader;
	assert_int_equal(db_open(f->path, DB_READ_ONLY, &reader, &err), 0);
	assert_int_equal(db_run(reader, &err, "INSERT INTO parents VALUES (1, 'a')", ""), -1);
	assert_int_equal(err.code, SP_DENIED);

	assert_int_equal(db_begin(reader, &err), 0);
	assert_int_equal(count_of(reader, count), 0);
	assert_int_equal(db_run(f->db, &err, "INSERT INTO parents VALUES (1, 'a')", ""), 0);
	assert_int_equal(count_of(reader, count), 0);
	db_rollback(reader);
	assert_int_equal(count_of(reader, count), 1);
	db_close(reader);
}

static void a_query_may_run_inside_itself(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(db_script(f->db, "INSERT INTO parents VALUES (1, 'a'), (2, 'b')", &err),
			 0);
	const char *sql = "SELECT id FROM parents ORDER BY id";
	DB_AUTO_ROWS struct db_rows *outer = NULL;
	assert_int_equal(db_query(f->db, &outer, &err, sql, ""), 0);
	assert_int_equal(db_rows_next(outer, &err), 1);
	DB_AUTO_ROWS struct db_rows *inner = NULL;
	assert_int_equal(db_query(f->db, &inner, &err, sql, ""), 0);
	assert_int_equal(db_rows_next(inner, &err), 1);
	assert_int_equal(db_rows_next(inner, &err), 1);
	assert_int_equal(db_rows_integer(inner, 0), 2);
	assert_int_equal(db_rows_integer(outer, 0), 1);
	assert_int_equal(db_open_rows(f->db), 2);
}

static void count_statement(void *ctx, const char *sql)
{
	assert_non_null(sql);
	++*(size_t *)ctx;
}

static void statements_are_kept_up_to_a_limit(void **state)
{
	struct fixture *f = *state;
	char sql[64];
	for (int i = 0; i < 3 * DB_STATEMENTS_MAX; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		assert_int_equal(count_of(f->db, sql), i);
	}
	size_t kept = 0;
	db_each_statement(f->db, count_statement, &kept);
	assert_int_equal(kept, DB_STATEMENTS_MAX);
}

static void more_open_queries_than_the_cache_holds_still_work(void **state)
{
	struct fixture *f = *state;
	struct db_rows *rows[DB_STATEMENTS_MAX + 5];
	char sql[64];
	for (int i = 0; i < DB_STATEMENTS_MAX + 5; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		assert_int_equal(db_query(f->db, &rows[i], &err, sql, ""), 0);
	}
	for (int i = 0; i < DB_STATEMENTS_MAX + 5; i++) {
		assert_int_equal(db_rows_next(rows[i], &err), 1);
		assert_int_equal(db_rows_integer(rows[i], 0), i);
		db_rows_close(rows[i]);
	}
}

static void a_damaged_file_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[160];
	snprintf(path, sizeof(path), "%s/damaged.db", f->folder);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 1024; i++)
		assert_int_equal(write(fd, "rubbish!", 8), 8);
	close(fd);
	struct db *db;
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	assert_non_null(strstr(err.message, "damaged.db"));
	assert_non_null(strstr(err.message, "damaged"));
}

/* Which of them SQLite reads files with depends on how it was built. */
static const char *const reading[] = { "read", "pread", "pread64" };

static ssize_t read_nothing(int fd, void *data, size_t size)
{
	(void)fd, (void)data, (void)size;
	errno = EIO;
	return -1;
}

static ssize_t read_nothing_at(int fd, void *data, size_t size, off_t at)
{
	(void)at;
	return read_nothing(fd, data, size);
}

/* NULL in the place of a call restores the system's own. */
static void let_reads_fail(bool fail)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	for (size_t i = 0; i < SP_COUNT_OF(reading); i++) {
		sqlite3_syscall_ptr instead = i == 0 ? (sqlite3_syscall_ptr)read_nothing
						     : (sqlite3_syscall_ptr)read_nothing_at;
		vfs->xSetSystemCall(vfs, reading[i], fail ? instead : NULL);
	}
}

static void a_disk_that_cannot_be_read_is_no_damage(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(db_script(f->db, "INSERT INTO parents VALUES (1, 'a')", &err), 0);
	struct db *reader;
	assert_int_equal(db_open(f->path, DB_READ_ONLY, &reader, &err), 0);

	let_reads_fail(true);
	struct db_rows *rows = NULL;
	int result = db_query(reader, &rows, &err, "SELECT name FROM parents", "");
	if (result == 0)
		result = db_rows_next(rows, &err);
	let_reads_fail(false);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, SP_SYSTEM);
	assert_non_null(strstr(err.message, "Input/output error"));

	assert_int_equal(count_of(reader, "SELECT count(*) FROM parents"), 1);
	db_rows_close(rows);
	db_close(reader);
}

static void a_link_is_not_created_through(void **state)
{
	struct fixture *f = *state;
	char path[160], target[160];
	snprintf(path, sizeof(path), "%s/link.db", f->folder);
	snprintf(target, sizeof(target), "%s/elsewhere.db", f->folder);
	assert_int_equal(symlink(target, path), 0);
	struct db *db;
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), -1);
	assert_int_equal(access(target, F_OK), -1);
}

static void a_backup_is_whole_private_and_never_overwrites(void **state)
{
	struct fixture *f = *state;
	char path[160];
	snprintf(path, sizeof(path), "%s/copy.db", f->folder);
	assert_int_equal(db_script(f->db, "INSERT INTO parents VALUES (1, 'a'), (2, 'b')", &err),
			 0);
	assert_int_equal(db_backup(f->db, path, DB_COPY_NEW, &err), 0);
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	struct db *copy;
	assert_int_equal(db_open(path, DB_READ_WRITE, &copy, &err), 0);
	assert_int_equal(count_of(copy, "SELECT COUNT(*) FROM parents"), 2);
	db_close(copy);

	assert_int_equal(db_backup(f->db, path, DB_COPY_NEW, &err), -1);
	assert_int_equal(err.code, SP_EXISTS);
	char part[200];
	snprintf(part, sizeof(part), "%s.part", path);
	assert_int_equal(access(part, F_OK), -1);
}

static void two_copies_to_one_place_do_not_meet(void **state)
{
	struct fixture *f = *state;
	char path[160], part[200];
	snprintf(path, sizeof(path), "%s/copy.db", f->folder);
	snprintf(part, sizeof(part), "%s.part", path);
	int other = open(part, O_RDWR | O_CREAT, 0600);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(write(other, "half", 4), 4);
	assert_int_equal(db_backup(f->db, path, DB_COPY_REPLACE, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	struct stat status;
	assert_int_equal(fstat(other, &status), 0);
	assert_int_equal(status.st_size, 4);
	assert_int_equal(status.st_nlink, 1);
	close(other); /* it was killed: what it left is no obstacle */
	assert_int_equal(db_backup(f->db, path, DB_COPY_REPLACE, &err), 0);
	assert_int_equal(access(part, F_OK), -1);
}

static void a_copy_replaces_a_file_only_when_told(void **state)
{
	struct fixture *f = *state;
	char path[160];
	snprintf(path, sizeof(path), "%s/copy.db", f->folder);
	assert_int_equal(db_backup(f->db, path, DB_COPY_NEW, &err), 0);
	assert_int_equal(db_script(f->db, "INSERT INTO parents VALUES (1, 'a')", &err), 0);
	assert_int_equal(db_backup(f->db, path, DB_COPY_NEW, &err), -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_int_equal(db_backup(f->db, path, DB_COPY_REPLACE, &err), 0);
	struct db *copy;
	assert_int_equal(db_open(path, DB_READ_ONLY, &copy, &err), 0);
	assert_int_equal(count_of(copy, "SELECT COUNT(*) FROM parents"), 1);
	assert_int_equal(db_check(copy, &err), 0);
	db_close(copy);
}

static void the_file_is_private(void **state)
{
	struct fixture *f = *state;
	struct stat status;
	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	char wal[160];
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_int_equal(stat(wal, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

/* What was read is no longer what is there: no waiting would help, so SQLite says at once that it is busy. */
static void a_lock_of_somebody_else_is_no_conflict_of_ours(void **state)
{
	struct fixture *f = *state;
	struct db *other = NULL;
	assert_int_equal(db_open(f->path, DB_READ_WRITE, &other, &err), 0);
	assert_int_equal(db_script(f->db, "BEGIN DEFERRED", &err), 0); /* db_begin() waits */
	assert_int_equal(count_of(f->db, "SELECT count(*) FROM parents"), 0);
	assert_int_equal(db_run(other, &err, "INSERT INTO parents VALUES (1, 'a')", ""), 0);
	assert_int_equal(db_run(f->db, &err, "INSERT INTO parents VALUES (2, 'b')", ""), -1);
	assert_int_equal(err.code, SP_TIMEOUT);
	assert_string_equal(err.message, "could not write to the database: the store is locked by "
					 "another program");
	db_rollback(f->db);
	db_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_DB(values_come_back_as_they_were_given),
		WITH_DB(failures_have_codes),
		WITH_DB(a_reader_cannot_write_and_sees_one_snapshot),
		WITH_DB(a_query_may_run_inside_itself),
		WITH_DB(statements_are_kept_up_to_a_limit),
		WITH_DB(more_open_queries_than_the_cache_holds_still_work),
		WITH_DB(a_lock_of_somebody_else_is_no_conflict_of_ours),
		WITH_DB(a_damaged_file_is_refused),
		WITH_DB(a_disk_that_cannot_be_read_is_no_damage),
		WITH_DB(a_link_is_not_created_through),
		WITH_DB(a_backup_is_whole_private_and_never_overwrites),
		WITH_DB(two_copies_to_one_place_do_not_meet),
		WITH_DB(a_copy_replaces_a_file_only_when_told),
		WITH_DB(the_file_is_private),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
