#pragma once
/** One way to try a connector, for every API that has such an operation. */

#include "api/call.h"
#include "egress/trace.h"

/** What it came to; all borrowed. */
struct connection_test {
	const char *connector_id;
	const char *status;   /* "OK", "ERROR" */
	const char *message;  /* one sentence, with the words that AWS's documents know in front */
	const char *host_key; /* "type base64"; NULL when it was not seen */
	const struct trace *trace; /* NULL when nothing was tried: the connector is PENDING */
};

/** Answers the call. */
typedef void try_connector_fn(struct api_call *call, const struct connection_test *test);

/**
 * The connector is the input's ConnectorId. @fn is called once, now or later on the loop's thread; a connector that
 * is not there is answered with ResourceNotFoundException instead.
 */
void try_connector(struct api_call *call, try_connector_fn *fn);
