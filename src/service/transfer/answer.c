#include "service/transfer/answer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/scope.h"
#include "service/page_token.h"

enum { PAGE_SIZE_DEFAULT = 1000 };

struct service_context *answer_context(const struct api_call *call)
{
	return api_context(call);
}

static const char *exception_of(enum sp_code code)
{
	switch (code) {
	case SP_INVALID:
	case SP_UNSUPPORTED:
	case SP_EXISTS:
	case SP_CONFLICT:
	case SP_DENIED:
		return INVALID_REQUEST;
	case SP_NOT_FOUND:
		return NOT_FOUND;
	case SP_LIMIT: /* the store's queue is full */
	case SP_NO_SPACE:
	case SP_NO_MEMORY:
	case SP_TIMEOUT:
	case SP_CLOSED:
	case SP_CANCELLED:
	case SP_UNREACHABLE:
		return "ServiceUnavailableException";
	case SP_OK:
	case SP_AUTH:
	case SP_UNTRUSTED:
	case SP_PROTOCOL:
	case SP_CHANGED:
	case SP_SYSTEM:
	case SP_INTERNAL:
		return "InternalServiceError";
	}
	return "InternalServiceError";
}

void answer_error(struct api_call *call, const struct sp_error *err)
{
	api_fail(call, exception_of(err->code), "%s", err->message);
}

void answer_too_often(struct api_call *call, const char *connector_id, int64_t wait_us,
		      const char *setting)
{
	enum { US_PER_SECOND = 1000 * 1000 };
	char seconds[24];
	snprintf(seconds, sizeof(seconds), "%" PRId64,
		 (wait_us + US_PER_SECOND - 1) / US_PER_SECOND);
	api_fail_with(call, THROTTLING, json_pack("{s:s}", "RetryAfterSeconds", seconds),
		      "the connector \"%s\" is asked for this too often: once more in %s s (%s)",
		      connector_id, seconds, setting);
}

int answer_check_rate(struct api_call *call, struct token_table *rate, const char *setting)
{
	const char *id = sp_json_string(api_input(call), "ConnectorId");
	int64_t wait_us;
	if (token_table_take(rate, id, sp_monotonic_us(), &wait_us))
		return 0;
	answer_too_often(call, id, wait_us, setting);
	return -1;
}

void answer_not_found(struct api_call *call, const char *type, const char *resource,
		      const char *sentence)
{
	json_t *members = json_pack("{s:s, s:s}", "Resource", resource, "ResourceType", type);
	api_fail_with(call, NOT_FOUND, members, "%s", sentence);
}

void answer_no_connector(struct api_call *call, const char *connector_id)
{
	struct sp_error err = { 0 };
	sp_fail(&err, SP_NOT_FOUND, "there is no connector \"%s\"", connector_id);
	answer_not_found(call, "Connector", connector_id, err.message);
}

char *answer_connector_arn(const struct service_context *context, const char *connector_id)
{
	return sp_arn_format("transfer", context->region, context->account, "connector/%s",
			     connector_id);
}

size_t answer_page_size(const struct api_call *call)
{
	return (size_t)sp_json_integer(api_input(call), "MaxResults", PAGE_SIZE_DEFAULT);
}

int answer_page_start(struct api_call *call, const char *list, const char *token_error,
		      char **out_position)
{
	const char *token = sp_json_string(api_input(call), "NextToken");
	if (token == NULL)
		return 0;
	struct sp_error err = { 0 };
	if (page_token_read(answer_context(call)->token_key, list, token, out_position, &err) == 0)
		return 0;
	api_fail(call, token_error, "NextToken: %s", err.message);
	return -1;
}

void answer_next_token(const struct service_context *context, json_t *output, const char *list,
		       const char *position)
{
	SP_AUTO_FREE char *token = page_token_make(context->token_key, list, position);
	sp_json_set_text(output, "NextToken", token);
}
