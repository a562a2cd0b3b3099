#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/logs/records.h"
#include "service/page_token.h"

static void add(struct records *records, const struct event *event, const char *message)
{
	char id[24];
	snprintf(id, sizeof(id), "%" PRId64, event->number);
	json_array_append_new(records->ctx, json_pack("{s:s, s:I, s:s, s:I, s:s}", "logStreamName",
						      event->connector_id, "timestamp",
						      (json_int_t)event->time_ms, "message",
						      message, "ingestionTime",
						      (json_int_t)event->time_ms, "eventId", id));
}

/* Whether the connector's stream is among those that are asked for; -1 when the call was answered with an error. */
static int wants_stream(struct api_call *call, const char *connector_id)
{
	const json_t *names = json_object_get(api_input(call), "logStreamNames");
	const char *prefix = sp_json_string(api_input(call), "logStreamNamePrefix");
	if (names != NULL && prefix != NULL) {
		api_fail(call, INVALID_PARAMETER,
			 "logStreamNames and logStreamNamePrefix cannot be given together");
		return -1;
	}
	if (names == NULL)
		return prefix == NULL || sp_text_starts_with(connector_id, prefix);
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		if (strcmp(name, connector_id) != 0) {
			logs_answer_no_stream(call, name);
			return -1;
		}
	}
	return 1;
}

static int64_t behind(int64_t time_ms)
{
	return time_ms == INT64_MAX ? time_ms : time_ms + 1;
}

/* Once there is a page without a token, all has been looked at. */
static void answer(struct api_call *call, const struct records *records, const char *list,
		   json_t *events)
{
	json_t *searched = json_pack("[{s:s, s:b}]", "logStreamName", records->connector_id,
				     "searchedCompletely", (int)records->ended);
	json_t *output = json_pack("{s:o, s:o}", "events", events, "searchedLogStreams", searched);
	if (!records->ended) {
		SP_AUTO_FREE char *position = records_position_text(&records->last);
		logs_add_token(records->context, output, "nextToken", list, position);
	}
	api_reply(call, output);
}

static void read_and_answer(struct api_call *call, struct records *records, const char *list)
{
	struct sp_error err = { 0 };
	json_t *events = json_array();
	records->ctx = events;
	if (store_read(records->context->store, records_read, records, &err) != 0) {
		json_decref(events);
		logs_answer_error(call, &err);
	} else if (!records->has_group) {
		json_decref(events);
		logs_answer_no_group(call, records->connector_id);
	} else {
		answer(call, records, list, events);
	}
}

/* The range, from where on, and the pattern. @out_filter is owned by the caller. */
static int begin(struct api_call *call, struct records *records, const char *list,
		 struct log_filter **out_filter)
{
	const json_t *input = api_input(call);
	const char *pattern = sp_json_string(input, "filterPattern");
	SP_AUTO_FREE char *position = NULL;
	struct sp_error err = { 0 };
	int wanted = wants_stream(call, records->connector_id);
	if (wanted < 0 || logs_page_start(call, list, &position) != 0)
		return -1;
	if (log_filter_parse(pattern == NULL ? "" : pattern, out_filter, &err) != 0) {
		sp_wrap(&err, "filterPattern");
		logs_answer_error(call, &err);
		return -1;
	}
	records->filter = *out_filter;
	records->range = (struct event_log_range){
		.connector_id = records->connector_id,
		.from_ms = sp_json_integer(input, "startTime", 0),
		.to_ms = wanted == 1 ? behind(sp_json_integer(input, "endTime", INT64_MAX)) : 0,
	};
	if (position == NULL || records_position_read(position, &records->range.beside))
		return 0;
	api_fail(call, INVALID_PARAMETER, "The specified nextToken is invalid.");
	return -1;
}

void logs_filter_events(struct api_call *call)
{
	struct records records = {
		.context = logs_context(call),
		.max = (size_t)sp_json_integer(api_input(call), "limit", LOG_EVENTS_MAX),
		.look_max = LOG_EVENTS_MAX,
		.add = add,
	};
	struct log_filter *filter = NULL;
	SP_AUTO_FREE char *list = page_token_list_of("FilterLogEvents", api_input(call));
	if (logs_find_connector(call, records.connector_id) != 0)
		return;
	if (begin(call, &records, list, &filter) == 0)
		read_and_answer(call, &records, list);
	log_filter_free(filter);
}
