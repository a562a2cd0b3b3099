/** Users and roles: how they are shown and listed, their tags, and what stands in the way of deleting one. */

#include "service/iam/principal.h"

#include <string.h>

#include "base/arn.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/iam/operations.h"
#include "service/tag_list.h"
#include "store/access_keys.h"
#include "store/managed_policies.h"

static int check_name(struct iam_request *request, const struct principal *principal,
		      struct sp_error *err)
{
	SP_AUTO_FREE char *arn = principal_arn(principal, request->context->account);
	if (strcasecmp(arn, request->context->builtin_role) != 0)
		return 0;
	return sp_fail(err, SP_EXISTS,
		       "Role with name %s already exists: it is the built-in one, which may do "
		       "everything.",
		       principal->name);
}

int iam_insert_principal(struct iam_request *request, struct db *db,
			 const struct principal *principal, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = principal_arn(principal, request->context->account);
	const json_t *tags = json_object_get(request->input, "Tags");
	if (check_name(request, principal, err) != 0 || tag_list_check(tags, err) != 0 ||
	    principals_insert(db, principal, err) != 0)
		return -1;
	return tag_list_put(db, arn, tags, err);
}

json_t *iam_principal_view(const struct iam_request *request, const struct principal *principal)
{
	bool is_user = principal->kind == PRINCIPAL_USER;
	SP_AUTO_FREE char *arn = principal_arn(principal, request->context->account);
	json_t *view = json_pack("{s:s, s:s, s:s, s:s}", "Path", principal->path,
				 is_user ? "UserName" : "RoleName", principal->name,
				 is_user ? "UserId" : "RoleId", principal->id, "Arn", arn);
	iam_set_time(view, "CreateDate", principal->created_ms);
	return view;
}

int iam_view_tags(struct db *db, const char *arn, json_t *view, struct sp_error *err)
{
	json_t *tags;
	if (tag_list_read_all(db, arn, &tags, err) != 0)
		return -1;
	if (json_array_size(tags) > 0)
		json_object_set(view, "Tags", tags);
	json_decref(tags);
	return 0;
}

static int add_principal(void *ctx, const struct principal *principal, struct sp_error *err)
{
	struct iam_principal_list *list = ctx;
	const char *prefix = iam_text(list->request, "PathPrefix");
	(void)err;
	if (prefix != NULL && !sp_text_starts_with(principal->path, prefix))
		return 0;
	return iam_page_add(&list->page, list->view(list->request, principal), principal->name);
}

int iam_list_principals(struct iam_request *request, struct db *db, enum principal_kind kind,
			json_t *(*view)(const struct iam_request *, const struct principal *),
			const char *name, struct sp_error *err)
{
	struct iam_principal_list list = { .request = request, .view = view };
	if (iam_page_begin(request, name, &list.page, err) != 0)
		return -1;
	int result = principals_each(db, kind, list.page.after, add_principal, &list, err);
	iam_page_end(request, &list.page, name);
	return result;
}

/* ---- tags ----------------------------------------------------------------------------------------------------------- */

static char *arn_asked(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0)
		return NULL;
	return principal_arn(&principal, request->context->account);
}

static int tag(struct iam_request *request, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = arn_asked(request, db, err);
	const json_t *tags = json_object_get(request->input, "Tags");
	if (arn == NULL || tag_list_check(tags, err) != 0)
		return -1;
	return tag_list_put(db, arn, tags, err);
}

static int untag(struct iam_request *request, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = arn_asked(request, db, err);
	return arn == NULL
		       ? -1
		       : tag_list_remove(db, arn, json_object_get(request->input, "TagKeys"), err);
}

static int list_tags(struct iam_request *request, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = arn_asked(request, db, err);
	json_t *tags;
	if (arn == NULL || tag_list_read_all(db, arn, &tags, err) != 0)
		return -1;
	return iam_page_whole(request, "Tags", tags, err);
}

void iam_tag_principal(struct api_call *call)
{
	iam_write(call, tag);
}

void iam_untag_principal(struct api_call *call)
{
	iam_write(call, untag);
}

void iam_list_principal_tags(struct api_call *call)
{
	iam_read(call, list_tags);
}

/* ---- deleting ------------------------------------------------------------------------------------------------------- */

static int there_is_one(void *ctx, const char *name, const char *document, struct sp_error *err)
{
	(void)name;
	(void)document;
	(void)err;
	*(bool *)ctx = true;
	return 1;
}

static int check_free(struct iam_request *request, struct db *db, const char *id,
		      struct sp_error *err)
{
	bool has_inline = false, is_attached = false;
	struct access_key keys[ACCESS_KEYS_PER_USER_MAX];
	size_t key_count;
	if (inline_policies_each(db, id, there_is_one, &has_inline, err) != 0 ||
	    attachments_each(db, id, there_is_one, &is_attached, err) != 0 ||
	    access_keys_list(db, id, keys, &key_count, err) != 0)
		return -1;
	if (is_attached)
		return iam_refuse(request, err, IAM_CONFLICT,
				  "Cannot delete entity, must detach all policies first.");
	if (has_inline)
		return iam_refuse(request, err, IAM_CONFLICT,
				  "Cannot delete entity, must delete policies first.");
	if (key_count > 0)
		return iam_refuse(request, err, IAM_CONFLICT,
				  "Cannot delete entity, must delete access keys first.");
	return 0;
}

static int delete_principal(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0 ||
	    check_free(request, db, principal.id, err) != 0)
		return -1;
	SP_AUTO_FREE char *arn = principal_arn(&principal, request->context->account);
	if (tags_remove_all(db, arn, err) != 0)
		return -1;
	return principals_delete(db, principal.id, err);
}

void iam_delete_principal(struct api_call *call)
{
	iam_write(call, delete_principal);
}
