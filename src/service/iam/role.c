#include <stdio.h>

#include "base/scope.h"
#include "service/iam/operations.h"
#include "service/iam/principal.h"

enum { TRUST_MAX = 2048, SESSION_DEFAULT_S = 3600 };

static json_t *view_role(const struct iam_request *request, const struct principal *role)
{
	json_t *view = iam_principal_view(request, role);
	iam_set_document(view, "AssumeRolePolicyDocument", role->trust);
	sp_json_set_text(view, "Description", role->description);
	json_object_set_new(view, "MaxSessionDuration", json_integer(role->max_session_s));
	return view;
}

static int show_role(struct iam_request *request, struct db *db, const struct principal *role,
		     struct sp_error *err)
{
	json_t *view = view_role(request, role);
	json_object_set_new(request->output, "Role", view);
	return iam_view_tags(db, sp_json_string(view, "Arn"), view, err);
}

static int set_trust(struct iam_request *request, const char *member, struct principal *role,
		     struct sp_error *err)
{
	const char *document = iam_text(request, member);
	if (iam_check_document(request, ACCESS_TRUST, document, TRUST_MAX,
			       "Cannot exceed quota for ACLSizePerRole: 2048", err) != 0)
		return -1;
	free(role->trust);
	role->trust = sp_strdup(document);
	return 0;
}

static void set_description(struct iam_request *request, struct principal *role)
{
	const char *description = iam_text(request, "Description");
	if (description == NULL)
		return;
	free(role->description);
	role->description = sp_strdup(description);
}

static int create_role(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL role = {
		.kind = PRINCIPAL_ROLE,
		.created_ms = request->now_ms,
		.max_session_s =
			sp_json_integer(request->input, "MaxSessionDuration", SESSION_DEFAULT_S),
	};
	iam_id_draw("AROA", role.id);
	snprintf(role.name, sizeof(role.name), "%s", iam_text(request, "RoleName"));
	snprintf(role.path, sizeof(role.path), "%s", iam_path(request));
	set_description(request, &role);
	if (iam_text(request, "PermissionsBoundary") != NULL)
		return iam_refuse(request, err, IAM_INVALID,
				  "PermissionsBoundary: permissions boundaries are not offered");
	if (set_trust(request, "AssumeRolePolicyDocument", &role, err) != 0 ||
	    iam_insert_principal(request, db, &role, err) != 0)
		return -1;
	return show_role(request, db, &role, err);
}

void iam_create_role(struct api_call *call)
{
	iam_write(call, create_role);
}

static int get_role(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL role = { 0 };
	if (iam_find_asked(request, db, &role, err) != 0)
		return -1;
	return show_role(request, db, &role, err);
}

void iam_get_role(struct api_call *call)
{
	iam_read(call, get_role);
}

static int list_roles(struct iam_request *request, struct db *db, struct sp_error *err)
{
	return iam_list_principals(request, db, PRINCIPAL_ROLE, view_role, "Roles", err);
}

void iam_list_roles(struct api_call *call)
{
	iam_read(call, list_roles);
}

static int update_role(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL role = { 0 };
	if (iam_find_asked(request, db, &role, err) != 0)
		return -1;
	set_description(request, &role);
	role.max_session_s =
		sp_json_integer(request->input, "MaxSessionDuration", role.max_session_s);
	return principals_update(db, &role, err);
}

void iam_update_role(struct api_call *call)
{
	iam_write(call, update_role);
}

static int update_trust(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL role = { 0 };
	if (iam_find_asked(request, db, &role, err) != 0 ||
	    set_trust(request, "PolicyDocument", &role, err) != 0)
		return -1;
	return principals_update(db, &role, err);
}

void iam_update_assume_role_policy(struct api_call *call)
{
	iam_write(call, update_trust);
}

/* There are none, and whoever deletes a role looks. */
static int list_profiles(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL role = { 0 };
	if (iam_find_asked(request, db, &role, err) != 0)
		return -1;
	return iam_page_whole(request, "InstanceProfiles", json_array(), err);
}

void iam_list_instance_profiles_for_role(struct api_call *call)
{
	iam_read(call, list_profiles);
}
