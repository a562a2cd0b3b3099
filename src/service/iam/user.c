#include <stdio.h>

#include "base/arn.h"
#include "base/scope.h"
#include "service/iam/operations.h"
#include "service/iam/principal.h"
#include "service/tag_list.h"

static int show_user(struct iam_request *request, struct db *db, const struct principal *user,
		     struct sp_error *err)
{
	json_t *view = iam_principal_view(request, user);
	json_object_set_new(request->output, "User", view);
	return iam_view_tags(db, sp_json_string(view, "Arn"), view, err);
}

static int create_user(struct iam_request *request, struct db *db, struct sp_error *err)
{
	struct principal user = { .kind = PRINCIPAL_USER, .created_ms = request->now_ms };
	iam_id_draw("AIDA", user.id);
	snprintf(user.name, sizeof(user.name), "%s", iam_text(request, "UserName"));
	snprintf(user.path, sizeof(user.path), "%s", iam_path(request));
	if (iam_insert_principal(request, db, &user, err) != 0)
		return -1;
	return show_user(request, db, &user, err);
}

void iam_create_user(struct api_call *call)
{
	iam_write(call, create_user);
}

/* Whoever asks with the account's own key, and names nobody, is its root. */
static int get_user(struct iam_request *request, struct db *db, struct sp_error *err)
{
	if (iam_text(request, "UserName") == NULL && request->who.is_owner) {
		json_t *view =
			json_pack("{s:s, s:s, s:s, s:s}", "Path", "/", "UserName", "root", "UserId",
				  request->context->account, "Arn", request->who.arn);
		iam_set_time(view, "CreateDate", 0);
		json_object_set_new(request->output, "User", view);
		return 0;
	}
	AUTO_PRINCIPAL user = { 0 };
	if (iam_find_asked(request, db, &user, err) != 0)
		return -1;
	return show_user(request, db, &user, err);
}

void iam_get_user(struct api_call *call)
{
	iam_read(call, get_user);
}

static int list_users(struct iam_request *request, struct db *db, struct sp_error *err)
{
	return iam_list_principals(request, db, PRINCIPAL_USER, iam_principal_view, "Users", err);
}

void iam_list_users(struct api_call *call)
{
	iam_read(call, list_users);
}

static int move_tags(struct db *db, const char *from, const char *to, struct sp_error *err)
{
	SP_AUTO_JSON json_t *tags = NULL;
	if (tag_list_read_all(db, from, &tags, err) != 0 || tags_remove_all(db, from, err) != 0)
		return -1;
	return tag_list_put(db, to, tags, err);
}

static int update_user(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const char *name = iam_text(request, "NewUserName"), *path = iam_text(request, "NewPath");
	AUTO_PRINCIPAL user = { 0 };
	if (iam_find_asked(request, db, &user, err) != 0)
		return -1;
	SP_AUTO_FREE char *before = principal_arn(&user, request->context->account);
	if (name != NULL)
		snprintf(user.name, sizeof(user.name), "%s", name);
	if (path != NULL)
		snprintf(user.path, sizeof(user.path), "%s", path);
	SP_AUTO_FREE char *after = principal_arn(&user, request->context->account);
	if (principals_update(db, &user, err) != 0)
		return -1;
	return move_tags(db, before, after, err);
}

void iam_update_user(struct api_call *call)
{
	iam_write(call, update_user);
}

/* There are none, and whoever deletes a user looks. */
static int list_groups(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL user = { 0 };
	if (iam_find_asked(request, db, &user, err) != 0)
		return -1;
	return iam_page_whole(request, "Groups", json_array(), err);
}

void iam_list_groups_for_user(struct api_call *call)
{
	iam_read(call, list_groups);
}
