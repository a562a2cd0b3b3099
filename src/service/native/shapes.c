#include "service/native/shapes.h"

/* clang-format off */

/* An id, or the value of the tag Name. */
static const struct shape connector_id = { .type = SHAPE_STRING, .min = 1, .max = 256 };
static const struct shape transfer_id = { .type = SHAPE_STRING, .min = 1, .max = 64 };
static const struct shape file_id = { .type = SHAPE_STRING, .min = 32, .max = 32, .pattern = "[0-9a-f]{32}" };
static const struct shape id = { .type = SHAPE_STRING, .min = 1, .max = 64 };
static const struct shape verdict = { .type = SHAPE_STRING, .min = 1, .max = 16, .pattern = "ACCEPTED|REJECTED|FAILED" };
static const struct shape state = { .type = SHAPE_STRING, .min = 1, .max = 16, .pattern = "QUEUED|IN_PROGRESS|COMPLETED|FAILED" };
static const struct shape direction = { .type = SHAPE_STRING, .min = 1, .max = 16, .pattern = "SEND|RETRIEVE|LIST|MOVE|DELETE" };
static const struct shape path_part = { .type = SHAPE_STRING, .min = 1, .max = 1024 };
static const struct shape time_text = { .type = SHAPE_STRING, .min = 10, .max = 24 };
static const struct shape event_id = { .type = SHAPE_STRING, .min = 1, .max = 20 };
static const struct shape webhook_name = { .type = SHAPE_STRING, .min = 1, .max = 32 };
static const struct shape bucket_name = { .type = SHAPE_STRING, .min = 1, .max = 255 };
static const struct shape uuid = { .type = SHAPE_STRING, .min = 36, .max = 36 };
static const struct shape truth = { .type = SHAPE_BOOLEAN };
static const struct shape max_results = { .type = SHAPE_INTEGER, .min = 1, .max = 1000 };
static const struct shape next_token = { .type = SHAPE_STRING, .min = 1, .max = 6144 };

#define STRUCTURE(...) \
	{ .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){ __VA_ARGS__ { 0 } } }

const struct shape native_nothing = { .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){ { 0 } } };
const struct shape native_connector = STRUCTURE({ "ConnectorId", &connector_id, true },);
const struct shape native_transfer = STRUCTURE({ "TransferId", &transfer_id, true },);
const struct shape native_connector_transfer = STRUCTURE(
	{ "ConnectorId", &connector_id, true },
	{ "TransferId",  &transfer_id,  true },
);
const struct shape native_file = STRUCTURE({ "FileId", &file_id, true },);
const struct shape native_bucket = STRUCTURE({ "BucketName", &bucket_name, true },);
const struct shape native_listing = STRUCTURE(
	{ "ListingId",  &transfer_id, true },
	{ "MaxResults", &max_results, false },
	{ "NextToken",  &next_token,  false },
);
const struct shape native_transfers = STRUCTURE(
	{ "ConnectorId",  &connector_id, false },
	{ "State",        &state,        false },
	{ "Direction",    &direction,    false },
	{ "Since",        &time_text,    false },
	{ "Until",        &time_text,    false },
	{ "PathContains", &path_part,    false },
	{ "MaxResults",   &max_results,  false },
	{ "NextToken",    &next_token,   false },
);
const struct shape native_flows = STRUCTURE(
	{ "ConnectorId",        &connector_id, false },
	{ "TransferId",         &id,           false },
	{ "NetworkInterfaceId", &id,           false },
	{ "Verdict",            &verdict,      false },
	{ "MaxResults",         &max_results,  false },
	{ "NextToken",          &next_token,   false },
);
const struct shape native_events = STRUCTURE(
	{ "ConnectorId", &connector_id, false },
	{ "TransferId",  &transfer_id,  false },
	{ "FileId",      &file_id,      false },
	{ "LastEventId", &event_id,     false },
	{ "Progress",    &truth,        false },
);
const struct shape native_webhook = STRUCTURE(
	{ "WebhookName", &webhook_name, true },
	{ "MaxResults",  &max_results,  false },
	{ "NextToken",   &next_token,   false },
);
const struct shape native_resume_webhook_input = STRUCTURE(
	{ "WebhookName", &webhook_name, true },
	{ "ConnectorId", &connector_id, false },
);
const struct shape native_skip_event_input = STRUCTURE(
	{ "WebhookName", &webhook_name, true },
	{ "ConnectorId", &connector_id, true },
	{ "EventId",     &uuid,         true },
);
const struct shape native_usage = STRUCTURE(
	{ "Since",      &time_text,   false },
	{ "Until",      &time_text,   false },
	{ "MaxResults", &max_results, false },
	{ "NextToken",  &next_token,  false },
);
