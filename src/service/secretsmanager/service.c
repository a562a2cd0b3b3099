#include "service/services.h"

#include "service/secretsmanager/request.h"

/* ---- shapes ---- */

static const struct shape any_text = { .type = SHAPE_STRING };
static const struct shape boolean = { .type = SHAPE_BOOLEAN };
static const struct shape secret_id = { .type = SHAPE_STRING, .min = 1, .max = 2048 };
static const struct shape name = {
	.type = SHAPE_STRING, .min = 1, .max = 512, .pattern = "[A-Za-z0-9/_+=.@-]+"
};
static const struct shape version_id = { .type = SHAPE_STRING,
					 .min = 32,
					 .max = SECRET_VERSION_ID_MAX };
static const struct shape stage = { .type = SHAPE_STRING, .min = 1, .max = SECRET_STAGE_MAX };
static const struct shape stages = {
	.type = SHAPE_LIST, .min = 1, .max = SECRET_STAGES_MAX, .element = &stage
};
static const struct shape description = { .type = SHAPE_STRING, .max = 2048 };
static const struct shape kms_key_id = { .type = SHAPE_STRING, .max = 2048 };
static const struct shape secret_type = { .type = SHAPE_STRING, .max = 256 };
static const struct shape secret_string = {
	.type = SHAPE_STRING, .min = 1, .max = 65536, .is_secret = true
};
static const struct shape secret_binary = {
	.type = SHAPE_BLOB, .min = 1, .max = 65536, .is_secret = true
};
static const struct shape rotation_token = {
	.type = SHAPE_STRING, .min = 36, .max = 256, .pattern = "[a-zA-Z0-9-]+", .is_secret = true
};
static const struct shape max_results = { .type = SHAPE_INTEGER, .min = 1, .max = 100 };
static const struct shape next_token = { .type = SHAPE_STRING, .min = 1, .max = 4096 };
static const struct shape days = { .type = SHAPE_INTEGER };

static const struct shape tag_key = { .type = SHAPE_STRING, .min = 1, .max = TAG_KEY_MAX };
static const struct shape tag_value = { .type = SHAPE_STRING, .max = TAG_VALUE_MAX };
static const struct shape tag = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "Key", &tag_key, true },
						  { "Value", &tag_value, false },
						  { 0 } },
};
static const struct shape tags = { .type = SHAPE_LIST, .element = &tag };
static const struct shape tag_keys = { .type = SHAPE_LIST, .element = &tag_key };

static const struct shape replica_region = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "Region", &any_text, false },
						  { "KmsKeyId", &kms_key_id, false },
						  { 0 } },
};
static const struct shape replica_regions = { .type = SHAPE_LIST,
					      .min = 1,
					      .element = &replica_region };

static const struct shape filter_key = {
	.type = SHAPE_STRING,
	.pattern = "description|name|tag-key|tag-value|primary-region|owning-service|all",
};
static const struct shape filter_value = { .type = SHAPE_STRING,
					   .max = 512,
					   .pattern = "!?[a-zA-Z0-9 :_@/+=.!-]*" };
static const struct shape filter_values = {
	.type = SHAPE_LIST, .min = 1, .max = 10, .element = &filter_value
};
static const struct shape filter = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "Key", &filter_key, true },
						  { "Values", &filter_values, true },
						  { 0 } },
};
static const struct shape filters = { .type = SHAPE_LIST, .max = 10, .element = &filter };
static const struct shape sort_order = { .type = SHAPE_STRING, .pattern = "asc|desc" };
static const struct shape sort_by = {
	.type = SHAPE_STRING,
	.pattern = "created-date|last-accessed-date|last-changed-date|name",
};

#define INPUT(...)                                                                                 \
	&(const struct shape)                                                                      \
	{                                                                                          \
		.type = SHAPE_STRUCTURE, .members = (const struct shape_member[])                  \
		{                                                                                  \
			__VA_ARGS__,                                                               \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}

/* clang-format off */

static const struct api_operation operations[] = {
	{ "CreateSecret", INPUT(
		{ "Name", &name, true },
		{ "ClientRequestToken", &version_id, false },
		{ "Description", &description, false },
		{ "KmsKeyId", &kms_key_id, false },
		{ "SecretString", &secret_string, false },
		{ "SecretBinary", &secret_binary, false },
		{ "Tags", &tags, false },
		{ "AddReplicaRegions", &replica_regions, false },
		{ "ForceOverwriteReplicaSecret", &boolean, false },
		{ "Type", &secret_type, false }), create_secret, .resource = "secret:{Name}" },
	{ "DescribeSecret", INPUT({ "SecretId", &secret_id, true }), describe_secret, .resource = "secret:{SecretId}" },
	{ "UpdateSecret", INPUT(
		{ "SecretId", &secret_id, true },
		{ "ClientRequestToken", &version_id, false },
		{ "Description", &description, false },
		{ "KmsKeyId", &kms_key_id, false },
		{ "SecretString", &secret_string, false },
		{ "SecretBinary", &secret_binary, false },
		{ "Type", &secret_type, false }), update_secret, .resource = "secret:{SecretId}" },
	{ "DeleteSecret", INPUT(
		{ "SecretId", &secret_id, true },
		{ "RecoveryWindowInDays", &days, false },
		{ "ForceDeleteWithoutRecovery", &boolean, false }), delete_secret, .resource = "secret:{SecretId}" },
	{ "RestoreSecret", INPUT({ "SecretId", &secret_id, true }), restore_secret, .resource = "secret:{SecretId}" },
	{ "GetResourcePolicy", INPUT({ "SecretId", &secret_id, true }), get_resource_policy, .resource = "secret:{SecretId}" },
	{ "ListSecrets", INPUT(
		{ "MaxResults", &max_results, false },
		{ "NextToken", &next_token, false },
		{ "IncludePlannedDeletion", &boolean, false },
		{ "Filters", &filters, false },
		{ "SortOrder", &sort_order, false },
		{ "SortBy", &sort_by, false }), list_secrets, .resource = "*" },
	{ "GetSecretValue", INPUT(
		{ "SecretId", &secret_id, true },
		{ "VersionId", &version_id, false },
		{ "VersionStage", &stage, false }), get_secret_value, .resource = "secret:{SecretId}" },
	{ "PutSecretValue", INPUT(
		{ "SecretId", &secret_id, true },
		{ "ClientRequestToken", &version_id, false },
		{ "SecretString", &secret_string, false },
		{ "SecretBinary", &secret_binary, false },
		{ "VersionStages", &stages, false },
		{ "RotationToken", &rotation_token, false }), put_secret_value, .resource = "secret:{SecretId}" },
	{ "ListSecretVersionIds", INPUT(
		{ "SecretId", &secret_id, true },
		{ "MaxResults", &max_results, false },
		{ "NextToken", &next_token, false },
		{ "IncludeDeprecated", &boolean, false }), list_secret_version_ids, .resource = "secret:{SecretId}" },
	{ "UpdateSecretVersionStage", INPUT(
		{ "SecretId", &secret_id, true },
		{ "VersionStage", &stage, true },
		{ "RemoveFromVersionId", &version_id, false },
		{ "MoveToVersionId", &version_id, false }), update_secret_version_stage, .resource = "secret:{SecretId}" },
	{ "TagResource", INPUT(
		{ "SecretId", &secret_id, true },
		{ "Tags", &tags, true }), tag_resource, .resource = "secret:{SecretId}" },
	{ "UntagResource", INPUT(
		{ "SecretId", &secret_id, true },
		{ "TagKeys", &tag_keys, true }), untag_resource, .resource = "secret:{SecretId}" },
	{ 0 },
};

/* clang-format on */

static const struct api_error_type errors[] = { { "InternalServiceError", 500 }, { 0 } };

const struct api_service service_secretsmanager = {
	.signing_name = "secretsmanager",
	.title = "AWS Secrets Manager",
	.protocol = API_JSON_1_1,
	.target_prefix = "secretsmanager",
	.validation_error = "InvalidParameterException",
	.internal_error = "InternalServiceError",
	.operations = operations,
	.resolve = secret_resolve,
	.list_values = secret_list_stages,
	.find_arn = secret_find_arn,
	.errors = errors,
};
