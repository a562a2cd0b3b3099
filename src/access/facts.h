#pragma once
/** What is known of a request besides its action and its resource: the keys that conditions of policies ask for. */

#include <stdbool.h>

/* What the operators of a condition may make of a key's value. */
enum access_type { ACCESS_TEXT, ACCESS_ARN, ACCESS_ADDRESS, ACCESS_TRUTH, ACCESS_TIME };

enum access_fact {
	ACCESS_SOURCE_IP,        /* the client's address */
	ACCESS_SECURE_TRANSPORT, /* "true": the request came over TLS */
	ACCESS_CURRENT_TIME,     /* as sp_time_to_iso() writes it */
	ACCESS_TOKEN_ISSUE_TIME, /* the same; of sessions only */
	ACCESS_REQUESTED_REGION,
	ACCESS_PRINCIPAL_ARN,
	ACCESS_PRINCIPAL_ACCOUNT,
	ACCESS_PRINCIPAL_TYPE, /* "Account", "User", "AssumedRole" */
	ACCESS_USER_ID,
	ACCESS_USER_NAME,         /* of users only */
	ACCESS_PASSED_TO_SERVICE, /* iam:PassRole: who will take on the role */
	ACCESS_SOURCE_ARN,        /* a service takes on a role: on behalf of what … */
	ACCESS_SOURCE_ACCOUNT,    /* … and whose that is */
	ACCESS_EXTERNAL_ID,       /* sts:AssumeRole */
	ACCESS_ROLE_SESSION_NAME, /* sts:AssumeRole */
	ACCESS_VERSION_STAGE,     /* of a secret: which of its versions */
	ACCESS_S3_PREFIX,         /* s3:ListBucket and the like: what is listed … */
	ACCESS_S3_DELIMITER,      /* … and how it is grouped */
	ACCESS_KEY_COUNT
};

/** All borrowed. NULL: the request has no such key. */
struct access_facts {
	const char *values[ACCESS_KEY_COUNT];
};

/** "aws:SourceIp" */
const char *access_fact_name(enum access_fact key);
enum access_type access_fact_type(enum access_fact key);

/** By name, in upper or lower case. */
bool access_fact_find(const char *name, enum access_fact *out);
