/** Webhooks that do not take what they are told: who waits, and what can be done about it. */

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "events/sinks.h"
#include "model/event.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/page_token.h"
#include "store/events.h"

static const struct webhook_places no_places = { .count = 0 };

static const struct webhook_places *places_of(const struct service_context *context)
{
	return context->sinks == NULL ? &no_places : sinks_webhooks(context->sinks);
}

static const struct webhook_place *find_place(const struct service_context *context,
					      const char *name, struct sp_error *err)
{
	const struct webhook_places *places = places_of(context);
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->list[i].name, name) == 0)
			return &places->list[i];
	sp_fail(err, SP_NOT_FOUND, "there is no webhook \"%.64s\"", name);
	return NULL;
}

static void answer_error_about(struct api_call *call, const char *name, const struct sp_error *err)
{
	if (err->code == SP_NOT_FOUND)
		answer_not_found(call, "Webhook", name, err->message);
	else
		native_error(call, err);
}

/* ---- looking on ------------------------------------------------------------------------------------------------ */

/* A webhook's connectors, in the order of their ids. */
struct lanes {
	struct webhook_lane *list;
	size_t count;
};

static void finish_lanes(struct lanes *lanes)
{
	webhook_lanes_finish(lanes->list, lanes->count);
}

#define AUTO_LANES __attribute__((cleanup(finish_lanes))) struct lanes

static int by_connector(const void *a, const void *b)
{
	return strcmp(((const struct webhook_lane *)a)->connector_id,
		      ((const struct webhook_lane *)b)->connector_id);
}

static int read_lanes(const struct service_context *context, const char *name, struct lanes *out,
		      struct sp_error *err)
{
	if (sinks_list_lanes(context->sinks, name, &out->list, &out->count, err) != 0)
		return -1;
	qsort(out->list, out->count, sizeof(*out->list), by_connector);
	return 0;
}

static json_t *view_webhook(const struct webhook_place *place, const struct lanes *lanes)
{
	SP_AUTO_FREE char *origin = webhook_origin(place->url);
	size_t parked = 0;
	for (size_t i = 0; i < lanes->count; i++)
		parked += lanes->list[i].state == WEBHOOK_PARKED;
	return json_pack("{s:s, s:s, s:I, s:I}", "WebhookName", place->name, "Origin", origin,
			 "ConnectorsWaiting", (json_int_t)lanes->count, "ConnectorsParked",
			 (json_int_t)parked);
}

void native_list_webhooks(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	const struct webhook_places *places = places_of(context);
	json_t *list = json_array();
	for (size_t i = 0; i < places->count; i++) {
		AUTO_LANES lanes = { 0 };
		struct sp_error err = { 0 };
		if (read_lanes(context, places->list[i].name, &lanes, &err) == 0)
			json_array_append_new(list, view_webhook(&places->list[i], &lanes));
	}
	api_reply(call, json_pack("{s:o}", "Webhooks", list));
}

/* A page of them, with the first event that each of them waits with. */
struct page {
	const struct lanes *lanes;
	size_t first, end;
	json_t *list;
};

static json_t *view_lane(const struct webhook_lane *lane)
{
	json_t *view = json_pack("{s:s, s:s, s:i}", "ConnectorId", lane->connector_id, "State",
				 webhook_lane_state_name(lane->state), "Tries", lane->tries);
	native_set_time(view, "NextTry", lane->next_ms);
	sp_json_set_text(view, "Failure", lane->failure);
	return view;
}

static int read_page(struct db *db, void *ctx, struct sp_error *err)
{
	struct page *page = ctx;
	for (size_t i = page->first; i < page->end; i++) {
		const struct webhook_lane *lane = &page->lanes->list[i];
		struct event event;
		size_t count;
		if (events_list(db, lane->connector_id, lane->delivered, &event, 1, &count, err) !=
		    0)
			return -1;
		json_t *view = view_lane(lane);
		json_array_append_new(page->list, view);
		if (count == 0)
			continue; /* it was taken meanwhile */
		sp_json_set_text(view, "EventId", event.id);
		native_set_time(view, "EventTime", event.time_ms);
		event_finish(&event);
	}
	return 0;
}

void native_get_webhook(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	const char *name = sp_json_string(api_input(call), "WebhookName");
	SP_AUTO_FREE char *list_of = page_token_list_of("webhook", api_input(call));
	SP_AUTO_FREE char *after = NULL;
	AUTO_LANES lanes = { 0 };
	struct sp_error err = { 0 };
	if (answer_page_start(call, list_of, INVALID_REQUEST, &after) != 0)
		return;
	const struct webhook_place *place = find_place(context, name, &err);
	if (place == NULL || read_lanes(context, name, &lanes, &err) != 0) {
		answer_error_about(call, name, &err);
		return;
	}
	struct page page = { .lanes = &lanes, .list = json_array() };
	while (after != NULL && page.first < lanes.count &&
	       strcmp(lanes.list[page.first].connector_id, after) <= 0)
		page.first++;
	size_t max = answer_page_size(call), left = lanes.count - page.first;
	page.end = page.first + (left < max ? left : max);
	json_t *output = view_webhook(place, &lanes);
	json_object_set_new(output, "Connectors", page.list);
	if (store_read(context->store, read_page, &page, &err) != 0) {
		json_decref(output);
		native_error(call, &err);
		return;
	}
	if (left > max)
		answer_next_token(context, output, list_of, lanes.list[page.end - 1].connector_id);
	api_reply(call, output);
}

/* ---- interfering ----------------------------------------------------------------------------------------------- */

void native_resume_webhook(struct api_call *call)
{
	if (native_check_connector(call) != 0)
		return;
	const struct service_context *context = answer_context(call);
	const char *name = sp_json_string(api_input(call), "WebhookName");
	struct sp_error err = { 0 };
	size_t parked;
	if (find_place(context, name, &err) != NULL &&
	    sinks_resume(context->sinks, name, sp_json_string(api_input(call), "ConnectorId"),
			 &parked, &err) == 0) {
		api_reply(call, json_pack("{s:s, s:I}", "WebhookName", name, "Resumed",
					  (json_int_t)parked));
		return;
	}
	answer_error_about(call, name, &err);
}

void native_skip_event(struct api_call *call)
{
	if (native_check_connector(call) != 0)
		return;
	const struct service_context *context = answer_context(call);
	const json_t *input = api_input(call);
	const char *name = sp_json_string(input, "WebhookName");
	const char *connector_id = sp_json_string(input, "ConnectorId");
	const char *event_id = sp_json_string(input, "EventId");
	struct sp_error err = { 0 };
	if (find_place(context, name, &err) != NULL &&
	    sinks_skip(context->sinks, name, connector_id, event_id, &err) == 0) {
		api_reply(call, json_pack("{s:s, s:s, s:s}", "WebhookName", name, "ConnectorId",
					  connector_id, "EventId", event_id));
		return;
	}
	answer_error_about(call, name, &err);
}
