#pragma once
/** Policies that stand alone, their versions, and which users and roles they are attached to. */

#include "db/db.h"
#include "model/principal.h"
#include "store/principals.h"

enum { MANAGED_POLICIES_MAX = 1500, POLICY_VERSIONS_MAX = 5, ATTACHMENTS_MAX = 20 };

struct managed_policy {
	char arn[POLICY_ARN_SIZE];
	char id[PRINCIPAL_ID_SIZE]; /* "ANPA" … */
	char name[POLICY_NAME_SIZE];
	char path[PRINCIPAL_PATH_SIZE];
	char *description; /* NULL when none; owned */
	int64_t created_ms, updated_ms;
	int64_t default_version, last_version; /* numbers */
	int64_t attachments;                   /* counted when it is read */
};

void managed_policy_finish(struct managed_policy *policy);

/** With its first version. SP_EXISTS: there is one of this name. SP_LIMIT past MANAGED_POLICIES_MAX. */
int managed_policies_insert(struct db *db, const struct managed_policy *policy,
			    const char *document, struct sp_error *err);
/** SP_NOT_FOUND. @out is the caller's to finish. */
int managed_policies_find(struct db *db, const char *arn, struct managed_policy *out,
			  struct sp_error *err);
/** default_version, last_version, updated_ms. */
int managed_policies_update(struct db *db, const struct managed_policy *policy,
			    struct sp_error *err);
/** With its versions. */
int managed_policies_delete(struct db *db, const char *arn, struct sp_error *err);

typedef int managed_policies_fn(void *ctx, const struct managed_policy *policy,
				struct sp_error *err);
/** Behind the ARN @after (NULL: all), ascending ARNs; as principals_each(). */
int managed_policies_each(struct db *db, const char *after, managed_policies_fn *fn, void *ctx,
			  struct sp_error *err);

struct policy_version {
	int64_t number, created_ms;
	char *document; /* owned */
};

int policy_versions_insert(struct db *db, const char *arn, const struct policy_version *version,
			   struct sp_error *err);
/** SP_NOT_FOUND. */
int policy_versions_find(struct db *db, const char *arn, int64_t number, struct policy_version *out,
			 struct sp_error *err);
int policy_versions_delete(struct db *db, const char *arn, int64_t number, struct sp_error *err);
typedef int policy_versions_fn(void *ctx, const struct policy_version *version,
			       struct sp_error *err);
/** The newest first. */
int policy_versions_each(struct db *db, const char *arn, policy_versions_fn *fn, void *ctx,
			 struct sp_error *err);

/** Once more is as good as once. SP_LIMIT past ATTACHMENTS_MAX. */
int attachments_insert(struct db *db, const char *principal_id, const char *arn,
		       struct sp_error *err);
/** SP_NOT_FOUND. */
int attachments_delete(struct db *db, const char *principal_id, const char *arn,
		       struct sp_error *err);
/** Ascending ARNs. @fn is told the ARN and the document of the default version, which is NULL for a policy that is not kept here. */
int attachments_each(struct db *db, const char *principal_id, policies_fn *fn, void *ctx,
		     struct sp_error *err);
