#include "test.h"

#include "base/text.h"
#include "objects/objects.h"

static void takes_a_path_with_and_without_the_first_slash(void **state)
{
	(void)state;
	static const struct {
		const char *path, *bucket, *key;
	} good[] = {
		{ "/orders/a.csv", "orders", "a.csv" },
		{ "orders/a.csv", "orders", "a.csv" },
		{ "/orders/deep/er/a.csv", "orders", "deep/er/a.csv" },
		{ "/orders/with space 'and' \"quotes\"", "orders", "with space 'and' \"quotes\"" },
		{ "/orders/\xc3\xa9t\xc3\xa9", "orders", "\xc3\xa9t\xc3\xa9" },
		{ "/orders/latin-\\xe9", "orders", "latin-\xe9" },
		{ "/orders/*.csv", "orders", "*.csv" },
		{ "/orders/...", "orders", "..." },
		{ "/orders/sub/.sallyport", "orders", "sub/.sallyport" },
		{ "/orders/.sallyport2", "orders", ".sallyport2" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++) {
		char *bucket = NULL;
		char *key = NULL;
		assert_int_equal(objects_split_path(NULL, good[i].path, true, &bucket, &key, NULL),
				 0);
		assert_string_equal(bucket, good[i].bucket);
		assert_string_equal(key, good[i].key);
		free(bucket);
		free(key);
	}
}

static void a_folder_may_be_the_bucket_or_end_in_a_slash(void **state)
{
	(void)state;
	static const struct {
		const char *path, *key;
	} good[] = {
		{ "/orders", "" },      { "/orders/", "" },      { "orders", "" },
		{ "/orders/in", "in" }, { "/orders/in/", "in" }, { "/orders/in/deep/", "in/deep" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++) {
		char *bucket = NULL;
		char *key = NULL;
		assert_int_equal(objects_split_path(NULL, good[i].path, false, &bucket, &key, NULL),
				 0);
		assert_string_equal(bucket, "orders");
		assert_string_equal(key, good[i].key);
		free(bucket);
		free(key);
	}
}

static void refuses_what_leaves_the_bucket_or_names_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *path, *says;
	} bad[] = {
		{ "", "names no bucket" },
		{ "/", "names no bucket" },
		{ "//a", "names no bucket" },
		{ "/orders", "names no object" },
		{ "/orders/", "names no object" },
		{ "/orders/a/", "ends in \"/\"" },
		{ "/orders//a", "empty part" },
		{ "/orders/a//b", "empty part" },
		{ "/orders/..", "\"..\" is no part" },
		{ "/orders/../a", "\"..\" is no part" },
		{ "/orders/a/../../b", "\"..\" is no part" },
		{ "/orders/\\x2e\\x2e/a", "\"..\" is no part" },
		{ "/orders\\x2f..\\x2fa", "\"..\" is no part" },
		{ "/orders/./a", "\".\" is no part" },
		{ "/../a", "\"..\" is no part" },
		{ "/./a", "\".\" is no part" },
		{ "/orders/.sallyport", "unfinished" },
		{ "/orders/.sallyport/a", "unfinished" },
		{ "/orders/two\nlines", "line break" },
		{ "/orders/two\\x0alines", "line break" },
		{ "/orders/a\\x00b", "NUL" },
		{ "s3://orders/a", "without \"s3:\"" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct sp_error err = { 0 };
		char *bucket = NULL;
		char *key = NULL;
		assert_int_equal(objects_split_path(NULL, bad[i].path, true, &bucket, &key, &err),
				 -1);
		assert_int_equal(err.code, SP_INVALID);
		if (strstr(err.message, bad[i].says) == NULL)
			fail_msg("\"%s\": %s", bad[i].path, err.message);
		assert_true(sp_text_starts_with(err.message, "cannot use the path \""));
		assert_null(bucket);
		assert_null(key);
	}
}

static void a_sentence_quotes_the_path_as_it_was_typed(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	char *bucket = NULL;
	char *key = NULL;
	assert_int_equal(
		objects_split_path(NULL, "/orders/../latin-\\xe9", true, &bucket, &key, &err), -1);
	assert_string_equal(err.message,
			    "cannot use the path \"/orders/../latin-\\xe9\": \"..\" is "
			    "no part of an object's key");
}

static void a_folder_path_is_checked_as_strictly(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"/orders//", "/orders/in//", "/orders/../", "/orders/.sallyport/", "/orders/in/./",
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct sp_error err = { 0 };
		char *bucket = NULL;
		char *key = NULL;
		assert_int_equal(objects_split_path(NULL, bad[i], false, &bucket, &key, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
	}
}

static void lengths_are_limited_in_bytes(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	char part[300];
	memset(part, 'n', sizeof(part));
	part[255] = '\0';
	assert_int_equal(objects_check_key(NULL, "orders", part, &err), 0);
	part[255] = 'n';
	part[256] = '\0';
	assert_int_equal(objects_check_key(NULL, "orders", part, &err), -1);
	assert_non_null(strstr(err.message, "256 bytes"));

	char key[OBJECT_KEY_MAX + 2];
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = i % 100 == 99 ? '/' : 'k';
	key[OBJECT_KEY_MAX] = '\0';
	assert_int_equal(objects_check_key(NULL, "orders", key, &err), 0);
	key[OBJECT_KEY_MAX] = 'k';
	key[OBJECT_KEY_MAX + 1] = '\0';
	assert_int_equal(objects_check_key(NULL, "orders", key, &err), -1);
	assert_non_null(strstr(err.message, "1025 bytes"));
}

static void a_sentence_about_a_long_path_is_whole_and_well_formed(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	char path[1100] = "/orders/../";
	for (size_t i = strlen(path); i + 2 < 1000; i += 2)
		memcpy(path + i, "\xc3\xa9", 2);
	char *bucket = NULL;
	char *key = NULL;
	assert_int_equal(objects_split_path(NULL, path, true, &bucket, &key, &err), -1);
	assert_true(sp_utf8_valid(err.message, strlen(err.message)));
	assert_true(sp_text_ends_with(err.message, "is no part of an object's key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_path_with_and_without_the_first_slash),
		cmocka_unit_test(a_folder_may_be_the_bucket_or_end_in_a_slash),
		cmocka_unit_test(refuses_what_leaves_the_bucket_or_names_nothing),
		cmocka_unit_test(a_sentence_quotes_the_path_as_it_was_typed),
		cmocka_unit_test(a_folder_path_is_checked_as_strictly),
		cmocka_unit_test(lengths_are_limited_in_bytes),
		cmocka_unit_test(a_sentence_about_a_long_path_is_whole_and_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
