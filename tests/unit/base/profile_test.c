#include "test.h"

#include <stdio.h>

#include "base/profile.h"
#include "base/secret.h"
#include "base/text.h"

static const char *const names[] = { "aws_access_key_id", "region" };

enum { KEY, REGION, COUNT };

/* What @text says of the key of @profile; NULL also when there is no such profile. Owned by the caller. */
static char *key_of(const char *text, const char *profile, bool is_config)
{
	const struct sp_profile_wanted wanted = { .name = profile, .is_config = is_config };
	char *values[COUNT];
	struct sp_error err = { 0 };
	if (sp_profile_read(text, strlen(text), &wanted, names, COUNT, values, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	sp_secret_free(values[REGION]);
	return values[KEY];
}

static void assert_keys(const char *text, bool is_config, const char *of_default,
			const char *of_work)
{
	SP_AUTO_SECRET char *first = key_of(text, "default", is_config);
	SP_AUTO_SECRET char *second = key_of(text, "work", is_config);
	if (!sp_text_equal(first, of_default) || !sp_text_equal(second, of_work))
		fail_msg("%s: default has %s, work has %s", text, first, second);
}

static void a_section_is_called_as_its_file_wants_it(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is_config;
		const char *of_default, *of_work;
	} rows[] = {
		{ "[default]\naws_access_key_id=A\n[work]\naws_access_key_id=B", false, "A", "B" },
		{ "[ work\t]\naws_access_key_id=B", false, NULL, "B" },
		{ "[profile work]\naws_access_key_id=B", false, NULL, NULL },
		{ "[work]\naws_access_key_id=B", true, NULL, NULL },
		{ "[profile work]\naws_access_key_id=B", true, NULL, "B" },
		{ "[ profile\t work ]\naws_access_key_id=B", true, NULL, "B" },
		{ "[profile \"work\"]\naws_access_key_id=B", true, NULL, "B" },
		{ "[profilework]\naws_access_key_id=B", true, NULL, NULL },
		{ "[services work]\naws_access_key_id=B", true, NULL, NULL },
		{ "[default]\naws_access_key_id=A", true, "A", NULL },
		{ "[default]\naws_access_key_id=A\n[profile default]\nregion=r", true, NULL, NULL },
		{ "[profile default]\naws_access_key_id=A\n[default]\naws_access_key_id=B", true,
		  "A", NULL },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++)
		assert_keys(rows[i].text, rows[i].is_config, rows[i].of_default, rows[i].of_work);
}

static void a_value_is_what_stands_between_blanks_and_comment(void **state)
{
	(void)state;
	static const struct {
		const char *line, *value;
	} rows[] = {
		{ "aws_access_key_id=A", "A" },
		{ " \taws_access_key_id \t=  \tA \t\r", "A" },
		{ "aws_access_key_id = a=b+c/d==", "a=b+c/d==" },
		{ "aws_access_key_id = A # and why; or not", "A" },
		{ "aws_access_key_id = A\t; why", "A" },
		{ "aws_access_key_id = A# ; B", "A#" },
		{ "aws_access_key_id = # nothing", NULL },
		{ "aws_access_key_id =#A", "#A" },
		{ "aws_access_key_id = \"A\"", "\"A\"" },
		{ "aws_access_key_id =", NULL },
		{ "AWS_Access_Key_ID = A", "A" },
		{ "aws_access_key_id2 = A", NULL },
		{ "aws_access_key = A", NULL },
		{ "# aws_access_key_id = A", NULL },
		{ " ; aws_access_key_id = A", NULL },
		{ "unknown = A", NULL },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		char text[128];
		snprintf(text, sizeof(text), "; mine\n\r\n[default] # ours\r\n%s\nregion = r\n",
			 rows[i].line);
		assert_keys(text, false, rows[i].value, NULL);
	}
}

static void the_last_one_of_several_counts(void **state)
{
	(void)state;
	assert_keys("[work]\naws_access_key_id=A\naws_access_key_id=B", false, NULL, "B");
	assert_keys("[work]\naws_access_key_id=A\nAWS_ACCESS_KEY_ID=", false, NULL, NULL);
	assert_keys("[work]\naws_access_key_id=A\n[x]\n[work]\naws_access_key_id=B", false, NULL,
		    "B");
	assert_keys("[work]\naws_access_key_id=A\n[work]\nregion=B", false, NULL, "A");
}

static void what_is_indented_belongs_to_the_line_above(void **state)
{
	(void)state;
	assert_keys("[work]\ns3 =\n  aws_access_key_id = A\n  b = c\n\n not even a pair\n[x]",
		    false, NULL, NULL);
	assert_keys("[work]\naws_access_key_id = A\n  -and more", false, NULL, "A");
	/* behind the head of a section there is no line above, and those beside it are no deeper */
	assert_keys("[work]\n  region = A\n  aws_access_key_id = B\n    x = y", false, NULL, "B");
}

static void says_whether_there_is_such_a_profile(void **state)
{
	(void)state;
	static const char text[] = "[default]\nregion = r\n";
	const struct sp_profile_wanted wanted[] = { { .name = "default" }, { .name = "work" } };
	for (int i = 0; i < 2; i++) {
		char *values[COUNT];
		struct sp_error err = { 0 };
		assert_int_equal(
			sp_profile_read(text, strlen(text), &wanted[i], names, COUNT, values, &err),
			i == 0);
		assert_true(sp_text_equal(values[REGION], i == 0 ? "r" : NULL));
		assert_null(values[KEY]);
		sp_secret_free(values[REGION]);
	}
}

static void what_stands_in_front_is_taken_by_who_wants_it_and_refused_otherwise(void **state)
{
	(void)state;
	static const char text[] =
		"aws_access_key_id = A\n[work]\naws_access_key_id = B\n[default]\n"
		"region = r";
	struct sp_profile_wanted wanted = { .name = "default", .takes_front = true };
	char *values[COUNT];
	struct sp_error err = { 0 };
	assert_int_equal(sp_profile_read(text, strlen(text), &wanted, names, COUNT, values, &err),
			 1);
	assert_string_equal(values[KEY], "A");
	assert_string_equal(values[REGION], "r");
	sp_secret_free(values[KEY]);
	sp_secret_free(values[REGION]);
	wanted.takes_front = false;
	assert_int_equal(sp_profile_read(text, strlen(text), &wanted, names, COUNT, values, &err),
			 -1);
	assert_non_null(strstr(err.message, "line 1 stands in front"));
}

static void a_line_that_makes_no_sense_is_named_and_not_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "[work]\naws_access_key_id = A\nhunter2\n", "line 3 is no" },
		{ "[other]\nregion : hunter2\n", "line 2 is no" },
		{ "[work]\n = hunter2\n", "line 2 is no" },
		{ "[work]\n hunter2\n", "line 2 is no" },
		{ "[work]\naws_access_key_id = A\n[hunter2", "line 3 begins a section" },
		{ "# first\n\n[]\n", "line 3 begins a section" },
		{ "[work] hunter2 = A\n", "line 1 begins a section" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		const struct sp_profile_wanted wanted = { .name = "work" };
		char *values[COUNT];
		struct sp_error err = { 0 };
		assert_int_equal(sp_profile_read(rows[i].text, strlen(rows[i].text), &wanted, names,
						 COUNT, values, &err),
				 -1);
		assert_int_equal(err.code, SP_INVALID);
		assert_non_null(strstr(err.message, rows[i].words));
		assert_null(strstr(err.message, "hunter2"));
		assert_null(values[KEY]);
	}
}

static void what_is_no_text_is_refused(void **state)
{
	(void)state;
	static const char text[] = "[work]\0region = a\n";
	const struct sp_profile_wanted wanted = { .name = "work" };
	char *values[COUNT];
	struct sp_error err = { 0 };
	assert_int_equal(
		sp_profile_read(text, sizeof(text) - 1, &wanted, names, COUNT, values, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_is_called_as_its_file_wants_it),
		cmocka_unit_test(a_value_is_what_stands_between_blanks_and_comment),
		cmocka_unit_test(the_last_one_of_several_counts),
		cmocka_unit_test(what_is_indented_belongs_to_the_line_above),
		cmocka_unit_test(says_whether_there_is_such_a_profile),
		cmocka_unit_test(
			what_stands_in_front_is_taken_by_who_wants_it_and_refused_otherwise),
		cmocka_unit_test(a_line_that_makes_no_sense_is_named_and_not_quoted),
		cmocka_unit_test(what_is_no_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
