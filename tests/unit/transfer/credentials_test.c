#include "test.h"

#include <stdio.h>

#include "base/text.h"
#include "transfer/credentials.h"

static void reads_what_the_contract_says(void **state)
{
	(void)state;
	struct credentials credentials = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(credentials_parse("{\"Username\":\"u\",\"Password\":\"p\\u00e4\","
					   "\"PrivateKey\":\"k\\n\",\"More\":1}",
					   &credentials, &err),
			 0);
	assert_string_equal(credentials.user, "u");
	assert_string_equal(credentials.logins[0].password, "p\xc3\xa4");
	assert_string_equal(credentials.logins[0].private_key, "k\n");
	credentials_finish(&credentials);

	assert_int_equal(
		credentials_parse("{\"Username\":\"u\",\"Password\":\"p\",\"PrivateKey\":\"\"}",
				  &credentials, &err),
		0);
	assert_null(credentials.logins[0].private_key);
	credentials_finish(&credentials);
}

static void says_what_is_wrong_and_never_what_is_in_it(void **state)
{
	(void)state;
	static const struct {
		const char *secret, *sentence;
	} bad[] = {
		{ "hunter2", "not a JSON object" },
		{ "\"hunter2\"", "not an object" },
		{ "{\"Password\":\"hunter2\"}", "no \"Username\"" },
		{ "{\"username\":\"u\",\"Password\":\"hunter2\"}",
		  "\"username\" where \"Username\" is expected" },
		{ "{\"Username\":\"u\"}", "neither \"Password\" nor \"PrivateKey\"" },
		{ "{\"Username\":\"u\",\"Password\":7}", "\"Password\" is not a string" },
		{ "{\"Username\":\"u\",\"Password\":\"hunter2\\u0000x\"}", "not a JSON object" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct credentials credentials = { 0 };
		struct sp_error err = { 0 };
		assert_int_equal(credentials_parse(bad[i].secret, &credentials, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		if (strstr(err.message, bad[i].sentence) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.message, bad[i].sentence);
		assert_null(strstr(err.message, "hunter2"));
	}
}

static void parse(const char *secret, struct credentials *out)
{
	struct sp_error err = { 0 };
	*out = (struct credentials){ 0 };
	assert_int_equal(credentials_parse(secret, out, &err), 0);
}

static void versions_are_tried_in_their_order_and_once_each(void **state)
{
	(void)state;
	struct credentials all = { 0 }, next;
	struct sp_error err = { 0 };
	static const char *const secrets[] = { "{\"Username\":\"u\",\"Password\":\"new\"}",
					       "{\"Username\":\"u\",\"Password\":\"new\",\"x\":1}",
					       "{\"Username\":\"u\",\"PrivateKey\":\"old\"}" };
	for (size_t i = 0; i < SP_COUNT_OF(secrets); i++) {
		parse(secrets[i], &next);
		assert_int_equal(credentials_add(&all, &next, &err), 0);
	}
	assert_int_equal(all.login_count, 2);
	assert_string_equal(all.logins[0].password, "new");
	assert_string_equal(all.logins[1].private_key, "old");
	parse("{\"Username\":\"other\",\"Password\":\"hunter2\"}", &next);
	assert_int_equal(credentials_add(&all, &next, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(strstr(err.message, "\"Username\""));
	credentials_finish(&all);
}

static void bounds_are_the_contracts(void **state)
{
	(void)state;
	struct credentials credentials = { 0 };
	struct sp_error err = { 0 };
	char secret[1200];
	char password[1100];
	memset(password, 'x', sizeof(password));
	password[1025] = '\0';
	snprintf(secret, sizeof(secret), "{\"Username\":\"u\",\"Password\":\"%s\"}", password);
	assert_int_equal(credentials_parse(secret, &credentials, &err), -1);
	password[1024] = '\0';
	snprintf(secret, sizeof(secret), "{\"Username\":\"u\",\"Password\":\"%s\"}", password);
	assert_int_equal(credentials_parse(secret, &credentials, &err), 0);
	credentials_finish(&credentials);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_the_contract_says),
		cmocka_unit_test(says_what_is_wrong_and_never_what_is_in_it),
		cmocka_unit_test(versions_are_tried_in_their_order_and_once_each),
		cmocka_unit_test(bounds_are_the_contracts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
