#include "test.h"

#include "service/page_token.h"

static const unsigned char key[PAGE_TOKEN_KEY_SIZE] = "0123456789abcdef0123456789abcde";
static struct sp_error err;

static void assert_refused(const char *list, const char *token)
{
	char *position;
	assert_int_equal(page_token_read(key, list, token, &position, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
}

static void a_position_comes_back(void **state)
{
	(void)state;
	static const char *const positions[] = {
		"", "a", "ab", "abc", "c-0123456789abcdef0", "gr\xc3\xbc\xc3\x9f|\xff"
	};
	for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		char *token = page_token_make(key, "ListThings", positions[i]);
		assert_int_equal(strspn(token,
					"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789-_"),
				 strlen(token));
		char *position;
		assert_int_equal(page_token_read(key, "ListThings", token, &position, &err), 0);
		assert_string_equal(position, positions[i]);
		free(position);
		free(token);
	}
}

static void a_token_is_good_for_its_list_only(void **state)
{
	(void)state;
	char *token = page_token_make(key, "ListThings", "x");
	assert_refused("ListOthers", token);
	assert_refused("ListThing", token);
	assert_refused("", token);
	free(token);
}

static void a_made_up_token_is_refused(void **state)
{
	(void)state;
	char *token = page_token_make(key, "ListThings", "position");
	for (size_t i = 0; token[i] != '\0'; i++) {
		char kept = token[i];
		token[i] = kept == 'A' ? 'B' : 'A';
		assert_refused("ListThings", token);
		token[i] = '\0';
		assert_refused("ListThings", token);
		token[i] = kept;
	}
	free(token);
	assert_refused("ListThings", "eyJmb28iOiAxfQ");
	assert_refused("ListThings", "!");
	assert_refused("ListThings", "====");

	static const unsigned char other[PAGE_TOKEN_KEY_SIZE];
	token = page_token_make(other, "ListThings", "position");
	assert_refused("ListThings", token);
	free(token);
}

static void a_token_is_good_for_the_same_filters_only(void **state)
{
	(void)state;
	SP_AUTO_JSON json_t *red = json_pack("[{s:s, s:[s]}]", "Name", "color", "Value", "red");
	SP_AUTO_JSON json_t *blue = json_pack("[{s:s, s:[s]}]", "Name", "color", "Value", "blue");
	SP_AUTO_JSON json_t *none = json_array();
	const json_t *others[] = { NULL, none, blue };
	char *list = page_token_list("ListThings", red);
	char *token = page_token_make(key, list, "x");
	char *again = page_token_list("ListThings", red);
	char *position;
	assert_int_equal(page_token_read(key, again, token, &position, &err), 0);
	free(position);
	free(again);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char *other = page_token_list("ListThings", others[i]);
		assert_refused(other, token);
		free(other);
	}
	free(token);
	free(list);
}

static void of_a_request_all_but_the_page_counts_in_any_order(void **state)
{
	(void)state;
	SP_AUTO_JSON json_t *first =
		json_pack("{s:s, s:s, s:i}", "PathPrefix", "/a/", "RoleName", "r", "MaxItems", 2);
	SP_AUTO_JSON json_t *next =
		json_pack("{s:s, s:s, s:s}", "Marker", "x", "RoleName", "r", "PathPrefix", "/a/");
	SP_AUTO_JSON json_t *other = json_pack("{s:s, s:s}", "RoleName", "r", "PathPrefix", "/b/");
	SP_AUTO_JSON json_t *less = json_pack("{s:s}", "RoleName", "r");
	char *list = page_token_list_of("Policies", first);
	char *again = page_token_list_of("Policies", next);
	assert_string_equal(list, again);
	free(again);
	const json_t *others[] = { other, less };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char *strange = page_token_list_of("Policies", others[i]);
		assert_string_not_equal(list, strange);
		free(strange);
	}
	assert_non_null(json_object_get(next, "Marker"));
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_position_comes_back),
		cmocka_unit_test(a_token_is_good_for_its_list_only),
		cmocka_unit_test(a_token_is_good_for_the_same_filters_only),
		cmocka_unit_test(a_made_up_token_is_refused),
		cmocka_unit_test(of_a_request_all_but_the_page_counts_in_any_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
