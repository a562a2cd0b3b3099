#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "identity/aws_policies.h"
#include "service/iam/managed_policy.h"
#include "service/iam/operations.h"

static json_t *view_version(int64_t number, bool is_default, int64_t created_ms,
			    const char *document)
{
	char id[24];
	snprintf(id, sizeof(id), "v%" PRId64, number);
	json_t *view = json_pack("{s:s, s:b}", "VersionId", id, "IsDefaultVersion", is_default);
	iam_set_time(view, "CreateDate", created_ms);
	if (document != NULL)
		iam_set_document(view, "Document", document);
	return view;
}

/* "v3"; 0: it is no such thing, and no version has that number. */
static int64_t number_asked(const struct iam_request *request)
{
	uint64_t number = 0;
	const char *id = iam_text(request, "VersionId");
	return id[0] == 'v' && sp_text_to_u64(id + 1, 1, INT32_MAX, &number) ? (int64_t)number : 0;
}

struct listing {
	const struct managed_policy *policy;
	json_t *versions;
};

static int add_version(void *ctx, const struct policy_version *version, struct sp_error *err)
{
	struct listing *listing = ctx;
	bool is_default = version->number == listing->policy->default_version;
	(void)err;
	json_array_append_new(listing->versions,
			      view_version(version->number, is_default, version->created_ms, NULL));
	return 0;
}

static int create_version(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const char *document = iam_text(request, "PolicyDocument");
	bool is_default = json_is_true(json_object_get(request->input, "SetAsDefault"));
	AUTO_POLICY policy = { 0 };
	SP_AUTO_JSON json_t *versions = json_array();
	struct listing listing = { .policy = &policy, .versions = versions };
	if (iam_find_policy(request, db, &policy, err) != 0 ||
	    iam_check_managed_document(request, document, err) != 0 ||
	    policy_versions_each(db, policy.arn, add_version, &listing, err) != 0)
		return -1;
	if (json_array_size(versions) >= POLICY_VERSIONS_MAX)
		return iam_refuse(
			request, err, IAM_LIMIT,
			"A managed policy can have up to %d versions. Before you create a "
			"new version, you must delete an existing version.",
			POLICY_VERSIONS_MAX);
	const struct policy_version version = { .number = ++policy.last_version,
						.created_ms = request->now_ms,
						.document = (char *)document };
	policy.updated_ms = request->now_ms;
	if (is_default)
		policy.default_version = version.number;
	if (policy_versions_insert(db, policy.arn, &version, err) != 0)
		return -1;
	json_object_set_new(request->output, "PolicyVersion",
			    view_version(version.number, is_default, version.created_ms, NULL));
	return managed_policies_update(db, &policy, err);
}

void iam_create_policy_version(struct api_call *call)
{
	iam_write(call, create_version);
}

static int get_version(struct iam_request *request, struct db *db, struct sp_error *err)
{
	const struct aws_policy *aws = aws_policy_find(iam_text(request, "PolicyArn"));
	int64_t number = number_asked(request);
	if (aws != NULL && number == 1) {
		json_object_set_new(request->output, "PolicyVersion",
				    view_version(1, true, 0, aws->document));
		return 0;
	}
	AUTO_POLICY policy = { 0 };
	struct policy_version version;
	if (iam_find_policy(request, db, &policy, err) != 0 ||
	    policy_versions_find(db, policy.arn, number, &version, err) != 0)
		return -1;
	json_object_set_new(request->output, "PolicyVersion",
			    view_version(number, number == policy.default_version,
					 version.created_ms, version.document));
	free(version.document);
	return 0;
}

void iam_get_policy_version(struct api_call *call)
{
	iam_read(call, get_version);
}

static int list_versions(struct iam_request *request, struct db *db, struct sp_error *err)
{
	bool is_aws = aws_policy_find(iam_text(request, "PolicyArn")) != NULL;
	AUTO_POLICY policy = { 0 };
	json_t *versions = json_array();
	struct listing listing = { .policy = &policy, .versions = versions };
	if (iam_page_whole(request, "Versions", versions, err) != 0)
		return -1;
	if (is_aws) {
		json_array_append_new(versions, view_version(1, true, 0, NULL));
		return 0;
	}
	if (iam_find_policy(request, db, &policy, err) != 0)
		return -1;
	return policy_versions_each(db, policy.arn, add_version, &listing, err);
}

void iam_list_policy_versions(struct api_call *call)
{
	iam_read(call, list_versions);
}

static int set_default(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_POLICY policy = { 0 };
	struct policy_version version;
	if (iam_find_policy(request, db, &policy, err) != 0 ||
	    policy_versions_find(db, policy.arn, number_asked(request), &version, err) != 0)
		return -1;
	free(version.document);
	policy.default_version = version.number;
	policy.updated_ms = request->now_ms;
	return managed_policies_update(db, &policy, err);
}

void iam_set_default_policy_version(struct api_call *call)
{
	iam_write(call, set_default);
}

static int delete_version(struct iam_request *request, struct db *db, struct sp_error *err)
{
	AUTO_POLICY policy = { 0 };
	int64_t number = number_asked(request);
	if (iam_find_policy(request, db, &policy, err) != 0)
		return -1;
	if (number == policy.default_version)
		return iam_refuse(request, err, IAM_CONFLICT,
				  "Cannot delete the default version of a policy.");
	return policy_versions_delete(db, policy.arn, number, err);
}

void iam_delete_policy_version(struct api_call *call)
{
	iam_write(call, delete_version);
}
