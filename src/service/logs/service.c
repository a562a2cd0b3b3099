/** Amazon CloudWatch Logs, as far as connectors need it: what they have logged is read here. */

#include "service/logs/request.h"
#include "service/services.h"

/* clang-format off */

static const struct shape group_name = { .type = SHAPE_STRING, .min = 1, .max = LOG_GROUP_NAME_MAX, .pattern = "[.a-zA-Z0-9_/#-]+" };
static const struct shape group_pattern = { .type = SHAPE_STRING, .max = LOG_GROUP_NAME_MAX, .pattern = "[.a-zA-Z0-9_/#-]*" };
static const struct shape group_identifier = { .type = SHAPE_STRING, .min = 1, .max = 2048, .pattern = "[a-zA-Z0-9_#=/:.*-]+" };
static const struct shape group_identifiers = { .type = SHAPE_LIST, .min = 1, .max = 50, .element = &group_identifier };
static const struct shape group_class = { .type = SHAPE_STRING, .pattern = "STANDARD|INFREQUENT_ACCESS|DELIVERY" };
static const struct shape stream_name = { .type = SHAPE_STRING, .min = 1, .max = 512, .pattern = "[^:*]*" };
static const struct shape stream_names = { .type = SHAPE_LIST, .min = 1, .max = 100, .element = &stream_name };
static const struct shape order_by = { .type = SHAPE_STRING, .pattern = "LogStreamName|LastEventTime" };
static const struct shape filter_pattern = { .type = SHAPE_STRING, .max = 1024 };
static const struct shape describe_limit = { .type = SHAPE_INTEGER, .min = 1, .max = 50 };
static const struct shape events_limit = { .type = SHAPE_INTEGER, .min = 1, .max = LOG_EVENTS_MAX };
static const struct shape time_ms = { .type = SHAPE_INTEGER, .min = 0, .max = INT64_MAX };
static const struct shape next_token = { .type = SHAPE_STRING, .min = 1, .max = 4096 };
static const struct shape boolean = { .type = SHAPE_BOOLEAN };

static const struct shape groups_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){
		{ "logGroupNamePrefix",  &group_name,        false },
		{ "logGroupNamePattern", &group_pattern,     false },
		{ "logGroupIdentifiers", &group_identifiers, false },
		{ "logGroupClass",       &group_class,       false },
		{ "nextToken",           &next_token,        false },
		{ "limit",               &describe_limit,    false },
		{ 0 },
	},
};

static const struct shape streams_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){
		{ "logGroupName",        &group_name,       false },
		{ "logGroupIdentifier",  &group_identifier, false },
		{ "logStreamNamePrefix", &stream_name,      false },
		{ "orderBy",             &order_by,         false },
		{ "descending",          &boolean,          false },
		{ "nextToken",           &next_token,       false },
		{ "limit",               &describe_limit,   false },
		{ 0 },
	},
};

static const struct shape get_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){
		{ "logGroupName",       &group_name,       false },
		{ "logGroupIdentifier", &group_identifier, false },
		{ "logStreamName",      &stream_name,      true },
		{ "startTime",          &time_ms,          false },
		{ "endTime",            &time_ms,          false },
		{ "nextToken",          &next_token,       false },
		{ "limit",              &events_limit,     false },
		{ "startFromHead",      &boolean,          false },
		{ "unmask",             &boolean,          false },
		{ 0 },
	},
};

static const struct shape filter_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){
		{ "logGroupName",        &group_name,       false },
		{ "logGroupIdentifier",  &group_identifier, false },
		{ "logStreamNames",      &stream_names,     false },
		{ "logStreamNamePrefix", &stream_name,      false },
		{ "startTime",           &time_ms,          false },
		{ "endTime",             &time_ms,          false },
		{ "filterPattern",       &filter_pattern,   false },
		{ "nextToken",           &next_token,       false },
		{ "limit",               &events_limit,     false },
		{ "interleaved",         &boolean,          false },
		{ "unmask",              &boolean,          false },
		{ 0 },
	},
};

static const struct api_operation operations[] = {
	{ .name = "DescribeLogGroups",  .input = &groups_input,  .handle = logs_describe_groups, .resource = "*" },
	{ .name = "DescribeLogStreams", .input = &streams_input, .handle = logs_describe_streams, .resource = "log-group:{logGroupName|logGroupIdentifier}" },
	{ .name = "GetLogEvents",       .input = &get_input,     .handle = logs_get_events, .resource = "log-group:{logGroupName|logGroupIdentifier}" },
	{ .name = "FilterLogEvents",    .input = &filter_input,  .handle = logs_filter_events, .resource = "log-group:{logGroupName|logGroupIdentifier}" },
	{ 0 },
};

/* clang-format on */

static const struct api_error_type errors[] = {
	{ LOGS_UNAVAILABLE, 500 },
	{ "InternalFailure", 500 },
	{ 0 },
};

const struct api_service service_logs = {
	.signing_name = "logs",
	.title = "Amazon CloudWatch Logs",
	.protocol = API_JSON_1_1,
	.target_prefix = "Logs_20140328",
	.find_arn = logs_find_arn,
	.validation_error = INVALID_PARAMETER,
	.internal_error = "InternalFailure",
	.operations = operations,
	.errors = errors,
};
