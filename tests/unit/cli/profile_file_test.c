#include "test.h"

#include "base/text.h"
#include "cli/profile_file.h"

static const char config[] = "# of a person\n"
			     "[default]\n"
			     "region = us-east-1\n"
			     "endpoint_url=http://127.0.0.1:1\n"
			     "[profile work]\r\n"
			     "region = eu-central-1\r\n"
			     "s3 =\n"
			     "  endpoint_url = http://nobody\n"
			     "endpoint_url = https://transfer.example\n"
			     "ca_bundle = /etc/ca.pem\n"
			     "sallyport_role = arn:aws:iam::000000000000:role/sallyport\n"
			     "unknown = yes\n"
			     "[services work]\n"
			     "region = nowhere\n";
static const char credentials[] = "[work]\n"
				  "aws_access_key_id = AKIAWORK\n"
				  "aws_secret_access_key = a=b+c/d==\n"
				  "; a comment\n"
				  "[profile other]\n"
				  "aws_access_key_id = AKIAWRONG\n";

static void read_both(const char *name, struct profile *profile)
{
	struct sp_error err = { 0 };
	*profile = (struct profile){ 0 };
	assert_int_equal(
		profile_file_read(credentials, strlen(credentials), name, false, profile, &err), 0);
	assert_int_equal(profile_file_read(config, strlen(config), name, true, profile, &err), 0);
}

static void a_profile_is_put_together_from_both_files(void **state)
{
	(void)state;
	struct profile profile;
	read_both("work", &profile);
	assert_true(profile.is_found);
	assert_string_equal(profile.access_key_id, "AKIAWORK");
	assert_string_equal(profile.secret_access_key, "a=b+c/d==");
	assert_string_equal(profile.region, "eu-central-1");
	assert_string_equal(profile.endpoint_url, "https://transfer.example");
	assert_string_equal(profile.ca_bundle, "/etc/ca.pem");
	assert_string_equal(profile.role, "arn:aws:iam::000000000000:role/sallyport");
	assert_null(profile.session_token);
	profile_finish(&profile);
	assert_null(profile.secret_access_key);
}

static void the_default_profile_has_no_prefix(void **state)
{
	(void)state;
	struct profile profile;
	read_both("default", &profile);
	assert_true(profile.is_found);
	assert_string_equal(profile.region, "us-east-1");
	profile_finish(&profile);
}

static void a_profile_of_one_file_is_not_that_of_the_other_form(void **state)
{
	(void)state;
	struct profile profile;
	read_both("other",
		  &profile); /* "[profile other]" stands in the file that has no prefixes */
	assert_false(profile.is_found);
	assert_null(profile.access_key_id);
	profile_finish(&profile);
}

static void another_way_to_a_key_is_noted(void **state)
{
	(void)state;
	static const char text[] = "[default]\nrole_arn = arn:aws:iam::1:role/x\n";
	struct profile profile = { 0 };
	assert_int_equal(profile_file_read(text, strlen(text), "default", true, &profile, NULL), 0);
	assert_true(profile.has_other_login);
	profile_finish(&profile);
}

static void a_line_that_makes_no_sense_is_named_and_not_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{ "[default]\nregion = a\nhunter2\n", "line 3" },
		{ "[default\nregion = a\n", "line 1" },
		{ "[default]\n[hunter2", "line 2" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct profile profile = { 0 };
		struct sp_error err = { 0 };
		assert_int_equal(profile_file_read(rows[i].text, strlen(rows[i].text), "default",
						   true, &profile, &err),
				 -1);
		assert_int_equal(err.code, SP_INVALID);
		assert_non_null(strstr(err.message, rows[i].words));
		assert_null(strstr(err.message, "hunter2"));
		profile_finish(&profile);
	}
}

static void what_is_no_text_is_refused(void **state)
{
	(void)state;
	static const char text[] = "[default]\0region = a\n";
	struct profile profile = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(profile_file_read(text, sizeof(text) - 1, "default", true, &profile, &err),
			 -1);
	assert_int_equal(err.code, SP_INVALID);
	profile_finish(&profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_put_together_from_both_files),
		cmocka_unit_test(the_default_profile_has_no_prefix),
		cmocka_unit_test(a_profile_of_one_file_is_not_that_of_the_other_form),
		cmocka_unit_test(another_way_to_a_key_is_noted),
		cmocka_unit_test(a_line_that_makes_no_sense_is_named_and_not_quoted),
		cmocka_unit_test(what_is_no_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
