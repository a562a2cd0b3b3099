/** What a session token is good for. */
#include "../store/folder.h"

#include "base/base64.h"
#include "identity/session.h"

static struct sp_error err;
static struct folder folder;
static struct vault *vault;

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	return vault_open(folder_file(&folder, "master.key"), &vault, &err);
}

static int tear_down(void **state)
{
	(void)state;
	vault_close(vault);
	folder_remove(&folder);
	return 0;
}

static void begin(struct session *session, char **out_token)
{
	*session = (struct session){ .role_id = "AROAABCDEFGHIJKLMNOPQ",
				     .issued_ms = 1700000000123,
				     .expires_ms = 1700003600123 };
	memset(session->name, 'n', SESSION_NAME_SIZE - 1);
	assert_int_equal(session_begin(vault, session, out_token, &err), 0);
}

static void a_token_tells_what_it_was_made_of(void **state)
{
	(void)state;
	struct session made, read;
	char *token, subject[SESSION_SUBJECT_SIZE];
	begin(&made, &token);
	assert_int_equal(strncmp(made.key_id, "ASIA", 4), 0);
	assert_int_equal(strlen(made.key_id), 20);
	assert_int_equal(strlen(made.secret), 40);
	assert_null(strstr(token, made.secret));
	assert_in_range(strlen(token), 100, SESSION_TOKEN_MAX);

	assert_int_equal(session_read(vault, made.key_id, token, &read, &err), 0);
	assert_string_equal(read.key_id, made.key_id);
	assert_string_equal(read.secret, made.secret);
	assert_string_equal(read.role_id, made.role_id);
	assert_string_equal(read.name, made.name);
	assert_int_equal(read.issued_ms, made.issued_ms);
	assert_int_equal(read.expires_ms, made.expires_ms);
	session_subject(&read, subject);
	assert_int_equal(strlen(subject), SESSION_SUBJECT_SIZE - 1);
	assert_int_equal(strncmp(subject, "AROAABCDEFGHIJKLMNOPQ:nnn", 25), 0);
	free(token);
}

static void assert_none(const char *key_id, const char *token)
{
	struct session read;
	err = (struct sp_error){ 0 };
	assert_int_equal(session_read(vault, key_id, token, &read, &err), -1);
	assert_int_equal(err.code, SP_DENIED);
}

static void a_token_is_good_with_its_own_key_and_as_it_is(void **state)
{
	(void)state;
	struct session made, other;
	char *token, *another;
	begin(&made, &token);
	begin(&other, &another);
	assert_string_not_equal(made.key_id, other.key_id);
	assert_none(other.key_id, token);
	assert_none("", token);
	for (size_t i = 0; token[i] != '\0'; i++) {
		char kept = token[i];
		token[i] = kept == 'A' ? 'B' : 'A';
		assert_none(made.key_id, token);
		token[i] = '\0';
		assert_none(made.key_id, token);
		token[i] = kept;
	}
	free(token);
	free(another);
	char long_one[SESSION_TOKEN_MAX + 5];
	memset(long_one, 'A', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	assert_none(made.key_id, long_one);
	assert_none(made.key_id, "");
}

static void what_else_the_vault_has_sealed_is_no_token(void **state)
{
	(void)state;
	static const char plain[] = "1 9999999999999 AROAX name secret";
	void *sealed;
	size_t length;
	assert_int_equal(
		vault_seal(vault, "access-key|ASIAX", plain, strlen(plain), &sealed, &length, &err),
		0);
	char *token = sp_base64_encode(sealed, length);
	assert_none("ASIAX", token);
	free(token);
	free(sealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_token_tells_what_it_was_made_of, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_token_is_good_with_its_own_key_and_as_it_is,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_else_the_vault_has_sealed_is_no_token, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
