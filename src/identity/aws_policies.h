#pragma once
/** The few of AWS's own managed policies that there are here: what people attach when they begin. */

#include <stddef.h>

struct aws_policy {
	const char *arn, *id, *path, *name;
	const char *description;
	const char *document;
};

/** Ends with a NULL ARN; ascending ARNs. */
extern const struct aws_policy aws_policies[];

/** NULL when there is none of that ARN. */
const struct aws_policy *aws_policy_find(const char *arn);
const char *aws_policy_document(const char *arn);
