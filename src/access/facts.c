#include "access/facts.h"

#include <strings.h>

/* clang-format off */
static const struct {
	const char *name;
	enum access_type type;
} keys[ACCESS_KEY_COUNT] = {
	[ACCESS_SOURCE_IP]         = { "aws:SourceIp",         ACCESS_ADDRESS },
	[ACCESS_SECURE_TRANSPORT]  = { "aws:SecureTransport",  ACCESS_TRUTH },
	[ACCESS_CURRENT_TIME]      = { "aws:CurrentTime",      ACCESS_TIME },
	[ACCESS_TOKEN_ISSUE_TIME]  = { "aws:TokenIssueTime",   ACCESS_TIME },
	[ACCESS_REQUESTED_REGION]  = { "aws:RequestedRegion",  ACCESS_TEXT },
	[ACCESS_PRINCIPAL_ARN]     = { "aws:PrincipalArn",     ACCESS_ARN },
	[ACCESS_PRINCIPAL_ACCOUNT] = { "aws:PrincipalAccount", ACCESS_TEXT },
	[ACCESS_PRINCIPAL_TYPE]    = { "aws:PrincipalType",    ACCESS_TEXT },
	[ACCESS_USER_ID]           = { "aws:userid",           ACCESS_TEXT },
	[ACCESS_USER_NAME]         = { "aws:username",         ACCESS_TEXT },
	[ACCESS_PASSED_TO_SERVICE] = { "iam:PassedToService",  ACCESS_TEXT },
	[ACCESS_SOURCE_ARN]        = { "aws:SourceArn",        ACCESS_ARN },
	[ACCESS_SOURCE_ACCOUNT]    = { "aws:SourceAccount",    ACCESS_TEXT },
	[ACCESS_EXTERNAL_ID]       = { "sts:ExternalId",       ACCESS_TEXT },
	[ACCESS_ROLE_SESSION_NAME] = { "sts:RoleSessionName",  ACCESS_TEXT },
	[ACCESS_VERSION_STAGE]     = { "secretsmanager:VersionStage", ACCESS_TEXT },
	[ACCESS_S3_PREFIX]         = { "s3:prefix",            ACCESS_TEXT },
	[ACCESS_S3_DELIMITER]      = { "s3:delimiter",         ACCESS_TEXT },
};
/* clang-format on */

const char *access_fact_name(enum access_fact key)
{
	return keys[key].name;
}

enum access_type access_fact_type(enum access_fact key)
{
	return keys[key].type;
}

bool access_fact_find(const char *name, enum access_fact *out)
{
	for (int key = 0; key < ACCESS_KEY_COUNT; key++) {
		if (strcasecmp(keys[key].name, name) == 0) {
			*out = (enum access_fact)key;
			return true;
		}
	}
	return false;
}
