/** Which documents are taken, and what is said of those that are not. */
#include "test.h"

#include "access/policy.h"
#include "base/buffer.h"
#include "base/scope.h"

#define ONE(members)    "{\"Version\":\"2012-10-17\",\"Statement\":[{" members "}]}"
#define GOOD            "\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\""
#define WHEN(condition) ONE(GOOD ",\"Condition\":" condition)
#define TRUST(members)  "{\"Version\":\"2008-10-17\",\"Statement\":{" members "}}"
#define ASSUME          "\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\""

static const struct {
	enum access_policy_kind kind;
	const char *text;
	const char *why; /* NULL: it is taken */
} documents[] = {
	{ ACCESS_IDENTITY, ONE(GOOD), NULL },
	{ ACCESS_IDENTITY, ONE("\"Sid\":\"A1\"," GOOD), NULL },
	{ ACCESS_IDENTITY, WHEN("{\"StringEquals\":{\"aws:username\":[\"a\",\"b\"]}}"), NULL },
	{ ACCESS_IDENTITY, WHEN("{}"), NULL },
	{ ACCESS_IDENTITY, "", "malformed JSON" },
	{ ACCESS_IDENTITY, "[]", "no JSON object" },
	{ ACCESS_IDENTITY, "{}", "version 2012-10-17 or greater" },
	{ ACCESS_IDENTITY, "{\"Version\":\"2012-10-17\"}", "Missing required field Statement" },
	{ ACCESS_IDENTITY, "{\"Version\":\"2012-10-17\",\"Statement\":[]}",
	  "Missing required field Statement" },
	{ ACCESS_IDENTITY, "{\"Version\":\"2012-10-17\",\"Statement\":7}",
	  "a statement must be an object" },
	{ ACCESS_IDENTITY, "{\"Version\":\"2008-10-17\",\"Statement\":[{" GOOD "}]}",
	  "version 2012-10-17 or greater" },
	{ ACCESS_IDENTITY, "{\"Version\":\"2020-01-01\",\"Statement\":[{" GOOD "}]}",
	  "no policy Version \"2020-01-01\"" },
	{ ACCESS_IDENTITY, "{\"Version\":\"2012-10-17\",\"Statements\":[]}",
	  "no element \"Statements\"" },
	/* The second of two would win, and who reads it may see the first. */
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Deny\"," GOOD), "duplicate" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"allow\",\"Action\":\"*\",\"Resource\":\"*\""),
	  "Invalid effect" },
	{ ACCESS_IDENTITY, ONE("\"Action\":\"*\",\"Resource\":\"*\""),
	  "Missing required field Effect" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Deny\",\"Resource\":\"*\""),
	  "Missing required field Action" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Deny\",\"Action\":\"*\""),
	  "Missing required field Resource" },
	{ ACCESS_IDENTITY, ONE(GOOD ",\"NotAction\":\"*\""), "both Action and NotAction" },
	{ ACCESS_IDENTITY, ONE(GOOD ",\"NotResource\":\"*\""), "both Resource and NotResource" },
	{ ACCESS_IDENTITY, ONE(GOOD ",\"Principal\":\"*\""),
	  "Policy document should not specify a principal." },
	{ ACCESS_IDENTITY, ONE(GOOD ",\"Condtion\":{}"), "no element \"Condtion\"" },
	{ ACCESS_IDENTITY, ONE("\"Sid\":\"a b\"," GOOD), "Statement IDs (SID)" },
	{ ACCESS_IDENTITY, ONE("\"Sid\":7," GOOD), "Sid must be a text" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Allow\",\"Action\":\"GetObject\",\"Resource\":\"*\""),
	  "prefaced by a vendor" },
	{ ACCESS_IDENTITY,
	  ONE("\"Effect\":\"Allow\",\"Action\":\"s3:Get Object\",\"Resource\":\"*\""),
	  "is no action" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Allow\",\"Action\":\"s3:\",\"Resource\":\"*\""),
	  "is no action" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\""),
	  "Action must have 1 to" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Allow\",\"Action\":{},\"Resource\":\"*\""),
	  "Action must be a text" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Allow\",\"Action\":[7],\"Resource\":\"*\""),
	  "Action must be a text" },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"inbox/*\""),
	  "must be in ARN format or \"*\"." },
	{ ACCESS_IDENTITY, ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws:s3\""),
	  "must be in ARN format" },
	{ ACCESS_IDENTITY,
	  ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws-cn:s3:::x\""),
	  "Partition \"aws-cn\" is not valid" },
	{ ACCESS_IDENTITY,
	  ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::${aws:Nothing}\""),
	  "no policy variable \"${aws:Nothing}\"" },
	{ ACCESS_IDENTITY,
	  ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::${\""),
	  "no policy variable \"${" },
	{ ACCESS_IDENTITY,
	  ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::a\\u0001\""),
	  "control character" },
	/* What is not known is never passed over. */
	{ ACCESS_IDENTITY, WHEN("{\"StringEquals\":{\"aws:MultiFactorAuthPresent\":\"true\"}}"),
	  "no condition key \"aws:MultiFactorAuthPresent\" here" },
	{ ACCESS_IDENTITY, WHEN("{\"StringEquals\":{\"s3:none\":\"x\"}}"),
	  "no condition key \"s3:none\" here" },
	{ ACCESS_IDENTITY, WHEN("{\"NumericEquals\":{\"aws:username\":\"1\"}}"),
	  "no condition operator \"NumericEquals\" here" },
	{ ACCESS_IDENTITY, WHEN("{\"ForSomeValue:StringEquals\":{\"aws:username\":\"1\"}}"),
	  "no condition operator \"ForSomeValue:StringEquals\" here" },
	{ ACCESS_IDENTITY, WHEN("{\"ForAnyValue:Null\":{\"aws:username\":\"true\"}}"),
	  "no condition operator \"ForAnyValue:Null\" here" },
	{ ACCESS_IDENTITY,
	  WHEN("{\"ForAnyValue:ForAllValues:StringEquals\":{\"aws:username\":\"1\"}}"),
	  "no condition operator" },
	{ ACCESS_IDENTITY, WHEN("{\"IfExists\":{\"aws:username\":\"1\"}}"),
	  "no condition operator \"IfExists\" here" },
	{ ACCESS_IDENTITY, WHEN("{\"IpAddress\":{\"aws:username\":\"10.0.0.0/8\"}}"),
	  "IpAddress is not for the condition key aws:username" },
	{ ACCESS_IDENTITY, WHEN("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/33\"}}"),
	  "IpAddress of aws:SourceIp: \"10.0.0.0/33\" is no address" },
	{ ACCESS_IDENTITY, WHEN("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0\"}}"), "is no address" },
	{ ACCESS_IDENTITY, WHEN("{\"ArnLike\":{\"aws:PrincipalArn\":\"user/a\"}}"),
	  "\"user/a\" is no ARN" },
	{ ACCESS_IDENTITY, WHEN("{\"Bool\":{\"aws:SecureTransport\":\"yes\"}}"),
	  "neither \"true\" nor \"false\"" },
	{ ACCESS_IDENTITY, WHEN("{\"DateLessThan\":{\"aws:CurrentTime\":\"tomorrow\"}}"),
	  "\"tomorrow\" is no time" },
	{ ACCESS_IDENTITY, WHEN("{\"StringEquals\":{\"aws:username\":[]}}"), "there must be 1 to" },
	{ ACCESS_IDENTITY, WHEN("{\"StringEquals\":{\"aws:username\":{}}}"), "a value is no text" },
	{ ACCESS_IDENTITY, WHEN("{\"StringEquals\":{}}"), "must have an object of condition keys" },
	{ ACCESS_IDENTITY, WHEN("[]"), "Condition must be an object" },

	{ ACCESS_TRUST, TRUST(ASSUME ",\"Principal\":{\"Service\":\"transfer.amazonaws.com\"}"),
	  NULL },
	{ ACCESS_TRUST,
	  TRUST(ASSUME
		",\"Principal\":{\"AWS\":[\"123456789012\",\"arn:aws:iam::123456789012:user/a\"]}"),
	  NULL },
	{ ACCESS_TRUST, TRUST(ASSUME), "Missing required field Principal" },
	{ ACCESS_TRUST, TRUST(ASSUME ",\"Principal\":\"*\",\"Resource\":\"*\""),
	  "Has prohibited field Resource" },
	{ ACCESS_TRUST, TRUST(ASSUME ",\"NotPrincipal\":\"*\""), "no element \"NotPrincipal\"" },
	{ ACCESS_TRUST, TRUST(ASSUME ",\"Principal\":{\"Federated\":\"x\"}"),
	  "no principals of the type \"Federated\"" },
	{ ACCESS_TRUST, TRUST(ASSUME ",\"Principal\":{\"Service\":\"transfer\"}"),
	  "Invalid principal in policy: \"SERVICE\":\"transfer\"" },
	{ ACCESS_TRUST, TRUST(ASSUME ",\"Principal\":{\"AWS\":\"ann\"}"),
	  "Invalid principal in policy: \"AWS\":\"ann\"" },
	{ ACCESS_TRUST,
	  TRUST(ASSUME ",\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:user/*\"}"),
	  "it cannot have wildcards" },
};

static void takes_what_it_knows_and_says_what_it_does_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		struct access_policy *policy = NULL;
		struct sp_error err = { 0 };
		int result =
			access_policy_read(documents[i].kind, documents[i].text, &policy, &err);
		access_policy_destroy(policy);
		if (documents[i].why == NULL && result != 0)
			fail_msg("%s: %s", documents[i].text, err.message);
		if (documents[i].why == NULL)
			continue;
		assert_int_equal(result, -1);
		assert_int_equal(err.code, SP_INVALID);
		if (strstr(err.message, documents[i].why) == NULL)
			fail_msg("%s: \"%s\" and not \"%s\"", documents[i].text, err.message,
				 documents[i].why);
	}
}

static void counts_without_white_space(void **state)
{
	(void)state;
	assert_int_equal(access_policy_size(" {\n\t\"a\" : 1 }\r\n"), 7);
	assert_int_equal(access_policy_size("\xc3\xa4\xc3\xb6"), 2);
}

static void refuses_too_many_statements(void **state)
{
	(void)state;
	SP_AUTO_BUFFER text = { 0 };
	struct access_policy *policy = NULL;
	struct sp_error err = { 0 };
	sp_buffer_add_text(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[{" GOOD "}");
	for (int i = 0; i < ACCESS_STATEMENTS_MAX; i++)
		sp_buffer_add_text(&text, ",{" GOOD "}");
	sp_buffer_add_text(&text, "]}");
	assert_int_equal(access_policy_read(ACCESS_IDENTITY, sp_buffer_text(&text), &policy, &err),
			 -1);
	assert_string_equal(err.message, "there are more than 256 statements");
}

static void refuses_what_is_too_long_or_too_deep(void **state)
{
	(void)state;
	struct access_policy *policy = NULL;
	struct sp_error err = { 0 };
	SP_AUTO_FREE char *text = sp_alloc(ACCESS_DOCUMENT_MAX + 2);
	memset(text, '[', ACCESS_DOCUMENT_MAX + 1);
	assert_int_equal(access_policy_read(ACCESS_IDENTITY, text, &policy, &err), -1);
	assert_string_equal(err.message, "the document is longer than 131072 bytes");
	text[ACCESS_DOCUMENT_MAX] = '\0';
	assert_int_equal(access_policy_read(ACCESS_IDENTITY, text, &policy, &err), -1);
	assert_non_null(strstr(err.message, "malformed JSON"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_it_knows_and_says_what_it_does_not),
		cmocka_unit_test(counts_without_white_space),
		cmocka_unit_test(refuses_too_many_statements),
		cmocka_unit_test(refuses_what_is_too_long_or_too_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
