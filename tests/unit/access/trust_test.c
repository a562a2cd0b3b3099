/** Who may take on a role. */
#include "test.h"

#include "access/policy.h"

#define ACCOUNT "123456789012"
#define TRUSTS(effect, principal, more)                                                            \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"" effect                         \
	"\",\"Action\":\"sts:AssumeRole\","                                                        \
	"\"Principal\":" principal more "}]}"
#define TRANSFER "{\"Service\":[\"ec2.amazonaws.com\",\"transfer.amazonaws.com\"]}"

static const struct access_assumer transfer = { .service = "transfer.amazonaws.com",
						.account = ACCOUNT };
static const struct access_assumer logs = { .service = "logs.amazonaws.com", .account = ACCOUNT };
static const struct access_assumer ann = { .arn = "arn:aws:iam::" ACCOUNT ":user/ann",
					   .account = ACCOUNT };
static const struct access_assumer session = { .arn = "arn:aws:iam::" ACCOUNT ":role/ops",
					       .session = "arn:aws:sts::" ACCOUNT
							  ":assumed-role/ops/s",
					       .account = ACCOUNT };

static const struct {
	const char *trust;
	const struct access_assumer *who;
	enum access_verdict verdict;
} cases[] = {
	{ TRUSTS("Allow", TRANSFER, ""), &transfer, ACCESS_ALLOWED },
	{ TRUSTS("Allow", TRANSFER, ""), &logs, ACCESS_NOT_ALLOWED },
	{ TRUSTS("Allow", TRANSFER, ""), &ann, ACCESS_NOT_ALLOWED },
	{ TRUSTS("Deny", TRANSFER, ""), &transfer, ACCESS_DENIED },
	{ TRUSTS("Allow", "\"*\"", ""), &transfer, ACCESS_NOT_ALLOWED },
	{ TRUSTS("Allow", "\"*\"", ""), &ann, ACCESS_ALLOWED },
	{ TRUSTS("Deny", "\"*\"", ""), &transfer, ACCESS_DENIED },
	{ TRUSTS("Deny", "{\"AWS\":\"*\"}", ""), &transfer, ACCESS_DENIED },
	{ TRUSTS("Allow", "{\"AWS\":\"*\"}", ""), &transfer, ACCESS_NOT_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"*\",\"Service\":\"transfer.amazonaws.com\"}", ""), &transfer,
	  ACCESS_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"*\"}", ""), &ann, ACCESS_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"" ACCOUNT "\"}", ""), &ann, ACCESS_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":root\"}", ""), &ann,
	  ACCESS_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"arn:aws:iam::999999999999:root\"}", ""), &ann,
	  ACCESS_NOT_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":user/ann\"}", ""), &ann,
	  ACCESS_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":user/ann\"}", ""), &session,
	  ACCESS_NOT_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"arn:aws:iam::" ACCOUNT ":role/ops\"}", ""), &session,
	  ACCESS_ALLOWED },
	{ TRUSTS("Allow", "{\"AWS\":\"arn:aws:sts::" ACCOUNT ":assumed-role/ops/s\"}", ""),
	  &session, ACCESS_ALLOWED },
	{ TRUSTS("Allow", TRANSFER,
		 ",\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":\"" ACCOUNT "\"},"
		 "\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:transfer:*:" ACCOUNT ":connector/*\"}}"),
	  &transfer, ACCESS_ALLOWED },
	{ TRUSTS("Allow", TRANSFER,
		 ",\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":\"999999999999\"}}"),
	  &transfer, ACCESS_NOT_ALLOWED },
};

static void trusts_as_the_table_says(void **state)
{
	(void)state;
	struct access_request request = { .action = "sts:AssumeRole", .resource = "*" };
	request.facts.values[ACCESS_SOURCE_ACCOUNT] = ACCOUNT;
	request.facts.values[ACCESS_SOURCE_ARN] =
		"arn:aws:transfer:eu-central-1:" ACCOUNT ":connector/c-1";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct access_policy *trust;
		struct sp_error err = { 0 };
		if (access_policy_read(ACCESS_TRUST, cases[i].trust, &trust, &err) != 0)
			fail_msg("case %zu: %s", i, err.message);
		enum access_verdict verdict = access_judge_trust(trust, cases[i].who, &request);
		if (verdict != cases[i].verdict)
			fail_msg("case %zu: %d and not %d", i, verdict, cases[i].verdict);
		access_policy_destroy(trust);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(trusts_as_the_table_says) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
