#include "test.h"

#include <stdio.h>
#include <strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "captured.h"
#include "cut.h"
#include "sign/verify.h"

#define REGION "eu-central-1"

enum { MINUTE_MS = 60 * 1000 };

static enum sign_verdict verdict_at(const struct cut *cut, int64_t now_ms, struct sp_error *err)
{
	struct sign_identity identity;
	return sign_verify(&cut->request, &keys, REGION, now_ms, &identity, err);
}

static enum sign_verdict verdict_of(const struct cut *cut)
{
	struct sp_error err = { 0 };
	enum sign_verdict verdict = verdict_at(cut, cut->time_ms, &err);
	assert_int_equal(verdict == SIGN_GOOD, err.message[0] == '\0');
	return verdict;
}

static const char *captured_text(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(captured); i++)
		if (strstr(captured[i].name, name) != NULL)
			return captured[i].text;
	fail_msg("no captured request \"%s\"", name);
	return NULL;
}

/* The captured request called @name, with the first @old in it replaced. */
static struct cut *cut_changed(const char *name, const char *old, const char *new)
{
	const char *text = captured_text(name);
	const char *at = strstr(text, old);
	char changed[4096];
	assert_non_null(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, new,
		 at + strlen(old));
	return cut_up(changed);
}

static void every_captured_request_is_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(captured); i++) {
		struct cut *cut = cut_up(captured[i].text);
		cut->request.secure = true;
		enum sign_verdict wanted = strstr(captured[i].name, "a session token") != NULL
						   ? SIGN_BAD_TOKEN
						   : SIGN_GOOD;
		if (verdict_of(cut) != wanted)
			fail_msg("%s", captured[i].name);
		free_cut(cut);
	}
}

static void the_plainest_request_of_the_public_suite_is_good(void **state)
{
	(void)state;
	struct cut *cut =
		cut_up("GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n"
		       "Authorization: AWS4-HMAC-SHA256 "
		       "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
		       "SignedHeaders=host;x-amz-date, Signature="
		       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31\n\n");
	struct sp_error err = { 0 };
	struct sign_identity identity;
	assert_int_equal(
		sign_verify(&cut->request, &keys, "us-east-1", cut->time_ms, &identity, &err),
		SIGN_GOOD);
	assert_string_equal(identity.access_key_id, "AKIDEXAMPLE");
	assert_string_equal(identity.service, "service");
	assert_string_equal(identity.region, "us-east-1");
	free_cut(cut);
}

/* Flips the lowest bit of each byte in turn; none may go unnoticed. */
static size_t flip_each_byte(struct cut *cut, const char *text, size_t length, const char *where)
{
	char *bytes = cut->text + (text - cut->text);
	for (size_t i = 0; i < length; i++) {
		bytes[i] ^= 1;
		if (verdict_of(cut) == SIGN_GOOD)
			fail_msg("%s: byte %zu changed unnoticed: %.40s", where, i, bytes);
		bytes[i] ^= 1;
	}
	assert_int_equal(verdict_of(cut), SIGN_GOOD);
	return length;
}

static bool is_signed(const struct cut *cut, const char *name)
{
	const char *authorization = header(cut, "authorization");
	const char *names = authorization == NULL ? "SignedHeaders=host,"
						  : strstr(authorization, "SignedHeaders=");
	size_t length = strlen(name);
	for (const char *at = names + strlen("SignedHeaders="); *at != ',';) {
		size_t size = strcspn(at, ";,");
		if (size == length && strncasecmp(at, name, size) == 0)
			return true;
		at += size + (at[size] == ';');
	}
	return strcasecmp(name, "authorization") == 0;
}

static void no_signed_byte_can_change_unnoticed(void **state)
{
	(void)state;
	size_t flipped = 0;
	for (size_t i = 0; i < SP_COUNT_OF(captured); i++) {
		const char *name = captured[i].name;
		/* Paths with dot segments have several spellings, an unsigned body has any. */
		if (strstr(captured[i].text, "/..") != NULL || strstr(name, "not signed") != NULL ||
		    strstr(name, "a session token") != NULL)
			continue;
		struct cut *cut = cut_up(captured[i].text);
		const struct sign_request *request = &cut->request;
		flipped += flip_each_byte(cut, request->method, strlen(request->method), name);
		flipped += flip_each_byte(cut, request->target, strlen(request->target), name);
		flipped += flip_each_byte(cut, request->body, request->body_length, name);
		for (size_t k = 0; k < request->header_count; k++) {
			const struct sign_header *one = &request->headers[k];
			/* The space after the colon is not part of the value. */
			const char *value = one->value + strspn(one->value, " ");
			if (is_signed(cut, one->name))
				flipped += flip_each_byte(cut, value, strcspn(value, " "), name);
		}
		free_cut(cut);
	}
	assert_true(flipped > 5000);
}

static void no_signed_header_can_be_dropped_or_repeated(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(captured); i++) {
		struct cut *cut = cut_up(captured[i].text);
		for (size_t k = 0; k < cut->request.header_count; k++) {
			struct sign_header one = cut->headers[k];
			if (!is_signed(cut, one.name))
				continue;
			cut->headers[k] = (struct sign_header){ "x-other", "" };
			assert_int_not_equal(verdict_of(cut), SIGN_GOOD);
			cut->headers[k] = one;
			cut->headers[cut->request.header_count++] = one;
			assert_int_not_equal(verdict_of(cut), SIGN_GOOD);
			cut->request.header_count--;
		}
		free_cut(cut);
	}
}

static void each_refusal_has_its_verdict_and_sentence(void **state)
{
	(void)state;
	static const char capture[] = "GetSecretValue";
	static const struct {
		const char *old, *new;
		enum sign_verdict verdict;
		const char *sentence;
	} cases[] = {
		{ "Authorization", "Other", SIGN_MISSING, "Missing Authentication Token" },
		{ "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", SIGN_INCOMPLETE,
		  "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'" },
		{ "AWS4-HMAC-SHA256 ", "Basic dXNlcg==", SIGN_INCOMPLETE, "algorithm" },
		{ "Credential=", "Kredential=", SIGN_INCOMPLETE, "'Credential' parameter" },
		{ "Signature=", "Zignature=", SIGN_INCOMPLETE, "'Signature' parameter" },
		{ "SignedHeaders=", "Signed=", SIGN_INCOMPLETE, "'SignedHeaders' parameter" },
		{ "Signature=", "Signature", SIGN_INCOMPLETE, "equal-sign" },
		{ "Signature=", "Signature=00, Signature=", SIGN_INCOMPLETE, "twice" },
		{ "Signature=0", "Signature=", SIGN_INCOMPLETE, "64 hexadecimal" },
		{ "Signature=0", "Signature=g", SIGN_INCOMPLETE, "64 hexadecimal" },
		{ "content-type;host", "host;content-type", SIGN_INCOMPLETE, "ascending" },
		{ "/aws4_request", "", SIGN_INCOMPLETE, "exactly 5" },
		{ "/aws4_request", "/aws4_request/x", SIGN_INCOMPLETE, "exactly 5" },
		{ "/20261123/", "//", SIGN_INCOMPLETE, "exactly 5" },
		{ "X-Amz-Date: ", "X-Amz-Date: 20261123T154153Z\nX-Amz-Date: ", SIGN_INCOMPLETE,
		  "existence of" },
		{ "/aws4_request", "/aws5_request", SIGN_WRONG_SCOPE, "terminator" },
		{ "eu-central-1", "us-east-1", SIGN_WRONG_SCOPE, "valid region, not 'us-east-1'" },
		{ "/20261123/", "/20261122/", SIGN_WRONG_SCOPE, "Date in Credential scope" },
		{ "AKIASALLYPORTDEV0001", "AKIASALLYPORTDEV0002", SIGN_UNKNOWN_KEY,
		  "The security token included in the request is invalid." },
		{ "secretsmanager/aws4", "transfer/aws4", SIGN_WRONG, "does not match" },
		{ "content-type;host;", "content-type;", SIGN_WRONG, "'Host' must be" },
		{ "content-type;host;", "host;", SIGN_WRONG, "'Content-Type' must be" },
		{ ";x-amz-target", "", SIGN_WRONG, "'X-Amz-Target' must be" },
		{ "SecretId", "SecretIe", SIGN_WRONG, "does not match" },
		{ "Accept-Encoding: identity", "x-amz-content-sha256: 00", SIGN_WRONG,
		  "must be a 'SignedHeader'" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct cut *cut = cut_changed(capture, cases[i].old, cases[i].new);
		struct sp_error err = { 0 };
		struct sign_identity identity;
		enum sign_verdict verdict =
			sign_verify(&cut->request, &keys, REGION, cut->time_ms, &identity, &err);
		if (verdict != cases[i].verdict || strstr(err.message, cases[i].sentence) == NULL)
			fail_msg("%s -> %s: %d, %s", cases[i].old, cases[i].new, verdict,
				 err.message);
		free_cut(cut);
	}
}

static void a_date_that_is_none_is_refused(void **state)
{
	(void)state;
	struct cut *cut = cut_up(captured_text("GetSecretValue"));
	for (size_t i = 0; i < cut->request.header_count; i++)
		if (strcasecmp(cut->headers[i].name, "x-amz-date") == 0)
			cut->headers[i].value = "yesterday";
	struct sp_error err = { 0 };
	assert_int_equal(verdict_at(cut, cut->time_ms, &err), SIGN_INCOMPLETE);
	assert_non_null(strstr(err.message, "Got 'yesterday'"));
	free_cut(cut);
}

static void the_clock_may_differ_five_minutes_and_for_ec2_fifteen(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int64_t skew_ms;
	} cases[] = { { "GetSecretValue", 5 * MINUTE_MS }, { "ec2 CreateVpc", 15 * MINUTE_MS } };
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct cut *cut = cut_up(captured_text(cases[i].name));
		struct sp_error err = { 0 };
		int64_t skew_ms = cases[i].skew_ms;
		assert_int_equal(verdict_at(cut, cut->time_ms + skew_ms, &err), SIGN_GOOD);
		assert_int_equal(verdict_at(cut, cut->time_ms - skew_ms, &err), SIGN_GOOD);
		assert_int_equal(verdict_at(cut, cut->time_ms + skew_ms + 1, &err), SIGN_EXPIRED);
		assert_non_null(strstr(err.message, "Signature expired: "));
		assert_non_null(strstr(err.message, " is now earlier than "));
		assert_int_equal(verdict_at(cut, cut->time_ms - skew_ms - 1, &err), SIGN_EXPIRED);
		assert_non_null(strstr(err.message, "Signature not yet current: "));
		free_cut(cut);
	}
}

static void a_signed_url_is_good_as_long_as_it_says(void **state)
{
	(void)state;
	struct cut *cut = cut_up(captured_text("a signed URL"));
	struct sp_error err = { 0 };
	const int64_t hour_ms = 60 * MINUTE_MS;
	assert_int_equal(verdict_at(cut, cut->time_ms + hour_ms, &err), SIGN_GOOD);
	assert_int_equal(verdict_at(cut, cut->time_ms + hour_ms + 1, &err), SIGN_EXPIRED);
	assert_int_equal(verdict_at(cut, cut->time_ms - 5 * MINUTE_MS - 1, &err), SIGN_EXPIRED);
	free_cut(cut);

	static const char *const spans[] = { "0", "604801", "-1", "", "1e3" };
	for (size_t i = 0; i < SP_COUNT_OF(spans); i++) {
		char span[32];
		snprintf(span, sizeof(span), "Expires=%s", spans[i]);
		cut = cut_changed("a signed URL", "Expires=3600", span);
		assert_int_equal(verdict_of(cut), SIGN_INCOMPLETE);
		free_cut(cut);
	}
}

static void a_signed_url_lacks_no_part(void **state)
{
	(void)state;
	static const char *const parts[] = { "X-Amz-Algorithm=",     "X-Amz-Credential=",
					     "X-Amz-Date=",          "X-Amz-Expires=",
					     "X-Amz-SignedHeaders=", "X-Amz-Signature=" };
	for (size_t i = 0; i < SP_COUNT_OF(parts); i++) {
		struct cut *cut = cut_up(captured_text("a signed URL"));
		char *at = cut->text + (strstr(cut->request.target, parts[i]) - cut->text);
		at[strcspn(at, "=") - 1] = 'Q';
		assert_int_equal(verdict_of(cut), SIGN_INCOMPLETE);
		free_cut(cut);
	}
}

static void an_unsigned_body_is_taken_over_tls_only(void **state)
{
	(void)state;
	struct cut *cut = cut_up(captured_text("a body that is not signed"));
	assert_int_equal(verdict_of(cut), SIGN_WRONG_BODY);
	cut->request.secure = true;
	assert_int_equal(verdict_of(cut), SIGN_GOOD);
	free_cut(cut);
}

static void a_wrong_hash_of_the_body_is_named(void **state)
{
	(void)state;
	struct cut *cut = cut_up(captured_text("node 20) - transfer CreateConnector"));
	cut->request.body_length--;
	struct sp_error err = { 0 };
	assert_int_equal(verdict_at(cut, cut->time_ms, &err), SIGN_WRONG_BODY);
	assert_non_null(strstr(err.message, "x-amz-content-sha256"));
	free_cut(cut);
}

static void a_refusal_says_who_asked_for_what(void **state)
{
	(void)state;
	struct cut *cut = cut_changed("GetSecretValue", "Signature=0", "Signature=1");
	struct sp_error err = { 0 };
	struct sign_identity identity;
	assert_int_equal(sign_verify(&cut->request, &keys, REGION, cut->time_ms, &identity, &err),
			 SIGN_WRONG);
	assert_string_equal(identity.access_key_id, "AKIASALLYPORTDEV0001");
	assert_string_equal(identity.service, "secretsmanager");
	assert_null(strstr(err.message, "09750aea"));
	assert_null(strstr(err.message, "secretsecret"));
	free_cut(cut);

	cut = cut_changed("GetSecretValue", ", Signature=", ", Other=");
	assert_int_equal(sign_verify(&cut->request, &keys, REGION, cut->time_ms, &identity, &err),
			 SIGN_INCOMPLETE);
	assert_string_equal(identity.service, "secretsmanager");
	free_cut(cut);
}

static enum sign_verdict find_wrong_key(void *ctx, const char *id, const char *token,
					int64_t now_ms, struct sign_key *out)
{
	(void)ctx;
	(void)now_ms;
	snprintf(out->id, sizeof(out->id), "%s", id);
	snprintf(out->secret, sizeof(out->secret), "secretsecretsecretsecretsecretsecret1235");
	return token == NULL ? SIGN_GOOD : SIGN_BAD_TOKEN;
}

/* Whoever has a token has a session, until it ends. */
static enum sign_verdict find_session(void *ctx, const char *id, const char *token, int64_t now_ms,
				      struct sign_key *out)
{
	const int64_t *ends_ms = ctx;
	if (token == NULL || find_key(NULL, id, NULL, now_ms, out) != SIGN_GOOD)
		return SIGN_UNKNOWN_KEY;
	snprintf(out->session, sizeof(out->session), "AROAEXAMPLE:ann");
	out->session_issued_ms = 7;
	return now_ms < *ends_ms ? SIGN_GOOD : SIGN_OLD_TOKEN;
}

static const char *with_token(void)
{
	for (size_t i = 0; i < SP_COUNT_OF(captured); i++)
		if (strstr(captured[i].name, "a session token") != NULL)
			return captured[i].text;
	fail_msg("nothing with a session token was captured");
	return NULL;
}

static void a_session_is_told_of_once_its_signature_is_good(void **state)
{
	(void)state;
	struct cut *cut = cut_up(with_token());
	struct sp_error err = { 0 };
	struct sign_identity identity;
	int64_t ends_ms = cut->time_ms + 1;
	const struct sign_keys sessions = { .ctx = &ends_ms, .find = find_session };
	assert_int_equal(
		sign_verify(&cut->request, &sessions, REGION, cut->time_ms, &identity, &err),
		SIGN_GOOD);
	assert_string_equal(identity.session, "AROAEXAMPLE:ann");
	assert_int_equal(identity.session_issued_ms, 7);

	ends_ms = cut->time_ms;
	assert_int_equal(
		sign_verify(&cut->request, &sessions, REGION, cut->time_ms, &identity, &err),
		SIGN_OLD_TOKEN);
	assert_string_equal(identity.session, "");
	assert_string_equal(err.message, "The security token included in the request is expired");

	/* It is signed like any other header. */
	ends_ms = INT64_MAX;
	char *token = (char *)(uintptr_t)header(cut, "x-amz-security-token");
	token[0] ^= 1;
	assert_int_equal(
		sign_verify(&cut->request, &sessions, REGION, cut->time_ms, &identity, &err),
		SIGN_WRONG);
	assert_string_equal(identity.session, "");
	token[0] = '\0';
	assert_int_equal(
		sign_verify(&cut->request, &sessions, REGION, cut->time_ms, &identity, &err),
		SIGN_BAD_TOKEN);
	free_cut(cut);
}

static void another_secret_makes_another_signature(void **state)
{
	(void)state;
	static const struct sign_keys wrong = { .find = find_wrong_key };
	struct cut *cut = cut_up(captured_text("GetSecretValue"));
	struct sp_error err = { 0 };
	struct sign_identity identity;
	assert_int_equal(sign_verify(&cut->request, &wrong, REGION, cut->time_ms, &identity, &err),
			 SIGN_WRONG);
	free_cut(cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_captured_request_is_good),
		cmocka_unit_test(the_plainest_request_of_the_public_suite_is_good),
		cmocka_unit_test(no_signed_byte_can_change_unnoticed),
		cmocka_unit_test(no_signed_header_can_be_dropped_or_repeated),
		cmocka_unit_test(each_refusal_has_its_verdict_and_sentence),
		cmocka_unit_test(a_date_that_is_none_is_refused),
		cmocka_unit_test(the_clock_may_differ_five_minutes_and_for_ec2_fifteen),
		cmocka_unit_test(a_signed_url_is_good_as_long_as_it_says),
		cmocka_unit_test(a_signed_url_lacks_no_part),
		cmocka_unit_test(an_unsigned_body_is_taken_over_tls_only),
		cmocka_unit_test(a_wrong_hash_of_the_body_is_named),
		cmocka_unit_test(a_refusal_says_who_asked_for_what),
		cmocka_unit_test(a_session_is_told_of_once_its_signature_is_good),
		cmocka_unit_test(another_secret_makes_another_signature),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
