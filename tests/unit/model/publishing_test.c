#include "test.h"

#include "base/scope.h"
#include "base/text.h"
#include "model/publishing.h"

static struct sp_error err;

static int read_tag(struct publishing *out, const char *key, const char *value)
{
	return publishing_read_tag(out, key, value, &err);
}

static void tags_say_how_files_are_published(void **state)
{
	(void)state;
	struct publishing read = { 0 };
	assert_int_equal(read_tag(&read, "Name", "acme"), 0);
	assert_int_equal(read_tag(&read, "sallyport:on-conflict", "keep-both"), 0);
	assert_int_equal(read_tag(&read, "sallyport:upload", "striped"), 0);
	assert_int_equal(read_tag(&read, "sallyport:upload-staging", "/tmp/\\xff"), 0);
	assert_int_equal(read_tag(&read, "sallyport:upload-temp", "{name}.{id}.tmp"), 0);
	assert_int_equal(read_tag(&read, "sallyport:verify", "re-read"), 0);
	assert_int_equal(read.conflict, CONFLICT_KEEP_BOTH);
	assert_int_equal(read.upload, UPLOAD_STRIPED);
	assert_int_equal(read.verify, VERIFY_REREAD);
	assert_string_equal(read.staging, "/tmp/\xff");
	assert_string_equal(read.temp_pattern, "{name}.{id}.tmp");
	assert_int_equal(publishing_check(&read, &err), 0);
	publishing_finish(&read);
}

static void a_tag_that_makes_no_sense_is_refused_with_what_it_may_be(void **state)
{
	(void)state;
	static const struct {
		const char *key, *value, *words;
	} cases[] = {
		{ "sallyport:on-conflict", "ask", "\"overwrite\", \"fail\", \"keep-both\"" },
		{ "sallyport:upload", "", "\"part\", \"direct\", \"striped\"" },
		{ "sallyport:verify", "sha256", "\"size\", \"server-hash\", \"re-read\"" },
		{ "sallyport:upload-staging", "", "a directory at the partner" },
		{ "sallyport:upload-temp", "x.tmp", "\"{id}\"" },
		{ "sallyport:upload-temp", "a/{id}", "\"{id}\"" },
		{ "sallyport:upload-temp", "{id}\\x0a", "\"{id}\"" },
		{ "sallyport:onconflict", "fail", "sallyport:on-conflict, sallyport:upload" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct publishing read = { 0 };
		assert_int_equal(read_tag(&read, cases[i].key, cases[i].value), -1);
		assert_int_equal(err.code, SP_INVALID);
		assert_non_null(strstr(err.message, cases[i].key));
		assert_non_null(strstr(err.message, cases[i].words));
		publishing_finish(&read);
	}
}

static void what_is_written_directly_can_only_overwrite(void **state)
{
	(void)state;
	struct publishing read = { .upload = UPLOAD_DIRECT };
	assert_int_equal(publishing_check(&read, &err), 0);
	read.conflict = CONFLICT_FAIL;
	assert_int_equal(publishing_check(&read, &err), -1);
	assert_non_null(strstr(err.message, "can only overwrite"));
	read.conflict = CONFLICT_OVERWRITE;
	read.staging = "tmp";
	assert_int_equal(publishing_check(&read, &err), -1);
	assert_non_null(strstr(err.message, "there are no parts"));
}

static void a_part_is_named_after_file_and_attempt(void **state)
{
	(void)state;
	SP_AUTO_FREE char *ours = part_name(NULL, "0ab", 3, "report.csv");
	assert_string_equal(ours, ".sp-0ab-3.part");
	SP_AUTO_FREE char *theirs = part_name("{name}.{id}{x}", "0ab", 12, "report.csv");
	assert_string_equal(theirs, "report.csv.0ab-12{x}");
}

static void the_second_of_a_name_has_its_number_in_front_of_the_dot(void **state)
{
	(void)state;
	static const struct {
		const char *name, *second;
	} cases[] = {
		{ "report.csv", "report (2).csv" },   { "report", "report (2)" },
		{ ".profile", ".profile (2)" },       { "a.tar.gz", "a.tar (2).gz" },
		{ "in.d/report", "in.d/report (2)" }, { "in/.x", "in/.x (2)" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_FREE char *second = keep_both_name(cases[i].name, 2);
		assert_string_equal(second, cases[i].second);
		assert_true(keep_both_is_of(cases[i].name, second));
	}
	char longest[FILE_NAME_MAX + 1] = { 0 };
	memset(longest, 'a', FILE_NAME_MAX);
	assert_null(keep_both_name(longest, 2));
}

static void what_is_put_aside_is_known_by_the_file_that_it_makes_room_for(void **state)
{
	(void)state;
	SP_AUTO_FREE char *name = aside_name("0123456789abcdef0123456789abcdef");
	assert_string_equal(name, ".sp-0123456789abcdef0123456789abcdef.old");
}

static void another_name_is_none_of_a_name(void **state)
{
	(void)state;
	static const char *const others[] = {
		"report.csv",        "report (1).csv",  "report (1001).csv",
		"report (02).csv",   "report (2).csv ", "other (2).csv",
		"../report (2).csv", "report (2",       "",
		"report (-2).csv",   "report ( 2).csv",
	};
	for (size_t i = 0; i < SP_COUNT_OF(others); i++)
		assert_false(keep_both_is_of("report.csv", others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_say_how_files_are_published),
		cmocka_unit_test(a_tag_that_makes_no_sense_is_refused_with_what_it_may_be),
		cmocka_unit_test(what_is_written_directly_can_only_overwrite),
		cmocka_unit_test(a_part_is_named_after_file_and_attempt),
		cmocka_unit_test(the_second_of_a_name_has_its_number_in_front_of_the_dot),
		cmocka_unit_test(what_is_put_aside_is_known_by_the_file_that_it_makes_room_for),
		cmocka_unit_test(another_name_is_none_of_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
