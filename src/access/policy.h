#pragma once
/**
 * Policy documents: read once, asked often. The language is that of AWS's IAM JSON policies (IAM user guide, "IAM JSON
 * policy reference"). Whatever is not known here is refused, never passed over: a condition that nobody looks at would
 * allow what it was written to forbid. Pure; a policy that was read never changes, and any thread may ask it.
 */

#include <stddef.h>

#include "access/verdict.h"
#include "base/error.h"

struct access_policy;

enum access_policy_kind {
	ACCESS_IDENTITY, /* what its owner may do: no Principal */
	ACCESS_TRUST,    /* who may take on a role: Principal, no Resource */
};

enum {
	ACCESS_DOCUMENT_MAX = 131072, /* bytes, white space counted */
	ACCESS_STATEMENTS_MAX = 256,
	ACCESS_TEXTS_MAX = 1024, /* in one list of actions, resources or principals */
};

/** @out is owned by the caller. SP_INVALID: what AWS calls MalformedPolicyDocument; the sentence names what is wrong. */
int access_policy_read(enum access_policy_kind kind, const char *text, struct access_policy **out,
		       struct sp_error *err);
void access_policy_destroy(struct access_policy *policy); /* NULL is fine */

/** How long a document is, as AWS's quotas count: characters without white space. */
size_t access_policy_size(const char *text);

/** What all these identity policies say together. */
enum access_verdict access_judge(struct access_policy *const *policies, size_t count,
				 const struct access_request *request);

/** Who wants to take on a role. */
struct access_assumer {
	const char *service; /* "transfer.amazonaws.com"; NULL: it is no service, but … */
	const char *arn;     /* … this user, or role for one who has taken that on already … */
	const char *session; /* … in this session; NULL: in none */
	const char *
		account; /* NULL: what is said of all in the account, or of everybody, lets nobody in */
};

/** What a trust policy says of it. The request's action is sts:AssumeRole; it has no resource. */
enum access_verdict access_judge_trust(const struct access_policy *trust,
				       const struct access_assumer *who,
				       const struct access_request *request);
