/* GET /v1/events: what happens to files, while it happens. */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "service/native/event_hub.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "store/transfer_lists.h"

static int read_newest(struct db *db, void *ctx, struct sp_error *err)
{
	return transfers_last_change(db, ctx, err);
}

static void copy(const json_t *input, const char *name, char *out, size_t size)
{
	const char *text = sp_json_string(input, name);
	snprintf(out, size, "%s", text == NULL ? "" : text);
}

/* Where the client stands: the header that browsers send by themselves counts most. -1 when the call was answered. */
static int read_place(struct api_call *call, struct event_wish *wish)
{
	const char *header = api_header(call, "last-event-id");
	const char *text = header != NULL ? header : sp_json_string(api_input(call), "LastEventId");
	int64_t newest = 0;
	uint64_t last = 0;
	struct sp_error err = { 0 };
	if (text != NULL && !sp_text_to_u64(text, 0, INT64_MAX, &last)) {
		api_fail(call, INVALID_REQUEST,
			 "Last-Event-ID: must be the id of an event, a number, not \"%.64s\"",
			 text);
		return -1;
	}
	if (store_read(answer_context(call)->store, read_newest, &newest, &err) != 0) {
		native_error(call, &err);
		return -1;
	}
	wish->is_too_far = text != NULL && last > (uint64_t)newest;
	wish->after = text != NULL && !wish->is_too_far ? (int64_t)last : newest;
	return 0;
}

void native_listen(struct api_call *call)
{
	struct event_wish wish = { 0 };
	if (native_check_connector(call) != 0 || read_place(call, &wish) != 0)
		return;
	const json_t *input = api_input(call);
	copy(input, "ConnectorId", wish.connector_id, sizeof(wish.connector_id));
	copy(input, "TransferId", wish.transfer_id, sizeof(wish.transfer_id));
	copy(input, "FileId", wish.file_id, sizeof(wish.file_id));
	wish.no_progress = json_is_false(json_object_get(input, "Progress"));
	struct event_hub *hub = answer_context(call)->events;
	if (hub != NULL)
		event_hub_join(hub, call, &wish);
	else
		api_fail(call, "ServiceUnavailableException", "nobody can listen to events here");
}
