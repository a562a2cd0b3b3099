#include "folder.h"

#include "base/clock.h"
#include "base/secret.h"
#include "store/access_keys.h"
#include "store/migrations.h"
#include "store/secret_versions.h"
#include "store/secrets.h"
#include "store/tags.h"

#define PREFIX "arn:aws:secretsmanager:eu-central-1:000000000000:secret:"
#define ARN    PREFIX "partner/one-AbCdEf"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };
static const int64_t now = 1790000000000;

static struct sp_error err;
static struct folder folder;
static struct db *db;
static struct vault *vault;

static int insert(const char *arn, const char *name, int64_t created_ms)
{
	struct secret secret = { .arn = (char *)arn,
				 .name = (char *)name,
				 .created_ms = created_ms,
				 .changed_ms = created_ms };
	return secrets_insert(db, &secret, created_ms, &err);
}

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	assert_int_equal(vault_open(folder_file(&folder, "master.key"), &vault, &err), 0);
	const char *path = folder_file(&folder, "store.db");
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), 0);
	assert_int_equal(migrations_run(db, path, migrations_scripts, migrations_count, &err), 0);
	assert_int_equal(insert(ARN, "partner/one", now), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	db_close(db);
	vault_close(vault);
	folder_remove(&folder);
	return 0;
}

static int put_at(int64_t when, const char *id, const char *text, const char *const *stages,
		  size_t count, bool *out_new)
{
	struct secret_value value = { .data = (char *)text, .length = strlen(text) };
	return secret_versions_put(db, vault, ARN, id, &value, stages, count, when, out_new, &err);
}

static bool put(const char *id, const char *text)
{
	bool is_new;
	assert_int_equal(put_at(now, id, text, NULL, 0, &is_new), 0);
	return is_new;
}

/* The version with the stage, "" when there is none. */
static const char *holder(const char *stage)
{
	static char id[SECRET_VERSION_ID_MAX + 1];
	struct secret_version version;
	id[0] = '\0';
	if (secret_versions_find(db, NULL, ARN, NULL, stage, &version, NULL, &err) == 0) {
		strcpy(id, version.id);
		secret_version_finish(&version);
	} else {
		assert_int_equal(err.code, SP_NOT_FOUND);
	}
	return id;
}

static void assert_found(const char *id_or_arn, const char *arn)
{
	struct secret secret;
	int result = secrets_find(db, id_or_arn, now, &secret, &err);
	if (arn == NULL) {
		assert_int_equal(result, -1);
		assert_int_equal(err.code, SP_NOT_FOUND);
		return;
	}
	assert_int_equal(result, 0);
	assert_string_equal(secret.arn, arn);
	secret_finish(&secret);
}

/* ---- finding ---- */

static void a_secret_has_three_names(void **state)
{
	(void)state;
	assert_found("partner/one", ARN);
	assert_found(ARN, ARN);
	assert_found(PREFIX "partner/one", ARN);

	assert_found("partner", NULL);
	assert_found(PREFIX "partner", NULL);
	assert_found(PREFIX "partner/one-AbCdEg", NULL);
	assert_found(PREFIX "partner/one-", NULL);
	assert_found("arn:aws:secretsmanager:eu-west-1:000000000000:secret:partner/one", NULL);
	assert_found("arn:aws:secretsmanager:eu-central-1:111111111111:secret:partner/one", NULL);
	assert_found("arn:aws:s3:::partner/one", NULL);
	assert_found("arn:", NULL);
}

/* A name that looks as if it had a suffix is still found by its own ARN without one. */
static void a_name_that_ends_like_a_suffix_is_found(void **state)
{
	(void)state;
	const char *arn = PREFIX "partner/one-AbCdEf-123456";
	assert_int_equal(insert(arn, "partner/one-AbCdEf", now), 0);
	assert_found("partner/one-AbCdEf", arn);
	assert_found(arn, arn);
	assert_found(ARN, ARN); /* the full ARN of the other one comes first */
}

static void a_name_is_taken_once(void **state)
{
	(void)state;
	assert_int_equal(insert(PREFIX "partner/one-XXXXXX", "partner/one", now), -1);
	assert_int_equal(err.code, SP_EXISTS);
}

/* ---- versions and stages ---- */

static void the_first_version_is_current_and_moving_on_leaves_a_previous_one(void **state)
{
	(void)state;
	assert_true(put("v1", "one"));
	assert_string_equal(holder(NULL), "v1");
	assert_string_equal(holder(SECRET_PREVIOUS), "");
	assert_true(put("v2", "two"));
	assert_string_equal(holder(NULL), "v2");
	assert_string_equal(holder(SECRET_PREVIOUS), "v1");
	assert_true(put("v3", "three"));
	assert_string_equal(holder(SECRET_PREVIOUS), "v2");

	struct secret_version version;
	assert_int_equal(secret_versions_find(db, NULL, ARN, "v1", NULL, &version, NULL, &err), 0);
	assert_int_equal(version.stage_count, 0); /* deprecated */
	secret_version_finish(&version);
}

static void a_version_is_put_once(void **state)
{
	(void)state;
	bool is_new;
	assert_true(put("v1", "one"));
	assert_true(put("v2", "two"));
	assert_false(put("v1", "one"));
	assert_string_equal(holder(NULL), "v2"); /* nothing moved */
	assert_int_equal(put_at(now, "v1", "four words", NULL, 0, &is_new), -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_null(strstr(err.message, "four words"));

	struct secret_value binary = { .data = (char *)"one", .length = 3, .is_binary = true };
	assert_int_equal(
		secret_versions_put(db, vault, ARN, "v1", &binary, NULL, 0, now, &is_new, &err),
		-1);
	assert_int_equal(err.code, SP_EXISTS);
}

static void a_version_may_wait_under_another_stage(void **state)
{
	(void)state;
	static const char *const pending[] = { "AWSPENDING" };
	bool is_new;
	put("v1", "one");
	assert_int_equal(put_at(now, "v2", "two", pending, 1, &is_new), 0);
	assert_string_equal(holder(NULL), "v1");
	assert_string_equal(holder("AWSPENDING"), "v2");

	/* The end of a rotation. */
	assert_int_equal(secret_versions_move_stage(db, ARN, SECRET_CURRENT, "v1", "v2", &err), 0);
	assert_string_equal(holder(NULL), "v2");
	assert_string_equal(holder(SECRET_PREVIOUS), "v1");
	assert_string_equal(holder("AWSPENDING"), "v2");
	assert_int_equal(secret_versions_move_stage(db, ARN, "AWSPENDING", "v2", NULL, &err), 0);
	assert_string_equal(holder("AWSPENDING"), "");

	/* And the way back: what was previous is current, and the other way round. */
	assert_int_equal(secret_versions_move_stage(db, ARN, SECRET_CURRENT, "v2", "v1", &err), 0);
	assert_string_equal(holder(NULL), "v1");
	assert_string_equal(holder(SECRET_PREVIOUS), "v2");
}

static void the_first_version_is_current_whatever_stage_is_asked_for(void **state)
{
	(void)state;
	static const char *const mine[] = { "mine" };
	bool is_new;
	assert_int_equal(put_at(now, "v1", "one", mine, 1, &is_new), 0);
	assert_string_equal(holder(NULL), "v1");
	assert_string_equal(holder("mine"), "v1");
}

static void stages_do_not_move_by_mistake(void **state)
{
	(void)state;
	put("v1", "one");
	put("v2", "two");
	static const struct {
		const char *stage, *from, *to;
		enum sp_code code;
	} bad[] = {
		{ SECRET_CURRENT, NULL, "v1", SP_INVALID },
		{ SECRET_CURRENT, "v1", "v1", SP_INVALID },
		{ SECRET_CURRENT, "v2", NULL, SP_INVALID },
		{ SECRET_CURRENT, "v2", "v9", SP_NOT_FOUND },
		{ "mine", "v1", "v2", SP_INVALID },
		{ "mine", NULL, "v9", SP_NOT_FOUND },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(secret_versions_move_stage(db, ARN, bad[i].stage, bad[i].from,
							    bad[i].to, &err),
				 -1);
		assert_int_equal(err.code, bad[i].code);
	}
	assert_string_equal(holder(NULL), "v2");
	assert_string_equal(holder(SECRET_PREVIOUS), "v1");
	assert_int_equal(secret_versions_move_stage(db, ARN, "mine", NULL, "v1", &err), 0);
	assert_string_equal(holder("mine"), "v1");
}

static void a_version_has_at_most_twenty_stages(void **state)
{
	(void)state;
	char stage[16];
	put("v1", "one");
	for (int i = 1; i < SECRET_STAGES_MAX; i++) {
		snprintf(stage, sizeof(stage), "stage %d", i);
		assert_int_equal(secret_versions_move_stage(db, ARN, stage, NULL, "v1", &err), 0);
	}
	assert_int_equal(secret_versions_move_stage(db, ARN, "one more", NULL, "v1", &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
}

static int64_t count_versions(void)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(db, &rows, &err, "SELECT COUNT(*) FROM secret_versions", ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	return db_rows_integer(rows, 0);
}

static void old_versions_go_but_none_of_the_last_day(void **state)
{
	(void)state;
	char id[16];
	bool is_new;
	static const char *const kept[] = { "kept" };
	assert_int_equal(put_at(now, "the first", "x", kept, 1, &is_new), 0);
	for (int i = 0; i < 150; i++) {
		snprintf(id, sizeof(id), "v%03d", i);
		assert_int_equal(put_at(now + i, id, "x", NULL, 0, &is_new), 0);
	}
	assert_int_equal(count_versions(), 151); /* all of one day */
	assert_int_equal(put_at(now + DAY_MS + HOUR_MS, "late", "x", NULL, 0, &is_new), 0);
	assert_int_equal(count_versions(), SECRET_VERSIONS_KEPT);
	assert_string_equal(holder("kept"), "the first"); /* old, but it has a stage */
	assert_string_equal(holder(NULL), "late");
	assert_string_equal(holder(SECRET_PREVIOUS), "v149");
	assert_int_equal(secret_versions_has(db, ARN, "v000", &err), 0);
	assert_int_equal(secret_versions_has(db, ARN, "v148", &err), 1);
}

static void versions_are_listed_page_by_page(void **state)
{
	(void)state;
	put("v1", "one");
	put("v2", "two");
	put("v3", "three");
	struct secret_version versions[4];
	size_t count;
	assert_int_equal(secret_versions_list(db, ARN, false, NULL, versions, 4, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(versions[0].id, "v2");
	assert_string_equal(versions[0].stages[0], SECRET_PREVIOUS);
	for (size_t i = 0; i < count; i++)
		secret_version_finish(&versions[i]);
	assert_int_equal(secret_versions_list(db, ARN, true, "v1", versions, 1, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(versions[0].id, "v2");
	secret_version_finish(&versions[0]);
}

/* ---- values ---- */

static void values_are_sealed_and_bound_to_their_place(void **state)
{
	(void)state;
	put("v1", "correct horse battery");
	put("v2", "staple");
	char *text;
	assert_int_equal(secrets_read_value(db, vault, "partner/one", NULL, &text, &err), 0);
	assert_string_equal(text, "staple");
	sp_secret_free(text);
	assert_int_equal(
		secrets_read_value(db, vault, PREFIX "partner/one", SECRET_PREVIOUS, &text, &err),
		0);
	assert_string_equal(text, "correct horse battery");
	sp_secret_free(text);

	/* Nothing in clear in any file of the store. */
	char command[256];
	snprintf(command, sizeof(command), "grep -rqE 'correct horse|staple' %s", folder.path);
	assert_int_not_equal(system(command), 0);

	/* A row that was moved elsewhere does not open. */
	assert_int_equal(db_script(db,
				   "UPDATE secret_versions SET sealed = (SELECT sealed FROM "
				   "secret_versions WHERE id = 'v1') WHERE id = 'v2'",
				   &err),
			 0);
	assert_int_equal(secrets_read_value(db, vault, "partner/one", NULL, &text, &err), -1);
	assert_int_equal(err.code, SP_DENIED);
}

static void a_value_that_cannot_be_read_is_told_apart(void **state)
{
	(void)state;
	char *text;
	bool is_new;
	assert_int_equal(secrets_read_value(db, vault, "nobody", NULL, &text, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(secrets_read_value(db, vault, "partner/one", NULL, &text, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);

	struct secret_value binary = { .data = (char *)"\0\1", .length = 2, .is_binary = true };
	assert_int_equal(
		secret_versions_put(db, vault, ARN, "v1", &binary, NULL, 0, now, &is_new, &err), 0);
	assert_int_equal(secrets_read_value(db, vault, "partner/one", NULL, &text, &err), -1);
	assert_int_equal(err.code, SP_UNSUPPORTED);
	assert_int_equal(secrets_read_value(db, vault, "partner/one", "mine", &text, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

/* ---- deletion ---- */

static void schedule(int64_t deleted_ms, int64_t purge_ms)
{
	struct secret secret;
	assert_int_equal(secrets_find(db, ARN, deleted_ms, &secret, &err), 0);
	secret.deleted_ms = deleted_ms;
	secret.purge_ms = purge_ms;
	assert_int_equal(secrets_update(db, &secret, &err), 0);
	secret_finish(&secret);
}

static void a_scheduled_secret_keeps_its_name_but_not_its_value(void **state)
{
	(void)state;
	put("v1", "one");
	int64_t real_now = sp_now_ms();
	schedule(real_now, real_now + 7LL * DAY_MS);
	char *text;
	assert_int_equal(secrets_read_value(db, vault, ARN, NULL, &text, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(insert(PREFIX "partner/one-XXXXXX", "partner/one", real_now), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	schedule(0, 0);
	assert_int_equal(secrets_read_value(db, vault, ARN, NULL, &text, &err), 0);
	sp_secret_free(text);
}

static bool count_secret(void *ctx, const struct secret *secret)
{
	(void)secret;
	++*(int *)ctx;
	return true;
}

static void after_its_window_a_secret_is_gone_with_all_it_had(void **state)
{
	(void)state;
	put("v1", "one");
	assert_int_equal(tags_put(db, ARN, "k", "v", &err), 0);
	schedule(now, now + 7LL * DAY_MS);
	int64_t late = now + 7LL * DAY_MS;
	struct secret secret;
	assert_int_equal(secrets_find(db, ARN, late - 1, &secret, &err), 0);
	secret_finish(&secret);
	assert_int_equal(secrets_find(db, ARN, late, &secret, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	int count = 0;
	const struct secrets_position start = { 0 };
	assert_int_equal(
		secrets_each(db, SECRETS_BY_NAME, false, &start, late, count_secret, &count, &err),
		0);
	assert_int_equal(count, 0);

	/* The name is free again, for another secret with another ARN. */
	assert_int_equal(insert(PREFIX "partner/one-XXXXXX", "partner/one", late), 0);
	assert_int_equal(count_versions(), 0);
	struct tag tags[TAGS_MAX];
	size_t tag_count;
	assert_int_equal(tags_list(db, ARN, tags, &tag_count, &err), 0);
	assert_int_equal(tag_count, 0);
}

static void a_forced_deletion_is_at_once(void **state)
{
	(void)state;
	put("v1", "one");
	assert_int_equal(secrets_delete(db, ARN, &err), 0);
	assert_int_equal(count_versions(), 0);
	assert_found(ARN, NULL);
	assert_int_equal(secrets_delete(db, ARN, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

/* ---- lists ---- */

struct names {
	char text[256];
	int max;
};

static bool add_name(void *ctx, const struct secret *secret)
{
	struct names *names = ctx;
	strcat(names->text, secret->name);
	strcat(names->text, " ");
	return --names->max > 0;
}

static void assert_listed(enum secrets_order order, bool descending,
			  const struct secrets_position *after, int max, const char *expected)
{
	const struct secrets_position start = { 0 };
	struct names names = { .max = max };
	assert_int_equal(secrets_each(db, order, descending, after != NULL ? after : &start,
				      now + 10, add_name, &names, &err),
			 0);
	assert_string_equal(names.text, expected);
}

static void secrets_are_listed_in_any_order_from_anywhere(void **state)
{
	(void)state;
	assert_int_equal(secrets_delete(db, ARN, &err), 0);
	assert_int_equal(insert(PREFIX "b-111111", "b", now + 1), 0);
	assert_int_equal(insert(PREFIX "a-111111", "a", now + 2), 0);
	assert_int_equal(insert(PREFIX "c-111111", "c", now + 2), 0);

	assert_listed(SECRETS_BY_NAME, false, NULL, 9, "a b c ");
	assert_listed(SECRETS_BY_NAME, true, NULL, 9, "c b a ");
	assert_listed(SECRETS_BY_CREATED, false, NULL, 9, "b a c ");
	assert_listed(SECRETS_BY_CREATED, true, NULL, 9, "c a b ");
	assert_listed(SECRETS_BY_CREATED, true, NULL, 1, "c ");

	struct secrets_position at_a = { .name = (char *)"a", .date_ms = now + 2 };
	assert_listed(SECRETS_BY_CREATED, false, &at_a, 9, "c ");
	assert_listed(SECRETS_BY_CREATED, true, &at_a, 9, "b ");
	assert_listed(SECRETS_BY_NAME, false, &at_a, 9, "b c ");
	/* It goes on behind a secret that is gone. */
	assert_int_equal(secrets_delete(db, PREFIX "a-111111", &err), 0);
	assert_listed(SECRETS_BY_CREATED, false, &at_a, 9, "c ");
}

/* ---- access keys ---- */

static void access_keys_are_sealed_and_found(void **state)
{
	(void)state;
	char id[ACCESS_KEY_ID_MAX + 1], secret[ACCESS_KEY_SECRET_MAX + 1];
	assert_int_equal(access_keys_first(db, vault, id, secret, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(access_keys_insert(db, vault, NULL, "FIRST", "very secret text", &err), 0);
	assert_int_equal(access_keys_insert(db, vault, NULL, "SECOND", "another", &err), 0);
	assert_int_equal(access_keys_insert(db, vault, NULL, "FIRST", "x", &err), -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_int_equal(access_keys_insert(db, vault, NULL, "", "x", &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	char long_secret[ACCESS_KEY_SECRET_MAX + 2];
	memset(long_secret, 'x', sizeof(long_secret));
	long_secret[sizeof(long_secret) - 1] = '\0';
	assert_int_equal(access_keys_insert(db, vault, NULL, "LONG", long_secret, &err), -1);
	assert_int_equal(err.code, SP_INVALID);

	assert_int_equal(access_keys_first(db, vault, id, secret, &err), 0);
	assert_string_equal(id, "FIRST");
	assert_string_equal(secret, "very secret text");
	assert_int_equal(access_keys_find(db, vault, "SECOND", secret, &err), 0);
	assert_string_equal(secret, "another");
	assert_int_equal(access_keys_find(db, vault, "THIRD", secret, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);

	/* A secret under another id is no secret of that id. */
	assert_int_equal(db_script(db,
				   "UPDATE access_keys SET sealed = (SELECT sealed FROM access_keys"
				   " WHERE id = 'FIRST') WHERE id = 'SECOND'",
				   &err),
			 0);
	assert_int_equal(access_keys_find(db, vault, "SECOND", secret, &err), -1);
	assert_int_equal(err.code, SP_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_DB(a_secret_has_three_names),
		WITH_DB(a_name_that_ends_like_a_suffix_is_found),
		WITH_DB(a_name_is_taken_once),
		WITH_DB(the_first_version_is_current_and_moving_on_leaves_a_previous_one),
		WITH_DB(a_version_is_put_once),
		WITH_DB(a_version_may_wait_under_another_stage),
		WITH_DB(the_first_version_is_current_whatever_stage_is_asked_for),
		WITH_DB(stages_do_not_move_by_mistake),
		WITH_DB(a_version_has_at_most_twenty_stages),
		WITH_DB(old_versions_go_but_none_of_the_last_day),
		WITH_DB(versions_are_listed_page_by_page),
		WITH_DB(values_are_sealed_and_bound_to_their_place),
		WITH_DB(a_value_that_cannot_be_read_is_told_apart),
		WITH_DB(a_scheduled_secret_keeps_its_name_but_not_its_value),
		WITH_DB(after_its_window_a_secret_is_gone_with_all_it_had),
		WITH_DB(a_forced_deletion_is_at_once),
		WITH_DB(secrets_are_listed_in_any_order_from_anywhere),
		WITH_DB(access_keys_are_sealed_and_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
