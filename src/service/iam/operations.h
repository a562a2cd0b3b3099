#pragma once
/** Within service/iam/: the handlers, a file per resource. */

#include "api/call.h"

/* user.c */
void iam_create_user(struct api_call *call);
void iam_get_user(struct api_call *call);
void iam_list_users(struct api_call *call);
void iam_update_user(struct api_call *call);
void iam_list_groups_for_user(struct api_call *call);

/* role.c */
void iam_create_role(struct api_call *call);
void iam_get_role(struct api_call *call);
void iam_list_roles(struct api_call *call);
void iam_update_role(struct api_call *call);
void iam_update_assume_role_policy(struct api_call *call);
void iam_list_instance_profiles_for_role(struct api_call *call);

/* principal.c: of users and roles */
void iam_delete_principal(struct api_call *call);
void iam_tag_principal(struct api_call *call);
void iam_untag_principal(struct api_call *call);
void iam_list_principal_tags(struct api_call *call);

/* inline_policy.c: of users and roles */
void iam_put_policy(struct api_call *call);
void iam_get_inline_policy(struct api_call *call);
void iam_list_inline_policies(struct api_call *call);
void iam_delete_inline_policy(struct api_call *call);

/* managed_policy.c */
void iam_create_policy(struct api_call *call);
void iam_get_policy(struct api_call *call);
void iam_list_policies(struct api_call *call);
void iam_delete_policy(struct api_call *call);
void iam_tag_policy(struct api_call *call);
void iam_untag_policy(struct api_call *call);
void iam_list_policy_tags(struct api_call *call);

/* policy_version.c */
void iam_create_policy_version(struct api_call *call);
void iam_get_policy_version(struct api_call *call);
void iam_list_policy_versions(struct api_call *call);
void iam_set_default_policy_version(struct api_call *call);
void iam_delete_policy_version(struct api_call *call);

/* attachment.c: of users and roles */
void iam_attach_policy(struct api_call *call);
void iam_detach_policy(struct api_call *call);
void iam_list_attached_policies(struct api_call *call);

/* access_key.c */
void iam_create_access_key(struct api_call *call);
void iam_list_access_keys(struct api_call *call);
void iam_update_access_key(struct api_call *call);
void iam_delete_access_key(struct api_call *call);
void iam_get_access_key_last_used(struct api_call *call);

/** resource.c: api_service.find_arn */
char *iam_find_arn(void *context, const json_t *input, const char *kind, const char *value);
