#pragma once
/** A policy as it was read: statement.c reads it, policy.c asks it. */

#include "access/condition.h"
#include "access/policy.h"

struct access_texts {
	char **list; /* owned; patterns or texts */
	size_t count;
};

/* Of a trust policy's statement. */
struct access_principals {
	bool anybody; /* "*" */
	struct access_texts services, aws;
};

struct access_statement {
	bool denies;
	bool not_action, not_resource;
	struct access_texts actions; /* patterns in lower case */
	struct access_texts resources;
	struct access_principals principals;
	struct access_conditions conditions;
};

struct access_policy {
	enum access_policy_kind kind;
	struct access_statement *statements; /* owned */
	size_t count;
};

/** One statement. @out is to be finished in any case. */
int access_statement_read(enum access_policy_kind kind, bool has_variables, const json_t *json,
			  struct access_statement *out, struct sp_error *err);
void access_statement_finish(struct access_statement *statement);
