#include "service/logs/request.h"

#include <string.h>

#include "base/arn.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/page_token.h"

struct service_context *logs_context(const struct api_call *call)
{
	return api_context(call);
}

static const char *exception_of(enum sp_code code)
{
	bool is_about_input = code == SP_INVALID || code == SP_UNSUPPORTED || code == SP_LIMIT;
	return is_about_input ? INVALID_PARAMETER : LOGS_UNAVAILABLE;
}

void logs_answer_error(struct api_call *call, const struct sp_error *err)
{
	api_fail(call, exception_of(err->code), "%s", err->message);
}

char *logs_group_arn(const struct service_context *context, const char *connector_id)
{
	return sp_arn_format("logs", context->region, context->account,
			     "log-group:" LOG_GROUP_PREFIX "%s", connector_id);
}

/* The name in an ARN that may end with ":*". Owned by the caller. */
static char *name_in_arn(const char *text)
{
	static const char kind[] = "log-group:";
	struct sp_arn arn;
	if (!sp_arn_parse(text, &arn) || strcmp(arn.service, "logs") != 0 ||
	    !sp_text_starts_with(arn.resource, kind))
		return sp_strdup(text);
	char *name = sp_strdup(arn.resource + strlen(kind));
	name[strcspn(name, ":")] = '\0';
	return name;
}

char *logs_find_arn(void *ctx, const json_t *input, const char *kind, const char *value)
{
	const struct service_context *context = ctx;
	(void)input;
	SP_AUTO_FREE char *name = name_in_arn(value);
	return sp_arn_format("logs", context->region, context->account, "%s%s:*", kind, name);
}

int logs_find_connector(struct api_call *call, char out[CONNECTOR_ID_SIZE])
{
	const char *name = sp_json_string(api_input(call), "logGroupName");
	const char *identifier = sp_json_string(api_input(call), "logGroupIdentifier");
	if ((name == NULL) == (identifier == NULL)) {
		api_fail(call, INVALID_PARAMETER,
			 "exactly one of logGroupName and logGroupIdentifier is required, and %s "
			 "given",
			 name == NULL ? "neither is" : "both are");
		return -1;
	}
	SP_AUTO_FREE char *group = name_in_arn(name != NULL ? name : identifier);
	size_t prefix = strlen(LOG_GROUP_PREFIX);
	if (!sp_text_starts_with(group, LOG_GROUP_PREFIX) ||
	    strlen(group + prefix) != CONNECTOR_ID_SIZE - 1) {
		api_fail(call, LOGS_NOT_FOUND,
			 "The specified log group does not exist: \"%s\" is none of a connector, "
			 "which is called " LOG_GROUP_PREFIX "CONNECTOR-ID",
			 group);
		return -1;
	}
	memcpy(out, group + prefix, CONNECTOR_ID_SIZE);
	return 0;
}

void logs_answer_no_group(struct api_call *call, const char *connector_id)
{
	api_fail(call, LOGS_NOT_FOUND,
		 "The specified log group does not exist: \"" LOG_GROUP_PREFIX
		 "%s\" is there once a file of that connector has ended while it had a LoggingRole "
		 "that "
		 "may do logs:PutLogEvents",
		 connector_id);
}

void logs_answer_no_stream(struct api_call *call, const char *name)
{
	api_fail(call, LOGS_NOT_FOUND,
		 "The specified log stream does not exist: there is none called \"%s\"; that of a "
		 "connector is called like the connector",
		 name);
}

int logs_page_start(struct api_call *call, const char *list, char **out_position)
{
	const char *token = sp_json_string(api_input(call), "nextToken");
	struct sp_error err = { 0 };
	*out_position = NULL;
	if (token == NULL ||
	    page_token_read(logs_context(call)->token_key, list, token, out_position, &err) == 0)
		return 0;
	api_fail(call, INVALID_PARAMETER, "The specified nextToken is invalid: %s", err.message);
	return -1;
}

void logs_add_token(const struct service_context *context, json_t *output, const char *name,
		    const char *list, const char *position)
{
	SP_AUTO_FREE char *token = page_token_make(context->token_key, list, position);
	sp_json_set_text(output, name, token);
}
