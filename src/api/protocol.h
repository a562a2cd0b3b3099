#pragma once
/** The protocols: which operation a verified request names, and what its input is; and how an output is written. */

#include "api/exchange.h"

/**
 * Fills @call's operation and input. Returns 0, or -1 with @err and the reason of the refusal; the service and its
 * protocol are known.
 */
int protocol_read_json(struct api_call *call, enum refusal_reason *reason, struct sp_error *err);
int protocol_read_query(struct api_call *call, enum refusal_reason *reason, struct sp_error *err);

/** @output is borrowed; NULL: no output. */
void protocol_write_json(const json_t *output, struct api_answer *out);
void protocol_write_query(const struct api_call *call, const json_t *output,
			  struct api_answer *out);

/** -1 with "… has no operation "X"; it has A, B, C". */
int protocol_unknown_operation(const struct api_service *service, const char *name,
			       struct sp_error *err);

/** NULL when the service has none of this name. */
const struct api_operation *protocol_find_operation(const struct api_service *service,
						    const char *name);
