#include "service/lattice/tag.h"

#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "service/lattice/operations.h"
#include "service/tag_list.h"
#include "store/gateways.h"
#include "store/tags.h"

#define RESERVED_PREFIX "aws:" /* in any case of its letters */

int lattice_check_tags(struct lattice_request *request, struct sp_error *err)
{
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(request->input, "tags"), key, value) {
		if (key[0] == '\0')
			return lattice_refuse_field(request, err, "tags",
						    "a tag's key cannot be empty");
		if (sp_utf8_count(key) > TAG_KEY_MAX)
			return lattice_refuse_field(
				request, err, "tags",
				"a tag's key must have at most %d characters, not %zu", TAG_KEY_MAX,
				sp_utf8_count(key));
		if (strncasecmp(key, RESERVED_PREFIX, strlen(RESERVED_PREFIX)) == 0)
			return lattice_refuse_field(request, err, "tags",
						    "\"%s\" begins with \"" RESERVED_PREFIX
						    "\", which is AWS's own",
						    key);
	}
	return 0;
}

int lattice_put_tags(struct lattice_request *request, struct db *db, const char *arn,
		     struct sp_error *err)
{
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(request->input, "tags"), key, value) {
		if (tags_put(db, arn, key, json_string_value(value), err) == 0)
			continue;
		if (err->code != SP_LIMIT)
			return -1;
		return lattice_refuse_field(request, err, "tags", "a resource has at most %d tags",
					    TAGS_MAX);
	}
	return 0;
}

/* The ARN that tags hang on; the resource is there. Owned by the caller; NULL with @err. */
static char *find_tagged(struct lattice_request *request, struct db *db, struct sp_error *err)
{
	enum lattice_resource resource;
	char id[NETWORK_ID_SIZE];
	if (lattice_read_arn(request, "resourceArn", &resource, id, err) != 0)
		return NULL;
	struct resource_gateway gateway = { 0 };
	struct resource_configuration configuration = { 0 };
	int found = resource == LATTICE_GATEWAY ? gateways_find(db, id, &gateway, err)
						: configurations_find(db, id, &configuration, err);
	resource_gateway_finish(&gateway);
	resource_configuration_finish(&configuration);
	if (found == 0)
		return lattice_arn(request->context, resource, id);
	if (err->code == SP_NOT_FOUND)
		lattice_refuse_missing(request, resource, id, err);
	return NULL;
}

static int tag(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	SP_AUTO_FREE char *arn = find_tagged(request, db, err);
	return arn == NULL || lattice_check_tags(request, err) != 0 ||
			       lattice_put_tags(request, db, arn, err) != 0
		       ? -1
		       : 0;
}

static int untag(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	SP_AUTO_FREE char *arn = find_tagged(request, db, err);
	if (arn == NULL)
		return -1;
	return tag_list_remove(db, arn, json_object_get(request->input, "tagKeys"), err);
}

static int list(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	SP_AUTO_FREE char *arn = find_tagged(request, db, err);
	struct tag found[TAGS_MAX];
	size_t count = 0;
	if (arn == NULL || tags_list(db, arn, found, &count, err) != 0)
		return -1;
	json_t *tags = json_object();
	for (size_t i = 0; i < count; i++) {
		json_object_set_new(tags, found[i].key, json_string(found[i].value));
		tag_finish(&found[i]);
	}
	json_object_set_new(request->output, "tags", tags);
	return 0;
}

void lattice_tag_resource(struct api_call *call)
{
	lattice_write(call, tag, NULL);
}

void lattice_untag_resource(struct api_call *call)
{
	lattice_write(call, untag, NULL);
}

void lattice_list_tags(struct api_call *call)
{
	lattice_read(call, list, NULL);
}
