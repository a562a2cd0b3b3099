#include "events/envelope.h"

#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

/* What is told of, by direction. */
static const struct {
	const char *operation;
	const char *title; /* "SFTP Connector … Completed" */
} kinds[TRANSFER_DIRECTION_COUNT] = {
	[TRANSFER_SEND] = { "SEND", "File Send" },
	[TRANSFER_RETRIEVE] = { "RETRIEVE", "File Retrieve" },
	[TRANSFER_LIST] = { "LIST", "Directory Listing" },
	[TRANSFER_MOVE] = { "MOVE", "Remote Move" },
	[TRANSFER_DELETE] = { "DELETE", "Remote Delete" },
};

enum {
	SENT = 1 << TRANSFER_SEND,
	FETCHED = 1 << TRANSFER_RETRIEVE,
	LISTED = 1 << TRANSFER_LIST,
	MOVED = 1 << TRANSFER_MOVE,
	DELETED = 1 << TRANSFER_DELETE,
	FILES = SENT | FETCHED,
	ALL = FILES | LISTED | MOVED | DELETED,
};

struct telling {
	const struct event *event;
	const struct event_place *place;
	json_t *out;
};

/* A member of a detail or a record. */
struct member {
	const char *name;
	unsigned directions; /* that have it */
	void (*set)(const struct telling *telling, const char *name);
};

static void set_text_or_null(const struct telling *telling, const char *name, const char *text)
{
	json_object_set_new(telling->out, name, text == NULL ? json_null() : json_string(text));
}

static void set_time(const struct telling *telling, const char *name, int64_t time_ms)
{
	char text[SP_ISO_TIME_SIZE];
	sp_time_to_iso(time_ms, text);
	sp_json_set_text(telling->out, name, text);
}

static bool has_failed(const struct event *event)
{
	return event->state == FILE_FAILED;
}

/* ---- members ------------------------------------------------------------------------------------------------------- */

static void set_operation(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, kinds[telling->event->direction].operation);
}

static void set_logged(const struct telling *telling, const char *name)
{
	set_time(telling, name, telling->event->time_ms);
}

static void set_connector_id(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->event->connector_id);
}

static char *connector_arn(const struct telling *telling)
{
	return sp_arn_format("transfer", telling->place->region, telling->place->account,
			     "connector/%s", telling->event->connector_id);
}

static void set_connector_arn(const struct telling *telling, const char *name)
{
	SP_AUTO_FREE char *arn = connector_arn(telling);
	sp_json_set_text(telling->out, name, arn);
}

static void set_account(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->place->account);
}

static void set_transfer_id(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->event->transfer_id);
}

static void set_file_transfer_id(const struct telling *telling, const char *name)
{
	char id[TRANSFER_ID_SIZE + FILE_ID_SIZE];
	snprintf(id, sizeof(id), "%s/%s", telling->event->transfer_id, telling->event->file_id);
	sp_json_set_text(telling->out, name, id);
}

static void set_url(const struct telling *telling, const char *name)
{
	set_text_or_null(telling, name, telling->event->url);
}

static void set_url_if_any(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->event->url);
}

static void set_path(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->event->path);
}

static void set_status(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, file_state_aws_name(telling->event->state));
}

static void set_failure_code(const struct telling *telling, const char *name)
{
	if (has_failed(telling->event))
		sp_json_set_text(telling->out, name, telling->event->failure_code);
}

static void set_failure_message(const struct telling *telling, const char *name)
{
	if (has_failed(telling->event))
		sp_json_set_words(telling->out, name, telling->event->failure_message);
}

/* What never began was at least asked for. */
static void set_start(const struct telling *telling, const char *name)
{
	const struct event *event = telling->event;
	set_time(telling, name, event->started_ms != 0 ? event->started_ms : event->queued_ms);
}

static void set_end(const struct telling *telling, const char *name)
{
	set_time(telling, name, telling->event->ended_ms);
}

static void set_start_if_begun(const struct telling *telling, const char *name)
{
	if (telling->event->started_ms != 0)
		set_start(telling, name);
}

static void set_end_if_begun(const struct telling *telling, const char *name)
{
	if (telling->event->started_ms != 0)
		set_end(telling, name);
}

static void set_local_directory(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->event->local_directory);
}

/* "": the home directory. */
static void set_remote_directory(const struct telling *telling, const char *name)
{
	const char *directory = telling->event->remote_directory;
	sp_json_set_text(telling->out, name, directory == NULL ? "" : directory);
}

static void set_remote_directory_if_any(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->event->remote_directory);
}

static void set_bytes(const struct telling *telling, const char *name)
{
	json_object_set_new(telling->out, name, json_integer(telling->event->bytes));
}

/* A path that made no sense names no object. */
static void set_location(const struct telling *telling, const char *name)
{
	const struct event *event = telling->event;
	if (event->bucket == NULL || event->key == NULL) {
		json_object_set_new(telling->out, name, json_null());
		return;
	}
	SP_AUTO_FREE char *key = sp_name_escape(event->key);
	json_object_set_new(
		telling->out, name,
		json_pack("{s:s, s:s, s:s}", "domain", "S3", "bucket", event->bucket, "key", key));
}

static void set_items_max(const struct telling *telling, const char *name)
{
	json_object_set_new(telling->out, name, json_integer(telling->event->items_max));
}

static void set_items(const struct telling *telling, const char *name)
{
	json_object_set_new(telling->out, name, json_integer(telling->event->items));
}

static void set_truncated(const struct telling *telling, const char *name)
{
	json_object_set_new(telling->out, name, json_boolean(telling->event->truncated));
}

static bool is_private(const struct event *event)
{
	return event->configuration_arn != NULL;
}

static void set_egress_type(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name,
			 is_private(telling->event) ? "VPC_LATTICE" : "SERVICE_MANAGED");
}

static void set_configuration(const struct telling *telling, const char *name)
{
	set_text_or_null(telling, name, telling->event->configuration_arn);
}

static void set_configuration_if_any(const struct telling *telling, const char *name)
{
	sp_json_set_text(telling->out, name, telling->event->configuration_arn);
}

static void set_port_if_any(const struct telling *telling, const char *name)
{
	if (is_private(telling->event))
		json_object_set_new(telling->out, name, json_integer(telling->event->port));
}

static void set_port(const struct telling *telling, const char *name)
{
	json_object_set_new(telling->out, name, json_null());
	set_port_if_any(telling, name);
}

/* ---- the two shapes ------------------------------------------------------------------------------------------------ */

/* clang-format off */

static const struct member details[] = {
	{ "operation",                              FILES,   set_operation },
	{ "transfer-id",                            FILES,   set_transfer_id },
	{ "listing-id",                             LISTED,  set_transfer_id },
	{ "move-id",                                MOVED,   set_transfer_id },
	{ "delete-id",                              DELETED, set_transfer_id },
	{ "file-transfer-id",                       FILES,   set_file_transfer_id },
	{ "connector-id",                           ALL,     set_connector_id },
	{ "url",                                    ALL,     set_url },
	{ "file-path",                              FILES,   set_path },
	{ "status-code",                            ALL,     set_status },
	{ "failure-code",                           ALL,     set_failure_code },
	{ "failure-message",                        ALL,     set_failure_message },
	{ "start-timestamp",                        ALL,     set_start },
	{ "end-timestamp",                          ALL,     set_end },
	{ "local-directory-path",                   FETCHED, set_local_directory },
	{ "remote-directory-path",                  SENT,    set_remote_directory },
	{ "remote-directory-path",                  LISTED,  set_path },
	{ "output-directory-path",                  LISTED,  set_local_directory },
	{ "max-items",                              LISTED,  set_items_max },
	{ "item-count",                             LISTED,  set_items },
	{ "truncated",                              LISTED,  set_truncated },
	{ "output-file-location",                   LISTED,  set_location },
	{ "source-path",                            MOVED,   set_path },
	{ "target-path",                            MOVED,   set_remote_directory },
	{ "delete-path",                            DELETED, set_path },
	{ "bytes",                                  FILES,   set_bytes },
	{ "local-file-location",                    FILES,   set_location },
	{ "egress-type",                            ALL,     set_egress_type },
	{ "vpc-lattice-resource-configuration-arn", ALL,     set_configuration },
	{ "vpc-lattice-port-number",                ALL,     set_port },
	{ 0 },
};

static const struct member records[] = {
	{ "operation",                              ALL,     set_operation },
	{ "timestamp",                              ALL,     set_logged },
	{ "connector-id",                           ALL,     set_connector_id },
	{ "transfer-id",                            FILES,   set_transfer_id },
	{ "listing-id",                             LISTED,  set_transfer_id },
	{ "move-id",                                MOVED,   set_transfer_id },
	{ "delete-id",                              DELETED, set_transfer_id },
	{ "file-transfer-id",                       FILES,   set_file_transfer_id },
	{ "url",                                    ALL,     set_url_if_any },
	{ "file-path",                              FILES,   set_path },
	{ "status-code",                            ALL,     set_status },
	{ "failure-code",                           ALL,     set_failure_code },
	{ "failure-message",                        ALL,     set_failure_message },
	{ "start-time",                             ALL,     set_start_if_begun },
	{ "end-time",                               ALL,     set_end_if_begun },
	{ "account-id",                             ALL,     set_account },
	{ "connector-arn",                          ALL,     set_connector_arn },
	{ "local-directory-path",                   FETCHED, set_local_directory },
	{ "remote-directory-path",                  SENT,    set_remote_directory_if_any },
	{ "remote-directory-path",                  LISTED,  set_path },
	{ "output-directory-path",                  LISTED,  set_local_directory },
	{ "max-items",                              LISTED,  set_items_max },
	{ "item-count",                             LISTED,  set_items },
	{ "truncated",                              LISTED,  set_truncated },
	{ "output-file-location",                   LISTED,  set_location },
	{ "source-path",                            MOVED,   set_path },
	{ "target-path",                            MOVED,   set_remote_directory },
	{ "delete-path",                            DELETED, set_path },
	{ "bytes",                                  FILES,   set_bytes },
	{ "egress-type",                            ALL,     set_egress_type },
	{ "vpc-lattice-resource-configuration-arn", ALL,     set_configuration_if_any },
	{ "vpc-lattice-port-number",                ALL,     set_port_if_any },
	{ 0 },
};

/* clang-format on */

static json_t *tell(const struct event *event, const struct event_place *place,
		    const struct member *members)
{
	struct telling telling = { .event = event, .place = place, .out = json_object() };
	for (; members->name != NULL; members++)
		if ((members->directions & 1u << event->direction) != 0)
			members->set(&telling, members->name);
	return telling.out;
}

json_t *event_to_json(const struct event *event, const struct event_place *place)
{
	char time[SP_ISO_TIME_SIZE], title[64];
	sp_time_to_iso(event->time_ms, time);
	snprintf(time + strlen("2026-11-23T15:41:48"), 2, "Z"); /* whole seconds */
	snprintf(title, sizeof(title), "SFTP Connector %s %s", kinds[event->direction].title,
		 has_failed(event) ? "Failed" : "Completed");
	const struct telling telling = { .event = event, .place = place };
	SP_AUTO_FREE char *arn = connector_arn(&telling);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:o}", "version", "0", "id",
			 event->id, "detail-type", title, "source", "aws.transfer", "account",
			 place->account, "time", time, "region", place->region, "resources", arn,
			 "detail", tell(event, place, details));
}

char *event_text(const struct event *event, const struct event_place *place)
{
	SP_AUTO_JSON json_t *value = event_to_json(event, place);
	return sp_json_text(value);
}

char *event_log_text(const struct event *event, const struct event_place *place)
{
	SP_AUTO_JSON json_t *value = tell(event, place, records);
	return sp_json_text(value);
}
