#include "service/iam/operations.h"
#include "service/services.h"

/* clang-format off */

#define STRING(name, minimum, maximum, regex) \
	static const struct shape name = { .type = SHAPE_STRING, .min = (minimum), .max = (maximum), .pattern = (regex) }
#define REQUIRED true
#define OPTIONAL false
#define INPUT(...) \
	&(const struct shape){ .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){ __VA_ARGS__, { 0 } } }

STRING(principal_name, 1, 64, "[A-Za-z0-9_+=,.@-]+");
STRING(policy_name, 1, 128, "[A-Za-z0-9_+=,.@-]+");
STRING(path, 1, 512, "/|/[!-~]+/");
STRING(path_prefix, 1, 512, "/[!-~]*");
STRING(document, 1, 131072, NULL);
STRING(arn, 20, 1023, NULL);
STRING(description, 0, 1000, NULL);
STRING(key_id, 16, 128, "[A-Za-z0-9_]+");
STRING(status, 1, 16, "Active|Inactive");
STRING(version_id, 2, 32, "v[1-9][0-9]*([.][A-Za-z0-9-]*)?");
STRING(marker, 1, 1024, NULL);
STRING(scope, 1, 16, "All|AWS|Local");
STRING(usage, 1, 64, "PermissionsPolicy|PermissionsBoundary");
STRING(tag_key, 1, 128, NULL);
STRING(tag_value, 0, 256, NULL);
static const struct shape truth = { .type = SHAPE_BOOLEAN };
static const struct shape max_items = { .type = SHAPE_INTEGER, .min = 1, .max = 1000 };
static const struct shape session = { .type = SHAPE_INTEGER, .min = 3600, .max = 43200 };
static const struct shape tag = { .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){
	{ "Key", &tag_key, REQUIRED }, { "Value", &tag_value, REQUIRED }, { 0 } } };
static const struct shape tags = { .type = SHAPE_LIST, .max = 50, .element = &tag };
static const struct shape tag_keys = { .type = SHAPE_LIST, .max = 50, .element = &tag_key };

#define PAGED       { "Marker", &marker, OPTIONAL }, { "MaxItems", &max_items, OPTIONAL }
#define USER        { "UserName", &principal_name, REQUIRED }
#define OWN_USER    { "UserName", &principal_name, OPTIONAL }
#define ROLE        { "RoleName", &principal_name, REQUIRED }
#define POLICY      { "PolicyName", &policy_name, REQUIRED }
#define POLICY_ARN  { "PolicyArn", &arn, REQUIRED }
#define DOCUMENT    { "PolicyDocument", &document, REQUIRED }
#define DESCRIPTION { "Description", &description, OPTIONAL }
#define TAGS        { "Tags", &tags, REQUIRED }
#define TAG_KEYS    { "TagKeys", &tag_keys, REQUIRED }
#define KEY         { "AccessKeyId", &key_id, REQUIRED }
#define VERSION     { "VersionId", &version_id, REQUIRED }

#define ON_USER   .resource = "user/{UserName}"
#define ON_OWN    .resource = "user/{UserName|@}"
#define ON_ROLE   .resource = "role/{RoleName}"
#define ON_POLICY .resource = "{PolicyArn}"

static const struct api_operation operations[] = {
	{ "CreateUser", INPUT(USER, { "Path", &path, OPTIONAL }, { "PermissionsBoundary", &arn, OPTIONAL },
		{ "Tags", &tags, OPTIONAL }), iam_create_user, ON_USER },
	{ "GetUser", INPUT(OWN_USER), iam_get_user, ON_OWN },
	{ "ListUsers", INPUT(PAGED, { "PathPrefix", &path_prefix, OPTIONAL }), iam_list_users, .resource = "*" },
	{ "UpdateUser", INPUT(USER, { "NewUserName", &principal_name, OPTIONAL }, { "NewPath", &path, OPTIONAL }),
		iam_update_user, .resource = "user/{UserName} iam:UpdateUser=renamed-user/{NewUserName|NewPath}" },
	{ "DeleteUser", INPUT(USER), iam_delete_principal, ON_USER },
	{ "TagUser", INPUT(USER, TAGS), iam_tag_principal, ON_USER },
	{ "UntagUser", INPUT(USER, TAG_KEYS), iam_untag_principal, ON_USER },
	{ "ListUserTags", INPUT(USER, PAGED), iam_list_principal_tags, ON_USER },
	{ "ListGroupsForUser", INPUT(USER, PAGED), iam_list_groups_for_user, ON_USER },

	{ "PutUserPolicy", INPUT(USER, POLICY, DOCUMENT), iam_put_policy, ON_USER },
	{ "GetUserPolicy", INPUT(USER, POLICY), iam_get_inline_policy, ON_USER },
	{ "ListUserPolicies", INPUT(USER, PAGED), iam_list_inline_policies, ON_USER },
	{ "DeleteUserPolicy", INPUT(USER, POLICY), iam_delete_inline_policy, ON_USER },
	{ "AttachUserPolicy", INPUT(USER, POLICY_ARN), iam_attach_policy, ON_USER },
	{ "DetachUserPolicy", INPUT(USER, POLICY_ARN), iam_detach_policy, ON_USER },
	{ "ListAttachedUserPolicies", INPUT(USER, PAGED, { "PathPrefix", &path_prefix, OPTIONAL }),
		iam_list_attached_policies, ON_USER },

	{ "CreateAccessKey", INPUT(OWN_USER), iam_create_access_key, ON_OWN },
	{ "ListAccessKeys", INPUT(OWN_USER, PAGED), iam_list_access_keys, ON_OWN },
	{ "UpdateAccessKey", INPUT(OWN_USER, KEY, { "Status", &status, REQUIRED }), iam_update_access_key, ON_OWN },
	{ "DeleteAccessKey", INPUT(OWN_USER, KEY), iam_delete_access_key, ON_OWN },
	{ "GetAccessKeyLastUsed", INPUT(KEY), iam_get_access_key_last_used, .resource = "*" },

	{ "CreateRole", INPUT(ROLE, { "Path", &path, OPTIONAL }, { "AssumeRolePolicyDocument", &document, REQUIRED },
		DESCRIPTION, { "MaxSessionDuration", &session, OPTIONAL }, { "PermissionsBoundary", &arn, OPTIONAL },
		{ "Tags", &tags, OPTIONAL }), iam_create_role, ON_ROLE },
	{ "GetRole", INPUT(ROLE), iam_get_role, ON_ROLE },
	{ "ListRoles", INPUT(PAGED, { "PathPrefix", &path_prefix, OPTIONAL }), iam_list_roles, .resource = "*" },
	{ "UpdateRole", INPUT(ROLE, DESCRIPTION, { "MaxSessionDuration", &session, OPTIONAL }), iam_update_role, ON_ROLE },
	{ "UpdateAssumeRolePolicy", INPUT(ROLE, DOCUMENT), iam_update_assume_role_policy, ON_ROLE },
	{ "DeleteRole", INPUT(ROLE), iam_delete_principal, ON_ROLE },
	{ "TagRole", INPUT(ROLE, TAGS), iam_tag_principal, ON_ROLE },
	{ "UntagRole", INPUT(ROLE, TAG_KEYS), iam_untag_principal, ON_ROLE },
	{ "ListRoleTags", INPUT(ROLE, PAGED), iam_list_principal_tags, ON_ROLE },
	{ "ListInstanceProfilesForRole", INPUT(ROLE, PAGED), iam_list_instance_profiles_for_role, ON_ROLE },

	{ "PutRolePolicy", INPUT(ROLE, POLICY, DOCUMENT), iam_put_policy, ON_ROLE },
	{ "GetRolePolicy", INPUT(ROLE, POLICY), iam_get_inline_policy, ON_ROLE },
	{ "ListRolePolicies", INPUT(ROLE, PAGED), iam_list_inline_policies, ON_ROLE },
	{ "DeleteRolePolicy", INPUT(ROLE, POLICY), iam_delete_inline_policy, ON_ROLE },
	{ "AttachRolePolicy", INPUT(ROLE, POLICY_ARN), iam_attach_policy, ON_ROLE },
	{ "DetachRolePolicy", INPUT(ROLE, POLICY_ARN), iam_detach_policy, ON_ROLE },
	{ "ListAttachedRolePolicies", INPUT(ROLE, PAGED, { "PathPrefix", &path_prefix, OPTIONAL }),
		iam_list_attached_policies, ON_ROLE },

	{ "CreatePolicy", INPUT(POLICY, { "Path", &path, OPTIONAL }, DOCUMENT, DESCRIPTION, { "Tags", &tags, OPTIONAL }),
		iam_create_policy, .resource = "policy/{PolicyName}" },
	{ "GetPolicy", INPUT(POLICY_ARN), iam_get_policy, ON_POLICY },
	{ "ListPolicies", INPUT(PAGED, { "Scope", &scope, OPTIONAL }, { "OnlyAttached", &truth, OPTIONAL },
		{ "PathPrefix", &path_prefix, OPTIONAL }, { "PolicyUsageFilter", &usage, OPTIONAL }),
		iam_list_policies, .resource = "*" },
	{ "DeletePolicy", INPUT(POLICY_ARN), iam_delete_policy, ON_POLICY },
	{ "TagPolicy", INPUT(POLICY_ARN, TAGS), iam_tag_policy, ON_POLICY },
	{ "UntagPolicy", INPUT(POLICY_ARN, TAG_KEYS), iam_untag_policy, ON_POLICY },
	{ "ListPolicyTags", INPUT(POLICY_ARN, PAGED), iam_list_policy_tags, ON_POLICY },
	{ "CreatePolicyVersion", INPUT(POLICY_ARN, DOCUMENT, { "SetAsDefault", &truth, OPTIONAL }),
		iam_create_policy_version, ON_POLICY },
	{ "GetPolicyVersion", INPUT(POLICY_ARN, VERSION), iam_get_policy_version, ON_POLICY },
	{ "ListPolicyVersions", INPUT(POLICY_ARN, PAGED), iam_list_policy_versions, ON_POLICY },
	{ "SetDefaultPolicyVersion", INPUT(POLICY_ARN, VERSION), iam_set_default_policy_version, ON_POLICY },
	{ "DeletePolicyVersion", INPUT(POLICY_ARN, VERSION), iam_delete_policy_version, ON_POLICY },
	{ NULL },
};

static const struct api_error_type errors[] = {
	{ "NoSuchEntity",         404 },
	{ "EntityAlreadyExists",  409 },
	{ "DeleteConflict",       409 },
	{ "LimitExceeded",        409 },
	{ "AccessDenied",         403 },
	{ "ServiceFailure",       500 },
	{ NULL, 0 },
};

/* clang-format on */

const struct api_service service_iam = {
	.signing_name = "iam",
	.title = "AWS Identity and Access Management",
	.protocol = API_QUERY,
	.version = "2010-05-08",
	.xml_namespace = "https://iam.amazonaws.com/doc/2010-05-08/",
	.validation_error = "ValidationError",
	.internal_error = "ServiceFailure",
	.is_global = true,
	.find_arn = iam_find_arn,
	.operations = operations,
	.errors = errors,
};
