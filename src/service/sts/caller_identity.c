/** AWS Security Token Service: who am I? The first question of the CLI's users and of Terraform. */

#include "api/guard.h"
#include "service/context.h"
#include "service/services.h"

static void get_caller_identity(struct api_call *call)
{
	const struct service_context *context = api_context(call);
	struct identity who;
	struct sp_error err = { 0 };
	if (identities_who(context->identities, api_access_key_id(call), &who, &err) != 0) {
		if (err.code == SP_NOT_FOUND)
			api_refuse_key(call);
		else
			api_fail(call, "InternalFailure", "%s", err.message);
		return;
	}
	api_reply(call,
		  json_pack("{s:s, s:s, s:s}", "Arn", who.arn, "UserId",
			    who.is_owner ? context->account : who.id, "Account", context->account));
	identity_finish(&who);
}

static const struct shape_member no_members[] = { { 0 } };
static const struct shape nothing = { .type = SHAPE_STRUCTURE, .members = no_members };

static const struct api_operation operations[] = {
	{ .name = "GetCallerIdentity",
	  .input = &nothing,
	  .handle = get_caller_identity,
	  .resource = GUARD_ANYBODY },
	{ 0 },
};

static const struct api_error_type errors[] = {
	{ "InternalFailure", 500 },
	{ 0 },
};

const struct api_service service_sts = {
	.signing_name = "sts",
	.title = "AWS Security Token Service",
	.protocol = API_QUERY,
	.version = "2011-06-15",
	.xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/",
	.validation_error = "ValidationError",
	.internal_error = "InternalFailure",
	.operations = operations,
	.is_global = true,
	.errors = errors,
};
