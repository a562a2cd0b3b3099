/** AWS Security Token Service: who am I? The first question of the CLI's users and of Terraform. */

#include "api/guard.h"
#include "base/arn.h"
#include "base/scope.h"
#include "service/context.h"
#include "service/services.h"

/* Whoever holds a key of this endpoint is the owner of its account; there are no other users yet. */
static void get_caller_identity(struct api_call *call)
{
	const struct service_context *context = api_context(call);
	SP_AUTO_FREE char *arn = sp_arn_format("iam", "", context->account, "root");
	api_reply(call, json_pack("{s:s, s:s, s:s}", "Arn", arn, "UserId", context->account,
				  "Account", context->account));
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
