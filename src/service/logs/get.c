#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "service/logs/records.h"

/*
 * A token is "f" or "b", and a position: what comes behind it, or what is before it. Where there is nothing the answer
 * has the token again that was given, which tells clients that they are at the end.
 */

static void add(struct records *records, const struct event *event, const char *message)
{
	json_t *list = records->ctx;
	json_t *entry = json_pack("{s:I, s:s, s:I}", "timestamp", (json_int_t)event->time_ms,
				  "message", message, "ingestionTime", (json_int_t)event->time_ms);
	if (records->range.backward)
		json_array_insert_new(list, 0, entry);
	else
		json_array_append_new(list, entry);
}

static void add_token(const struct records *records, json_t *output, const char *list,
		      const char *name, char way, struct event_log_position position)
{
	SP_AUTO_FREE char *place = records_position_text(&position);
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "%c%s", way, place);
	logs_add_token(records->context, output, name, list, sp_buffer_text(&text));
}

/* @beside: where reading began. */
static void answer(struct api_call *call, const struct records *records, const char *list,
		   struct event_log_position beside, json_t *events)
{
	bool backward = records->range.backward;
	struct event_log_position behind = backward ? records->first : records->last;
	struct event_log_position before = backward ? records->last : records->first;
	if (records->count == 0) {
		/* The other way begins with what is at this place itself; without any record, at the beginning. */
		const struct event_log_position beginning = { 0 };
		bool is_anywhere = beside.number == INT64_MAX;
		behind = before = is_anywhere ? beginning : beside;
		behind.number -= backward && !is_anywhere;
		before.number += !backward;
	}
	json_t *output = json_pack("{s:o}", "events", events);
	add_token(records, output, list, "nextForwardToken", 'f', behind);
	add_token(records, output, list, "nextBackwardToken", 'b', before);
	api_reply(call, output);
}

static int begin(struct api_call *call, struct records *records, const char *list)
{
	const json_t *input = api_input(call);
	SP_AUTO_FREE char *position = NULL;
	if (logs_page_start(call, list, &position) != 0)
		return -1;
	struct event_log_range *range = &records->range;
	range->connector_id = records->connector_id;
	range->from_ms = sp_json_integer(input, "startTime", 0);
	range->to_ms = sp_json_integer(input, "endTime", INT64_MAX);
	range->backward = position != NULL ? position[0] == 'b'
					   : !json_is_true(json_object_get(input, "startFromHead"));
	if (range->backward)
		range->beside = (struct event_log_position){ INT64_MAX, INT64_MAX };
	if (position == NULL || records_position_read(position + 1, &range->beside))
		return 0;
	api_fail(call, INVALID_PARAMETER, "The specified nextToken is invalid.");
	return -1;
}

void logs_get_events(struct api_call *call)
{
	const json_t *input = api_input(call);
	const char *stream = sp_json_string(input, "logStreamName");
	struct records records = {
		.context = logs_context(call),
		.max = (size_t)sp_json_integer(input, "limit", LOG_EVENTS_MAX),
		.look_max = LOG_EVENTS_MAX,
		.add = add,
	};
	SP_AUTO_BUFFER list = { 0 };
	struct sp_error err = { 0 };
	if (logs_find_connector(call, records.connector_id) != 0)
		return;
	sp_buffer_format(&list, "GetLogEvents %s", records.connector_id);
	if (begin(call, &records, sp_buffer_text(&list)) != 0)
		return;
	struct event_log_position beside = records.range.beside;
	json_t *events = json_array();
	records.ctx = events;
	if (store_read(records.context->store, records_read, &records, &err) != 0) {
		json_decref(events);
		logs_answer_error(call, &err);
	} else if (!records.has_group) {
		json_decref(events);
		logs_answer_no_group(call, records.connector_id);
	} else if (strcmp(stream, records.connector_id) != 0) {
		json_decref(events);
		logs_answer_no_stream(call, stream);
	} else {
		answer(call, &records, sp_buffer_text(&list), beside, events);
	}
}
