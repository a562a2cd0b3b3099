/* What was used by the hour, and what was there to be paid for by the hour. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/page_token.h"
#include "store/usage.h"

/* -1 when the call was answered. */
static int read_range(struct api_call *call, int64_t *from_ms, int64_t *until_ms)
{
	int64_t now_ms = sp_now_ms();
	if (native_read_time(call, "Since", 0, from_ms) != 0 ||
	    native_read_time(call, "Until", now_ms + USAGE_HOUR_MS, until_ms) != 0)
		return -1;
	*from_ms -= *from_ms % USAGE_HOUR_MS;
	return 0;
}

/* ---- files and bytes ------------------------------------------------------------------------------------------- */

struct hours {
	int64_t from_ms, until_ms;
	struct usage_position after;
	bool has_after;
	struct usage_row *rows;
	size_t room, count;
};

static int read_hours(struct db *db, void *ctx, struct sp_error *err)
{
	struct hours *hours = ctx;
	return usage_list(db, hours->from_ms, hours->until_ms,
			  hours->has_after ? &hours->after : NULL, hours->rows, hours->room,
			  &hours->count, err);
}

static json_t *row_of(const struct usage_row *row)
{
	json_t *out = json_object();
	char hour[SP_ISO_TIME_SIZE];
	sp_time_to_iso(row->hour_ms, hour);
	sp_json_set_text(out, "Hour", hour);
	sp_json_set_text(out, "ConnectorId", row->connector_id);
	if (row->gateway_id[0] != '\0')
		sp_json_set_text(out, "ResourceGatewayId", row->gateway_id);
	sp_json_set_text(out, "Direction", transfer_direction_name(row->direction));
	json_object_set_new(out, "FilesCompleted", json_integer(row->files_completed));
	json_object_set_new(out, "FilesFailed", json_integer(row->files_failed));
	json_object_set_new(out, "Bytes", json_integer(row->bytes));
	json_object_set_new(out, "BytesMoved", json_integer(row->bytes_moved));
	return out;
}

static void read_position(const char *text, struct hours *hours)
{
	struct usage_position *after = &hours->after;
	hours->has_after = text != NULL &&
			   sscanf(text, "%" SCNd64 " %d %19s %31s", &after->hour_ms,
				  &after->direction, after->connector_id, after->gateway_id) >= 3;
}

static void add_token(json_t *output, const struct service_context *context, const char *list_of,
		      const struct usage_row *last)
{
	char position[128];
	snprintf(position, sizeof(position), "%" PRId64 " %d %s %s", last->hour_ms,
		 (int)last->direction, last->connector_id, last->gateway_id);
	answer_next_token(context, output, list_of, position);
}

void native_list_usage(struct api_call *call)
{
	size_t max = answer_page_size(call);
	struct hours hours = { .room = max + 1 };
	SP_AUTO_FREE char *list_of = page_token_list_of("usage", api_input(call));
	SP_AUTO_FREE char *position = NULL;
	if (read_range(call, &hours.from_ms, &hours.until_ms) != 0 ||
	    answer_page_start(call, list_of, INVALID_REQUEST, &position) != 0)
		return;
	read_position(position, &hours);
	SP_AUTO_FREE struct usage_row *rows = hours.rows = sp_alloc(hours.room * sizeof(*rows));
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_hours, &hours, &err) != 0) {
		native_error(call, &err);
		return;
	}
	json_t *output = json_object(), *list = json_array();
	for (size_t i = 0; i < hours.count && i < max; i++)
		json_array_append_new(list, row_of(&rows[i]));
	json_object_set_new(output, "Usage", list);
	if (hours.count > max)
		add_token(output, answer_context(call), list_of, &rows[max - 1]);
	api_reply(call, output);
}

/* ---- hours of connectors and gateways -------------------------------------------------------------------------- */

enum { RESOURCE_ID_SIZE = 64 };

struct resources {
	int64_t from_ms, until_ms, now_ms;
	const char *after;
	size_t max, count;
	json_t *list;
	char last[RESOURCE_ID_SIZE];
	bool more;
};

/* Every hour that was begun counts, as AWS has it. */
static int64_t hours_between(int64_t from_ms, int64_t until_ms)
{
	return from_ms >= until_ms ? 0 : (until_ms - from_ms + USAGE_HOUR_MS - 1) / USAGE_HOUR_MS;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void add_resource(void *ctx, const char *id, enum lifetime_kind kind, int64_t created_ms,
			 int64_t deleted_ms)
{
	struct resources *resources = ctx;
	if (resources->count == resources->max) {
		resources->more = true;
		return;
	}
	int64_t end_ms =
		least(deleted_ms > 0 ? deleted_ms : resources->now_ms, resources->until_ms);
	int64_t start_ms = created_ms > resources->from_ms ? created_ms : resources->from_ms;
	json_t *out = json_pack("{s:s, s:s, s:I}", "Id", id, "Kind",
				kind == LIFETIME_CONNECTOR ? "CONNECTOR" : "RESOURCE_GATEWAY",
				"Hours", (json_int_t)hours_between(start_ms, end_ms));
	native_set_time(out, "Created", created_ms);
	native_set_time(out, "Deleted", deleted_ms);
	json_array_append_new(resources->list, out);
	resources->count++;
	snprintf(resources->last, sizeof(resources->last), "%s", id);
}

static int read_resources(struct db *db, void *ctx, struct sp_error *err)
{
	struct resources *resources = ctx;
	return lifetimes_each(db, resources->from_ms, resources->until_ms, resources->after,
			      resources->max + 1, add_resource, resources, err);
}

void native_list_resource_hours(struct api_call *call)
{
	struct resources resources = { .max = answer_page_size(call), .now_ms = sp_now_ms() };
	SP_AUTO_FREE char *list_of = page_token_list_of("resource hours", api_input(call));
	SP_AUTO_FREE char *position = NULL;
	if (read_range(call, &resources.from_ms, &resources.until_ms) != 0 ||
	    answer_page_start(call, list_of, INVALID_REQUEST, &position) != 0)
		return;
	resources.after = position == NULL ? "" : position;
	resources.list = json_array();
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_resources, &resources, &err) != 0) {
		json_decref(resources.list);
		native_error(call, &err);
		return;
	}
	json_t *output = json_pack("{s:o}", "Resources", resources.list);
	if (resources.more)
		answer_next_token(answer_context(call), output, list_of, resources.last);
	api_reply(call, output);
}
