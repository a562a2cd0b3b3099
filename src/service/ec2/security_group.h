#pragma once
/** Within service/ec2/: security groups for other resources. */

#include "service/ec2/kinds.h"

#define SECURITY_GROUP_DEFAULT_NAME "default"

/** Inside the write that creates a VPC: its group "default", whose members reach each other. Its id is the VPC's default_group_id. */
int security_group_make_default(struct db *db, const struct vpc *vpc, struct sp_error *err);

/**
 * The one that the request names by GroupId or, with @by_name, by GroupName.
 * @out  the caller's to finish, also on failure
 */
int security_group_asked(struct ec2_request *request, struct db *db, bool by_name,
			 struct security_group *out, struct sp_error *err);

/** Inside the write that deletes a group: it with its rules and all their tags. The default group goes with its VPC. */
int security_group_remove(struct ec2_request *request, struct db *db, const char *id,
			  struct sp_error *err);
