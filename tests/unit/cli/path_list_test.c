#include "test.h"

#include "base/scope.h"
#include "cli/path_list.h"

static void add(struct path_list *list, const char *path, const char *folder, int64_t size)
{
	assert_int_equal(path_list_add(list, path, folder, size, NULL), 0);
}

static void what_goes_to_one_folder_stands_together(void **state)
{
	(void)state;
	AUTO_PATHS list = { 0 };
	int64_t bytes;
	add(&list, "/b/x/2", "x", 5);
	add(&list, "/b/1", "", 7);
	add(&list, "/b/x/1", "x", 0);
	add(&list, "/b/a/x/1", "a/x", 1);
	assert_int_equal(path_list_sort(&list, NULL), 0);
	static const char *const wanted[] = { "/b/1", "/b/a/x/1", "/b/x/1", "/b/x/2" };
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(list.entries[i].path, wanted[i]);
	assert_true(path_list_bytes(&list, &bytes));
	assert_int_equal(bytes, 13);
	add(&list, "/b/9", "", -1);
	assert_false(path_list_bytes(&list, &bytes));
	assert_int_equal(bytes, 13);
}

static void two_that_would_get_one_name_are_refused(void **state)
{
	(void)state;
	AUTO_PATHS list = { 0 };
	struct sp_error err = { 0 };
	add(&list, "/b/2025/a.csv", "", 1);
	add(&list, "/b/other", "", 1);
	add(&list, "/b/2026/a.csv", "", 1);
	assert_int_equal(path_list_sort(&list, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(strstr(err.message, "/b/2025/a.csv"));
	assert_non_null(strstr(err.message, "/b/2026/a.csv"));
}

static void paths_are_joined_with_one_slash(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{ "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" },
		{ "a", "", "a" },    { "/", "b", "/b" },   { "", "", "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SP_AUTO_FREE char *joined = path_join(rows[i][0], rows[i][1]);
		assert_string_equal(joined, rows[i][2]);
	}
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	assert_true(path_is_pattern("a/*.csv"));
	assert_true(path_is_pattern("a[0-9]"));
	assert_false(path_is_pattern("a/b.csv"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_to_one_folder_stands_together),
		cmocka_unit_test(two_that_would_get_one_name_are_refused),
		cmocka_unit_test(paths_are_joined_with_one_slash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
