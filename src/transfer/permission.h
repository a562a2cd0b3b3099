#pragma once
/** What a connector's access role lets us do for it. Any thread but the loop's. */

#include "model/failure.h"
#include "transfer/ground.h"

/** Whom roles must trust. */
#define PERMISSION_SERVICE "transfer.amazonaws.com"

/** Whose permission: a connector and its role. Borrowed. */
struct permission {
	const struct ground *ground;
	const char *connector_id;
	const char
		*role; /* NULL: objects are asked about with the one that the connector has now */
};

/** The role is there and trusts Transfer Family. SP_NOT_FOUND, SP_DENIED. */
int permission_check_role(const struct permission *permission, struct sp_error *err);

/** It may read the version of the secret that has @stage. */
int permission_check_secret(const struct permission *permission, const char *secret_arn,
			    const char *stage, struct sp_error *err);

/**
 * It may do @action ("s3:GetObject") on an object.
 * @out_step  STEP_ROLE when the role itself is the matter; else left alone
 */
int permission_check_object(const struct permission *permission, const char *action,
			    const char *bucket, const char *key, enum failure_step *out_step,
			    struct sp_error *err);
