#pragma once
/**
 * What happens to files, while it happens: GET /v1/events. A connection that breaks is made anew, from the last event on,
 * so that nothing is missed. One thread: events are told within listen_step().
 */

#include "cli/ask.h"

struct listen;

/** @data: the event's JSON, borrowed. @name: "hello", "reset", "file", "progress". */
typedef void listen_fn(void *ctx, const char *name, const json_t *data);

/**
 * @connector_id  whose files; NULL: all. Borrowed for the call.
 *
 * Returns once the service has said hello: whatever begins after that is told. @ask is kept.
 */
int listen_open(struct ask *ask, const char *connector_id, listen_fn *take, void *ctx,
		struct listen **out, struct sp_error *err);
void listen_close(struct listen *listen); /* NULL is fine */

/**
 * Waits for events for at most @timeout_ms, or until interrupt_came(). Returns 0, or -1 when the service refuses, or has
 * been away for longer than LISTEN_PATIENCE_MS.
 */
int listen_step(struct listen *listen, int timeout_ms, struct sp_error *err);

enum { LISTEN_PATIENCE_MS = 60 * 1000 };
