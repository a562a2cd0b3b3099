/* CreateTags, DeleteTags, DescribeTags: of resources of any kind. */

#include <string.h>

#include "base/arn.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/describe.h"
#include "service/ec2/kinds.h"
#include "service/ec2/operations.h"
#include "service/ec2/tags.h"
#include "store/tags.h"

/* ---- CreateTags, DeleteTags ----------------------------------------------------------------------------------------- */

/* The kind of a resource that is there; NULL: it was refused. */
static const struct ec2_kind *find_resource(struct ec2_request *request, struct db *db,
					    const char *id, struct sp_error *err)
{
	const struct ec2_kind *kind = ec2_kind_of(id);
	json_t *shown;
	if (kind == NULL) {
		ec2_refuse(request, err, "InvalidID", "The ID '%.200s' is not valid", id);
		return NULL;
	}
	if (ec2_id_check(request, kind, id, err) != 0 ||
	    ec2_show(request, db, kind, id, &shown, err) != 0)
		return NULL;
	json_decref(shown);
	return kind;
}

static int create_tags(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	const json_t *ids = json_object_get(request->input, "ResourceId");
	const json_t *tags = json_object_get(request->input, "Tag");
	(void)ctx;
	if (ec2_tags_check(request, tags, err) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		const struct ec2_kind *kind = find_resource(request, db, id, err);
		if (kind == NULL || ec2_tags_put(request, db, kind, id, tags, err) != 0)
			return -1;
	}
	return 0;
}

void ec2_create_tags(struct api_call *call)
{
	ec2_write(call, create_tags, NULL);
}

/* Is it among those that are to go? A key alone means any value. */
static bool is_named(const json_t *named, const struct tag *tag)
{
	for (size_t i = 0; i < json_array_size(named); i++) {
		const char *value = sp_json_string(json_array_get(named, i), "Value");
		if (sp_text_equal(sp_json_string(json_array_get(named, i), "Key"), tag->key) &&
		    (value == NULL || strcmp(value, tag->value) == 0))
			return true;
	}
	return false;
}

/* As EC2 leaves its own tags when all are to go, so do we those that may not be taken away. */
static int remove_tag(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
		      const char *id, const struct tag *tag, bool all, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = ec2_arn(request->context, kind, id);
	if (kind->check_tag != NULL && kind->check_tag(request, db, id, tag->key, NULL, err) != 0) {
		bool refused = request->code != NULL;
		if (!refused || !all)
			return -1;
		request->code = NULL;
		return 0;
	}
	return tags_remove(db, arn, tag->key, err);
}

static int remove_tags(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
		       const char *id, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = ec2_arn(request->context, kind, id);
	const json_t *named = json_object_get(request->input, "Tag");
	bool all = json_array_size(named) == 0;
	struct tag tags[TAGS_MAX];
	size_t count = 0;
	if (tags_list(db, arn, tags, &count, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count; i++) {
		if (result == 0 && (all || is_named(named, &tags[i])))
			result = remove_tag(request, db, kind, id, &tags[i], all, err);
		tag_finish(&tags[i]);
	}
	return result;
}

static int delete_tags(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	const json_t *ids = json_object_get(request->input, "ResourceId");
	(void)ctx;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		const struct ec2_kind *kind = find_resource(request, db, id, err);
		if (kind == NULL || remove_tags(request, db, kind, id, err) != 0)
			return -1;
	}
	return 0;
}

void ec2_delete_tags(struct api_call *call)
{
	ec2_write(call, delete_tags, NULL);
}

/* ---- DescribeTags --------------------------------------------------------------------------------------------------- */

struct listing {
	struct ec2_view *view;
	struct db *db;
	size_t prefix_length;
};

/* "vpc/vpc-…" is what is left of the ARN. */
static int list_tag(void *ctx, const char *arn, const char *key, const char *value,
		    struct sp_error *err)
{
	const struct listing *listing = ctx;
	const char *type = arn + listing->prefix_length;
	const char *slash = strchr(type, '/');
	if (slash == NULL)
		return 0;
	json_t *item = json_pack("{s:s, s:s, s:s%, s:s}", "key", key, "resourceId", slash + 1,
				 "resourceType", type, (size_t)(slash - type), "value", value);
	SP_AUTO_BUFFER position = { 0 };
	sp_buffer_format(&position, "%s\n%s", arn, key);
	return ec2_view_add(listing->view, listing->db, sp_buffer_text(&position), item, err);
}

static int list_tags(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	const struct service_context *context = view->request->context;
	SP_AUTO_FREE char *prefix =
		sp_arn_format("ec2", context->region, context->account, "%s", "");
	struct listing listing = { view, db, strlen(prefix) };
	return tags_each_under(db, prefix, list_tag, &listing, err);
}

static const struct ec2_filter filters[] = {
	{ "key", "key" },
	{ "value", "value" },
	{ "resource-id", "resourceId" },
	{ "resource-type", "resourceType" },
	{ "tag:", "" },
	{ 0 },
};

static const struct ec2_kind tag_kind = {
	.set = "tagSet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list_tags,
};

void ec2_describe_tags(struct api_call *call)
{
	ec2_describe(call, &tag_kind);
}
