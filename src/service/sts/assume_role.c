/** Temporary credentials: who may take on a role gets an access key that acts as it, for a while. */

#include <string.h>

#include "api/guard.h"
#include "base/arn.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "identity/session.h"
#include "service/asker.h"
#include "service/context.h"
#include "service/sts/operations.h"

/* What would make a session less than its role, and is not kept with it: it must not look as if it were. */
static const char *const foreign[] = { "Policy",         "PolicyArns",
				       "Tags",           "TransitiveTagKeys",
				       "SerialNumber",   "TokenCode",
				       "SourceIdentity", "ProvidedContexts" };

static bool has_value(const json_t *input, const char *name)
{
	const json_t *value = json_object_get(input, name);
	return json_is_array(value) ? json_array_size(value) > 0 : json_string_length(value) > 0;
}

static int check_members(struct api_call *call)
{
	for (size_t i = 0; i < SP_COUNT_OF(foreign); i++) {
		if (!has_value(api_input(call), foreign[i]))
			continue;
		api_fail(
			call, STS_INVALID,
			"%s cannot be used: a session has the rights of its role here, all of them",
			foreign[i]);
		return -1;
	}
	return 0;
}

/* -1 when the call was answered. */
static int take_on(struct api_call *call, const struct asker *asker, struct taken_role *out)
{
	const struct service_context *context = api_context(call);
	const json_t *input = api_input(call);
	struct access_request request = { .action = "sts:AssumeRole",
					  .resource = sp_json_string(input, "RoleArn") };
	char now[SP_ISO_TIME_SIZE];
	SP_AUTO_BUFFER refusal = { 0 };
	struct sp_error err = { 0 };
	guard_add_facts(call, now, &request.facts);
	request.facts.values[ACCESS_EXTERNAL_ID] = sp_json_string(input, "ExternalId");
	request.facts.values[ACCESS_ROLE_SESSION_NAME] = sp_json_string(input, "RoleSessionName");
	if (identities_take_on(context->identities, asker, &request, out, &refusal, &err) == 0)
		return 0;
	if (err.code == SP_DENIED)
		api_fail(call, STS_DENIED, "%s", sp_buffer_text(&refusal));
	else if (err.code == SP_NOT_FOUND)
		api_refuse_key(call);
	else
		api_fail(call, STS_INTERNAL, "%s", err.message);
	return -1;
}

/* Seconds; 0 when the call was answered. */
static int64_t read_duration(struct api_call *call, const struct asker *asker,
			     const struct taken_role *role)
{
	int64_t seconds =
		sp_json_integer(api_input(call), "DurationSeconds", SESSION_SECONDS_DEFAULT);
	if (asker->session[0] != '\0' && seconds > SESSION_CHAINED_SECONDS_MAX) {
		api_fail(call, STS_INVALID,
			 "The requested DurationSeconds exceeds the 1 hour session limit for roles "
			 "assumed by role chaining");
		return 0;
	}
	if (seconds <= role->max_session_s)
		return seconds;
	api_fail(call, STS_INVALID,
		 "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
	return 0;
}

static void reply(struct api_call *call, const struct session *session,
		  const struct taken_role *role, const char *token)
{
	const struct service_context *context = api_context(call);
	SP_AUTO_FREE char *arn = sp_arn_format("sts", "", context->account, "assumed-role/%s/%s",
					       role->name, session->name);
	char expires[SP_ISO_TIME_SIZE], subject[SESSION_SUBJECT_SIZE];
	sp_time_to_iso(session->expires_ms, expires);
	session_subject(session, subject);
	api_reply(call, json_pack("{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s}}", "Credentials",
				  "AccessKeyId", session->key_id, "SecretAccessKey",
				  session->secret, "SessionToken", token, "Expiration", expires,
				  "AssumedRoleUser", "AssumedRoleId", subject, "Arn", arn));
}

void sts_assume_role(struct api_call *call)
{
	const struct service_context *context = api_context(call);
	const struct asker asker = service_asker(call);
	struct taken_role role;
	if (check_members(call) != 0 || take_on(call, &asker, &role) != 0)
		return;
	int64_t seconds = read_duration(call, &asker, &role);
	if (seconds == 0)
		return;
	struct session session = { .issued_ms = sp_now_ms() };
	session.expires_ms = session.issued_ms + seconds * 1000;
	memcpy(session.role_id, role.id, sizeof(session.role_id));
	const char *name = sp_json_string(api_input(call), "RoleSessionName");
	memcpy(session.name, name, strlen(name) + 1); /* the shape has checked its length */
	SP_AUTO_SECRET char *token = NULL;
	struct sp_error err = { 0 };
	if (session_begin(context->vault, &session, &token, &err) == 0)
		reply(call, &session, &role, token);
	else
		api_fail(call, STS_INTERNAL, "%s", err.message);
	explicit_bzero(&session, sizeof(session));
}
