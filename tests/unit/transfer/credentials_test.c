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
	assert_string_equal(credentials.password, "p\xc3\xa4");
	assert_string_equal(credentials.private_key, "k\n");
	credentials_finish(&credentials);

	assert_int_equal(
		credentials_parse("{\"Username\":\"u\",\"Password\":\"p\",\"PrivateKey\":\"\"}",
				  &credentials, &err),
		0);
	assert_null(credentials.private_key);
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
		cmocka_unit_test(bounds_are_the_contracts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
