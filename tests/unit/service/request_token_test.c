#include "test.h"

#include <stdio.h>

#include "api/exchange.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/request_token.h"

/* The token of one request; owned by the caller. @invocation NULL: the client does not say. */
static char *token_of(const char *key, const char *invocation, const char *body, int64_t window_ms)
{
	struct sp_error err = { 0 };
	struct request_try this_try;
	struct api_call *call = call_create("/");
	snprintf(call->identity.access_key_id, sizeof(call->identity.access_key_id), "%s", key);
	call->headers = sp_alloc(sizeof(*call->headers));
	if (invocation != NULL)
		call->headers[call->header_count++] =
			(struct sign_header){ sp_strdup("Amz-Sdk-Invocation-Id"),
					      sp_strdup(invocation) };
	assert_int_equal(sp_json_parse(body, strlen(body), &call->input, &err), 0);
	request_try_begin(call, "transfer Start", window_ms, &this_try);
	call_release(call);
	assert_string_equal(this_try.operation, "transfer Start");
	assert_int_equal(this_try.window_ms, window_ms);
	return sp_strdup(this_try.token);
}

static void assert_same(char *a, char *b, bool same)
{
	assert_true(a[0] != '\0' && b[0] != '\0');
	assert_int_equal(strcmp(a, b) == 0, same);
	free(a);
	free(b);
}

static void the_same_request_of_the_same_invocation_is_a_try_of_it(void **state)
{
	(void)state;
	assert_same(token_of("AKIA", "one", "{\"a\":1,\"b\":2}", 1000),
		    token_of("AKIA", "one", "{ \"b\": 2, \"a\": 1 }", 2000), true);
}

static void another_key_invocation_or_body_is_another_request(void **state)
{
	(void)state;
	assert_same(token_of("AKIA", "one", "{}", 1), token_of("AKIB", "one", "{}", 1), false);
	assert_same(token_of("AKIA", "one", "{}", 1), token_of("AKIA", "two", "{}", 1), false);
	assert_same(token_of("AKIA", "one", "{}", 1), token_of("AKIA", "one", "{\"a\":1}", 1),
		    false);
	/* What is a key in one is not a part of the invocation in the other. */
	assert_same(token_of("AKIA", "x", "{}", 1), token_of("AKI", "Ax", "{}", 1), false);
}

static void without_an_invocation_or_a_window_there_is_nothing_to_know_again(void **state)
{
	(void)state;
	SP_AUTO_FREE char *silent = token_of("AKIA", NULL, "{}", 1000);
	SP_AUTO_FREE char *off = token_of("AKIA", "one", "{}", 0);
	assert_string_equal(silent, "");
	assert_string_equal(off, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_request_of_the_same_invocation_is_a_try_of_it),
		cmocka_unit_test(another_key_invocation_or_body_is_another_request),
		cmocka_unit_test(without_an_invocation_or_a_window_there_is_nothing_to_know_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
