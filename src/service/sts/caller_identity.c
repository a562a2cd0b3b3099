/** Who am I? The first question of the CLI's users and of Terraform. */

#include "service/asker.h"
#include "service/context.h"
#include "service/sts/operations.h"

void sts_get_caller_identity(struct api_call *call)
{
	const struct service_context *context = api_context(call);
	const struct asker asker = service_asker(call);
	struct identity who;
	struct sp_error err = { 0 };
	if (identities_who(context->identities, &asker, &who, &err) != 0) {
		if (err.code == SP_NOT_FOUND)
			api_refuse_key(call);
		else
			api_fail(call, STS_INTERNAL, "%s", err.message);
		return;
	}
	api_reply(call,
		  json_pack("{s:s, s:s, s:s}", "Arn", who.arn, "UserId",
			    who.is_owner ? context->account : who.id, "Account", context->account));
	identity_finish(&who);
}
