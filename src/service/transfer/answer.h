#pragma once
/** Within service/transfer/ and service/native/: what all operations answer alike. */

#include "api/call.h"
#include "service/context.h"

#define INVALID_REQUEST    "InvalidRequestException"
#define INVALID_NEXT_TOKEN "InvalidNextTokenException"
#define NOT_FOUND          "ResourceNotFoundException"
#define THROTTLING         "ThrottlingException"

struct service_context *answer_context(const struct api_call *call);

/** The exception that stands for @err's code. */
void answer_error(struct api_call *call, const struct sp_error *err);

/**
 * Whether the connector that the request names may be the matter of one more. -1 when the call was answered, with
 * ThrottlingException. @setting: its name, for the sentence.
 */
int answer_check_rate(struct api_call *call, struct token_table *rate, const char *setting);

/** That refusal: the next may come in @wait_us. */
void answer_too_often(struct api_call *call, const char *connector_id, int64_t wait_us,
		      const char *setting);

/** ResourceNotFoundException with its members. @type: "Connector" … */
void answer_not_found(struct api_call *call, const char *type, const char *resource,
		      const char *sentence);
void answer_no_connector(struct api_call *call, const char *connector_id);

/** "arn:aws:transfer:…:connector/c-…", owned by the caller. */
char *answer_connector_arn(const struct service_context *context, const char *connector_id);

/** MaxResults, 1000 when it is not given. */
size_t answer_page_size(const struct api_call *call);

/**
 * Where the page begins: behind @out_position, which is owned by the caller and NULL for the first page.
 * @list         what is listed: a token of another list is refused
 * @token_error  how a forged token is called
 * -1 when the call was answered with an error.
 */
int answer_page_start(struct api_call *call, const char *list, const char *token_error,
		      char **out_position);

/** Adds NextToken: the next page begins behind @position. */
void answer_next_token(const struct service_context *context, json_t *output, const char *list,
		       const char *position);
