#include "service/iam/managed_policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/scope.h"
#include "base/text.h"
#include "identity/aws_policies.h"
#include "service/iam/operations.h"
#include "service/iam/principal.h"
#include "service/tag_list.h"

enum { DOCUMENT_MAX = 6144 };

int iam_check_managed_document(struct iam_request *request, const char *document,
			       struct sp_error *err)
{
	return iam_check_document(request, ACCESS_IDENTITY, document, DOCUMENT_MAX,
				  "Cannot exceed quota for PolicySize: 6144", err);
}

/* Refuses what would change a policy of AWS's. */
static int check_own_policy(struct iam_request *request, const char *arn, struct sp_error *err)
{
	if (aws_policy_find(arn) == NULL)
		return 0;
	return iam_refuse(request, err, "AccessDenied",
			  "Policy %s is AWS's own: it is the same for everybody", arn);
}

int iam_find_policy(struct iam_request *request, struct db *db, struct managed_policy *out,
		    struct sp_error *err)
{
	const char *arn = iam_text(request, "PolicyArn");
	if (check_own_policy(request, arn, err) != 0)
		return -1;
	return managed_policies_find(db, arn, out, err);
}

static json_t *view_policy(const struct managed_policy *policy)
{
	char version[24];
	snprintf(version, sizeof(version), "v%" PRId64, policy->default_version);
	json_t *view = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "PolicyName",
				 policy->name, "PolicyId", policy->id, "Arn", policy->arn, "Path",
				 policy->path, "DefaultVersionId", version, "AttachmentCount",
				 (json_int_t)policy->attachments, "PermissionsBoundaryUsageCount",
				 (json_int_t)0, "IsAttachable", 1);
	iam_set_time(view, "CreateDate", policy->created_ms);
	iam_set_time(view, "UpdateDate", policy->updated_ms);
	sp_json_set_text(view, "Description", policy->description);
	return view;
}

/* As if it were kept. */
static json_t *view_aws_policy(const struct aws_policy *policy)
{
	struct managed_policy one = { .default_version = 1,
				      .description = (char *)policy->description };
	snprintf(one.arn, sizeof(one.arn), "%s", policy->arn);
	snprintf(one.id, sizeof(one.id), "%s", policy->id);
	snprintf(one.name, sizeof(one.name), "%s", policy->name);
	snprintf(one.path, sizeof(one.path), "%s", policy->path);
	return view_policy(&one);
}

/* ---- creating, showing ---------------------------------------------------------------------------------------------- */

static int create_policy(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const char *document = iam_text(request, "PolicyDocument");
	const json_t *tags = json_object_get(request->input, "Tags");
	struct managed_policy policy = {
		.description = (char *)iam_text(request, "Description"),
		.created_ms = request->now_ms,
		.updated_ms = request->now_ms,
		.default_version = 1,
		.last_version = 1,
	};
	iam_id_draw("ANPA", policy.id);
	snprintf(policy.name, sizeof(policy.name), "%s", iam_text(request, "PolicyName"));
	snprintf(policy.path, sizeof(policy.path), "%s", iam_path(request));
	SP_AUTO_FREE char *arn = sp_arn_format("iam", "", request->context->account, "policy%s%s",
					       policy.path, policy.name);
	snprintf(policy.arn, sizeof(policy.arn), "%s", arn);
	if (iam_check_managed_document(request, document, err) != 0 ||
	    tag_list_check(tags, err) != 0 ||
	    managed_policies_insert(db, &policy, document, err) != 0 ||
	    tag_list_put(db, arn, tags, err) != 0)
		return -1;
	json_t *view = view_policy(&policy);
	json_object_set_new(request->output, "Policy", view);
	return iam_view_tags(db, arn, view, err);
}

void iam_create_policy(struct api_call *call)
{
	iam_write(call, create_policy);
}

static int get_policy(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const struct aws_policy *aws = aws_policy_find(iam_text(request, "PolicyArn"));
	if (aws != NULL) {
		json_object_set_new(request->output, "Policy", view_aws_policy(aws));
		return 0;
	}
	AUTO_POLICY policy = { 0 };
	if (iam_find_policy(request, db, &policy, err) != 0)
		return -1;
	json_t *view = view_policy(&policy);
	json_object_set_new(request->output, "Policy", view);
	return iam_view_tags(db, policy.arn, view, err);
}

void iam_get_policy(struct api_call *call)
{
	iam_read(call, get_policy);
}

/* ---- listing -------------------------------------------------------------------------------------------------------- */

struct listing {
	struct iam_request *request;
	struct iam_page page;
};

static bool is_asked(const struct iam_request *request, const char *path, bool is_attached)
{
	const char *prefix = iam_text(request, "PathPrefix");
	bool only_attached = json_is_true(json_object_get(request->input, "OnlyAttached"));
	/* There are no boundaries, so none is used as one. */
	if (sp_text_equal(iam_text(request, "PolicyUsageFilter"), "PermissionsBoundary"))
		return false;
	return (prefix == NULL || sp_text_starts_with(path, prefix)) &&
	       (!only_attached || is_attached);
}

static int add_policy(void *ctx, const struct managed_policy *policy, struct sp_error *err)
{
	struct listing *listing = ctx;
	(void)err;
	if (!is_asked(listing->request, policy->path, policy->attachments > 0))
		return 0;
	return iam_page_add(&listing->page, view_policy(policy), policy->arn);
}

/* Their ARNs come behind those of the account, whose number begins with a digit. */
static void add_aws_policies(struct listing *listing)
{
	for (const struct aws_policy *at = aws_policies; at->arn != NULL; at++) {
		bool is_behind =
			listing->page.after == NULL || strcmp(at->arn, listing->page.after) > 0;
		if (is_behind && is_asked(listing->request, at->path, false) &&
		    iam_page_add(&listing->page, view_aws_policy(at), at->arn) != 0)
			return;
	}
}

static int list_policies(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const char *scope = iam_text(request, "Scope");
	struct listing listing = { .request = request };
	int result = 0;
	if (iam_page_begin(request, "Policies", &listing.page, err) != 0)
		return -1;
	if (!sp_text_equal(scope, "AWS"))
		result = managed_policies_each(db, listing.page.after, add_policy, &listing, err);
	if (!sp_text_equal(scope, "Local") && !listing.page.more)
		add_aws_policies(&listing);
	iam_page_end(request, &listing.page, "Policies");
	return result;
}

void iam_list_policies(struct api_call *call)
{
	iam_read(call, list_policies);
}

/* ---- tags, deleting ------------------------------------------------------------------------------------------------- */

static int tag(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const json_t *tags = json_object_get(request->input, "Tags");
	AUTO_POLICY policy = { 0 };
	if (iam_find_policy(request, db, &policy, err) != 0 || tag_list_check(tags, err) != 0)
		return -1;
	return tag_list_put(db, policy.arn, tags, err);
}

void iam_tag_policy(struct api_call *call)
{
	iam_write(call, tag);
}

static int untag(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_POLICY policy = { 0 };
	if (iam_find_policy(request, db, &policy, err) != 0)
		return -1;
	return tag_list_remove(db, policy.arn, json_object_get(request->input, "TagKeys"), err);
}

void iam_untag_policy(struct api_call *call)
{
	iam_write(call, untag);
}

static int list_tags(struct iam_request *request, struct db *db, struct sp_error *err)
{
	json_t *tags;
	AUTO_POLICY policy = { 0 };
	if (iam_find_policy(request, db, &policy, err) != 0 ||
	    tag_list_read_all(db, policy.arn, &tags, err) != 0)
		return -1;
	return iam_page_whole(request, "Tags", tags, err);
}

void iam_list_policy_tags(struct api_call *call)
{
	iam_read(call, list_tags);
}

static int count_version(void *ctx, const struct policy_version *version, struct sp_error *err)
{
	(void)version;
	(void)err;
	++*(size_t *)ctx;
	return 0;
}

static int delete_policy(struct iam_request *request, struct db *db, struct sp_error *err)
{
	size_t versions = 0;
	AUTO_POLICY policy = { 0 };
	if (iam_find_policy(request, db, &policy, err) != 0 ||
	    policy_versions_each(db, policy.arn, count_version, &versions, err) != 0)
		return -1;
	if (policy.attachments > 0)
		return iam_refuse(request, err, IAM_CONFLICT,
				  "Cannot delete a policy attached to entities.");
	if (versions > 1)
		return iam_refuse(request, err, IAM_CONFLICT,
				  "This policy has more than one version. Before you delete a "
				  "policy, you must delete the policy's versions. The default "
				  "version is deleted with the policy.");
	if (tags_remove_all(db, policy.arn, err) != 0)
		return -1;
	return managed_policies_delete(db, policy.arn, err);
}

void iam_delete_policy(struct api_call *call)
{
	iam_write(call, delete_policy);
}
