/* Policy documents: a line with an action, one with a resource, and behind them the document. */
#include "fuzz.h"

#include "access/policy.h"

static const char deny_all[] = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\","
			       "\"Action\":\"*\",\"Resource\":\"*\"}]}";

/* One more denial only ever takes away. */
static void judge(struct access_policy *policy, const struct access_request *request)
{
	struct access_policy *both[2] = { policy, NULL };
	struct sp_error err = { 0 };
	SP_AUTO_BUFFER sentence = { 0 };
	enum access_verdict verdict = access_judge(both, 1, request);
	FUZZ_CHECK(verdict == access_judge(both, 1, request));
	access_add_sentence(verdict, "arn:aws:iam::123456789012:user/a", request, &sentence);
	FUZZ_CHECK(access_policy_read(ACCESS_IDENTITY, deny_all, &both[1], &err) == 0);
	FUZZ_CHECK(access_judge(both, 2, request) == ACCESS_DENIED);
	access_policy_destroy(both[1]);
}

static void judge_trust(struct access_policy *policy, const struct access_request *request)
{
	const struct access_assumer service = { .service = "transfer.amazonaws.com",
						.account = "123456789012" };
	const struct access_assumer user = { .arn = "arn:aws:iam::123456789012:user/a",
					     .account = "123456789012" };
	access_judge_trust(policy, &service, request);
	access_judge_trust(policy, &user, request);
}

static void read_as(enum access_policy_kind kind, const char *text,
		    const struct access_request *request)
{
	struct access_policy *policy = NULL;
	struct sp_error err = { 0 };
	if (access_policy_read(kind, text, &policy, &err) != 0) {
		FUZZ_CHECK(err.code == SP_INVALID);
		fuzz_check_error(&err);
		return;
	}
	FUZZ_CHECK(access_policy_size(text) <= strlen(text));
	if (kind == ACCESS_IDENTITY)
		judge(policy, request);
	else
		judge_trust(policy, request);
	access_policy_destroy(policy);
}

/* Control characters are none of an action's. */
static const char *action_of(const char *line)
{
	for (const char *at = line; *at != '\0'; at++)
		if ((unsigned char)*at < ' ')
			return "s3:GetObject";
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	char *rest = text;
	const char *action = strsep(&rest, "\n");
	const char *resource = rest == NULL ? "*" : strsep(&rest, "\n");
	const struct access_request request = {
		.action = action_of(action),
		.resource = resource,
		.facts = { .values = { [ACCESS_SOURCE_IP] = "192.0.2.77",
				       [ACCESS_USER_NAME] = "ann",
				       [ACCESS_CURRENT_TIME] = "2026-11-30T12:00:00Z",
				       [ACCESS_PRINCIPAL_ARN] =
					       "arn:aws:iam::123456789012:user/ann" } },
	};
	read_as(ACCESS_IDENTITY, rest == NULL ? "" : rest, &request);
	read_as(ACCESS_TRUST, rest == NULL ? "" : rest, &request);
	return 0;
}
