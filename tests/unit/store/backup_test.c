#include "connector_row.h"
#include "folder.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "base/text.h"
#include "store/access_keys.h"
#include "store/backup.h"
#include "store/migrations.h"
#include "store/parts_left.h"
#include "store/secret_versions.h"
#include "store/secrets.h"
#include "store/store.h"

#define CONNECTOR "c-0123456789abcdef0"
#define ARN       "arn:aws:secretsmanager:eu-central-1:000000000000:secret:one-AbCdEf"

static struct sp_error err;
static struct folder folder, target;
static struct vault *vault;
static struct store *store;
static char copy[128];

/* One file in each state there is, begun and not. */
static const struct {
	const char *id;
	enum file_state state;
	enum transfer_direction direction;
} files[] = {
	{ "f0000000000000000000000000000000", FILE_QUEUED, TRANSFER_SEND },
	{ "f1111111111111111111111111111111", FILE_RUNNING, TRANSFER_SEND },
	{ "f2222222222222222222222222222222", FILE_PUBLISHING, TRANSFER_SEND },
	{ "f3333333333333333333333333333333", FILE_PUBLISHING, TRANSFER_RETRIEVE },
	{ "f4444444444444444444444444444444", FILE_COMPLETED, TRANSFER_SEND },
	{ "f5555555555555555555555555555555", FILE_FAILED, TRANSFER_SEND },
};
enum { UNFINISHED = 4, ATTEMPT = 2 };

static int insert_files(struct db *db)
{
	struct transfer transfer = { .id = "t", .connector_id = CONNECTOR };
	struct transfer_file rows[SP_COUNT_OF(files)] = { 0 };
	for (size_t i = 0; i < SP_COUNT_OF(files); i++) {
		strcpy(rows[i].id, files[i].id);
		strcpy(rows[i].transfer_id, "t");
		strcpy(rows[i].connector_id, CONNECTOR);
		rows[i].direction = files[i].direction;
		rows[i].path = "/bucket/a.csv";
		rows[i].bucket = "bucket";
		rows[i].key = rows[i].remote_name = "a.csv";
	}
	if (transfers_insert(db, &transfer, rows, SP_COUNT_OF(files), &err) != 0)
		return -1;
	for (size_t i = 0; i < SP_COUNT_OF(files); i++)
		if (db_run(db, &err,
			   "UPDATE files SET state = ?2, attempt = ?3, part_attempt = ?3, size = 5,"
			   " watermark = 3, resume_state = 'ab', sha256 = 'cd' WHERE id = ?1",
			   "sii", files[i].id, (int64_t)files[i].state, (int64_t)ATTEMPT) != 0)
			return -1;
	return db_run(db, &err, "UPDATE connectors SET pending_files = ?1", "i",
		      (int64_t)UNFINISHED);
}

static int fill(struct db *db, void *ctx, struct sp_error *unused)
{
	(void)ctx, (void)unused;
	struct secret secret = { .arn = (char *)ARN, .name = (char *)"one" };
	const struct secret_value value = { .data = (char *)"hush", .length = 4 };
	bool is_new;
	return connector_row_insert(db, CONNECTOR, &err) != 0 ||
			       access_keys_insert(db, vault, NULL, "AKIA1", "secret", &err) != 0 ||
			       secrets_insert(db, &secret, 1, &err) != 0 ||
			       secret_versions_put(db, vault, ARN, "v1", &value, NULL, 0, 1,
						   &is_new, &err) != 0 ||
			       insert_files(db) != 0
		       ? -1
		       : 0;
}

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_make(&target);
	strcpy(copy, folder_file(&folder, "copy.db"));
	assert_int_equal(vault_open(folder_file(&folder, "master.key"), &vault, &err), 0);
	assert_int_equal(store_open(folder.path, &store, &err), 0);
	if (store_write(store, fill, NULL, &err) != 0)
		fail_msg("%s", err.message);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(sp_take_pointer(&store));
	vault_close(vault);
	folder_remove(&folder);
	folder_remove(&target);
	return 0;
}

static void back_up(void)
{
	struct store_copy out;
	if (store_back_up(folder.path, copy, DB_COPY_NEW, &out, &err) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(out.schema, migrations_count);
	struct stat status;
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, out.size);
}

static int restore(enum restored_files unfinished, struct store_copy *out)
{
	return store_restore(target.path, copy, vault, unfinished, out, &err);
}

static void restore_well(enum restored_files unfinished)
{
	struct store_copy out;
	if (restore(unfinished, &out) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(out.files_begun, UNFINISHED);
}

/* Nothing is left of a restore that was refused. */
static void refuse_to_restore(enum sp_code code, const char *words)
{
	struct store_copy out;
	assert_int_equal(restore(RESTORED_TRY_AGAIN, &out), -1);
	if (err.code != code || strstr(err.message, words) == NULL)
		fail_msg("unexpected: code %d: %s", err.code, err.message);
	assert_true(sp_text_starts_with(err.message, "cannot restore \""));
	char command[160];
	snprintf(command, sizeof(command), "test -z \"$(ls -A %s)\"", target.path);
	assert_int_equal(system(command), 0);
}

static struct db *open_restored(void)
{
	struct db *db;
	assert_int_equal(db_open(folder_file(&target, "store.db"), DB_READ_WRITE, &db, &err), 0);
	return db;
}

static int64_t number(struct db *db, const char *sql)
{
	struct db_rows *rows;
	assert_int_equal(db_query(db, &rows, &err, sql, ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	int64_t value = db_rows_integer(rows, 0);
	db_rows_close(rows);
	return value;
}

static void change_copy(const char *sql)
{
	sqlite3 *raw;
	assert_int_equal(sqlite3_open(copy, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
}

/* ---- backup ---------------------------------------------------------------------------------------------------- */

static void a_store_in_use_is_copied_and_comes_back_with_its_secrets(void **state)
{
	(void)state;
	back_up();
	restore_well(RESTORED_TRY_AGAIN);
	struct db *db = open_restored();
	char secret[ACCESS_KEY_SECRET_MAX + 1];
	assert_int_equal(access_keys_find(db, vault, "AKIA1", secret, &err), 0);
	assert_string_equal(secret, "secret");
	struct secret_version version;
	struct secret_value value;
	assert_int_equal(secret_versions_find(db, vault, ARN, NULL, NULL, &version, &value, &err),
			 0);
	assert_string_equal(value.data, "hush");
	secret_version_finish(&version);
	secret_value_finish(&value);
	db_close(db);
}

static void a_file_that_is_there_is_replaced_only_when_told(void **state)
{
	(void)state;
	struct store_copy out;
	FILE *there = fopen(copy, "w");
	fputs("precious", there);
	fclose(there);
	assert_int_equal(store_back_up(folder.path, copy, DB_COPY_NEW, &out, &err), -1);
	assert_int_equal(err.code, SP_EXISTS);
	struct stat status;
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_size, 8);
	assert_int_equal(store_back_up(folder.path, copy, DB_COPY_REPLACE, &out, &err), 0);
	restore_well(RESTORED_TRY_AGAIN);
}

static void what_a_killed_copy_left_is_no_obstacle(void **state)
{
	(void)state;
	FILE *part = fopen(folder_file(&folder, "copy.db.part"), "w");
	fputs("half", part);
	fclose(part);
	back_up();
	assert_int_equal(access(folder_file(&folder, "copy.db.part"), F_OK), -1);
}

static void where_there_is_no_store_there_is_no_copy(void **state)
{
	(void)state;
	struct store_copy out;
	assert_int_equal(store_back_up(target.path, copy, DB_COPY_NEW, &out, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(access(copy, F_OK), -1);
}

/* ---- restore: files -------------------------------------------------------------------------------------------- */

static void unfinished_files_begin_anew_and_touch_nothing_that_may_be_published(void **state)
{
	(void)state;
	back_up();
	restore_well(RESTORED_TRY_AGAIN);
	struct db *db = open_restored();
	for (size_t i = 0; i < UNFINISHED; i++) {
		struct transfer_file file;
		assert_int_equal(transfers_find_file(db, files[i].id, &file, &err), 0);
		assert_int_equal(file.state, FILE_QUEUED);
		assert_int_equal(file.attempt, ATTEMPT + TRANSFERS_ATTEMPTS_LOST);
		assert_int_equal(file.part_attempt, 0);
		assert_int_equal(file.watermark, 0);
		assert_null(file.resume_state);
		assert_int_equal(file.size, -1);
		assert_int_equal(file.leaves_part, file.direction == TRANSFER_SEND);
		transfer_file_finish(&file);
	}
	assert_int_equal(number(db, "SELECT COUNT(*) FROM files WHERE state >= 3 AND attempt = 2"),
			 2);
	assert_int_equal(number(db, "SELECT pending_files FROM connectors"), UNFINISHED);
	db_close(db);
}

static void unfinished_files_fail_when_told_and_their_parts_are_looked_for(void **state)
{
	(void)state;
	back_up();
	restore_well(RESTORED_FAIL);
	struct db *db = open_restored();
	struct transfer_file file;
	assert_int_equal(transfers_find_file(db, files[2].id, &file, &err), 0);
	assert_int_equal(file.state, FILE_FAILED);
	assert_string_equal(file.failure_code, "UNKNOWN_ERROR");
	assert_string_equal(file.failure_message,
			    "could not tell whether \"/bucket/a.csv\" was sent: the store was "
			    "restored from a backup that was made before");
	assert_true(file.ended_ms > 0);
	transfer_file_finish(&file);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM files WHERE state < 3"), 0);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM parts_left"), 3); /* those sent */
	assert_int_equal(number(db, "SELECT COUNT(*) FROM files f JOIN events e ON e.file_id = f.id"
				    " WHERE f.ended_ms = e.ended_ms AND f.failure_message ="
				    " e.failure_message AND e.failure_message LIKE '%backup%'"),
			 UNFINISHED);
	assert_int_equal(number(db, "SELECT pending_files FROM connectors"), 0);
	db_close(db);
}

static void a_copy_of_an_older_schema_is_brought_forward(void **state)
{
	(void)state;
	struct db *db;
	assert_int_equal(db_open(copy, DB_READ_WRITE, &db, &err), 0);
	assert_int_equal(migrations_run(db, copy, migrations_scripts, 1, &err), 0);
	db_close(db);
	struct store_copy out;
	if (restore(RESTORED_TRY_AGAIN, &out) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(out.schema, 1);
	db = open_restored();
	assert_int_equal(number(db, "SELECT version FROM schema_version"), migrations_count);
	db_close(db);
}

/* ---- restore: what is refused ---------------------------------------------------------------------------------- */

static void another_master_key_is_refused(void **state)
{
	(void)state;
	back_up();
	vault_close(vault);
	assert_int_equal(vault_open(folder_file(&folder, "other.key"), &vault, &err), 0);
	refuse_to_restore(SP_DENIED, "the master key is another one");
}

static void a_value_that_was_changed_is_refused(void **state)
{
	(void)state;
	back_up();
	change_copy("UPDATE secret_versions SET sealed = substr(sealed, 1, 20) || x'00'");
	refuse_to_restore(SP_DENIED, ARN);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	back_up();
	struct stat status;
	assert_int_equal(stat(copy, &status), 0);
	for (off_t size = status.st_size - 1; size >= 0; size -= status.st_size / 7) {
		assert_int_equal(truncate(copy, size), 0);
		struct store_copy out;
		assert_int_equal(restore(RESTORED_TRY_AGAIN, &out), -1);
		refuse_to_restore(err.code, "");
	}
}

static void damaged_pages_are_refused(void **state)
{
	(void)state;
	back_up();
	struct stat status;
	assert_int_equal(stat(copy, &status), 0);
	for (long page = 1; page < status.st_size / 4096; page += 5) {
		FILE *file = fopen(copy, "r+");
		char kept[64], wrong[64];
		assert_int_equal(fseek(file, page * 4096, SEEK_SET), 0);
		assert_int_equal(fread(kept, 1, sizeof(kept), file), sizeof(kept));
		memset(wrong, 0xff, sizeof(wrong));
		assert_int_equal(fseek(file, page * 4096, SEEK_SET), 0);
		assert_int_equal(fwrite(wrong, 1, sizeof(wrong), file), sizeof(wrong));
		assert_int_equal(fflush(file), 0);
		refuse_to_restore(SP_SYSTEM, "damaged");
		assert_int_equal(fseek(file, page * 4096, SEEK_SET), 0);
		assert_int_equal(fwrite(kept, 1, sizeof(kept), file), sizeof(kept));
		fclose(file);
	}
	restore_well(RESTORED_TRY_AGAIN);
}

static void what_is_no_store_is_refused(void **state)
{
	(void)state;
	refuse_to_restore(SP_NOT_FOUND, "No such file");
	change_copy("CREATE TABLE t (a)");
	refuse_to_restore(SP_INVALID, "no store of Sallyport");
	FILE *file = fopen(copy, "w");
	fputs("this is a letter, not a database, and long enough to be looked at as one", file);
	fclose(file);
	refuse_to_restore(SP_SYSTEM, "not a database");
}

static void a_newer_schema_is_refused(void **state)
{
	(void)state;
	back_up();
	change_copy("UPDATE schema_version SET version = 999");
	refuse_to_restore(SP_UNSUPPORTED, "schema 999");
}

static void a_store_or_what_is_left_of_one_stays(void **state)
{
	(void)state;
	static const char *const names[] = { "store.db", "store.db-wal" };
	back_up();
	for (size_t i = 0; i < SP_COUNT_OF(names); i++) {
		struct store_copy out;
		FILE *there = fopen(folder_file(&target, names[i]), "w");
		fputs("mine", there);
		fclose(there);
		assert_int_equal(restore(RESTORED_TRY_AGAIN, &out), -1);
		assert_int_equal(err.code, SP_EXISTS);
		struct stat status;
		assert_int_equal(stat(folder_file(&target, names[i]), &status), 0);
		assert_int_equal(status.st_size, 4);
		assert_int_equal(unlink(folder_file(&target, names[i])), 0);
	}
}

static void what_a_killed_restore_left_is_no_obstacle(void **state)
{
	(void)state;
	static const char *const names[] = { "store.db.restore", "store.db.restore-wal" };
	back_up();
	for (size_t i = 0; i < SP_COUNT_OF(names); i++) {
		FILE *there = fopen(folder_file(&target, names[i]), "w");
		fputs("half", there);
		fclose(there);
	}
	restore_well(RESTORED_TRY_AGAIN);
	for (size_t i = 0; i < SP_COUNT_OF(names); i++)
		assert_int_equal(access(folder_file(&target, names[i]), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_STORE(a_store_in_use_is_copied_and_comes_back_with_its_secrets),
		WITH_STORE(a_file_that_is_there_is_replaced_only_when_told),
		WITH_STORE(what_a_killed_copy_left_is_no_obstacle),
		WITH_STORE(where_there_is_no_store_there_is_no_copy),
		WITH_STORE(unfinished_files_begin_anew_and_touch_nothing_that_may_be_published),
		WITH_STORE(unfinished_files_fail_when_told_and_their_parts_are_looked_for),
		WITH_STORE(a_copy_of_an_older_schema_is_brought_forward),
		WITH_STORE(another_master_key_is_refused),
		WITH_STORE(a_value_that_was_changed_is_refused),
		WITH_STORE(every_truncation_is_refused),
		WITH_STORE(damaged_pages_are_refused),
		WITH_STORE(what_is_no_store_is_refused),
		WITH_STORE(a_newer_schema_is_refused),
		WITH_STORE(a_store_or_what_is_left_of_one_stays),
		WITH_STORE(what_a_killed_restore_left_is_no_obstacle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
