/** Policies that stand in a user or a role. */

#include <string.h>

#include "base/scope.h"
#include "service/iam/operations.h"
#include "service/iam/request.h"

/* Characters of all of them together, white space not counted. */
enum { USER_POLICIES_MAX = 2048, ROLE_POLICIES_MAX = 10240 };

struct sum {
	const char *but; /* the one that is replaced */
	size_t size;
};

static int add_size(void *ctx, const char *name, const char *document, struct sp_error *err)
{
	struct sum *sum = ctx;
	(void)err;
	if (strcmp(name, sum->but) != 0)
		sum->size += access_policy_size(document);
	return 0;
}

static int check_size(struct iam_request *request, struct db *db, const struct principal *principal,
		      const char *name, const char *document, struct sp_error *err)
{
	struct sum sum = { .but = name, .size = access_policy_size(document) };
	size_t max = principal->kind == PRINCIPAL_USER ? USER_POLICIES_MAX : ROLE_POLICIES_MAX;
	if (inline_policies_each(db, principal->id, add_size, &sum, err) != 0)
		return -1;
	if (sum.size <= max)
		return 0;
	return iam_refuse(request, err, IAM_LIMIT,
			  "Maximum policy size of %zu bytes exceeded for %s %s", max,
			  principal_kind_name(principal->kind), principal->name);
}

static int put_policy(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const char *name = iam_text(request, "PolicyName");
	const char *document = iam_text(request, "PolicyDocument");
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0 ||
	    iam_check_document(request, ACCESS_IDENTITY, document, 0, "", err) != 0 ||
	    check_size(request, db, &principal, name, document, err) != 0)
		return -1;
	return inline_policies_put(db, principal.id, name, document, err);
}

void iam_put_policy(struct api_call *call)
{
	iam_write(call, put_policy);
}

static int not_found(struct iam_request *request, const struct principal *principal,
		     struct sp_error *err)
{
	if (err->code != SP_NOT_FOUND)
		return -1;
	return iam_refuse(request, err, IAM_NO_ENTITY,
			  "The %s policy with name %s cannot be found.",
			  principal_kind_name(principal->kind), iam_text(request, "PolicyName"));
}

static int get_policy(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const char *name = iam_text(request, "PolicyName");
	SP_AUTO_FREE char *document = NULL;
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0)
		return -1;
	if (inline_policies_find(db, principal.id, name, &document, err) != 0)
		return not_found(request, &principal, err);
	sp_json_set_text(request->output,
			 principal.kind == PRINCIPAL_USER ? "UserName" : "RoleName",
			 principal.name);
	sp_json_set_text(request->output, "PolicyName", name);
	iam_set_document(request->output, "PolicyDocument", document);
	return 0;
}

void iam_get_inline_policy(struct api_call *call)
{
	iam_read(call, get_policy);
}

static int add_name(void *ctx, const char *name, const char *document, struct sp_error *err)
{
	struct iam_page *page = ctx;
	(void)document;
	(void)err;
	if (page->after != NULL && strcmp(name, page->after) <= 0)
		return 0;
	return iam_page_add(page, json_string(name), name);
}

static int list_policies(struct iam_request *request, struct db *db, struct sp_error *err)
{
	struct iam_page page;
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0 ||
	    iam_page_begin(request, "PolicyNames", &page, err) != 0)
		return -1;
	int result = inline_policies_each(db, principal.id, add_name, &page, err);
	iam_page_end(request, &page, "PolicyNames");
	return result;
}

void iam_list_inline_policies(struct api_call *call)
{
	iam_read(call, list_policies);
}

static int delete_policy(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0)
		return -1;
	if (inline_policies_delete(db, principal.id, iam_text(request, "PolicyName"), err) == 0)
		return 0;
	return not_found(request, &principal, err);
}

void iam_delete_inline_policy(struct api_call *call)
{
	iam_write(call, delete_policy);
}
