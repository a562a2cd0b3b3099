#pragma once
/** Amazon Resource Names: arn:partition:service:region:account:resource. */

#include <stdbool.h>

#include "base/error.h"

enum { SP_ARN_MAX = 2048, SP_ARN_PART_MAX = 64 };

struct sp_arn {
	char partition[SP_ARN_PART_MAX];
	char service[SP_ARN_PART_MAX];
	char region[SP_ARN_PART_MAX];  /* may be empty */
	char account[SP_ARN_PART_MAX]; /* may be empty */
	const char *resource;          /* borrowed from the text; never empty */
};

bool sp_arn_parse(const char *text, struct sp_arn *out);

/** "arn:aws:transfer:eu-central-1:000000000000:connector/c-…", owned by the caller. */
char *sp_arn_format(const char *service, const char *region, const char *account,
		    const char *resource_format, ...) __attribute__((format(printf, 4, 5)));
