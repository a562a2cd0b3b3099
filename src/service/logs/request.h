#pragma once
/** What the operations of CloudWatch Logs share. A connector has one group of records, and in it one stream. */

#include "api/call.h"
#include "service/context.h"
#include "store/event_logs.h"

#define LOG_GROUP_PREFIX "/aws/transfer/"

#define INVALID_PARAMETER "InvalidParameterException"
#define LOGS_NOT_FOUND    "ResourceNotFoundException"
#define LOGS_UNAVAILABLE  "ServiceUnavailableException"

enum {
	LOG_EVENTS_MAX = 10000,     /* in an answer */
	LOG_ANSWER_BYTES = 1 << 20, /* of records in an answer … */
	LOG_EVENT_OVERHEAD = 26,    /* … each of which counts for so many bytes more */
	LOG_PAGE = 256,             /* records that are read at a time */
	LOG_GROUP_NAME_MAX = 512,
};

struct service_context *logs_context(const struct api_call *call);

/** The error that stands for @err's code. */
void logs_answer_error(struct api_call *call, const struct sp_error *err);

/** The connector's group: "arn:aws:logs:…:log-group:/aws/transfer/c-…". Owned by the caller. */
char *logs_group_arn(const struct service_context *context, const char *connector_id);

/** api_service.find_arn: policies name a group with ":*" behind it, whether a request has its name or its ARN. */
char *logs_find_arn(void *context, const json_t *input, const char *kind, const char *value);

/**
 * The connector whose group the input names, by logGroupName or logGroupIdentifier.
 * Returns 0, or -1 when the call was answered with an error. That the group is there is for the caller to look at.
 */
int logs_find_connector(struct api_call *call, char out[CONNECTOR_ID_SIZE]);

void logs_answer_no_group(struct api_call *call, const char *connector_id);
void logs_answer_no_stream(struct api_call *call, const char *name);

/**
 * Where the page that nextToken asks for begins; @list as in service/page_token.h.
 * @out_position  NULL without a token; owned by the caller
 * -1 when the call was answered with an error.
 */
int logs_page_start(struct api_call *call, const char *list, char **out_position);

/** Adds a token to the output. */
void logs_add_token(const struct service_context *context, json_t *output, const char *name,
		    const char *list, const char *position);

/* The operations, one function each. */
void logs_describe_groups(struct api_call *call);
void logs_describe_streams(struct api_call *call);
void logs_get_events(struct api_call *call);
void logs_filter_events(struct api_call *call);
