#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/tag_list.h"
#include "service/transfer/answer.h"
#include "service/transfer/operations.h"
#include "store/connectors.h"
#include "store/tags.h"

/* A call about the tags of one connector. */
struct tagging {
	const json_t *input;
	const char *arn;
	char connector_id[CONNECTOR_ID_SIZE];
	bool untag;
	const char *after; /* listing … */
	size_t max;
	json_t *list;
	bool more;
};

/* Which connector the request's ARN names. -1 when the call was answered. */
static int begin(struct api_call *call, const char *not_found, struct tagging *out)
{
	const struct service_context *context = answer_context(call);
	static const char prefix[] = "connector/";
	struct sp_arn arn;
	*out = (struct tagging){ .input = api_input(call) };
	out->arn = sp_json_string(out->input, "Arn");
	if (!sp_arn_parse(out->arn, &arn)) {
		api_fail(call, INVALID_REQUEST,
			 "Arn: \"%.200s\" is no ARN: DescribeConnector shows a connector's",
			 out->arn);
		return -1;
	}
	bool ours = strcmp(arn.service, "transfer") == 0 &&
		    strcmp(arn.region, context->region) == 0 &&
		    strcmp(arn.account, context->account) == 0 &&
		    sp_text_starts_with(arn.resource, prefix) &&
		    strlen(arn.resource) - strlen(prefix) < sizeof(out->connector_id);
	if (ours) {
		snprintf(out->connector_id, sizeof(out->connector_id), "%s",
			 arn.resource + strlen(prefix));
		return 0;
	}
	struct sp_error err = { 0 };
	sp_fail(&err, SP_NOT_FOUND,
		"there is no resource \"%.200s\" here: only connectors have tags", out->arn);
	if (strcmp(not_found, NOT_FOUND) == 0)
		answer_not_found(call, "Connector", out->arn, err.message);
	else
		api_fail(call, not_found, "%s", err.message);
	return -1;
}

static int write_tags(struct db *db, void *ctx, struct sp_error *err)
{
	struct tagging *tagging = ctx;
	if (connectors_check(db, tagging->connector_id, err) != 0)
		return -1;
	if (tagging->untag)
		return tag_list_remove(db, tagging->arn, json_object_get(tagging->input, "TagKeys"),
				       err);
	if (tag_list_put(db, tagging->arn, json_object_get(tagging->input, "Tags"), err) != 0)
		return -1;
	return tags_read_publishing(db, tagging->arn, NULL, err);
}

static void write_and_answer(struct api_call *call, struct tagging *tagging)
{
	const struct service_context *context = answer_context(call);
	struct sp_error err = { 0 };
	if (store_write(context->store, write_tags, tagging, &err) == 0) {
		transfer_engine_changed(context->engine, tagging->connector_id);
		api_reply(call, NULL);
	} else if (err.code == SP_NOT_FOUND) {
		answer_no_connector(call, tagging->connector_id);
	} else {
		answer_error(call, &err);
	}
}

void transfer_tag_resource(struct api_call *call)
{
	struct tagging tagging;
	struct sp_error err = { 0 };
	if (begin(call, NOT_FOUND, &tagging) != 0)
		return;
	if (tag_list_check(json_object_get(tagging.input, "Tags"), &err) != 0)
		answer_error(call, &err);
	else
		write_and_answer(call, &tagging);
}

void transfer_untag_resource(struct api_call *call)
{
	struct tagging tagging;
	if (begin(call, NOT_FOUND, &tagging) != 0)
		return;
	tagging.untag = true;
	write_and_answer(call, &tagging);
}

static int read_tags(struct db *db, void *ctx, struct sp_error *err)
{
	struct tagging *tagging = ctx;
	if (connectors_check(db, tagging->connector_id, err) != 0)
		return -1;
	return tag_list_read(db, tagging->arn, tagging->after, tagging->max, &tagging->list,
			     &tagging->more, err);
}

/* The one operation on a resource that has no ResourceNotFoundException. */
void transfer_list_tags_for_resource(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	struct tagging tagging;
	SP_AUTO_FREE char *after = NULL;
	struct sp_error err = { 0 };
	if (begin(call, INVALID_REQUEST, &tagging) != 0)
		return;
	char list_name[64];
	snprintf(list_name, sizeof(list_name), "tags of %s", tagging.connector_id);
	if (answer_page_start(call, list_name, INVALID_NEXT_TOKEN, &after) != 0)
		return;
	tagging.after = after;
	tagging.max = answer_page_size(call);
	if (store_read(context->store, read_tags, &tagging, &err) != 0) {
		if (err.code == SP_NOT_FOUND)
			err.code = SP_INVALID;
		answer_error(call, &err);
		return;
	}
	json_t *output = json_pack("{s:s}", "Arn", tagging.arn);
	size_t count = json_array_size(tagging.list);
	if (tagging.more && count > 0)
		answer_next_token(context, output, list_name,
				  sp_json_string(json_array_get(tagging.list, count - 1), "Key"));
	json_object_set_new(output, "Tags", tagging.list);
	api_reply(call, output);
}
