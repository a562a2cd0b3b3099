#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/logs/request.h"
#include "service/page_token.h"

enum { PAGE_DEFAULT = 50, DAY_MS = 24 * 60 * 60 * 1000 };

struct groups {
	const struct service_context *context;
	const json_t *input;
	size_t max;
	char after[CONNECTOR_ID_SIZE];
	json_t *list; /* owned */
	bool more;
};

/* ---- which are asked for -------------------------------------------------------------------------------------------- */

static bool is_named(const json_t *identifiers, const char *name, const char *arn)
{
	for (size_t i = 0; i < json_array_size(identifiers); i++) {
		const char *text = json_string_value(json_array_get(identifiers, i));
		size_t length = strlen(text) - (sp_text_ends_with(text, ":*") ? 2 : 0);
		if (strcmp(text, name) == 0 ||
		    (strlen(arn) == length && strncmp(text, arn, length) == 0))
			return true;
	}
	return false;
}

static bool is_wanted(const json_t *input, const char *name, const char *arn)
{
	const char *prefix = sp_json_string(input, "logGroupNamePrefix");
	const char *pattern = sp_json_string(input, "logGroupNamePattern");
	const char *class = sp_json_string(input, "logGroupClass");
	const json_t *identifiers = json_object_get(input, "logGroupIdentifiers");
	return (prefix == NULL || sp_text_starts_with(name, prefix)) &&
	       (pattern == NULL || strstr(name, pattern) != NULL) &&
	       (class == NULL || strcmp(class, "STANDARD") == 0) &&
	       (identifiers == NULL || is_named(identifiers, name, arn));
}

/* ---- what is told of each ------------------------------------------------------------------------------------------ */

static int add_group(struct db *db, struct groups *groups, const char *connector_id,
		     struct sp_error *err)
{
	const struct service_context *context = groups->context;
	SP_AUTO_FREE char *arn = logs_group_arn(context, connector_id);
	SP_AUTO_BUFFER name = { 0 }, all = { 0 };
	int64_t first_ms, last_ms;
	sp_buffer_format(&name, LOG_GROUP_PREFIX "%s", connector_id);
	sp_buffer_format(&all, "%s:*", arn);
	if (!is_wanted(groups->input, sp_buffer_text(&name), arn))
		return 0;
	if (json_array_size(groups->list) == groups->max) {
		groups->more = true;
		return 0;
	}
	if (event_logs_span(db, connector_id, &first_ms, &last_ms, err) < 0)
		return -1;
	json_array_append_new(groups->list,
			      json_pack("{s:s, s:I, s:I, s:i, s:s, s:s, s:s}", "logGroupName",
					sp_buffer_text(&name), "creationTime", (json_int_t)first_ms,
					"retentionInDays",
					(json_int_t)(context->events_keep_ms / DAY_MS),
					"metricFilterCount", 0, "arn", sp_buffer_text(&all),
					"logGroupArn", arn, "logGroupClass", "STANDARD"));
	memcpy(groups->after, connector_id, sizeof(groups->after));
	return 0;
}

static int read_groups(struct db *db, void *ctx, struct sp_error *err)
{
	struct groups *groups = ctx;
	char id[CONNECTOR_ID_SIZE], next[CONNECTOR_ID_SIZE];
	memcpy(id, groups->after, sizeof(id));
	while (!groups->more) {
		if (event_logs_next_connector(db, id, next, err) != 0)
			return -1;
		if (next[0] == '\0')
			return 0;
		if (add_group(db, groups, next, err) != 0)
			return -1;
		memcpy(id, next, sizeof(id));
	}
	return 0;
}

void logs_describe_groups(struct api_call *call)
{
	const json_t *input = api_input(call);
	struct groups groups = {
		.context = logs_context(call),
		.input = input,
		.max = (size_t)sp_json_integer(input, "limit", PAGE_DEFAULT),
	};
	SP_AUTO_FREE char *list = page_token_list_of("DescribeLogGroups", input);
	SP_AUTO_FREE char *position = NULL;
	if (json_object_get(input, "logGroupNamePrefix") != NULL &&
	    json_object_get(input, "logGroupNamePattern") != NULL) {
		api_fail(call, INVALID_PARAMETER,
			 "logGroupNamePrefix and logGroupNamePattern cannot be given together");
		return;
	}
	if (logs_page_start(call, list, &position) != 0)
		return;
	if (position != NULL)
		memcpy(groups.after, position, strnlen(position, sizeof(groups.after) - 1));

	json_t *output = json_object();
	struct sp_error err = { 0 };
	groups.list = json_array();
	json_object_set_new(output, "logGroups", groups.list);
	if (store_read(groups.context->store, read_groups, &groups, &err) != 0) {
		json_decref(output);
		logs_answer_error(call, &err);
		return;
	}
	if (groups.more)
		logs_add_token(groups.context, output, "nextToken", list, groups.after);
	api_reply(call, output);
}
