#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/logs/request.h"

struct span {
	const char *connector_id;
	int64_t first_ms, last_ms;
	bool is_there;
};

static int read_span(struct db *db, void *ctx, struct sp_error *err)
{
	struct span *span = ctx;
	int got = event_logs_span(db, span->connector_id, &span->first_ms, &span->last_ms, err);
	span->is_there = got == 1;
	return got < 0 ? -1 : 0;
}

static json_t *stream_of(const struct service_context *context, const struct span *span)
{
	SP_AUTO_FREE char *group = logs_group_arn(context, span->connector_id);
	SP_AUTO_BUFFER arn = { 0 };
	sp_buffer_format(&arn, "%s:log-stream:%s", group, span->connector_id);
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:i}", "logStreamName", span->connector_id,
			 "creationTime", (json_int_t)span->first_ms, "firstEventTimestamp",
			 (json_int_t)span->first_ms, "lastEventTimestamp",
			 (json_int_t)span->last_ms, "lastIngestionTime", (json_int_t)span->last_ms,
			 "arn", sp_buffer_text(&arn), "storedBytes", 0);
}

/* There is one, so it fits into every page and is in every order. */
void logs_describe_streams(struct api_call *call)
{
	const struct service_context *context = logs_context(call);
	const char *prefix = sp_json_string(api_input(call), "logStreamNamePrefix");
	char connector_id[CONNECTOR_ID_SIZE];
	struct span span = { .connector_id = connector_id };
	SP_AUTO_FREE char *position = NULL;
	struct sp_error err = { 0 };
	if (logs_find_connector(call, connector_id) != 0 ||
	    logs_page_start(call, "DescribeLogStreams", &position) != 0)
		return;
	if (prefix != NULL &&
	    sp_text_equal(sp_json_string(api_input(call), "orderBy"), "LastEventTime")) {
		api_fail(call, INVALID_PARAMETER,
			 "Cannot order by LastEventTime with a logStreamNamePrefix.");
		return;
	}
	if (store_read(context->store, read_span, &span, &err) != 0) {
		logs_answer_error(call, &err);
		return;
	}
	if (!span.is_there) {
		logs_answer_no_group(call, connector_id);
		return;
	}
	json_t *list = json_array();
	if (prefix == NULL || sp_text_starts_with(connector_id, prefix))
		json_array_append_new(list, stream_of(context, &span));
	api_reply(call, json_pack("{s:o}", "logStreams", list));
}
