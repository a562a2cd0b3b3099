/** Users and roles as policies name them: their ARNs have paths, and requests have not. */

#include <string.h>

#include "base/arn.h"
#include "base/text.h"
#include "service/iam/operations.h"
#include "service/iam/request.h"

struct search {
	const struct service_context *context;
	enum principal_kind kind;
	const json_t *input;
	const char *name;
	char *arn; /* owned by the caller; NULL: there is none */
};

static int find(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	AUTO_PRINCIPAL principal = { 0 };
	if (principals_find(db, search->kind, search->name, &principal, err) != 0)
		return -1;
	search->arn = principal_arn(&principal, search->context->account);
	return 0;
}

/* UpdateUser: what the user is called afterwards. */
static int find_after(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	const char *name = sp_json_string(search->input, "NewUserName");
	const char *path = sp_json_string(search->input, "NewPath");
	AUTO_PRINCIPAL user = { 0 };
	if (principals_find(db, PRINCIPAL_USER, sp_json_string(search->input, "UserName"), &user,
			    err) != 0)
		return -1;
	search->arn =
		sp_arn_format("iam", "", search->context->account, "user%s%s",
			      path == NULL ? user.path : path, name == NULL ? user.name : name);
	return 0;
}

char *iam_find_arn(void *context, const json_t *input, const char *kind, const char *value)
{
	const struct service_context *service = context;
	const char *path = sp_json_string(input, "Path");
	struct search search = { .context = service, .input = input, .name = value };
	struct sp_error err = { 0 };
	search.kind = strcmp(kind, "role/") == 0 ? PRINCIPAL_ROLE : PRINCIPAL_USER;
	if (path != NULL) /* it is yet to be made */
		return sp_arn_format("iam", "", service->account, "%.*s%s%s",
				     (int)strcspn(kind, "/"), kind, path, value);
	if (strcmp(kind, "user/") == 0 || strcmp(kind, "role/") == 0)
		store_read(service->store, find, &search, &err);
	else if (strcmp(kind, "renamed-user/") == 0)
		store_read(service->store, find_after, &search, &err);
	return search.arn;
}
