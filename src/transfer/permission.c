#include "transfer/permission.h"

#include "base/arn.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "identity/identities.h"
#include "store/connectors.h"

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
	const struct errand errand = { permission->role, PERMISSION_SERVICE, source, NULL };
	return identities_assume(permission->ground->rooms.identities, &errand, err);
}

static int check(const struct permission *permission, const char *action, const char *resource,
		 const char *version_stage, struct sp_error *err)
{
	SP_AUTO_FREE char *source = source_of(permission);
	const struct errand errand = { permission->role, PERMISSION_SERVICE, source,
				       version_stage };
	return identities_role_may(permission->ground->rooms.identities, &errand, action, resource,
				   err);
}

int permission_check_secret(const struct permission *permission, const char *secret_arn,
			    const char *stage, struct sp_error *err)
{
	return check(permission, "secretsmanager:GetSecretValue", secret_arn, stage, err);
}

struct role_of {
	const char *connector_id;
	char *role; /* owned by the caller */
};

static int read_role(struct db *db, void *ctx, struct sp_error *err)
{
	struct role_of *of = ctx;
	struct connector connector = { 0 };
	if (connectors_find(db, of->connector_id, &connector, err) != 0)
		return -1;
	of->role = sp_take_pointer(&connector.access_role);
	connector_finish(&connector);
	return 0;
}

int permission_check_object(const struct permission *permission, const char *action,
			    const char *bucket, const char *key, enum failure_step *out_step,
			    struct sp_error *err)
{
	SP_AUTO_BUFFER arn = { 0 };
	SP_AUTO_FREE char *role = NULL;
	struct permission known = *permission;
	if (known.role == NULL) {
		struct role_of of = { .connector_id = known.connector_id };
		if (store_read(known.ground->rooms.store, read_role, &of, err) != 0)
			return -1;
		role = of.role;
		known.role = role;
	}
	if (permission_check_role(&known, err) != 0) {
		*out_step = STEP_ROLE;
		return -1;
	}
	sp_buffer_format(&arn, "arn:aws:s3:::%s/%s", bucket, key);
	return check(&known, action, sp_buffer_text(&arn), NULL, err);
}
