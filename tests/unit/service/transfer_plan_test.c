#include "test.h"

#include "base/text.h"
#include "service/transfer/plan.h"

enum { NOW_MS = 1700000000 };

static int make(const char *text, struct plan *plan, struct sp_error *err)
{
	json_t *input = NULL;
	SP_AUTO_JSON json_t *owned = NULL;
	if (sp_json_parse(text, strlen(text), &input, err) != 0)
		fail_msg("%s: %s", text, err->message);
	owned = input;
	return plan_make(NULL, input, NOW_MS, plan, err);
}

#define CONNECTOR "\"ConnectorId\":\"c-0123456789abcdef0\","

static void a_send_knows_object_and_target(void **state)
{
	(void)state;
	struct plan plan;
	struct sp_error err = { 0 };
	assert_int_equal(make("{" CONNECTOR "\"SendFilePaths\":[\"/orders/deep/a.csv\","
			      "\"orders/latin-\\\\xe9\"],\"RemoteDirectoryPath\":\"/in/\"}",
			      &plan, &err),
			 0);
	assert_int_equal(plan.count, 2);
	assert_string_equal(plan.transfer.connector_id, "c-0123456789abcdef0");
	assert_string_equal(plan.transfer.remote_directory, "/in/");
	assert_null(plan.transfer.local_directory);
	const struct transfer_file *file = &plan.files[0];
	assert_int_equal(file->direction, TRANSFER_SEND);
	assert_string_equal(file->transfer_id, plan.transfer.id);
	assert_string_equal(file->connector_id, "c-0123456789abcdef0");
	assert_string_equal(file->path, "/orders/deep/a.csv");
	assert_string_equal(file->bucket, "orders");
	assert_string_equal(file->key, "deep/a.csv");
	assert_string_equal(file->remote_directory, "/in");
	assert_string_equal(file->remote_name, "a.csv");
	assert_int_equal(file->state, FILE_QUEUED);
	assert_int_equal(file->size, -1);
	assert_int_equal(file->queued_ms, NOW_MS);
	assert_int_equal(strlen(file->id), 32);
	assert_string_equal(plan.files[1].path, "orders/latin-\\xe9");
	assert_string_equal(plan.files[1].key, "latin-\xe9");
	assert_string_equal(plan.files[1].remote_name, "latin-\xe9");
	assert_string_not_equal(plan.files[0].id, plan.files[1].id);
	plan_finish(&plan);
}

static void without_a_remote_directory_files_go_home(void **state)
{
	(void)state;
	struct plan plan;
	struct sp_error err = { 0 };
	assert_int_equal(make("{" CONNECTOR "\"SendFilePaths\":[\"/orders/a\"]}", &plan, &err), 0);
	assert_null(plan.files[0].remote_directory);
	plan_finish(&plan);
	assert_int_equal(make("{" CONNECTOR "\"SendFilePaths\":[\"/orders/a\"],"
			      "\"RemoteDirectoryPath\":\"/\"}",
			      &plan, &err),
			 0);
	assert_string_equal(plan.files[0].remote_directory, "/");
	plan_finish(&plan);
}

static void a_retrieve_puts_the_base_name_below_the_prefix(void **state)
{
	(void)state;
	static const struct {
		const char *local, *key;
	} cases[] = {
		{ "/orders", "b.csv" },
		{ "/orders/", "b.csv" },
		{ "orders/in", "in/b.csv" },
		{ "/orders/in/deep/", "in/deep/b.csv" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct plan plan;
		struct sp_error err = { 0 };
		char text[256];
		snprintf(text, sizeof(text),
			 "{" CONNECTOR "\"RetrieveFilePaths\":[\"/out/b.csv\",\"c*.csv\"],"
			 "\"LocalDirectoryPath\":\"%s\"}",
			 cases[i].local);
		assert_int_equal(make(text, &plan, &err), 0);
		assert_int_equal(plan.transfer.direction, TRANSFER_RETRIEVE);
		assert_string_equal(plan.transfer.local_directory, cases[i].local);
		assert_string_equal(plan.files[0].bucket, "orders");
		assert_string_equal(plan.files[0].key, cases[i].key);
		assert_string_equal(plan.files[0].remote_name, "/out/b.csv");
		assert_null(plan.files[0].remote_directory);
		assert_string_equal(plan.files[1].remote_name, "c*.csv");
		assert_int_equal(plan.files[1].state, FILE_QUEUED);
		plan_finish(&plan);
	}
}

static void a_path_that_cannot_be_used_fails_alone(void **state)
{
	(void)state;
	static const struct {
		const char *input, *code, *says;
	} cases[] = {
		{ "\"SendFilePaths\":[\"/orders/../a\",\"/orders/a\"]", "READ_FILE_ERROR",
		  "\"..\"" },
		{ "\"SendFilePaths\":[\"/orders\",\"/orders/a\"]", "READ_FILE_ERROR",
		  "names no object" },
		{ "\"SendFilePaths\":[\"/orders/.sallyport/x\",\"/orders/a\"]", "READ_FILE_ERROR",
		  "unfinished" },
		{ "\"SendFilePaths\":[\"/orders/x\\\\x00\",\"/orders/a\"]", "READ_FILE_ERROR",
		  "NUL" },
		{ "\"RetrieveFilePaths\":[\"/out/../b\",\"/out/a\"],\"LocalDirectoryPath\":\"/"
		  "orders\"",
		  "READ_FILE_ERROR", "\"..\"" },
		{ "\"RetrieveFilePaths\":[\"..\",\"/out/a\"],\"LocalDirectoryPath\":\"/orders\"",
		  "READ_FILE_ERROR", "\"..\"" },
		{ "\"RetrieveFilePaths\":[\"/out/\",\"/out/a\"],\"LocalDirectoryPath\":\"/orders\"",
		  "READ_FILE_ERROR", "names a folder" },
		{ "\"RetrieveFilePaths\":[\"/out/x\\\\x0ay\",\"/out/a\"],"
		  "\"LocalDirectoryPath\":\"/orders\"",
		  "READ_FILE_ERROR", "line break" },
		{ "\"RetrieveFilePaths\":[\"/out/.sallyport\",\"/out/a\"],"
		  "\"LocalDirectoryPath\":\"/orders\"",
		  "WRITE_FILE_ERROR", "unfinished" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct plan plan;
		struct sp_error err = { 0 };
		char text[256];
		snprintf(text, sizeof(text), "{" CONNECTOR "%s}", cases[i].input);
		if (make(text, &plan, &err) != 0)
			fail_msg("%s: %s", text, err.message);
		const struct transfer_file *file = &plan.files[0];
		assert_int_equal(file->state, FILE_FAILED);
		assert_string_equal(file->failure_code, cases[i].code);
		if (strstr(file->failure_message, cases[i].says) == NULL)
			fail_msg("%s: %s", text, file->failure_message);
		assert_int_equal(file->ended_ms, NOW_MS);
		assert_int_equal(plan.files[1].state, FILE_QUEUED);
		plan_finish(&plan);
	}
}

static void a_sentence_quotes_the_path_as_it_was_typed(void **state)
{
	(void)state;
	struct plan plan;
	struct sp_error err = { 0 };
	assert_int_equal(make("{" CONNECTOR "\"RetrieveFilePaths\":[\"/out/../latin-\\\\xe9\"],"
			      "\"LocalDirectoryPath\":\"/orders\"}",
			      &plan, &err),
			 0);
	assert_string_equal(plan.files[0].failure_message,
			    "cannot use the remote path \"/out/../latin-\\xe9\": \"..\" is not "
			    "taken in a path");
	plan_finish(&plan);
}

static void a_directory_that_cannot_be_used_fails_every_file(void **state)
{
	(void)state;
	struct plan plan;
	struct sp_error err = { 0 };
	assert_int_equal(make("{" CONNECTOR "\"SendFilePaths\":[\"/orders/a\",\"/orders/b\"],"
			      "\"RemoteDirectoryPath\":\"/in/../etc\"}",
			      &plan, &err),
			 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(plan.files[i].state, FILE_FAILED);
		assert_string_equal(plan.files[i].failure_code, "WRITE_FILE_ERROR");
	}
	plan_finish(&plan);
	assert_int_equal(make("{" CONNECTOR "\"RetrieveFilePaths\":[\"/out/a\"],"
			      "\"LocalDirectoryPath\":\"/orders/../x\"}",
			      &plan, &err),
			 0);
	assert_int_equal(plan.files[0].state, FILE_FAILED);
	assert_string_equal(plan.files[0].failure_code, "WRITE_FILE_ERROR");
	plan_finish(&plan);
}

static void a_request_that_makes_no_sense_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *input, *says;
	} bad[] = {
		{ "\"LocalDirectoryPath\":\"/orders\"", "neither is given" },
		{ "\"SendFilePaths\":[\"/o/a\"],\"RetrieveFilePaths\":[\"a\"]", "both are given" },
		{ "\"RetrieveFilePaths\":[\"a\"]", "LocalDirectoryPath: is required" },
		{ "\"RetrieveFilePaths\":[\"a\"],\"LocalDirectoryPath\":\"/o\","
		  "\"RemoteDirectoryPath\":\"/x\"",
		  "RemoteDirectoryPath: goes with" },
		{ "\"SendFilePaths\":[\"/o/a\"],\"LocalDirectoryPath\":\"/o\"",
		  "LocalDirectoryPath: goes with" },
		{ "\"SendFilePaths\":[\"/o/a\"],\"CustomHttpHeaders\":[{\"Key\":\"a\"}]", "AS2" },
		{ "\"SendFilePaths\":[\"/o/a\",\"/o/b\",\"/o/a\"]",
		  "SendFilePaths[2]: the same path" },
		{ "\"SendFilePaths\":[\"/o/x/a\",\"/o/y/a\"]",
		  "SendFilePaths[1]: it would overwrite SendFilePaths[0]" },
		{ "\"SendFilePaths\":[\"/orders/a\",\"orders/a\"]", "overwrite" },
		{ "\"RetrieveFilePaths\":[\"/x/a\",\"/y/a\"],\"LocalDirectoryPath\":\"/orders\"",
		  "overwrite" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct plan plan;
		struct sp_error err = { 0 };
		char text[256];
		snprintf(text, sizeof(text), "{" CONNECTOR "%s}", bad[i].input);
		assert_int_equal(make(text, &plan, &err), -1);
		if (strstr(err.message, bad[i].says) == NULL)
			fail_msg("%s: %s", text, err.message);
	}
}

/* ---- listings, moves and deletions ------------------------------------------------------------------------------- */

typedef int plan_fn(const struct objects *objects, const json_t *input, int64_t now_ms,
		    struct plan *out, struct sp_error *err);

static int make_with(plan_fn *fn, const char *text, struct plan *plan, struct sp_error *err)
{
	SP_AUTO_JSON json_t *input = NULL;
	if (sp_json_parse(text, strlen(text), &input, err) != 0)
		fail_msg("%s: %s", text, err->message);
	return fn(NULL, input, NOW_MS, plan, err);
}

static void a_listing_knows_its_object(void **state)
{
	(void)state;
	static const struct {
		const char *output, *prefix;
	} cases[] = { { "/bucket", "" }, { "bucket/lists/", "lists/" }, { "/bucket/a/b", "a/b/" } };
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct plan plan;
		struct sp_error err = { 0 };
		char input[256], key[128];
		snprintf(input, sizeof(input),
			 "{" CONNECTOR
			 "\"RemoteDirectoryPath\":\"out/\\\\xe9/\",\"OutputDirectoryPath\":\"%s\"}",
			 cases[i].output);
		assert_int_equal(make_with(plan_listing, input, &plan, &err), 0);
		const struct transfer_file *file = &plan.files[0];
		snprintf(key, sizeof(key), "%sc-0123456789abcdef0-%s.json", cases[i].prefix,
			 plan.transfer.id);
		assert_int_equal(plan.count, 1);
		assert_int_equal(file->direction, TRANSFER_LIST);
		assert_string_equal(file->bucket, "bucket");
		assert_string_equal(file->key, key);
		assert_string_equal(file->remote_name, "out/\xe9");
		assert_string_equal(plan.transfer.remote_directory, "out/\\xe9/");
		assert_string_equal(plan.transfer.local_directory, cases[i].output);
		assert_int_equal(file->items_max, LISTING_ITEMS_DEFAULT);
		plan_finish(&plan);
	}
}

static void a_move_knows_both_paths(void **state)
{
	(void)state;
	struct plan plan;
	struct sp_error err = { 0 };
	assert_int_equal(make_with(plan_move,
				   "{" CONNECTOR
				   "\"SourcePath\":\"/in/a/\",\"TargetPath\":\"/in/b\"}",
				   &plan, &err),
			 0);
	assert_string_equal(plan.files[0].remote_name, "/in/a");
	assert_string_equal(plan.files[0].target_path, "/in/b");
	assert_string_equal(plan.transfer.remote_directory, "/in/b");
	plan_finish(&plan);
}

static void paths_that_name_nothing_to_move_or_delete_are_refused(void **state)
{
	(void)state;
	static const struct {
		plan_fn *fn;
		const char *members, *words;
	} cases[] = {
		{ plan_delete, "\"DeletePath\":\"/\"", "DeletePath: cannot use" },
		{ plan_delete, "\"DeletePath\":\".\"", "names no file or directory" },
		{ plan_delete, "\"DeletePath\":\"/a/.\"", "names no file or directory" },
		{ plan_delete, "\"DeletePath\":\"/a/..\"", "\"..\" is not taken" },
		{ plan_delete, "\"DeletePath\":\"a\\nb\"", "line break" },
		{ plan_delete, "\"DeletePath\":\"a\\\\x00\"", "NUL" },
		{ plan_move, "\"SourcePath\":\"//\",\"TargetPath\":\"/b\"",
		  "SourcePath: cannot use" },
		{ plan_move, "\"SourcePath\":\"/a\",\"TargetPath\":\"/\"",
		  "TargetPath: cannot use" },
		{ plan_move, "\"SourcePath\":\"/a\",\"TargetPath\":\"/a/\"",
		  "TargetPath: is the same" },
		{ plan_listing, "\"RemoteDirectoryPath\":\"..\",\"OutputDirectoryPath\":\"/b\"",
		  "RemoteDirectoryPath: cannot use" },
		{ plan_listing, "\"RemoteDirectoryPath\":\"/\",\"OutputDirectoryPath\":\"/b/../c\"",
		  "OutputDirectoryPath: " },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct plan plan;
		struct sp_error err = { 0 };
		char input[256];
		snprintf(input, sizeof(input), "{" CONNECTOR "%s}", cases[i].members);
		assert_int_equal(make_with(cases[i].fn, input, &plan, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		if (strstr(err.message, cases[i].words) == NULL)
			fail_msg("%s: %s", input, err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_send_knows_object_and_target),
		cmocka_unit_test(without_a_remote_directory_files_go_home),
		cmocka_unit_test(a_retrieve_puts_the_base_name_below_the_prefix),
		cmocka_unit_test(a_path_that_cannot_be_used_fails_alone),
		cmocka_unit_test(a_sentence_quotes_the_path_as_it_was_typed),
		cmocka_unit_test(a_directory_that_cannot_be_used_fails_every_file),
		cmocka_unit_test(a_request_that_makes_no_sense_is_refused),
		cmocka_unit_test(a_listing_knows_its_object),
		cmocka_unit_test(a_move_knows_both_paths),
		cmocka_unit_test(paths_that_name_nothing_to_move_or_delete_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
