/** What policies say of a request, row by row. */
#include "test.h"

#include "access/policy.h"
#include "base/buffer.h"
#include "base/scope.h"

#define CONNECTOR "arn:aws:transfer:eu-central-1:123456789012:connector/c-1"
#define OBJECT    "arn:aws:s3:::inbox/in/a.csv"

/* A document with one statement; and with a condition. */
#define SAYS(effect, action, resource)                                                             \
	"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"" effect "\"," action             \
	"," resource "}}"
#define IF(condition)                                                                              \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\","       \
	"\"Resource\":\"*\","                                                                      \
	"\"Condition\":{" condition "}}]}"
#define ALL       "\"Resource\":\"*\""
#define ALLOW_ALL SAYS("Allow", "\"Action\":\"*\"", ALL)

static const struct access_facts
	facts = { .values = {
			  [ACCESS_SOURCE_IP] = "192.0.2.77",
			  [ACCESS_SECURE_TRANSPORT] = "false",
			  [ACCESS_CURRENT_TIME] = "2026-11-30T12:00:00.500Z",
			  [ACCESS_REQUESTED_REGION] = "eu-central-1",
			  [ACCESS_PRINCIPAL_ARN] = "arn:aws:iam::123456789012:user/team/Ann",
			  [ACCESS_PRINCIPAL_ACCOUNT] = "123456789012",
			  [ACCESS_PRINCIPAL_TYPE] = "User",
			  [ACCESS_USER_ID] = "AIDAABCDEFGHIJKLMNOPQ",
			  [ACCESS_USER_NAME] = "Ann",
		  } };

static const struct {
	enum access_verdict verdict;
	const char *action, *resource;
	const char *first, *second; /* policies; the second may be NULL */
} cases[] = {
	/* nothing said, something said, a denial */
	{ ACCESS_NOT_ALLOWED, "transfer:ListConnectors", "*",
	  SAYS("Allow", "\"Action\":\"transfer:Describe*\"", ALL), NULL },
	{ ACCESS_ALLOWED, "transfer:ListConnectors", "*", ALLOW_ALL, NULL },
	{ ACCESS_ALLOWED, "transfer:ListConnectors", "*",
	  SAYS("Allow", "\"Action\":\"transfer:*\"", ALL), NULL },
	{ ACCESS_DENIED, "transfer:ListConnectors", "*", ALLOW_ALL,
	  SAYS("Deny", "\"Action\":\"transfer:List*\"", ALL) },
	{ ACCESS_DENIED, "transfer:ListConnectors", "*",
	  SAYS("Deny", "\"Action\":\"transfer:List*\"", ALL), ALLOW_ALL },
	{ ACCESS_DENIED, "transfer:ListConnectors", "*", SAYS("Deny", "\"Action\":\"*\"", ALL),
	  NULL },
	{ ACCESS_ALLOWED, "transfer:TestConnection", "*", ALLOW_ALL,
	  SAYS("Deny", "\"Action\":\"transfer:List*\"", ALL) },
	{ ACCESS_ALLOWED, "ec2:CreateVpc", "*", SAYS("Allow", "\"Action\":\"transfer:*\"", ALL),
	  SAYS("Allow", "\"Action\":\"ec2:*\"", ALL) },

	/* actions: in any case, with stars and question marks, lists, all but */
	{ ACCESS_ALLOWED, "transfer:StartFileTransfer", CONNECTOR,
	  SAYS("Allow", "\"Action\":\"TRANSFER:startfiletransfer\"", ALL), NULL },
	{ ACCESS_ALLOWED, "transfer:StartFileTransfer", CONNECTOR,
	  SAYS("Allow", "\"Action\":\"transfer:*File*\"", ALL), NULL },
	{ ACCESS_ALLOWED, "ec2:CreateVpc", "*", SAYS("Allow", "\"Action\":\"ec2:?reateVp?\"", ALL),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "ec2:CreateVpc", "*",
	  SAYS("Allow", "\"Action\":\"ec2:CreateVpc?\"", ALL), NULL },
	{ ACCESS_NOT_ALLOWED, "ec2:CreateVpc", "*",
	  SAYS("Allow", "\"Action\":\"ec2:CreateVp\"", ALL), NULL },
	{ ACCESS_NOT_ALLOWED, "vpc-lattice:GetResourceGateway", "*",
	  SAYS("Allow", "\"Action\":\"vpc:*\"", ALL), NULL },
	{ ACCESS_ALLOWED, "vpc-lattice:GetResourceGateway", "*",
	  SAYS("Allow", "\"Action\":[\"ec2:*\",\"vpc-lattice:Get*\"]", ALL), NULL },
	{ ACCESS_NOT_ALLOWED, "iam:CreateUser", "*", SAYS("Allow", "\"NotAction\":\"iam:*\"", ALL),
	  NULL },
	{ ACCESS_ALLOWED, "ec2:CreateVpc", "*", SAYS("Allow", "\"NotAction\":\"iam:*\"", ALL),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "iam:CreateUser", "*",
	  SAYS("Allow", "\"NotAction\":[\"ec2:*\",\"iam:*\"]", ALL), NULL },
	{ ACCESS_DENIED, "iam:CreateUser", "*", ALLOW_ALL,
	  SAYS("Deny", "\"NotAction\":\"ec2:*\"", ALL) },

	/* resources: in their own case, lists, all but */
	{ ACCESS_ALLOWED, "transfer:StartFileTransfer", CONNECTOR,
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"" CONNECTOR "\""), NULL },
	{ ACCESS_NOT_ALLOWED, "transfer:StartFileTransfer", CONNECTOR "0",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"" CONNECTOR "\""), NULL },
	{ ACCESS_ALLOWED, "transfer:StartFileTransfer", CONNECTOR "0",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"" CONNECTOR "*\""), NULL },
	{ ACCESS_NOT_ALLOWED, "s3:GetObject", OBJECT,
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::Inbox/*\""), NULL },
	{ ACCESS_ALLOWED, "s3:GetObject", OBJECT,
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::inbox/*\""), NULL },
	{ ACCESS_ALLOWED, "s3:GetObject", OBJECT,
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::*\""), NULL },
	{ ACCESS_NOT_ALLOWED, "s3:GetObject", OBJECT,
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::inbox\""), NULL },
	{ ACCESS_ALLOWED, "s3:GetObject", OBJECT,
	  SAYS("Allow", "\"Action\":\"*\"",
	       "\"Resource\":[\"arn:aws:s3:::other/*\",\"arn:aws:s3:::inbox/in/?.csv\"]"),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "s3:GetObject", OBJECT,
	  SAYS("Allow", "\"Action\":\"*\"", "\"NotResource\":\"arn:aws:s3:::inbox/*\""), NULL },
	{ ACCESS_ALLOWED, "s3:GetObject", OBJECT,
	  SAYS("Allow", "\"Action\":\"*\"", "\"NotResource\":\"arn:aws:s3:::other/*\""), NULL },
	{ ACCESS_DENIED, "s3:GetObject", OBJECT, ALLOW_ALL,
	  SAYS("Deny", "\"Action\":\"*\"", "\"NotResource\":\"arn:aws:s3:::other/*\"") },
	{ ACCESS_ALLOWED, "s3:GetObject", "arn:aws:s3:::inbox/\xc3\xa4.csv",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::inbox/?.csv\""), NULL },
	{ ACCESS_NOT_ALLOWED, "transfer:ListConnectors", "*",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"" CONNECTOR "\""), NULL },

	/* variables */
	{ ACCESS_ALLOWED, "s3:GetObject", "arn:aws:s3:::home/Ann/x",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::home/${aws:username}/*\""),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "s3:GetObject", "arn:aws:s3:::home/Bob/x",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::home/${aws:username}/*\""),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "s3:GetObject", "arn:aws:s3:::home//x",
	  SAYS("Allow", "\"Action\":\"*\"",
	       "\"Resource\":\"arn:aws:s3:::home/${sts:ExternalId}/*\""),
	  NULL },
	{ ACCESS_ALLOWED, "s3:GetObject", "arn:aws:s3:::a*b",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::a${*}b\""), NULL },
	{ ACCESS_NOT_ALLOWED, "s3:GetObject", "arn:aws:s3:::axb",
	  SAYS("Allow", "\"Action\":\"*\"", "\"Resource\":\"arn:aws:s3:::a${*}b\""), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"StringEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::${aws:PrincipalAccount}:user/"
	     "team/${aws:username}\"}"),
	  NULL },

	/* conditions on text */
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"StringEquals\":{\"aws:RequestedRegion\":\"eu-central-1\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"StringEquals\":{\"aws:RequestedRegion\":\"EU-central-1\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"StringEqualsIgnoreCase\":{\"aws:RequestedRegion\":\"EU-Central-1\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"StringNotEqualsIgnoreCase\":{\"aws:RequestedRegion\":\"EU-Central-1\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"StringEquals\":{\"AWS:requestedregion\":[\"us-east-1\",\"eu-central-1\"]}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*", IF("\"StringEquals\":{\"aws:RequestedRegion\":\"eu-*\"}"),
	  NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"StringLike\":{\"aws:RequestedRegion\":\"eu-*\"}"),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"StringNotLike\":{\"aws:RequestedRegion\":[\"us-*\",\"eu-*\"]}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"StringNotEquals\":{\"aws:RequestedRegion\":[\"us-east-1\",\"us-east-2\"]}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"StringLike\":{\"aws:RequestedRegion\":\"eu-*\"},\"StringEquals\":{\"aws:username\":"
	     "\"Bob\"}"),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"StringEquals\":{\"aws:RequestedRegion\":\"eu-central-1\",\"aws:username\":"
	     "\"Bob\"}"),
	  NULL },

	/* keys that a request has not */
	{ ACCESS_NOT_ALLOWED, "a:B", "*", IF("\"StringEquals\":{\"sts:ExternalId\":\"x\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"StringNotEquals\":{\"sts:ExternalId\":\"x\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"StringEqualsIfExists\":{\"sts:ExternalId\":\"x\"}"),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*", IF("\"StringEqualsIfExists\":{\"aws:username\":\"x\"}"),
	  NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"Null\":{\"sts:ExternalId\":\"true\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*", IF("\"Null\":{\"sts:ExternalId\":\"false\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"Null\":{\"aws:username\":false}"), NULL },

	/* addresses, ARNs, truth, time */
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}"),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"IpAddress\":{\"aws:SourceIp\":[\"192.0.2.0/26\",\"2001:db8::/32\"]}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.77\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*", IF("\"NotIpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}"),
	  NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"NotIpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"::/0\"]}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:user/team/*\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:*:user/team/Ann:x:y\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"ArnNotEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::123456789012:user/team/Ann\"}"),
	  NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"Bool\":{\"aws:SecureTransport\":\"false\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*", IF("\"Bool\":{\"aws:SecureTransport\":true}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"DateGreaterThan\":{\"aws:CurrentTime\":\"2026-11-30T11:59:59Z\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"DateLessThan\":{\"aws:CurrentTime\":\"2026-11-30\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"DateLessThanEquals\":{\"aws:CurrentTime\":\"2026-11-30T12:00:00Z\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"DateGreaterThanEquals\":{\"aws:CurrentTime\":\"2026-11-30T12:00:00Z\"}"), NULL },
	/* One value of several is enough. */
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"DateLessThanEquals\":{\"aws:CurrentTime\":[\"2026-11-30\",\"2026-12-31\"]}"),
	  NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"DateGreaterThanEquals\":{\"aws:CurrentTime\":[\"2026-11-30\",\"2026-12-31\"]}"),
	  NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"DateLessThan\":{\"aws:CurrentTime\":\"1800000000\"}"),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*", IF("\"DateLessThan\":{\"aws:CurrentTime\":1500000000}"),
	  NULL },

	/* in front of an operator: what they say of a key that is there, and of one that is not */
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"ForAnyValue:StringEquals\":{\"aws:username\":[\"Bob\",\"Ann\"]}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"ForAnyValue:StringEquals\":{\"aws:username\":\"Bob\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"foranyvalue:stringnotequals\":{\"aws:username\":\"Bob\"}"), NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"ForAnyValue:StringNotEquals\":{\"sts:ExternalId\":\"x\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*", IF("\"ForAllValues:StringLike\":{\"aws:username\":\"A*\"}"),
	  NULL },
	{ ACCESS_NOT_ALLOWED, "a:B", "*",
	  IF("\"ForAllValues:StringLike\":{\"aws:username\":\"B*\"}"), NULL },
	{ ACCESS_ALLOWED, "a:B", "*",
	  IF("\"ForAllValues:StringEquals\":{\"sts:ExternalId\":\"x\"}"), NULL },
};

static void finish(struct access_policy **policies, size_t count)
{
	while (count > 0)
		access_policy_destroy(policies[--count]);
}

static void judges_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct access_policy *policies[2];
		struct sp_error err = { 0 };
		size_t count = cases[i].second == NULL ? 1 : 2;
		const char *const texts[] = { cases[i].first, cases[i].second };
		for (size_t j = 0; j < count; j++)
			if (access_policy_read(ACCESS_IDENTITY, texts[j], &policies[j], &err) != 0)
				fail_msg("case %zu: %s: %s", i, texts[j], err.message);
		const struct access_request request = { cases[i].action, cases[i].resource, facts };
		enum access_verdict verdict = access_judge(policies, count, &request);
		if (verdict != cases[i].verdict)
			fail_msg("case %zu: %d and not %d: %s on %s by %s", i, verdict,
				 cases[i].verdict, cases[i].action, cases[i].resource,
				 cases[i].first);
		finish(policies, count);
	}
}

static void says_nothing_of_nobody(void **state)
{
	(void)state;
	const struct access_request request = { "a:B", "*", facts };
	assert_int_equal(access_judge(NULL, 0, &request), ACCESS_NOT_ALLOWED);
}

/* Stars that have to be tried over and over must not take for ever. */
static void is_done_soon_with_many_stars(void **state)
{
	(void)state;
	SP_AUTO_BUFFER resource = { 0 };
	sp_buffer_add_text(&resource, "arn:aws:s3:::");
	for (int i = 0; i < 2000; i++)
		sp_buffer_add_char(&resource, 'a');
	struct access_policy *policy;
	struct sp_error err = { 0 };
	const struct access_request request = { "s3:GetObject", sp_buffer_text(&resource), facts };
	assert_int_equal(
		access_policy_read(ACCESS_IDENTITY,
				   SAYS("Allow", "\"Action\":\"*\"",
					"\"Resource\":\"arn:aws:s3:::*a*a*a*a*a*a*a*a*a*b\""),
				   &policy, &err),
		0);
	assert_int_equal(access_judge(&policy, 1, &request), ACCESS_NOT_ALLOWED);
	access_policy_destroy(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_as_the_table_says),
		cmocka_unit_test(says_nothing_of_nobody),
		cmocka_unit_test(is_done_soon_with_many_stars),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
