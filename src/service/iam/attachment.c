/** Policies that stand alone, attached to users and roles. */

#include <string.h>

#include "base/scope.h"
#include "identity/aws_policies.h"
#include "service/iam/managed_policy.h"
#include "service/iam/operations.h"

static int attach(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const char *arn = iam_text(request, "PolicyArn");
	AUTO_PRINCIPAL principal = { 0 };
	AUTO_POLICY policy = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0)
		return -1;
	if (aws_policy_find(arn) == NULL && managed_policies_find(db, arn, &policy, err) != 0) {
		if (err->code != SP_NOT_FOUND)
			return -1;
		return iam_refuse(request, err, IAM_NO_ENTITY,
				  "Policy %s does not exist or is not attachable.", arn);
	}
	return attachments_insert(db, principal.id, arn, err);
}

void iam_attach_policy(struct api_call *call)
{
	iam_write(call, attach);
}

static int detach(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0)
		return -1;
	return attachments_delete(db, principal.id, iam_text(request, "PolicyArn"), err);
}

void iam_detach_policy(struct api_call *call)
{
	iam_write(call, detach);
}

struct attached {
	struct iam_page page;
	const char *path_prefix; /* NULL: any path */
};

/* An ARN ends with ":policy", path and name. */
static bool has_path(const char *arn, const char *prefix)
{
	const char *path = strstr(arn, ":policy/");
	if (prefix == NULL || path == NULL)
		return prefix == NULL;
	path += strlen(":policy");
	size_t length = strlen(prefix);
	return strncmp(path, prefix, length) == 0 &&
	       length <= (size_t)(strrchr(path, '/') + 1 - path);
}

static int add_attachment(void *ctx, const char *arn, const char *document, struct sp_error *err)
{
	struct attached *attached = ctx;
	struct iam_page *page = &attached->page;
	const char *slash = strrchr(arn, '/');
	(void)document;
	(void)err;
	if ((page->after != NULL && strcmp(arn, page->after) <= 0) ||
	    !has_path(arn, attached->path_prefix))
		return 0;
	return iam_page_add(page,
			    json_pack("{s:s, s:s}", "PolicyName", slash == NULL ? arn : slash + 1,
				      "PolicyArn", arn),
			    arn);
}

static int list_attached(struct iam_request *request, struct db *db, struct sp_error *err)
{
	struct attached attached = { .path_prefix = iam_text(request, "PathPrefix") };
	AUTO_PRINCIPAL principal = { 0 };
	if (iam_find_asked(request, db, &principal, err) != 0 ||
	    iam_page_begin(request, "AttachedPolicies", &attached.page, err) != 0)
		return -1;
	int result = attachments_each(db, principal.id, add_attachment, &attached, err);
	iam_page_end(request, &attached.page, "AttachedPolicies");
	return result;
}

void iam_list_attached_policies(struct api_call *call)
{
	iam_read(call, list_attached);
}
