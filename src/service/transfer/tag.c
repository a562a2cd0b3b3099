#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arn.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/transfer/answer.h"
#include "service/transfer/operations.h"
#include "service/transfer/tags.h"
#include "store/connectors.h"

int tags_check_request(const json_t *tags, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *key = sp_json_string(json_array_get(tags, i), "Key");
		if (key[0] == '\0')
			return sp_fail(err, SP_INVALID,
				       "Tags[%zu].Key: a tag's key cannot be empty", i);
		if (strncasecmp(key, "aws:", 4) == 0)
			return sp_fail(err, SP_INVALID,
				       "Tags[%zu].Key: \"%s\" begins with \"aws:\", which is AWS's "
				       "own",
				       i, key);
		for (size_t j = 0; j < i; j++)
			if (strcmp(sp_json_string(json_array_get(tags, j), "Key"), key) == 0)
				return sp_fail(err, SP_INVALID,
					       "Tags[%zu].Key: \"%s\" is given twice", i, key);
	}
	return 0;
}

int tags_put_request(struct db *db, const char *arn, const json_t *tags, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);
		if (tags_put(db, arn, sp_json_string(tag, "Key"), sp_json_string(tag, "Value"),
			     err) != 0) {
			/* Too many tags are the client's matter; SP_LIMIT is left to the store itself. */
			if (err->code == SP_LIMIT)
				err->code = SP_CONFLICT;
			return -1;
		}
	}
	return 0;
}

int tags_as_json(struct db *db, const char *arn, const char *after, size_t max, json_t **out,
		 bool *out_more, struct sp_error *err)
{
	struct tag tags[TAGS_MAX];
	size_t count = 0;
	if (tags_list(db, arn, tags, &count, err) != 0)
		return -1;
	json_t *list = json_array();
	*out_more = false;
	for (size_t i = 0; i < count; i++) {
		bool behind = after == NULL || strcmp(tags[i].key, after) > 0;
		if (behind && json_array_size(list) < max)
			json_array_append_new(list, json_pack("{s:s, s:s}", "Key", tags[i].key,
							      "Value", tags[i].value));
		else if (behind)
			*out_more = true;
		tag_finish(&tags[i]);
	}
	*out = list;
	return 0;
}

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
		api_fail(call, INVALID_REQUEST, "Arn: \"%.200s\" is no ARN", out->arn);
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

static int check_connector(struct db *db, const char *id, struct sp_error *err)
{
	struct connector connector = { 0 };
	if (connectors_find(db, id, &connector, err) != 0)
		return -1;
	connector_finish(&connector);
	return 0;
}

static int write_tags(struct db *db, void *ctx, struct sp_error *err)
{
	struct tagging *tagging = ctx;
	if (check_connector(db, tagging->connector_id, err) != 0)
		return -1;
	if (!tagging->untag)
		return tags_put_request(db, tagging->arn, json_object_get(tagging->input, "Tags"),
					err);
	const json_t *keys = json_object_get(tagging->input, "TagKeys");
	for (size_t i = 0; i < json_array_size(keys); i++)
		if (tags_remove(db, tagging->arn, json_string_value(json_array_get(keys, i)),
				err) != 0)
			return -1;
	return 0;
}

static void write_and_answer(struct api_call *call, struct tagging *tagging)
{
	struct sp_error err = { 0 };
	if (store_write(answer_context(call)->store, write_tags, tagging, &err) == 0)
		api_reply(call, NULL);
	else if (err.code == SP_NOT_FOUND)
		answer_no_connector(call, tagging->connector_id);
	else
		answer_error(call, &err);
}

void transfer_tag_resource(struct api_call *call)
{
	struct tagging tagging;
	struct sp_error err = { 0 };
	if (begin(call, NOT_FOUND, &tagging) != 0)
		return;
	if (tags_check_request(json_object_get(tagging.input, "Tags"), &err) != 0)
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
	if (check_connector(db, tagging->connector_id, err) != 0)
		return -1;
	return tags_as_json(db, tagging->arn, tagging->after, tagging->max, &tagging->list,
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
