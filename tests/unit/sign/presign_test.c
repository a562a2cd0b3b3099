#include "test.h"

#include "base/scope.h"
#include "base/text.h"
#include "sign/presign.h"

/* The example of AWS's documentation, "Authenticating Requests: Using Query Parameters". */
static const struct sign_signer signer = {
	.access_key_id = "AKIAIOSFODNN7EXAMPLE",
	.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	.region = "us-east-1",
};

static struct sign_presign example(void)
{
	return (struct sign_presign){ .method = "GET",
				      .origin = "https://examplebucket.s3.amazonaws.com",
				      .path = "/test.txt",
				      .query = "",
				      .expires_s = 86400,
				      .now_ms = 1369353600000 };
}

static void makes_the_documented_signature(void **state)
{
	(void)state;
	const struct sign_presign wish = example();
	SP_AUTO_FREE char *url = sign_presign(&wish, &signer);
	assert_string_equal(
		url,
		"https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
		"X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&"
		"X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
		"X-Amz-Signature="
		"aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void escapes_keys_and_leaves_their_slashes(void **state)
{
	(void)state;
	struct sign_presign wish = example();
	wish.path = "/b//a b+c=d%e?f#\xc3\xa9~/.";
	SP_AUTO_FREE char *url = sign_presign(&wish, &signer);
	assert_true(sp_text_starts_with(
		url,
		"https://examplebucket.s3.amazonaws.com/b//a%20b%2Bc%3Dd%25e%3Ff%23%C3%A9~/.?"));
}

static void signs_what_else_is_asked_for_and_each_differently(void **state)
{
	(void)state;
	struct sign_presign wish = example();
	SP_AUTO_FREE char *plain = sign_presign(&wish, &signer);
	wish.query = "uploadId=2~ab.c&partNumber=7";
	SP_AUTO_FREE char *part = sign_presign(&wish, &signer);
	assert_non_null(strstr(part, "?X-Amz-Algorithm="));
	assert_non_null(strstr(part, "&partNumber=7&uploadId=2~ab.c&X-Amz-Signature="));
	struct sign_header headers[] = { { "if-none-match", "*" },
					 { "x-amz-meta-sallyport", "ab-1" } };
	wish.headers = headers + 1;
	wish.header_count = 1;
	SP_AUTO_FREE char *marked = sign_presign(&wish, &signer);
	assert_non_null(strstr(marked, "X-Amz-SignedHeaders=host%3Bx-amz-meta-sallyport&"));
	headers[1].value = "ab-2";
	SP_AUTO_FREE char *other = sign_presign(&wish, &signer);
	wish.headers = headers;
	wish.header_count = 2;
	SP_AUTO_FREE char *free_only = sign_presign(&wish, &signer);
	assert_non_null(strstr(free_only,
			       "X-Amz-SignedHeaders=host%3Bif-none-match%3Bx-amz-meta-sallyport&"));
	const char *const urls[] = { plain, part, marked, other, free_only };
	for (size_t i = 0; i < SP_COUNT_OF(urls); i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(strstr(urls[i], "X-Amz-Signature="),
						strstr(urls[j], "X-Amz-Signature="));
}

static void a_session_brings_its_token(void **state)
{
	(void)state;
	const struct sign_presign wish = example();
	struct sign_signer session = signer;
	session.session_token = "a/b+c=";
	SP_AUTO_FREE char *url = sign_presign(&wish, &session);
	assert_non_null(
		strstr(url, "&X-Amz-Security-Token=a%2Fb%2Bc%3D&X-Amz-SignedHeaders=host&"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_the_documented_signature),
		cmocka_unit_test(escapes_keys_and_leaves_their_slashes),
		cmocka_unit_test(signs_what_else_is_asked_for_and_each_differently),
		cmocka_unit_test(a_session_brings_its_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
