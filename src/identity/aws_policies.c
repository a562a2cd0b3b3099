#include "identity/aws_policies.h"

#include <string.h>

#define POLICY(path, name, id, description, actions)                                               \
	{                                                                                          \
		"arn:aws:iam::aws:policy" path name, id, path, name, description,                  \
			"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","        \
			"\"Action\":[" actions "],\"Resource\":\"*\"}]}"                           \
	}

/* clang-format off */

const struct aws_policy aws_policies[] = {
	POLICY("/", "AWSTransferFullAccess", "ANPAAWSTRANSFERFULLAA",
	       "Full access to AWS Transfer.", "\"transfer:*\""),
	POLICY("/", "AWSTransferReadOnlyAccess", "ANPAAWSTRANSFERREADAA",
	       "Read only access to AWS Transfer.", "\"transfer:Describe*\",\"transfer:List*\",\"transfer:TestIdentityProvider\""),
	POLICY("/", "AdministratorAccess", "ANPAIWMBCKSKIEE64ZLYK",
	       "Provides full access to AWS services and resources.", "\"*\""),
	POLICY("/", "AmazonS3FullAccess", "ANPAIFIR6V6BVTRAHWINE",
	       "Provides full access to all buckets.", "\"s3:*\",\"s3-object-lambda:*\""),
	POLICY("/", "AmazonS3ReadOnlyAccess", "ANPAIZTJ4DXE7G6AGAE6M",
	       "Provides read only access to all buckets.", "\"s3:Get*\",\"s3:List*\",\"s3:Describe*\""),
	POLICY("/", "IAMFullAccess", "ANPAI7XKCFMBPM3QQRRVQ",
	       "Provides full access to IAM.", "\"iam:*\""),
	POLICY("/", "IAMReadOnlyAccess", "ANPAJKSO7NDY4T57MWDSQ",
	       "Provides read only access to IAM.", "\"iam:Get*\",\"iam:List*\""),
	POLICY("/", "PowerUserAccess", "ANPAJYRXTHIB4FOVS3ZXS",
	       "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
	       "\"ec2:*\",\"logs:*\",\"s3:*\",\"sallyport:*\",\"secretsmanager:*\",\"sts:*\",\"transfer:*\",\"vpc-lattice:*\""),
	POLICY("/", "SecretsManagerReadWrite", "ANPAI3VG7CI5BIQZQ6G2E",
	       "Provides read/write access to AWS Secrets Manager.", "\"secretsmanager:*\""),
	POLICY("/service-role/", "AWSTransferLoggingAccess", "ANPAISIP5WGJX5VKXRQZO",
	       "Allows AWS Transfer full access to create log streams and groups and put log events to your account.",
	       "\"logs:CreateLogStream\",\"logs:DescribeLogStreams\",\"logs:CreateLogGroup\",\"logs:PutLogEvents\""),
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

/* clang-format on */

const struct aws_policy *aws_policy_find(const char *arn)
{
	for (const struct aws_policy *at = aws_policies; at->arn != NULL; at++)
		if (strcmp(at->arn, arn) == 0)
			return at;
	return NULL;
}

const char *aws_policy_document(const char *arn)
{
	const struct aws_policy *policy = aws_policy_find(arn);
	return policy == NULL ? NULL : policy->document;
}
