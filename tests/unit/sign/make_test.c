#include "test.h"

#include <stdio.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "captured.h"
#include "cut.h"
#include "sign/canonical.h"
#include "sign/claim.h"
#include "sign/make.h"

#define REGION "eu-central-1"

static const struct sign_key key = { .id = "AKIASALLYPORTDEV0001",
				     .secret = "secretsecretsecretsecretsecretsecret1234" };

/* The request with the headers that were signed, in the opposite order. */
static struct sign_request signed_part(const struct cut *cut, const char *names,
				       struct sign_header *headers)
{
	struct sign_request request = cut->request;
	request.headers = headers;
	request.header_count = 0;
	for (size_t i = cut->request.header_count; i-- > 0;)
		if (sign_names_contain(names, cut->request.headers[i].name))
			headers[request.header_count++] = cut->request.headers[i];
	return request;
}

static void signs_as_the_official_clients_do(void **state)
{
	(void)state;
	size_t compared = 0;
	for (size_t i = 0; i < SP_COUNT_OF(captured); i++) {
		struct cut *cut = cut_up(captured[i].text);
		struct sign_claim claim;
		struct sp_error err = { 0 };
		const char *payload = sign_header_value(&cut->request, "x-amz-content-sha256");
		/* What the verifier takes and we never send: bodies that are not signed, and Date. */
		bool is_ours = (payload == NULL || strcmp(payload, "UNSIGNED-PAYLOAD") != 0) &&
			       sign_header_value(&cut->request, "x-amz-date") != NULL;
		if (sign_read_claim(&cut->request, &claim, &err) == SIGN_GOOD && !claim.in_query &&
		    is_ours) {
			struct sign_header headers[SIGN_HEADER_NAMES_MAX];
			struct sign_request request = signed_part(cut, claim.names, headers);
			SP_AUTO_BUFFER made = { 0 };
			if (sign_make(&request, &key, claim.region, claim.service, &made, &err) !=
			    0)
				fail_msg("%s: %s", captured[i].name, err.message);
			assert_string_equal(sp_buffer_text(&made),
					    sign_header_value(&cut->request, "authorization"));
			compared++;
		}
		free_cut(cut);
	}
	assert_true(compared >= 5);
}

static void refuses_what_nobody_would_accept(void **state)
{
	(void)state;
	const struct sign_header both[] = { { "host", "h" }, { "x-amz-date", "20261123T154148Z" } };
	const struct sign_header bad_date[] = { { "host", "h" }, { "x-amz-date", "today" } };
	static struct sign_header many[SIGN_HEADER_NAMES_MAX + 1];
	for (size_t i = 0; i < SP_COUNT_OF(many); i++)
		many[i] = both[i % 2];
	const struct {
		const struct sign_header *headers;
		size_t count;
		enum sp_code code;
	} rows[] = {
		{ both, 2, SP_OK },
		{ both, 1, SP_INVALID },
		{ both + 1, 1, SP_INVALID },
		{ bad_date, 2, SP_INVALID },
		{ many, SP_COUNT_OF(many), SP_LIMIT },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		const struct sign_request request = { .method = "GET",
						      .target = "/",
						      .headers = rows[i].headers,
						      .header_count = rows[i].count };
		struct sp_error err = { 0 };
		SP_AUTO_BUFFER made = { 0 };
		int result = sign_make(&request, &key, REGION, "sallyport", &made, &err);
		assert_int_equal(result, rows[i].code == SP_OK ? 0 : -1);
		assert_int_equal(err.code, rows[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_the_official_clients_do),
		cmocka_unit_test(refuses_what_nobody_would_accept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
