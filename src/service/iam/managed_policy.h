#pragma once
/** Within service/iam/: policies that stand alone, those of AWS among them. */

#include "service/iam/request.h"
#include "store/managed_policies.h"

/** The one that the input's PolicyArn names, which must be of the account. @out is the caller's to finish. */
int iam_find_policy(struct iam_request *request, struct db *db, struct managed_policy *out,
		    struct sp_error *err);

static inline void iam_cleanup_policy(struct managed_policy *policy)
{
	managed_policy_finish(policy);
}

#define AUTO_POLICY __attribute__((cleanup(iam_cleanup_policy))) struct managed_policy

/** Refuses what is none, or too long for a managed policy. */
int iam_check_managed_document(struct iam_request *request, const char *document,
			       struct sp_error *err);
