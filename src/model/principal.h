#pragma once
/** Users and roles of the account, as IAM has them (AWS IAM API 2010-05-08). */

#include <stdint.h>

/** Numbers are kept: add at the end only. */
enum principal_kind { PRINCIPAL_USER, PRINCIPAL_ROLE };

enum {
	PRINCIPAL_ID_SIZE = 22, /* "AIDA" or "AROA" and 17 characters */
	PRINCIPAL_NAME_SIZE = 65,
	PRINCIPAL_PATH_SIZE = 513, /* begins and ends with a slash */
	POLICY_NAME_SIZE = 129,
	POLICY_ARN_SIZE = 1024,
	ACCESS_KEYS_PER_USER_MAX = 2,
};

struct principal {
	enum principal_kind kind;
	char id[PRINCIPAL_ID_SIZE];
	char name[PRINCIPAL_NAME_SIZE];
	char path[PRINCIPAL_PATH_SIZE];
	char *trust;       /* roles only: who may take it on, a document; owned */
	char *description; /* roles only; NULL when none; owned */
	int64_t max_session_s;
	int64_t created_ms;
};

void principal_finish(struct principal *principal);

/** "user", "role" */
const char *principal_kind_name(enum principal_kind kind);

/** "arn:aws:iam::…:user/team/ann", owned by the caller. */
char *principal_arn(const struct principal *principal, const char *account);
