#include "transfer/permission.h"

#include "base/arn.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "identity/identities.h"

#define SERVICE "transfer.amazonaws.com"

/* The connector's ARN, owned by the caller. */
static char *source_of(const struct permission *permission)
{
	const struct transfer_options *options = &permission->ground->options;
	return sp_arn_format("transfer", options->region, options->account, "connector/%s",
			     permission->connector_id);
}

int permission_check_role(const struct permission *permission, struct sp_error *err)
{
	SP_AUTO_FREE char *source = source_of(permission);
	const struct errand errand = { permission->role, SERVICE, source };
	return identities_assume(permission->ground->rooms.identities, &errand, err);
}

static int check(const struct permission *permission, const char *action, const char *resource,
		 struct sp_error *err)
{
	SP_AUTO_FREE char *source = source_of(permission);
	const struct errand errand = { permission->role, SERVICE, source };
	return identities_role_may(permission->ground->rooms.identities, &errand, action, resource,
				   err);
}

int permission_check_secret(const struct permission *permission, const char *secret_arn,
			    struct sp_error *err)
{
	return check(permission, "secretsmanager:GetSecretValue", secret_arn, err);
}

int permission_check_object(const struct permission *permission, const char *action,
			    const char *bucket, const char *key, enum failure_step *out_step,
			    struct sp_error *err)
{
	SP_AUTO_BUFFER arn = { 0 };
	if (permission_check_role(permission, err) != 0) {
		*out_step = STEP_ROLE;
		return -1;
	}
	sp_buffer_format(&arn, "arn:aws:s3:::%s/%s", bucket, key);
	return check(permission, action, sp_buffer_text(&arn), err);
}
